//! Who has a lock: claims that are put in, that take locks from others, and that end.

use super::{Claims, Held, Record};
use crate::fingerprint::Print;
use crate::table::{NoRoom, Room, Table, WideSlot};

impl Claims {
    /// Puts a record in, which has the locks that nobody else has; fails with nothing done.
    pub(super) fn place(&mut self, record: Record, room: &mut Room) -> Result<u64, NoRoom> {
        self.ended.try_reserve(4).map_err(|_| NoRoom)?;
        self.touched.try_reserve(1).map_err(|_| NoRoom)?;
        let (end, reserved, is_staged) = (record.end, record.reserved, record.stage.is_some());
        let locks = record.locks.clone();
        room.take(reserved)?;
        let number = self.records.insert(record, room).inspect_err(|_| room.give(reserved))?;
        self.staged = self.staged.saturating_add(u64::from(is_staged));
        let slot = |print| WideSlot::new(print, 0, [number, 0]);
        let is_new = |table: &Table<WideSlot>, print| table.get(print).is_none();
        // First whatever may fail.
        let mut placed = self.ids.insert(slot(end), 0, room);
        for lock in locks.prints() {
            if placed.is_ok() && is_new(&self.locks, lock) {
                placed = self.locks.insert(slot(lock), 0, room);
            }
        }
        if placed.is_err() {
            self.finish(number, room);
            return Err(NoRoom);
        }
        self.touched.push(end);
        Ok(number)
    }

    /// Gives a lock to a claim, and takes it away from all others.
    pub(super) fn take(&mut self, lock: Print, number: u64, room: &mut Room) {
        if let Some(slot) = self.locks.get_mut(lock) {
            let [loser, _] = core::mem::replace(&mut slot.words, [number, 0]);
            self.take_away(lock, loser, number, room);
        }
    }

    /// Takes a lock away from the claim that had it, and from those that hold it below that.
    pub(super) fn take_away(&mut self, lock: Print, loser: u64, winner: u64, room: &mut Room) {
        if !self.is_shared {
            if loser != winner {
                self.lose(lock, loser, room);
            }
            return;
        }
        for number in 0..self.records.capacity() {
            if number != winner {
                self.lose(lock, number, room);
            }
        }
    }

    /// Ends a claim, and frees the locks that it still has.
    pub(crate) fn finish(&mut self, number: u64, room: &mut Room) -> Option<Record> {
        let record = self.records.remove(number, room)?;
        room.give(record.reserved);
        self.ids.remove(record.end);
        self.staged = self.staged.saturating_sub(u64::from(record.stage.is_some()));
        for lock in record.locks.prints() {
            if self.is_had_by(lock, number) {
                self.assign(lock);
            }
        }
        self.is_shared &= self.records.len() > 0;
        Some(record)
    }

    /// Ends a claim, and has that noted.
    pub(crate) fn finish_noted(&mut self, number: u64, room: &mut Room) -> Option<Record> {
        let record = self.finish(number, room)?;
        self.note_end(&record, None);
        Some(record)
    }

    pub(super) fn note_end(&mut self, record: &Record, since: Option<u64>) {
        // A stage is nobody else's; and without memory the end of a claim is merely forgotten.
        if record.stage.is_none() && self.ended.try_reserve(1).is_ok() {
            self.ended.push((record.end, since));
        }
    }

    /// Gives a lock to the first of those that hold it, or frees it.
    pub(super) fn assign(&mut self, lock: Print) {
        let holders = (0..self.records.capacity())
            .filter(|_| self.is_shared)
            .filter_map(|number| Some((number, self.records.get(number)?)))
            .filter(|(_, record)| record.holds(lock));
        let first = holders.max_by_key(|(_, record)| record.rank()).map(|(number, _)| number);
        match (first, self.locks.get_mut(lock)) {
            (Some(number), Some(slot)) => slot.words = [number, 0],
            (None, _) => drop(self.locks.remove(lock)),
            (Some(_), None) => {}
        }
    }

    /// Gives the locks of a claim to whoever is first.
    pub(super) fn assign_all(&mut self, number: u64) {
        let prints = self.records.get(number).map(|record| record.locks.prints());
        prints.into_iter().flatten().for_each(|lock| self.assign(lock));
    }

    pub(super) fn is_had_by(&self, lock: Print, number: u64) -> bool {
        self.locks.get(lock).is_some_and(|(slot, _)| slot.words[0] == number)
    }

    /// Takes a lock away from a claim that holds it, and drops the claim with the last of them.
    pub(super) fn lose(&mut self, lock: Print, number: u64, room: &mut Room) {
        let Some(record) = self.records.get_mut(number) else { return };
        record.held = record.held.without(record.locks.bit_of(lock));
        if record.held == Held::NONE {
            self.finish_noted(number, room);
        } else if self.touched.try_reserve(1).is_ok() {
            self.touched.push(record.end);
        }
    }
}
