//! An event: the three identities it may carry, what it stands for, and when it was issued.

use crate::content::Content;
use crate::error::Error;
use crate::fingerprint::{Digest, Fingerprint, Fingerprinter, Kind, Print, Scoped};
use crate::gate::KeyRow;
use crate::notation::id_ms;
use crate::ordinal::Ordinal;
use crate::time::UnixMs;

/// What an event is known by: a key, a revision, a position, or any combination of them.
///
/// An event carries at least one whole identity, and no half of another. The scope is the tenant
/// plus the operation, and belongs to all three; without one it is the empty text.
///
/// ```
/// use onceward::{Event, Ordinal};
/// let event = Event::new()
///     .scope("shop/orders")
///     .id("2f6c…")
///     .entity("order-17")
///     .revision(Ordinal::from(3_u64));
/// ```
#[must_use]
#[derive(Clone, Debug, Default)]
pub struct Event<'a> {
    pub(crate) scope: &'a str,
    pub(crate) id: Option<&'a str>,
    pub(crate) entity: Option<&'a str>,
    pub(crate) revision: Option<Ordinal>,
    pub(crate) source: Option<&'a str>,
    pub(crate) epoch: Option<Ordinal>,
    pub(crate) position: Option<Ordinal>,
    pub(crate) content: Option<Content<'a>>,
    pub(crate) time: Option<UnixMs>,
}

impl<'a> Event<'a> {
    /// Returns an event that carries nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the scope within which all names are unique.
    pub fn scope(self, scope: &'a str) -> Self {
        Self { scope, ..self }
    }

    /// Sets the key: an idempotency key, a message id, a transaction id.
    pub fn id(self, id: &'a str) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Sets the entity whose revision it is.
    pub fn entity(self, entity: &'a str) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// Sets the revision of the entity.
    pub fn revision(self, revision: Ordinal) -> Self {
        Self { revision: Some(revision), ..self }
    }

    /// Sets the log it was read from: a partition, a shard, a category.
    pub fn source(self, source: &'a str) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Sets the incarnation of the source; without one it is 0.
    pub fn epoch(self, epoch: Ordinal) -> Self {
        Self { epoch: Some(epoch), ..self }
    }

    /// Sets the position in the source.
    pub fn position(self, position: Ordinal) -> Self {
        Self { position: Some(position), ..self }
    }

    /// Sets what the key and the revision must always stand for.
    pub fn content(self, content: Content<'a>) -> Self {
        Self { content: Some(content), ..self }
    }

    /// Sets when the event was issued.
    pub fn time(self, time: UnixMs) -> Self {
        Self { time: Some(time), ..self }
    }

    /// Checks the event and names its identities.
    pub(crate) fn resolve(&self, intake: &Intake) -> Result<Resolved, Error> {
        let key = match self.id {
            Some("") => return Err(Error::event("the id is empty")),
            Some(id) => Some(intake.print(Kind::Key, self.scope, id)),
            None => None,
        };
        let revision = match (self.entity, self.revision.clone()) {
            (Some(""), _) => return Err(Error::event("the entity is empty")),
            (Some(entity), Some(revision)) => {
                Some((intake.print(Kind::Entity, self.scope, entity), revision))
            }
            (Some(_), None) => return Err(Error::event("an entity without a revision")),
            (None, Some(_)) => return Err(Error::event("a revision without an entity")),
            (None, None) => None,
        };
        let position = match (self.source, self.position.clone()) {
            (Some(""), _) => return Err(Error::event("the source is empty")),
            (Some(source), Some(position)) => Some(Place {
                source: intake.print(Kind::Source, self.scope, source),
                epoch: self.epoch.clone().unwrap_or(Ordinal::ZERO),
                position,
            }),
            (Some(_), None) => return Err(Error::event("a source without a position")),
            (None, Some(_)) => return Err(Error::event("a position without a source")),
            (None, None) if self.epoch.is_some() => {
                return Err(Error::event("an epoch without a source and a position"));
            }
            (None, None) => None,
        };
        if key.is_none() && revision.is_none() && position.is_none() {
            return Err(Error::event("the event carries no identity"));
        }
        let time = intake.time(self.time, self.id.map(str::as_bytes))?;
        let content = self.content.as_ref().map(|content| intake.fingerprinter.digest(content));
        Ok(Resolved { key, revision, position, content, time })
    }
}

impl Event<'_> {
    /// Names the event by its key, else its entity, else its source.
    pub(crate) fn fingerprint(&self, intake: &Intake) -> Option<Fingerprint> {
        let named = |kind, name| intake.fingerprinter.fingerprint(kind, self.scope, name);
        let key = self.id.map(|id| named(Kind::Key, id));
        let entity = || self.entity.map(|entity| named(Kind::Entity, entity));
        let source = || self.source.map(|source| named(Kind::Source, source));
        key.or_else(entity).or_else(source)
    }
}

/// What it takes to check the events of one batch.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) fingerprinter: Fingerprinter,
    /// Whether an id may supply the time.
    pub(crate) time_from_id: bool,
    /// The latest time that is believed of an event.
    pub(crate) latest: u64,
}

impl Intake {
    /// Returns an event's time, given or taken from its id.
    #[inline]
    pub(crate) fn time(
        &self,
        given: Option<UnixMs>,
        id: Option<&[u8]>,
    ) -> Result<Option<u64>, Error> {
        if given.is_none() && !self.time_from_id {
            return Ok(None);
        }
        let from_id = || id_ms(str::from_utf8(id.filter(|_| self.time_from_id)?).ok()?);
        let time = given.or_else(from_id).map(UnixMs::as_u64);
        if time.is_some_and(|time| time > self.latest) {
            return Err(Error::event("the event's time is too far ahead of now"));
        }
        Ok(time)
    }

    /// Checks one key of a column.
    #[inline]
    pub(crate) fn key(
        &self,
        scope: &Scoped,
        id: &[u8],
        time: Option<UnixMs>,
    ) -> Result<KeyRow, Error> {
        Ok(KeyRow { key: scope.print(id)?, time: self.time(time, Some(id))? })
    }

    fn print(&self, kind: Kind, scope: &str, name: &str) -> Print {
        self.fingerprinter.fingerprint(kind, scope, name).print()
    }
}

/// A checked event: names are fingerprints, and every identity is whole.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) key: Option<Print>,
    pub(crate) revision: Option<(Print, Ordinal)>,
    pub(crate) position: Option<Place>,
    pub(crate) content: Option<Digest>,
    pub(crate) time: Option<u64>,
}

impl Resolved {
    /// Returns an event that carries a key alone.
    pub(crate) const fn of_key(key: Print, time: Option<u64>) -> Self {
        Self { key: Some(key), revision: None, position: None, content: None, time }
    }

    /// Returns an event that carries a revision alone.
    pub(crate) const fn of_revision(entity: Print, revision: Ordinal) -> Self {
        let revision = Some((entity, revision));
        Self { key: None, revision, position: None, content: None, time: None }
    }

    /// Returns an event that carries a position alone.
    pub(crate) const fn of_position(place: Place) -> Self {
        Self { key: None, revision: None, position: Some(place), content: None, time: None }
    }
}

/// Where in a log an event stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source: Print,
    pub(crate) epoch: Ordinal,
    pub(crate) position: Ordinal,
}
