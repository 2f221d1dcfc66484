//! Forgetting the oldest keys where there is no room for more.

use super::{Keys, Known};
use crate::fingerprint::Print;
use crate::table::{NoRoom, Room};
use crate::time::Clock;

/// How many fruitless looks at segments it takes before a little more is forgotten.
const FRUITLESS_MAX: usize = 8;

/// One segment is tidied for so many keys that are added, and calls.
const TIDY_EVERY: usize = 256;

impl Keys {
    /// Gives back some of the memory of what is forgotten, so that it follows the number of live keys
    /// also where no new ones need it.
    #[inline]
    pub(crate) fn tidy(&mut self, room: &mut Room) {
        self.untidy = self.untidy.saturating_add(1);
        if self.untidy >= TIDY_EVERY {
            self.tidy_segments(room);
        }
    }

    #[cold]
    fn tidy_segments(&mut self, room: &mut Room) {
        let count = self.slots.segment_count();
        let due = (self.untidy / TIDY_EVERY).min(count);
        self.untidy %= TIDY_EVERY;
        for _ in 0..due {
            self.hand = if self.hand < count { self.hand } else { 0 };
            self.slots.tidy(self.hand, self.floor, room);
            self.hand = self.hand.wrapping_add(1);
        }
    }

    /// Frees memory by forgetting the oldest keys; false when only those of this very tick remain.
    pub(crate) fn make_room(&mut self, bytes: u64, clock: &Clock, room: &mut Room) -> bool {
        let count = self.slots.segment_count();
        // What could never be found is not worth forgetting anything for.
        if room.free().saturating_add(self.slots.bytes()) < bytes {
            return false;
        }
        let mut fruitless = 0_usize;
        let mut stuck = 0_usize;
        while room.free() < bytes {
            if stuck >= count {
                return false;
            }
            self.hand = if self.hand < count { self.hand } else { 0 };
            let free = room.free();
            // What is forgotten already is gathered first; only then is a little more forgotten.
            if fruitless >= FRUITLESS_MAX.min(count) {
                fruitless = 0;
                let forgot = self.forget_oldest_of(self.hand, clock);
                stuck = if forgot { 0 } else { stuck.saturating_add(1) };
            }
            if self.sweep(self.hand).is_ok() {
                self.slots.fit(self.hand, room);
            }
            fruitless = if room.free() > free { 0 } else { fruitless.saturating_add(1) };
            self.hand = self.hand.wrapping_add(1);
        }
        true
    }

    /// Puts a key in, and forgets older ones where there is no room for it.
    pub(super) fn put_or_forget(
        &mut self,
        print: Print,
        known: Known,
        clock: &Clock,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        while self.slots.put(print, known, self.before.floor, room).is_err() {
            let own = self.slots.segment_of(print);
            // Its own segment first: a place there takes no further memory.
            if !self.slots.accepts(print) && self.forget_oldest_of(own, clock) {
                self.sweep(own)?;
                continue;
            }
            let bytes = self.slots.growth_of(print, known.content.is_some());
            // With that much free the failure is the machine's, not the budget's.
            if room.free() >= bytes || !self.make_room(bytes, clock, room) {
                return Err(NoRoom);
            }
        }
        Ok(())
    }

    /// Raises the horizon over the oldest few keys of a segment. Prints are spread evenly, so any
    /// segment is a fair sample of all keys.
    fn forget_oldest_of(&mut self, index: usize, clock: &Clock) -> bool {
        let oldest = self.slots.oldest_of(index, self.floor, clock.believed());
        if let Some(age) = oldest {
            self.raise(age.saturating_add(1));
        }
        oldest.is_some()
    }

    /// Drops what is forgotten from a segment, noting what was remembered when the batch began.
    fn sweep(&mut self, index: usize) -> Result<(), NoRoom> {
        let Self { slots, before, floor, .. } = self;
        before.dropped.try_reserve(slots.len_of(index)).map_err(|_| NoRoom)?;
        before.spent.try_reserve(slots.len_of(index)).map_err(|_| NoRoom)?;
        slots.sweep(index, *floor, |print, known| {
            // Only a merge adds what may be old enough to go at once, and it adds in order.
            let is_new = before.added.binary_search(&print).is_ok();
            if known.age >= before.floor.of(print) && !is_new {
                before.dropped.push((print, known));
            } else {
                before.spent.extend(known.commit);
            }
        });
        Ok(())
    }
}
