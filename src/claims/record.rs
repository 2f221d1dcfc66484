//! What is kept of a claim that has not ended, and the moment at which it is looked at.

use crate::event::{Place, Resolved};
use crate::fingerprint::{Digest, Fingerprint, Print};
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

impl Locks {
    pub(crate) fn prints(&self) -> impl Iterator<Item = Print> + use<> {
        let entity = self.revision.as_ref().map(|(entity, _)| *entity);
        let place = self.place.as_ref().map(|(_, lock)| *lock);
        [self.key, entity, place].into_iter().flatten()
    }

    pub(crate) fn is_same_revision(&self, other: &Self) -> bool {
        self.revision.is_some() && self.revision == other.revision
    }

    pub(crate) fn is_same_position(&self, other: &Self) -> bool {
        let place = |locks: &Self| locks.place.as_ref().map(|(place, _)| place.clone());
        self.place.is_some() && place(self) == place(other)
    }

    /// Returns the event that it was, without what only its acceptance needs.
    pub(crate) fn resolved(&self) -> Resolved {
        let position = self.place.as_ref().map(|(place, _)| place.clone());
        let revision = self.revision.clone();
        Resolved { key: self.key, revision, position, content: None, time: None }
    }
}

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
    /// Whether one of its locks was taken away.
    pub(crate) is_lost: bool,
    /// What is set aside for its commit beyond what every claim is accounted with.
    pub(crate) reserved: u64,
}

impl Record {
    /// Lowers what was stamped at a reading that was refuted; all older stamps are lower already.
    pub(super) fn settle(&mut self, stamp: u64) {
        self.lease_until = self.lease_until_at(stamp);
        self.lease_from = self.lease_from.min(stamp);
        self.stamp = self.stamp.min(stamp);
        self.doubt = self.doubt.map(|since| since.min(stamp));
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
