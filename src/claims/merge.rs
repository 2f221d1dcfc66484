//! Claims as state carries them, and what becomes of them when copies meet.

use super::{Claims, Held, Record};
use crate::fingerprint::Print;
use crate::table::{NoRoom, Room, Slot as _};

impl Claims {
    /// Returns a claim by its number.
    pub(crate) fn record(&self, number: u64) -> Option<&Record> {
        self.records.get(number)
    }

    /// Returns the claim that is known by that in every copy.
    pub(crate) fn stored(&self, end: Print) -> Option<&Record> {
        let (slot, _) = self.ids.get(end)?;
        self.records.get(slot.words[0]).filter(|record| record.stage.is_none())
    }

    /// Hands out the claims that have not ended, in the order of what they are known by; those that
    /// lapsed longer ago than anything is remembered are left out.
    pub(crate) fn visit(&self, now: u64) -> impl Iterator<Item = &Record> {
        let records = self.ids.iter().filter_map(|(slot, _)| self.stored(slot.print()));
        records.filter(move |record| !self.is_over(record, now))
    }

    /// Takes over the last token of another copy.
    pub(crate) fn join_token(&mut self, token: u64) {
        self.last_token = self.last_token.max(token);
    }

    /// Adds a claim beside those that hold the same locks, or what another copy knows of one that is
    /// here; returns whether anything has changed.
    pub(crate) fn join(&mut self, theirs: Record, room: &mut Room) -> Result<bool, NoRoom> {
        let end = theirs.end;
        let Some((slot, _)) = self.ids.get(end) else {
            let number = self.place(theirs, room)?;
            self.is_shared = true;
            self.assign_all(number);
            return Ok(true);
        };
        let [number, _] = slot.words;
        let Some(ours) = self.records.get_mut(number) else { return Ok(false) };
        let before = ours.state();
        ours.held = ours.held.and(theirs.held);
        ours.attempt = ours.attempt.max(theirs.attempt);
        ours.stamp = ours.stamp.min(theirs.stamp);
        let lease = (ours.lease_until, ours.lease_from, ours.lease_least);
        let lease = lease.max((theirs.lease_until, theirs.lease_from, theirs.lease_least));
        (ours.lease_until, ours.lease_from, ours.lease_least) = lease;
        ours.doubt = [ours.doubt, theirs.doubt].into_iter().flatten().min();
        if ours.state() == before {
            return Ok(false);
        }
        // When it was lost nobody has noted; the same is found in every copy.
        let (is_over, since) = (ours.held == Held::NONE, ours.stamp.max(ours.lease_from));
        self.touched.try_reserve(1).map_err(|_| NoRoom)?;
        self.touched.push(end);
        self.is_shared = true;
        self.assign_all(number);
        if is_over && let Some(record) = self.finish(number, room) {
            self.note_end(&record, Some(since));
        }
        Ok(true)
    }

    /// Ends the claims of which another copy knows that they have ended; returns how many.
    pub(crate) fn end_where(
        &mut self,
        mut has_ended: impl FnMut(&Record) -> bool,
        room: &mut Room,
    ) -> u64 {
        let before = self.count();
        for number in 0..self.records.capacity() {
            let record = self.records.get(number).filter(|record| record.stage.is_none());
            if record.is_some_and(&mut has_ended) {
                self.finish(number, room);
            }
        }
        before.saturating_sub(self.count())
    }

    /// Takes a claim out again that a failing merge has added.
    pub(crate) fn undo(&mut self, end: Print, room: &mut Room) {
        if let Some((slot, _)) = self.ids.get(end) {
            self.finish(slot.words[0], room);
        }
    }

    /// Puts what is staged in, which has its locks before anyone else until the stage ends.
    pub(crate) fn add_staged(&mut self, record: Record, room: &mut Room) -> Result<(), NoRoom> {
        let number = self.place(record, room)?;
        self.is_shared = true;
        self.assign_all(number);
        Ok(())
    }

    /// Ends what a stage holds. When it was kept, the lapsed claims that were below it have lost.
    pub(crate) fn end_stage(&mut self, stage: u64, is_kept: bool, room: &mut Room) {
        for number in 0..self.records.capacity() {
            let record = self.records.get(number).filter(|record| record.stage == Some(stage));
            let Some(locks) = record.map(|record| record.locks.prints()) else { continue };
            for lock in locks.filter(|_| is_kept) {
                self.take(lock, number, room);
            }
            self.finish(number, room);
        }
    }
}

impl Record {
    fn state(&self) -> (Held, u32, u64, u64, u64, u64, Option<u64>) {
        let Self { held, attempt, stamp, lease_until, lease_from, lease_least, doubt, .. } = *self;
        (held, attempt, stamp, lease_until, lease_from, lease_least, doubt)
    }
}
