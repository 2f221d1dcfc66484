//! Leave to act, for a while: leases, fencing tokens, and doubt.
//!
//! A claim locks its key, its entity and its source, each under the print of its name. It is current
//! while it holds all of its locks; whoever takes one of them away has won.

mod record;

use alloc::vec::Vec;

use crate::fingerprint::{Fingerprint, Print};
use crate::table::{Arena, NoRoom, Room, Table, WideSlot};
use crate::time::{Clock, Millis, UnixMs};
pub(crate) use record::{Locks, Moment, Record};

/// What a claim is accounted with: its record, and the room that its commit will take.
const CLAIM_BYTES: u64 = 896;

/// What becomes of a claim whose lease ran out without an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterCrash {
    /// The next claim takes over: right for effects that may run twice.
    #[default]
    Retry,
    /// It is in doubt, until someone says what happened.
    Hold,
}

/// Leave to act on an event, until the lease is over.
#[derive(Clone, Debug)]
pub struct Claim {
    pub(crate) token: u64,
    pub(crate) attempt: u32,
    pub(crate) is_takeover: bool,
    pub(crate) lease_until: u64,
    pub(crate) locks: Locks,
}

impl Claim {
    /// Returns the fencing token: greater than every token issued before.
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// Returns how often the event was claimed without an answer, this time included.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether an earlier claim lapsed, so that its effect may have happened.
    pub const fn is_takeover(&self) -> bool {
        self.is_takeover
    }

    /// Returns when the lease is over: at exactly that time it is.
    pub const fn lease_until(&self) -> UnixMs {
        UnixMs::new(self.lease_until)
    }
}

/// How a lock is held.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hold<'a> {
    Free,
    /// By a claim within its lease.
    Live(&'a Record),
    /// By a claim that ended without an answer.
    Doubt(&'a Record),
    /// By a claim that may be taken over.
    Lapsed(&'a Record),
}

impl<'a> Hold<'a> {
    /// Returns the claim that is in the way, if one is.
    pub(crate) const fn blocking(self) -> Option<&'a Record> {
        match self {
            Self::Live(record) | Self::Doubt(record) => Some(record),
            Self::Free | Self::Lapsed(_) => None,
        }
    }
}

/// A doubt, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The key, or else the entity or the source, that is in doubt.
    pub key: Fingerprint,
    /// The token of the claim.
    pub token: u64,
    /// How often the event was claimed without an answer.
    pub attempt: u32,
    /// When its owner said so, or the lease was over.
    pub since: UnixMs,
}

/// The claims that have not ended.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The number of the claim that holds a lock.
    locks: Table<WideSlot>,
    records: Arena<Record>,
    last_token: u64,
    after_crash: AfterCrash,
    retention_ms: u64,
    /// To what this batch's reading lowers the stamps of a refuted one.
    lowered: Option<u64>,
    /// Lapsed locks that this batch took over by accepting what they were on.
    displaced: Vec<Print>,
    /// The record that is looked at next for what lapsed long ago.
    hand: u64,
}

impl Claims {
    pub(crate) const fn new(after_crash: AfterCrash, retention: Millis) -> Self {
        Self {
            locks: Table::new(),
            records: Arena::new(CLAIM_BYTES),
            last_token: 0,
            after_crash,
            retention_ms: retention.as_u64(),
            lowered: None,
            displaced: Vec::new(),
            hand: 0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.records.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.locks.len() == 0
    }

    /// Whether nobody holds a lock, not even by a claim that lapsed.
    pub(crate) fn is_free(&self, lock: Print) -> bool {
        self.is_empty() || self.locks.get(lock).is_none()
    }

    /// Returns how a lock is held at a time.
    pub(crate) fn hold(&self, lock: Print, moment: Moment) -> Hold<'_> {
        let record = if self.is_empty() { None } else { self.holder(lock) };
        match record {
            None => Hold::Free,
            Some((_, record)) if record.doubt.is_some() => Hold::Doubt(record),
            Some((_, record)) if moment.now < moment.lease_until(record) => Hold::Live(record),
            Some((_, record)) => match self.after_crash {
                AfterCrash::Retry => Hold::Lapsed(record),
                AfterCrash::Hold => Hold::Doubt(record),
            },
        }
    }

    fn holder(&self, lock: Print) -> Option<(u64, &Record)> {
        let (slot, _) = self.locks.get(lock)?;
        let [number, _] = slot.words;
        Some((number, self.records.get(number)?))
    }

    /// Returns the claim's record and its number while it holds all of its locks.
    pub(crate) fn current(&self, claim: &Claim) -> Option<(u64, &Record)> {
        let lock = claim.locks.prints().next()?;
        self.holder(lock).filter(|(_, record)| record.token == claim.token && !record.is_lost)
    }

    /// Returns the moment of this batch.
    pub(crate) fn moment(&self, clock: &Clock) -> Moment {
        Moment { now: clock.believed(), lowered: self.lowered }
    }

    pub(crate) fn record_mut(&mut self, number: u64) -> Option<&mut Record> {
        self.records.get_mut(number)
    }

    /// Returns the claim in doubt on an identity.
    pub(crate) fn in_doubt(&self, lock: Print, moment: Moment) -> Option<(u64, &Record)> {
        match self.hold(lock, moment) {
            Hold::Doubt(_) => self.holder(lock),
            Hold::Free | Hold::Live(_) | Hold::Lapsed(_) => None,
        }
    }

    /// Returns the next token: greater than the last, and than any issued before a restart.
    pub(crate) fn next_token(&self, clock: &Clock) -> u64 {
        self.last_token.saturating_add(1).max(clock.stamp().saturating_mul(1 << 20))
    }

    /// Adds a claim, which takes over whatever lapsed locks are on its identities.
    pub(crate) fn add(&mut self, record: Record, room: &mut Room) -> Result<(), NoRoom> {
        let token = record.token;
        let locks = record.locks.clone();
        let reserved = record.reserved;
        room.take(reserved)?;
        let number = self.records.insert(record, room).inspect_err(|_| room.give(reserved))?;
        let slot = |lock| WideSlot::new(lock, 0, [number, 0]);
        // First whatever may fail.
        for lock in locks.prints() {
            if self.locks.get(lock).is_none() && self.locks.insert(slot(lock), 0, room).is_err() {
                self.finish(number, room);
                return Err(NoRoom);
            }
        }
        for lock in locks.prints() {
            if let Some(place) = self.locks.get_mut(lock) {
                let [loser, _] = core::mem::replace(place, slot(lock)).words;
                if loser != number {
                    self.lose(loser, room);
                }
            }
        }
        self.last_token = token;
        Ok(())
    }

    /// Returns at most how much memory it takes to add a claim.
    pub(crate) fn growth_of(&self, locks: &Locks) -> u64 {
        locks.prints().fold(CLAIM_BYTES, |sum, lock| sum.saturating_add(self.locks.growth_of(lock)))
    }

    /// Notes that a lapsed lock, if there is one, is taken over when this batch ends well.
    pub(crate) fn displace(&mut self, lock: Print) -> Result<(), NoRoom> {
        if !self.is_free(lock) {
            self.displaced.try_reserve(1).map_err(|_| NoRoom)?;
            self.displaced.push(lock);
        }
        Ok(())
    }

    /// Ends a claim, and frees the locks that it still holds.
    pub(crate) fn finish(&mut self, number: u64, room: &mut Room) -> Option<Record> {
        let prints = self.records.get(number)?.locks.prints();
        for lock in prints {
            if self.is_held_by(lock, number) {
                self.locks.remove(lock);
            }
        }
        self.remove(number, room)
    }

    fn remove(&mut self, number: u64, room: &mut Room) -> Option<Record> {
        let record = self.records.remove(number, room)?;
        room.give(record.reserved);
        Some(record)
    }

    /// Ends the claim on an identity, whatever its state; returns whether there was one.
    pub(crate) fn forget(&mut self, lock: Print, room: &mut Room) -> bool {
        let number = self.holder(lock).map(|(number, _)| number);
        number.is_some_and(|number| self.finish(number, room).is_some())
    }

    /// Ends the claims on any position of a source; returns how many there were.
    pub(crate) fn forget_source(&mut self, source: Print, room: &mut Room) -> u64 {
        let before = self.count();
        for number in 0..self.records.capacity() {
            let place = self.records.get(number).and_then(|record| record.locks.place.as_ref());
            let touched = place.filter(|(place, _)| place.source == source);
            if touched.is_some_and(|(_, lock)| self.is_held_by(*lock, number)) {
                self.finish(number, room);
            }
        }
        before.saturating_sub(self.count())
    }

    /// Returns the claims that are in doubt at a time.
    pub(crate) fn doubts(&self, moment: Moment) -> impl Iterator<Item = Doubt> {
        self.records.iter().filter_map(move |record| {
            let is_lapsed = moment.lease_until(record) <= moment.now;
            let is_held = self.after_crash == AfterCrash::Hold && is_lapsed;
            let since = (record.doubt.is_some() || is_held).then(|| moment.doubt_since(record))?;
            let Record { fingerprint: key, token, attempt, .. } = *record;
            Some(Doubt { key, token, attempt, since: UnixMs::new(since) })
        })
    }

    /// Starts a batch whose reading lowers what was stamped at a refuted one.
    pub(crate) fn begin(&mut self, moment: Moment) {
        self.lowered = moment.lowered;
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self, room: &mut Room) {
        if let Some(stamp) = self.lowered.take() {
            self.records.iter_mut().for_each(|record| record.settle(stamp));
        }
        while let Some(lock) = self.displaced.pop() {
            if let Some(slot) = self.locks.remove(lock) {
                let [loser, _] = slot.words;
                self.lose(loser, room);
            }
        }
    }

    /// Ends a batch that failed.
    pub(crate) fn rollback(&mut self) {
        self.lowered = None;
        self.displaced.clear();
    }

    /// Drops a claim that lapsed longer ago than anything is remembered, one look at a time.
    pub(crate) fn tidy(&mut self, now: u64, room: &mut Room) {
        let capacity = self.records.capacity();
        self.hand = self.hand.checked_rem(capacity).unwrap_or(0);
        let is_over = self.after_crash == AfterCrash::Retry
            && self.records.get(self.hand).is_some_and(|record| {
                let gone = record.lease_until.saturating_add(self.retention_ms);
                record.doubt.is_none() && gone <= now
            });
        if is_over {
            self.finish(self.hand, room);
        }
        self.hand = self.hand.wrapping_add(1);
    }

    fn is_held_by(&self, lock: Print, number: u64) -> bool {
        self.locks.get(lock).is_some_and(|(slot, _)| slot.words[0] == number)
    }

    /// Marks a claim that one of its locks was taken from, and drops it with the last of them.
    fn lose(&mut self, number: u64, room: &mut Room) {
        let Some(record) = self.records.get_mut(number) else { return };
        record.is_lost = true;
        let prints = record.locks.prints();
        let holds_any = prints.into_iter().any(|lock| self.is_held_by(lock, number));
        if !holds_any {
            self.remove(number, room);
        }
    }
}
