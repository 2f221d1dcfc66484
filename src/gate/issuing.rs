//! Revisions that the gate itself counts.

use super::Gate;
use crate::error::Error;
use crate::event::Event;
use crate::fingerprint::Kind;
use crate::ordinal::{ORDINAL_DIGITS_MAX, Ordinal};
use crate::time::UnixMs;
use crate::verdict::Verdict;

impl Gate {
    /// Issues the revision after the last one of an entity, and records it as accepted: no other
    /// caller gets it, and when it comes back it is a duplicate.
    ///
    /// The first is that of [`crate::Revisions::Next`], or 1.
    ///
    /// # Errors
    /// `lost_claim` while another has claimed or staged a revision of the entity, with what the gate
    /// says of that; `capacity` after the last ordinal; otherwise as [`Gate::check`].
    pub fn next_revision(
        &mut self,
        scope: &str,
        entity: &str,
        now: UnixMs,
    ) -> Result<Ordinal, Error> {
        let scoped = self.fingerprinter.scoped(Kind::Entity, scope.as_bytes());
        let revision = self.entities.next_of(scoped.print(entity.as_bytes())?);
        let revision = revision.filter(|next| next.digits().len() <= ORDINAL_DIGITS_MAX);
        let revision = revision.ok_or(Error::capacity())?;
        let event = Event::new().scope(scope).entity(entity).revision(revision.clone());
        let seen = self.inspect(&event, now)?;
        if seen.verdict != Verdict::Fresh {
            return Err(Error::claimed(seen));
        }
        self.check(&event, now).map(|_| revision)
    }
}
