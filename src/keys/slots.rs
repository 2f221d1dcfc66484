//! What is kept of each key: its fingerprint and age mark in 16 bytes, and apart from that the
//! digest of its content, if it has any.
//!
//! Ages are counted in ticks from the base of their segment, so that 32 bits are enough at any time
//! of the century without ever touching more than one segment.

use super::Known;
use crate::fingerprint::{Digest, Print};
use crate::table::{NoRoom, Room, Segment, Slot, Table};

/// One in so many of a segment's keys is forgotten at a time, and at least one.
const FORGOTTEN_SHARE: usize = 64;

/// As many keys of a segment are forgotten at a time at most.
const FORGOTTEN_MAX: usize = 16;

/// A key in 16 bytes.
#[derive(Debug)]
pub(super) struct KeySlot {
    high: u64,
    low: u32,
    /// Ticks since the segment's base.
    age: u32,
}

impl Default for KeySlot {
    fn default() -> Self {
        Self { high: Print::VACANT.high, low: Print::VACANT.low, age: 0 }
    }
}

impl Slot for KeySlot {
    const BYTES: u64 = 16;

    fn print(&self) -> Print {
        Print { high: self.high, low: self.low }
    }
}

impl KeySlot {
    fn ticks(&self, base: u64) -> u64 {
        base.saturating_add(u64::from(self.age))
    }
}

/// The digest of what a key stands for.
#[derive(Debug)]
struct ContentSlot {
    print: Print,
    digest: Digest,
}

impl Default for ContentSlot {
    fn default() -> Self {
        Self { print: Print::VACANT, digest: Digest { high: 0, low: 0 } }
    }
}

impl Slot for ContentSlot {
    const BYTES: u64 = 32;

    fn print(&self) -> Print {
        self.print
    }
}

/// Keys by print.
#[derive(Debug)]
pub(super) struct Slots {
    table: Table<KeySlot>,
    contents: Table<ContentSlot>,
    tick_ms: u64,
}

impl Slots {
    pub(super) const fn new(tick_ms: u64) -> Self {
        Self { table: Table::new(), contents: Table::new(), tick_ms }
    }

    pub(super) fn segment_count(&self) -> usize {
        self.table.segment_count()
    }

    pub(super) fn segment_of(&self, print: Print) -> usize {
        self.table.segment_of(print)
    }

    pub(super) fn len_of(&self, index: usize) -> usize {
        self.table.segment(index).map_or(0, Segment::len)
    }

    /// Whether a key would go in without more memory for its age mark.
    pub(super) fn accepts(&self, print: Print) -> bool {
        self.segment_count() > 0 && self.table.growth_of(print) == 0
    }

    /// Returns at most how much memory it takes to add a key.
    pub(super) fn growth_of(&self, print: Print, has_content: bool) -> u64 {
        let content = if has_content { self.contents.growth_of(print) } else { 0 };
        self.table.growth_of(print).saturating_add(content)
    }

    /// Gives memory back that a segment, and a segment of contents, have no use for.
    pub(super) fn fit(&mut self, index: usize, room: &mut Room) {
        self.table.fit(index, room);
        if let Some(index) = index.checked_rem(self.contents.segment_count()) {
            self.contents.fit(index, room);
        }
    }

    pub(super) fn remove(&mut self, print: Print) {
        if self.table.remove(print).is_some() && self.contents.len() > 0 {
            self.contents.remove(print);
        }
    }

    /// Returns what is kept of a key; its age mark is rounded up to a whole tick.
    pub(super) fn get(&self, print: Print) -> Option<Known> {
        let (slot, base) = self.table.get(print)?;
        Some(Known { age: self.ms(slot.ticks(base)), content: self.content(print) })
    }

    fn content(&self, print: Print) -> Option<Digest> {
        if self.contents.len() == 0 {
            return None;
        }
        self.contents.get(print).map(|(slot, _)| slot.digest)
    }

    pub(super) fn count_from(&self, horizon: u64) -> u64 {
        self.table.iter().filter(|(slot, base)| self.ms(slot.ticks(*base)) >= horizon).count()
            as u64
    }

    /// Adds a key; keys whose age is below `floor` may be dropped to make space.
    pub(super) fn put(
        &mut self,
        print: Print,
        known: Known,
        floor: u64,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let ticks = self.ticks(known.age);
        let base = self.reach(self.segment_of(print), ticks, floor);
        let slot = KeySlot { high: print.high, low: print.low, age: offset(ticks, base) };
        if let Err(slot) = self.table.put(slot) {
            self.sweep(self.segment_of(print), floor, |_, _| ());
            self.table.insert(slot, base, room)?;
        }
        if let Some(digest) = known.content {
            self.contents.insert(ContentSlot { print, digest }, 0, room).inspect_err(|_| {
                self.table.remove(print);
            })?;
        }
        Ok(())
    }

    /// Changes the age of a key that is there.
    pub(super) fn set_age(&mut self, print: Print, age: u64, floor: u64) {
        let ticks = self.ticks(age);
        let base = self.reach(self.segment_of(print), ticks, floor);
        if let Some(slot) = self.table.get_mut(print) {
            slot.age = offset(ticks, base);
        }
    }

    /// Drops from a segment what is below the horizon.
    pub(super) fn sweep(
        &mut self,
        index: usize,
        horizon: u64,
        mut dropped: impl FnMut(Print, Known),
    ) {
        let Self { table, contents, tick_ms } = self;
        let ms = |ticks: u64| ticks.saturating_mul(*tick_ms);
        table.retain(
            index,
            |slot, base| ms(slot.ticks(base)) >= horizon,
            |slot, base| {
                let content = contents.remove(slot.print()).map(|slot| slot.digest);
                dropped(slot.print(), Known { age: ms(slot.ticks(base)), content });
            },
        );
    }

    /// Returns the age up to which the oldest few keys of a segment would be forgotten, if that
    /// is a tick before now.
    pub(super) fn oldest_of(&self, index: usize, horizon: u64, now: u64) -> Option<u64> {
        let segment = self.table.segment(index)?;
        let now = self.ticks(now);
        let wanted = (segment.len() / FORGOTTEN_SHARE).clamp(1, FORGOTTEN_MAX);
        // The oldest ticks in order, as many as are wanted.
        let mut oldest = [u64::MAX; FORGOTTEN_MAX];
        let oldest = oldest.get_mut(..wanted)?;
        for slot in segment.slots() {
            let ticks = slot.ticks(segment.base);
            if self.ms(ticks) < horizon || ticks >= now {
                continue;
            }
            let at = oldest.partition_point(|&other| other <= ticks);
            if let Some(later) = oldest.get_mut(at..)
                && !later.is_empty()
            {
                later.rotate_right(1);
                if let Some(place) = later.first_mut() {
                    *place = ticks;
                }
            }
        }
        oldest.iter().rfind(|&&ticks| ticks != u64::MAX).map(|&ticks| self.ms(ticks))
    }

    fn ticks(&self, ms: u64) -> u64 {
        ms.div_ceil(self.tick_ms.max(1))
    }

    fn ms(&self, ticks: u64) -> u64 {
        ticks.saturating_mul(self.tick_ms)
    }

    /// Returns the base of a segment, moved so that an age can be counted from it.
    fn reach(&mut self, index: usize, ticks: u64, floor: u64) -> u64 {
        let Some(base) = self.table.segment(index).map(|segment| segment.base) else {
            return ticks;
        };
        if ticks.checked_sub(base).is_some_and(|age| u32::try_from(age).is_ok()) {
            return base;
        }
        self.sweep(index, floor, |_, _| ());
        let left = self.table.segment(index).map(Segment::slots).into_iter().flatten();
        let new_base = left.map(|slot| slot.ticks(base)).fold(ticks, u64::min);
        self.table.rebase(index, new_base, |slot| slot.age = offset(slot.ticks(base), new_base));
        new_base
    }
}

/// Ages that are remembered together lie within the retention and the greatest skew of an event's
/// time, which options keep below 2^32 ticks.
fn offset(ticks: u64, base: u64) -> u32 {
    u32::try_from(ticks.saturating_sub(base)).unwrap_or(u32::MAX)
}
