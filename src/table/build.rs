//! A table from slots in the order of their prints: one segment after the other, each filled once.

use alloc::vec::Vec;

use super::{DEPTH_MAX, NoRoom, Room, SEGMENT_BYTES, Segment, Slot, Table, truncated};
use crate::fingerprint::Print;

/// How full a segment is meant to be, in hundredths of the largest: there is room for the chance by
/// which some get more.
const BUILT_PERCENT: usize = 66;

/// A table that is being built. All its segments have the same depth.
#[derive(Debug)]
pub(crate) struct Builder<S> {
    table: Table<S>,
    /// The leading bits of the slots that come next.
    group: u64,
    /// Slots that the segment of their own has no place for.
    left: Vec<S>,
}

impl<S: Slot> Builder<S> {
    /// Starts with the number of slots.
    pub(crate) fn new(count: usize) -> Result<Self, NoRoom> {
        let per_segment = Segment::<S>::CAPACITY_MAX.saturating_mul(BUILT_PERCENT) / 100;
        let mut table = Table::new();
        while count >> table.depth > per_segment && table.depth < DEPTH_MAX {
            table.depth = table.depth.saturating_add(1);
        }
        let segments = 1_usize << table.depth;
        table.directory.try_reserve_exact(segments).map_err(|_| NoRoom)?;
        table.segments.try_reserve_exact(segments).map_err(|_| NoRoom)?;
        Ok(Self { table, group: 0, left: Vec::new() })
    }

    /// Whether a slot belongs to the segment that is next.
    #[inline]
    pub(crate) fn is_in_group(&self, print: Print) -> bool {
        self.group_of(print) == self.group
    }

    /// Says to which segment the next slots belong.
    pub(crate) fn start_group(&mut self, print: Print) {
        self.group = self.group_of(print);
    }

    fn group_of(&self, print: Print) -> u64 {
        print.high.checked_shr(64_u32.wrapping_sub(self.table.depth)).unwrap_or(0)
    }

    /// Makes the segment that is next; those before it that have no slots are made, too.
    pub(crate) fn end_group(
        &mut self,
        slots: &[S],
        base: u64,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        while (self.table.segments.len() as u64) < self.group {
            let empty = Segment::filled_for(self.table.depth, base, &[])?.ok_or(NoRoom)?;
            self.add(empty, room)?;
        }
        if slots.is_empty() {
            return Ok(());
        }
        if let Some(segment) = Segment::filled_for(self.table.depth, base, slots)? {
            self.table.len = self.table.len.saturating_add(slots.len());
            return self.add(segment, room);
        }
        self.left.try_reserve(slots.len()).map_err(|_| NoRoom)?;
        self.left.extend_from_slice(slots);
        let empty = Segment::filled_for(self.table.depth, base, &[])?.ok_or(NoRoom)?;
        self.add(empty, room)
    }

    fn add(&mut self, segment: Segment<S>, room: &mut Room) -> Result<(), NoRoom> {
        room.take(segment.bytes().saturating_add(SEGMENT_BYTES))?;
        self.table.directory.push(truncated(self.table.segments.len()));
        self.table.segments.push(segment);
        Ok(())
    }

    /// Returns the table.
    pub(crate) fn finish(mut self, room: &mut Room) -> Result<Table<S>, NoRoom> {
        if self.table.segments.is_empty() {
            return Ok(Table::new());
        }
        self.group = 1 << self.table.depth;
        let base = self.table.segments.last().map_or(0, |segment| segment.base);
        self.end_group(&[], base, room)?;
        for slot in self.left {
            // Its age counts from the base of its segment, which the segment has kept.
            self.table.insert(slot, base, room)?;
        }
        Ok(self.table)
    }
}
