//! What is kept of a claim that has not ended, and the moment at which it is looked at.

use crate::event::{Place, Resolved};
use crate::fingerprint::{Digest, Fingerprint, Fingerprinter, Print};
use crate::ordinal::Ordinal;
use crate::time::Clock;

/// The identities that a claim is on.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    pub(crate) key: Option<Print>,
    pub(crate) revision: Option<(Print, Ordinal)>,
    /// The position, and what is locked for it: its source, or in `window` mode it alone.
    pub(crate) place: Option<(Place, Print)>,
}

/// The locks that a claim holds, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held(pub(crate) u8);

impl Held {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const KEY: Self = Self(1);
    pub(crate) const REVISION: Self = Self(1 << 1);
    pub(crate) const PLACE: Self = Self(1 << 2);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn has(self, lock: Self) -> bool {
        self.0 & lock.0 != 0
    }
}

impl Locks {
    /// Returns the locks with their bits.
    pub(crate) fn list(&self) -> impl Iterator<Item = (Held, Print)> + use<> {
        let key = self.key.map(|key| (Held::KEY, key));
        let entity = self.revision.as_ref().map(|(entity, _)| (Held::REVISION, *entity));
        let place = self.place.as_ref().map(|(_, lock)| (Held::PLACE, *lock));
        [key, entity, place].into_iter().flatten()
    }

    pub(crate) fn prints(&self) -> impl Iterator<Item = Print> + use<> {
        self.list().map(|(_, print)| print)
    }

    /// Returns all of them as held.
    pub(crate) fn all(&self) -> Held {
        self.list().fold(Held::NONE, |held, (lock, _)| Held(held.0 | lock.0))
    }

    /// Returns the bit of a lock, or none.
    pub(crate) fn bit_of(&self, print: Print) -> Held {
        let mut same = self.list().filter(|(_, lock)| *lock == print);
        same.next().map_or(Held::NONE, |(bit, _)| bit)
    }

    pub(crate) fn is_same_revision(&self, other: &Self) -> bool {
        self.revision.is_some() && self.revision == other.revision
    }

    pub(crate) fn is_same_position(&self, other: &Self) -> bool {
        let place = |locks: &Self| locks.place.as_ref().map(|(place, _)| place.clone());
        self.place.is_some() && place(self) == place(other)
    }

    /// Names the end of a claim on these identities.
    pub(crate) fn end(
        &self,
        by: &Fingerprinter,
        token: u64,
        content: Option<Digest>,
        time: Option<u64>,
    ) -> Print {
        let Self { key, revision, place } = self;
        let entity = revision.as_ref().map(|(entity, _)| *entity);
        let source = place.as_ref().map(|(place, _)| place.source);
        let prints = [*key, entity, source]
            .map(|print| print.map_or([0, 0, 0], |print| [1, print.high, u64::from(print.low)]));
        let content = content.map_or([0, 0, 0], |Digest([high, low])| [1, high, low]);
        let time = time.map_or([0, 0, 0], |time| [1, time, 0]);
        let [a, b, c] = prints;
        let words = [a, b, c, content, time];
        let ordinals = [
            revision.as_ref().map(|(_, revision)| revision),
            place.as_ref().map(|(place, _)| &place.epoch),
            place.as_ref().map(|(place, _)| &place.position),
        ];
        by.end(token, words.as_flattened(), ordinals)
    }

    /// Returns the event that it was, without what only its acceptance needs.
    pub(crate) fn resolved(&self) -> Resolved {
        let position = self.place.as_ref().map(|(place, _)| place.clone());
        let revision = self.revision.clone();
        Resolved { key: self.key, revision, position, content: None, time: None }
    }
}

/// What the owner of a claim may change; of two copies of it the greater counts.
pub(super) type State = (u32, Option<u64>, u64, u64, u64, u64, u32);

/// A claim that has not ended.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) token: u64,
    pub(crate) attempt: u32,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) locks: Locks,
    pub(crate) content: Option<Digest>,
    pub(crate) time: Option<u64>,
    /// When it was claimed.
    pub(crate) stamp: u64,
    /// When its lease was counted from, and its end.
    pub(crate) lease_from: u64,
    pub(crate) lease_until: u64,
    /// The end of the lease however much that is lowered: an extension never shortens.
    pub(crate) lease_least: u64,
    /// Since when its owner is in doubt.
    pub(crate) doubt: Option<u64>,
    /// How often its owner changed it: the last change counts, in every copy.
    pub(crate) edits: u32,
    /// What was not taken away from it.
    pub(crate) held: Held,
    /// What it is known by in every copy, and what its end is noted under.
    pub(crate) end: Print,
    /// With what is only staged: the number of the stage.
    pub(crate) stage: Option<u64>,
    /// What is set aside for its commit beyond what every claim is accounted with.
    pub(crate) reserved: u64,
}

impl Record {
    /// Whether it is on a key and on nothing else.
    pub(crate) fn is_on_key_alone(&self) -> bool {
        self.locks.all() == Held::KEY
    }

    /// Returns the age mark under which its end is noted where nobody knows when that was: the same
    /// in every copy. Tokens count from the time at which they are issued.
    pub(super) const fn end_age(&self) -> u64 {
        self.token >> 20
    }

    /// Whether it holds a lock, perhaps below another claim.
    pub(super) fn holds(&self, lock: Print) -> bool {
        self.held.has(self.locks.bit_of(lock))
    }

    /// What decides between two claims that hold a lock: the greater has it.
    pub(super) const fn rank(&self) -> (bool, bool, u64, Print) {
        (self.stage.is_some(), self.doubt.is_some(), self.token, self.end)
    }

    /// Lowers what was stamped at a reading that was refuted; all older stamps are lower already.
    /// Returns whether that changes anything.
    pub(super) fn settle(&mut self, stamp: u64) -> bool {
        let before = self.state();
        self.lease_until = self.lease_until_at(stamp);
        self.lease_from = self.lease_from.min(stamp);
        self.stamp = self.stamp.min(stamp);
        self.doubt = self.doubt.map(|since| since.min(stamp));
        self.state() != before
    }

    /// Returns what its owner may change.
    pub(super) const fn state(&self) -> State {
        let Self { edits, doubt, lease_until, lease_from, lease_least, stamp, .. } = *self;
        // Two copies may count attempts apart, and then issue one token for one event.
        (edits, doubt, lease_until, lease_from, lease_least, stamp, self.attempt)
    }

    pub(super) const fn set_state(&mut self, state: State) {
        let (edits, doubt, lease_until, lease_from, lease_least, stamp, attempt) = state;
        (self.edits, self.doubt, self.stamp, self.attempt) = (edits, doubt, stamp, attempt);
        (self.lease_until, self.lease_from, self.lease_least) =
            (lease_until, lease_from, lease_least);
    }

    fn lease_until_at(&self, stamp: u64) -> u64 {
        let lowered = self.lease_until.saturating_sub(self.lease_from.saturating_sub(stamp));
        lowered.max(self.lease_least)
    }

    /// Counts the lease from a stamp, at a time that is believed; returns its end.
    pub(crate) fn extend(&mut self, lease_ms: u64, stamp: u64, believed: u64) -> u64 {
        let longer = stamp.saturating_add(lease_ms);
        if longer > self.lease_until {
            self.lease_least = self.lease_until_at(believed);
            self.lease_from = stamp;
            self.lease_until = longer;
        }
        self.lease_until
    }
}

/// A time at which claims are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time that is believed.
    pub(crate) now: u64,
    /// To what the reading of that time lowers the stamps of a refuted one.
    pub(crate) lowered: Option<u64>,
}

impl Moment {
    /// Returns the moment of a reading after which the clock is `after`.
    pub(crate) fn new(before: &Clock, after: &Clock) -> Self {
        // Confirmed stamps stay as they are: the clock only goes back when a reading is refuted.
        let lowered = (after.stamp() < before.stamp()).then_some(after.stamp());
        Self { now: after.believed(), lowered }
    }

    /// Returns the end of a claim's lease.
    pub(crate) fn lease_until(self, record: &Record) -> u64 {
        self.lowered.map_or(record.lease_until, |stamp| record.lease_until_at(stamp))
    }

    /// Returns when something was claimed.
    pub(crate) fn stamp(self, record: &Record) -> u64 {
        self.lowered.map_or(record.stamp, |stamp| record.stamp.min(stamp))
    }

    /// Returns since when a claim is in doubt: its owner said so, or its lease is over.
    pub(crate) fn doubt_since(self, record: &Record) -> u64 {
        let said = record.doubt.map(|since| self.lowered.map_or(since, |stamp| since.min(stamp)));
        said.unwrap_or_else(|| self.lease_until(record))
    }
}
