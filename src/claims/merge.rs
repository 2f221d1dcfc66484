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
            self.share(number);
            return Ok(true);
        };
        let [number, _] = slot.words;
        let Some(ours) = self.records.get_mut(number) else { return Ok(false) };
        let before = (ours.held, ours.state());
        ours.held = ours.held.and(theirs.held);
        ours.set_state(ours.state().max(theirs.state()));
        if (ours.held, ours.state()) == before {
            return Ok(false);
        }
        let (is_over, has_lost) = (ours.held == Held::NONE, ours.held != before.0);
        self.touched.try_reserve(1).map_err(|_| NoRoom)?;
        self.touched.push(end);
        self.is_shared |= has_lost;
        if self.is_shared {
            self.assign_all(number);
        }
        if is_over && let Some(record) = self.finish(number, room) {
            self.note_end(&record, Some(record.end_age()));
        }
        Ok(true)
    }

    /// Takes the key away from a claim that another copy has: it was accepted. Returns whether
    /// anything is left of it.
    pub(crate) fn lose_key(&mut self, theirs: &mut Record) -> bool {
        theirs.held = theirs.held.without(Held::KEY);
        if theirs.held == Held::NONE && !theirs.is_on_key_alone() {
            self.note_end(theirs, Some(theirs.end_age()));
        }
        theirs.held != Held::NONE
    }

    /// Ends the claims of which another copy knows that they have ended, and takes the keys that it has
    /// accepted away from the others.
    pub(crate) fn end_where(&mut self, is_known: impl Fn(Print) -> bool, room: &mut Room) {
        for number in 0..self.records.capacity() {
            let record = self.records.get(number).filter(|record| record.stage.is_none());
            let Some(record) = record else { continue };
            let key = record.locks.key.filter(|&key| record.held.has(Held::KEY) && is_known(key));
            if is_known(record.end) {
                self.finish(number, room);
            } else if let Some(key) = key {
                self.lose_accepted(number, key, room);
            }
        }
    }

    fn lose_accepted(&mut self, number: u64, key: Print, room: &mut Room) {
        let Some(record) = self.records.get_mut(number) else { return };
        record.held = record.held.without(Held::KEY);
        let is_over = record.held == Held::NONE;
        if self.touched.try_reserve(1).is_ok() {
            self.touched.push(record.end);
        }
        if self.is_had_by(key, number) {
            self.assign(key);
        }
        if is_over
            && let Some(record) = self.finish(number, room)
            && !record.is_on_key_alone()
        {
            self.note_end(&record, Some(record.end_age()));
        }
    }

    /// Takes a claim out: one that a failing merge has added, or that is known to be over.
    pub(crate) fn undo(&mut self, end: Print, room: &mut Room) {
        if let Some((slot, _)) = self.ids.get(end) {
            self.finish(slot.words[0], room);
        }
    }

    /// Puts what is staged in, which has its locks before anyone else until the stage ends.
    pub(crate) fn add_staged(&mut self, record: Record, room: &mut Room) -> Result<(), NoRoom> {
        let number = self.place(record, room)?;
        self.share(number);
        Ok(())
    }

    /// Has the locks of a claim that was put in go to whoever is first, where it does not have all of
    /// them as it is: to look at all claims for each one would take time with their square.
    fn share(&mut self, number: u64) {
        let Some(record) = self.records.get(number) else { return };
        let is_whole = record.held == record.locks.all();
        let has_all = record.locks.prints().all(|lock| self.is_had_by(lock, number));
        if !is_whole || !has_all {
            self.is_shared = true;
            self.assign_all(number);
        }
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
