//! Accepted keys, how long they are remembered, and the horizon before which they may be forgotten.
//!
//! Invariant: a key is remembered exactly while its age mark is not below the horizon. Slots below
//! it may linger until their segment is short of space; they are never seen.

mod evict;
mod slots;
mod stamps;
mod stored;

use alloc::vec::Vec;

use crate::answers::{Answers, Given};
use crate::fingerprint::{Digest, Fingerprint, Print};
use crate::table::{NoRoom, Room, Table, has_room_for_one};
use crate::time::{Clock, Millis, Reading};
use crate::verdict::Verdict;
use slots::{Admission, KeySlot, Slots};
pub(crate) use stamps::First;
use stamps::{Floor, Unsettled};
pub(crate) use stored::{Builder, Extra, StoredKey};

/// The longest retention with age marks in milliseconds; above it they are in seconds.
const FINE_RETENTION_MAX: Millis = Millis::days(24);

/// The longest retention; with 32 bits of seconds there is then still room for an event's own time.
pub(crate) const RETENTION_MAX: Millis = Millis::days(36_525);

/// What is remembered of an accepted key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The later of its acceptance and its event's time.
    pub(crate) age: u64,
    pub(crate) content: Option<Digest>,
    /// The number of its commit, if it was claimed first.
    pub(crate) commit: Option<u64>,
}

/// What keys have to say of an event at a reading of the clock that is not taken.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) horizon: u64,
    pub(crate) known: Option<Known>,
    /// When the known key was accepted, or issued if that is later.
    pub(crate) since: Option<u64>,
}

/// What a failing batch goes back to.
#[derive(Debug, Default)]
struct Before {
    floor: Floor,
    first: Option<First>,
    /// What was unsettled, when this batch's reading of the clock settled it.
    settled: Option<Vec<Unsettled>>,
    unsettled_count: usize,
    added: Vec<Print>,
    /// What was forgotten for good, and what it was.
    dropped: Vec<(Print, Known)>,
    /// What was stamped anew, as it was.
    lifted: Vec<(Print, Known)>,
    /// The stamps that commits had.
    restamped: Vec<(u64, u64)>,
    /// Commits of keys that were forgotten before.
    spent: Vec<u64>,
}

/// The memory of keys.
#[derive(Debug)]
pub(crate) struct Keys {
    slots: Slots,
    retention_ms: u64,
    /// What is remembered: from the horizon on.
    floor: Floor,
    first: Option<First>,
    unsettled: Vec<Unsettled>,
    before: Before,
    /// The segment that is looked at next when memory is needed.
    hand: usize,
    /// How much was done since a segment was last tidied.
    untidy: usize,
}

impl Keys {
    pub(crate) fn new(retention: Millis, answers: Answers) -> Self {
        let tick_ms = if retention <= FINE_RETENTION_MAX { 1 } else { 1_000 };
        Self {
            slots: Slots::new(tick_ms, answers),
            retention_ms: retention.as_u64(),
            floor: Floor { keys: 0, ends: 0 },
            first: None,
            unsettled: Vec::new(),
            before: Before::default(),
            hand: 0,
            untidy: 0,
        }
    }

    /// Returns the horizon in milliseconds since the Unix epoch.
    pub(crate) const fn horizon(&self) -> u64 {
        self.floor.keys
    }

    /// Counts the keys that are remembered, in time proportional to the table.
    pub(crate) fn count(&self) -> u64 {
        self.slots.count_from(self.floor.keys)
    }

    /// Returns what is remembered of a key.
    pub(crate) fn get(&self, print: Print) -> Option<Known> {
        self.slots.get(print).filter(|known| known.age >= self.floor.of(print))
    }

    /// Returns when a remembered key was accepted, also while that is unconfirmed.
    pub(crate) fn since(&self, print: Print, known: &Known, clock: &Clock) -> u64 {
        let unsettled = self.unsettled.iter().rfind(|key| key.print == print);
        unsettled.map_or(known.age, |key| clock.stamp().max(key.time))
    }

    /// Returns what would be remembered at a reading of the clock, which is not taken.
    pub(crate) fn outlook(&self, key: Option<Print>, reading: &Reading) -> Outlook {
        let first = self.first.map(|first| first.settled(reading.settled));
        let horizon = self.horizon_at(&reading.clock, first);
        let known = key.and_then(|print| {
            let known = self.slots.get(print)?;
            let unsettled = self.unsettled.iter().rfind(|unsettled| unsettled.print == print);
            let (age, since) = match (unsettled, reading.settled) {
                (None, _) => (known.age, known.age),
                (Some(key), Some(stamp)) => (stamp.max(key.time), stamp.max(key.time)),
                (Some(key), None) => (known.age, reading.clock.stamp().max(key.time)),
            };
            (age >= horizon).then_some((Known { age, ..known }, since))
        });
        Outlook {
            horizon,
            known: known.map(|(known, _)| known),
            since: known.map(|(_, since)| since),
        }
    }

    /// Returns the table that keys are looked for in, to read ahead in it.
    pub(crate) const fn table(&self) -> &Table<KeySlot> {
        self.slots.table()
    }

    /// Judges a key that comes alone, and remembers it when it is fresh, in one look at its slot;
    /// `None`, with nothing done, when that look does not decide.
    #[inline]
    pub(crate) fn admit(
        &mut self,
        print: Print,
        time: Option<u64>,
        clock: &Clock,
    ) -> Option<Verdict> {
        // What is forgotten already may still be known, so the time alone decides nothing.
        let is_settled = !clock.is_unconfirmed() && time.is_none_or(|time| time >= self.floor.keys);
        // The first key of all is noted, and so goes in full.
        if !is_settled || self.first.is_none() || !has_room_for_one(&mut self.before.added) {
            return None;
        }
        let age = clock.believed().max(time.unwrap_or(0));
        match self.slots.admit(print, age) {
            Admission::Known { age } if age >= self.floor.keys => Some(Verdict::Duplicate),
            Admission::Known { .. } | Admission::Unclear => None,
            Admission::Added => {
                self.before.added.push(print);
                Some(Verdict::Fresh)
            }
        }
    }

    /// Returns the commits, with their results.
    pub(crate) const fn answers(&self) -> &Answers {
        &self.slots.answers
    }

    /// Starts a batch with a reading of the clock; what is over at the time before it is dropped.
    pub(crate) fn begin(&mut self, before: &Clock, reading: &Reading, room: &mut Room) {
        self.slots.answers.expire(before.believed(), room);
        self.before.floor = self.floor;
        self.before.first = self.first;
        self.first = self.first.map(|first| first.settled(reading.settled));
        let settled = self.lift_unsettled(reading.settled);
        self.raise_at(&reading.clock);
        // These are remembered already: the limit is not to cost any of them.
        let max = room.lift();
        for (print, known) in settled {
            let put = self.slots.put(print, known, self.before.floor, room);
            debug_assert!(put.is_ok(), "what was there before must fit again");
        }
        room.limit(max);
        self.before.unsettled_count = self.unsettled.len();
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self, room: &mut Room) {
        let Before { settled, added, dropped, lifted, restamped, spent, .. } = &mut self.before;
        *settled = None;
        self.untidy = self.untidy.saturating_add(added.len());
        added.clear();
        lifted.clear();
        restamped.clear();
        let forgotten = dropped.drain(..).filter_map(|(_, known)| known.commit);
        for number in forgotten.chain(spent.drain(..)) {
            self.slots.answers.remove(number, room);
        }
    }

    /// Ends a batch that failed: everything is as it was.
    pub(crate) fn rollback(&mut self, room: &mut Room) {
        let before = core::mem::take(&mut self.before);
        for &print in &before.added {
            // Only a commit adds a key with a number, and a commit is a batch of its own.
            if let Some(number) = self.slots.remove(print).and_then(|known| known.commit) {
                self.slots.answers.remove(number, room);
            }
        }
        let gone = || before.dropped.iter().chain(&before.lifted);
        for &(print, _) in gone() {
            self.slots.remove(print);
        }
        for &(print, known) in gone() {
            // What was stamped anew and then forgotten is in both; how it was at first comes last.
            self.slots.remove(print);
            // It fitted before and fits again; a machine out of memory is past helping here.
            let put = self.slots.put(print, known, before.floor, room);
            debug_assert!(put.is_ok(), "what was there before must fit again");
        }
        for &print in before.added.iter().chain(gone().map(|(print, _)| print)) {
            self.slots.fit_around(print, room);
        }
        for (number, stamp) in before.restamped {
            self.slots.answers.restamp(number, stamp);
        }
        for number in before.spent {
            self.slots.answers.remove(number, room);
        }
        self.unsettled.truncate(before.unsettled_count);
        if let Some(unsettled) = before.settled {
            self.unsettled = unsettled;
        }
        self.floor = before.floor;
        self.first = before.first;
    }

    /// Remembers a key that is not remembered.
    pub(crate) fn accept(
        &mut self,
        print: Print,
        time: Option<u64>,
        content: Option<Digest>,
        commit: Option<u64>,
        clock: &Clock,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let time = time.unwrap_or(0);
        // While the stamp is unconfirmed, expiry goes by the old time.
        let is_unsettled = clock.is_unconfirmed();
        let age = if is_unsettled { clock.believed() } else { clock.believed().max(time) };
        self.before.added.try_reserve(1).map_err(|_| NoRoom)?;
        if is_unsettled {
            self.unsettled.try_reserve(1).map_err(|_| NoRoom)?;
        }
        self.displace(print)?;
        self.before.added.push(print);
        self.put_or_forget(print, Known { age, content, commit }, clock, room)?;
        if is_unsettled {
            self.unsettled.push(Unsettled { print, time });
        }
        if self.first.is_none() {
            let age = clock.stamp().max(time);
            self.first = Some(First { age, unsettled: is_unsettled.then_some(time) });
        }
        Ok(())
    }

    /// Notes the commit of a key that is about to be accepted; returns its number.
    pub(crate) fn note_commit(
        &mut self,
        token: u64,
        fingerprint: Fingerprint,
        result: Option<&Given<'_>>,
        clock: &Clock,
        room: &mut Room,
    ) -> Result<u64, NoRoom> {
        self.slots.answers.insert(token, fingerprint, clock.stamp(), result, room)
    }

    /// Forgets a key for good; returns whether it was remembered.
    pub(crate) fn forget(&mut self, print: Print, room: &mut Room) -> bool {
        let is_remembered = self.get(print).is_some();
        if let Some(number) = self.slots.remove(print).and_then(|known| known.commit) {
            self.slots.answers.remove(number, room);
        }
        self.unsettled.retain(|key| key.print != print);
        is_remembered
    }

    fn horizon_at(&self, clock: &Clock, first: Option<First>) -> u64 {
        let due = self.due_at(clock);
        let has_begun = first.is_some_and(|first| first.age < due);
        if has_begun { self.floor.keys.max(due) } else { self.floor.keys }
    }

    /// Returns the oldest age mark that is within the retention.
    fn due_at(&self, clock: &Clock) -> u64 {
        let due = clock.believed().checked_sub(self.retention_ms);
        due.map_or(0, |due| due.saturating_add(1))
    }

    /// Raises the horizon to where it is at a time.
    fn raise_at(&mut self, clock: &Clock) {
        let horizon = self.horizon_at(clock, self.first);
        let ends = horizon.max(self.due_at(clock)).max(self.floor.ends);
        self.floor = Floor { keys: horizon, ends };
    }

    /// Raises the horizon.
    fn raise(&mut self, horizon: u64) {
        let Floor { keys, ends } = self.floor;
        self.floor = Floor { keys: keys.max(horizon), ends: ends.max(horizon) };
    }

    /// Takes out what was accepted at an unconfirmed reading, and returns it stamped for good.
    fn lift_unsettled(&mut self, stamp: Option<u64>) -> Vec<(Print, Known)> {
        let mut settled = Vec::new();
        let Some(stamp) = stamp else { return settled };
        let count = self.unsettled.len();
        // Without memory for it they stay as old as the clock was: remembered for less long.
        let Before { lifted, restamped, .. } = &mut self.before;
        if settled.try_reserve_exact(count).is_err()
            || lifted.try_reserve(count).is_err()
            || restamped.try_reserve(count).is_err()
        {
            self.before.settled = Some(core::mem::take(&mut self.unsettled));
            return settled;
        }
        let unsettled = core::mem::take(&mut self.unsettled);
        for &Unsettled { print, time } in &unsettled {
            if let Some(known) = self.slots.get(print) {
                self.before.lifted.push((print, known));
                self.slots.remove(print);
                let age = known.age.max(stamp).max(time);
                settled.push((print, Known { age, ..known }));
                let restamped = known
                    .commit
                    .and_then(|number| Some((number, self.slots.answers.restamp(number, stamp)?)));
                self.before.restamped.extend(restamped);
            }
        }
        self.before.settled = Some(unsettled);
        settled
    }

    /// Takes a slot out of the way that was forgotten, now or before this batch began.
    fn displace(&mut self, print: Print) -> Result<(), NoRoom> {
        self.before.dropped.try_reserve(1).map_err(|_| NoRoom)?;
        self.before.spent.try_reserve(1).map_err(|_| NoRoom)?;
        if let Some(known) = self.slots.remove(print) {
            if known.age >= self.before.floor.of(print) {
                self.before.dropped.push((print, known));
            } else {
                self.before.spent.extend(known.commit);
            }
        }
        Ok(())
    }
}
