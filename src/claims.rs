//! Leave to act, for a while: leases, fencing tokens, and doubt.
//!
//! A claim locks its key, its entity and its source, each under the print of its name. It is current
//! while it has all of its locks; whoever takes one of them away has won.
//!
//! Claims from other copies may hold the same lock: the one that counts is derived from all of them,
//! so that it is the same in every copy.

mod locks;
mod merge;
mod record;

use alloc::vec::Vec;

use crate::fingerprint::{Fingerprint, Print};
use crate::table::{Arena, NoRoom, Room, Table, WideSlot};
use crate::time::{Clock, Millis, UnixMs};
pub(crate) use record::{Held, Locks, Moment, Record};

/// What a claim is accounted with: its record, and the room that its commit will take.
const CLAIM_BYTES: u64 = 960;

/// No token counts from a later time (the year 2248), so that one wild reading does not use them up.
const TOKEN_STAMP_MAX: u64 = (1 << 43) - 1;

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
    /// The number of the claim that has a lock.
    locks: Table<WideSlot>,
    /// The numbers of claims by what they are known by in every copy.
    ids: Table<WideSlot>,
    records: Arena<Record>,
    /// Whether a lock may be held by more than one claim.
    is_shared: bool,
    /// How many records only stand for what is staged.
    staged: u64,
    /// The ends of claims that are to be noted when this batch ends well, and since when they have
    /// ended, if that is not now.
    ended: Vec<(Print, Option<u64>)>,
    /// The claims that this batch has changed.
    touched: Vec<Print>,
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
            ids: Table::new(),
            records: Arena::new(CLAIM_BYTES),
            is_shared: false,
            staged: 0,
            ended: Vec::new(),
            touched: Vec::new(),
            last_token: 0,
            after_crash,
            retention_ms: retention.as_u64(),
            lowered: None,
            displaced: Vec::new(),
            hand: 0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.records.len().saturating_sub(self.staged)
    }

    pub(crate) const fn last_token(&self) -> u64 {
        self.last_token
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
        let (number, record) = self.holder(lock)?;
        let has_all = claim.locks.prints().all(|lock| self.is_had_by(lock, number));
        (record.token == claim.token && has_all).then_some((number, record))
    }

    /// Returns the moment of this batch.
    pub(crate) fn moment(&self, clock: &Clock) -> Moment {
        Moment { now: clock.believed(), lowered: self.lowered }
    }

    pub(crate) fn record_mut(&mut self, number: u64) -> Option<&mut Record> {
        let record = self.records.get_mut(number)?;
        record.edits = record.edits.saturating_add(1);
        if self.touched.try_reserve(1).is_ok() {
            self.touched.push(record.end);
        }
        Some(record)
    }

    /// Notes that the owner of a claim is in doubt.
    pub(crate) fn set_doubt(&mut self, number: u64, since: u64) {
        let Some(record) = self.record_mut(number) else { return };
        record.doubt.get_or_insert(since);
        if self.is_shared {
            self.assign_all(number);
        }
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
        let stamp = clock.stamp().min(TOKEN_STAMP_MAX);
        self.last_token.saturating_add(1).max(stamp.saturating_mul(1 << 20))
    }

    /// Adds a claim, which takes over whatever lapsed locks are on its identities.
    pub(crate) fn add(&mut self, record: Record, room: &mut Room) -> Result<(), NoRoom> {
        let token = record.token;
        let locks = record.locks.clone();
        let number = self.place(record, room)?;
        for lock in locks.prints() {
            self.take(lock, number, room);
        }
        self.last_token = token;
        Ok(())
    }

    /// Returns at most how much memory it takes to add a claim.
    pub(crate) fn growth_of(&self, locks: &Locks) -> u64 {
        let growth = locks.prints().map(|lock| self.locks.growth_of(lock).saturating_mul(2));
        growth.fold(CLAIM_BYTES, u64::saturating_add)
    }

    /// Notes that a lapsed lock, if there is one, is taken over when this batch ends well.
    pub(crate) fn displace(&mut self, lock: Print) -> Result<(), NoRoom> {
        if !self.is_free(lock) {
            self.displaced.try_reserve(1).map_err(|_| NoRoom)?;
            self.displaced.push(lock);
        }
        Ok(())
    }

    /// Returns the next end of a claim that is to be noted.
    pub(crate) fn next_ended(&mut self) -> Option<(Print, Option<u64>)> {
        self.ended.pop()
    }

    /// Returns the claims that this batch has changed.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Print> {
        self.touched.iter().copied()
    }

    /// Ends the claims on an identity, whatever their state; returns how many there were.
    pub(crate) fn forget(&mut self, lock: Print, room: &mut Room) -> u64 {
        let mut count: u64 = 0;
        while let Some((number, record)) = self.holder(lock) {
            count = count.saturating_add(u64::from(record.stage.is_none()));
            self.finish(number, room);
        }
        count
    }

    /// Ends the claims on any position of a source; returns how many there were.
    pub(crate) fn forget_source(&mut self, source: Print, room: &mut Room) -> u64 {
        let before = self.count();
        for number in 0..self.records.capacity() {
            let record = self.records.get(number).filter(|record| record.held.has(Held::PLACE));
            let place = record.and_then(|record| record.locks.place.as_ref());
            if place.is_some_and(|(place, _)| place.source == source) {
                self.finish(number, room);
            }
        }
        before.saturating_sub(self.count())
    }

    /// Returns the claims that are in doubt at a time.
    pub(crate) fn doubts(&self, moment: Moment) -> impl Iterator<Item = Doubt> {
        let claims = self.records.iter().filter(|record| record.stage.is_none());
        claims.filter_map(move |record| {
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

    /// Ends a batch that went well, but for what it has touched and ended.
    pub(crate) fn commit(&mut self, room: &mut Room) {
        self.settle();
        while let Some(lock) = self.displaced.pop() {
            if let Some(slot) = self.locks.remove(lock) {
                let [loser, _] = slot.words;
                self.take_away(lock, loser, u64::MAX, room);
            }
        }
    }

    /// Forgets what a batch has touched, once that was noted.
    pub(crate) fn clear_touched(&mut self) {
        self.touched.clear();
    }

    /// Lowers for good what was stamped at a reading that this batch has refuted.
    fn settle(&mut self) {
        let Self { records, touched, lowered, .. } = self;
        if let Some(stamp) = lowered.take() {
            // Where there is no memory to note them, the next snapshot will tell.
            let is_noted = usize::try_from(records.len())
                .is_ok_and(|count| touched.try_reserve(count).is_ok());
            for record in records.iter_mut() {
                let is_changed = record.settle(stamp);
                record.edits = record.edits.saturating_add(u32::from(is_changed));
                if is_changed && is_noted {
                    touched.push(record.end);
                }
            }
        }
    }

    /// Ends a batch that failed.
    pub(crate) fn rollback(&mut self) {
        self.lowered = None;
        self.displaced.clear();
        self.ended.clear();
        self.touched.clear();
    }

    /// Drops a claim that lapsed longer ago than anything is remembered, one look at a time.
    pub(crate) fn tidy(&mut self, now: u64, room: &mut Room) {
        let capacity = self.records.capacity();
        self.hand = self.hand.checked_rem(capacity).unwrap_or(0);
        if self.records.get(self.hand).is_some_and(|record| self.is_over(record, now)) {
            self.finish(self.hand, room);
        }
        self.hand = self.hand.wrapping_add(1);
    }

    /// Whether a claim lapsed longer ago than anything is remembered.
    fn is_over(&self, record: &Record, now: u64) -> bool {
        let gone = record.lease_until.saturating_add(self.retention_ms);
        self.after_crash == AfterCrash::Retry && record.doubt.is_none() && gone <= now
    }
}
