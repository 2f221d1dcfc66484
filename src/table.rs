//! The compact table of fingerprints that everything is remembered in: the hot path.
//!
//! Slots lie in segments of at most 16 KiB, reached through a directory of leading bits (extendible
//! hashing; Fagin et al. 1979). Within a segment they are kept in the order of their prints by
//! linear probing (Amble and Knuth 1974), so a walk over the table is sorted and a miss ends early.
//!
//! Invariants: no call copies or clears more than one segment, and the directory or the list of
//! segments, which are less than a hundredth of the whole; removal leaves no tombstones; every
//! allocation is fallible and accounted for in a [`Room`].

mod arena;
mod build;
mod room;
mod segment;
mod wide;

use alloc::vec::Vec;

use crate::fingerprint::Print;
pub(crate) use arena::Arena;
pub(crate) use build::Builder;
pub(crate) use room::{NoRoom, Room};
pub(crate) use segment::Segment;
pub(crate) use wide::WideSlot;

/// One record of a table. The default value is a vacant slot.
pub(crate) trait Slot: Copy + Default {
    /// What a slot is accounted with: the same on every target, so that decisions are, too.
    const BYTES: u64;

    /// Returns the print of the name, or [`Print::VACANT`].
    fn print(&self) -> Print;
}

/// What a segment and its share of the directory are accounted with.
const SEGMENT_BYTES: u64 = 64;

/// The directory never has more than 2^24 entries: beyond that segments are simply full.
const DEPTH_MAX: u32 = 24;

/// What came of looking for a print and adding it in one go.
#[derive(Debug)]
pub(crate) enum Entry<'a, S> {
    /// It was there already; with the base of its segment.
    Known(&'a mut S, u64),
    /// It is there now.
    Added,
    /// It is not there, and adding it takes more than writing a slot.
    Unclear,
}

/// Where to look for a print, to read it ahead; good until the table changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    segment: u32,
    home: u32,
}

impl Default for Spot {
    /// Nowhere.
    fn default() -> Self {
        Self { segment: u32::MAX, home: 0 }
    }
}

/// Whether one more would fit, after memory was asked for if that was necessary.
#[inline]
pub(crate) fn has_room_for_one<T>(list: &mut Vec<T>) -> bool {
    list.len() < list.capacity() || list.try_reserve(1).is_ok()
}

fn truncated(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A set of slots with distinct prints.
#[derive(Debug)]
pub(crate) struct Table<S> {
    /// The directory has 2^depth entries, or none while the table is empty.
    depth: u32,
    directory: Vec<u32>,
    segments: Vec<Segment<S>>,
    len: usize,
}

impl<S: Slot> Table<S> {
    /// Returns an empty table, which takes no memory.
    pub(crate) const fn new() -> Self {
        Self { depth: 0, directory: Vec::new(), segments: Vec::new(), len: 0 }
    }

    /// Returns the number of slots in use.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Returns the number of segments.
    pub(crate) const fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Returns what the segments are accounted with.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments.iter().map(Segment::bytes).fold(0, u64::saturating_add)
    }

    /// Returns the segment in which a print has its place.
    #[inline]
    pub(crate) fn segment_of(&self, print: Print) -> usize {
        // A shift by 64 would overflow; an empty or single directory has only the first entry.
        let entry = print.high.checked_shr(64_u32.wrapping_sub(self.depth)).unwrap_or(0);
        let entry = usize::try_from(entry).unwrap_or(usize::MAX);
        self.directory.get(entry).map_or(0, |&index| index as usize)
    }

    pub(crate) fn segment(&self, index: usize) -> Option<&Segment<S>> {
        self.segments.get(index)
    }

    /// Returns the slot of a print and the base of its segment.
    pub(crate) fn get(&self, print: Print) -> Option<(&S, u64)> {
        let segment = self.segments.get(self.segment_of(print))?;
        Some((segment.slot(print)?, segment.base))
    }

    /// Returns where to look for a print.
    #[inline]
    pub(crate) fn spot(&self, print: Print) -> Spot {
        let segment = self.segment_of(print);
        let home = self.segments.get(segment).map_or(0, |segment| segment.home(print));
        // A segment has few slots, and the directory holds the numbers of segments in 32 bits.
        Spot { segment: truncated(segment), home: truncated(home) }
    }

    /// Reads what it takes to look at a spot, so that it is at hand soon; see [`Segment::touch`].
    #[inline]
    pub(crate) fn touch(&self, spot: Spot) -> u64 {
        let segment = self.segments.get(spot.segment as usize);
        segment.map_or(0, |segment| segment.touch(spot.home))
    }

    /// Looks for a print, and adds a slot for it where there is none and that takes no memory.
    ///
    /// `make` is given the base of the segment, and may decline.
    #[inline]
    pub(crate) fn enter(
        &mut self,
        print: Print,
        make: impl FnOnce(u64) -> Option<S>,
    ) -> Entry<'_, S> {
        let index = self.segment_of(print);
        let Some(segment) = self.segments.get_mut(index) else { return Entry::Unclear };
        let base = segment.base;
        match segment.seek(print) {
            Ok(at) => segment.at_mut(at).map_or(Entry::Unclear, |slot| Entry::Known(slot, base)),
            Err(at) => {
                let added = make(base).is_some_and(|slot| segment.put_at(at, slot).is_ok());
                if !added {
                    return Entry::Unclear;
                }
                self.len = self.len.wrapping_add(1);
                Entry::Added
            }
        }
    }

    /// Returns the slot of a print, to be changed in place; its print must stay.
    pub(crate) fn get_mut(&mut self, print: Print) -> Option<&mut S> {
        let index = self.segment_of(print);
        self.segments.get_mut(index)?.slot_mut(print)
    }

    /// Returns at most how much memory it takes to add a slot.
    pub(crate) fn growth_of(&self, print: Print) -> u64 {
        match self.segments.get(self.segment_of(print)) {
            None => S::BYTES.saturating_mul(16).saturating_add(SEGMENT_BYTES),
            Some(segment) if segment.accepts(print) => 0,
            Some(segment) => (segment.bytes() / 2).saturating_add(SEGMENT_BYTES),
        }
    }

    /// Adds a slot whose print is not in the table where that takes no memory, or hands it back.
    pub(crate) fn put(&mut self, slot: S) -> Result<(), S> {
        let index = self.segment_of(slot.print());
        let Some(segment) = self.segments.get_mut(index) else {
            return Err(slot);
        };
        segment.put(slot)?;
        self.len = self.len.wrapping_add(1);
        Ok(())
    }

    /// Adds a slot whose print is not in the table; `base` is for a segment made for it.
    pub(crate) fn insert(&mut self, slot: S, base: u64, room: &mut Room) -> Result<(), NoRoom> {
        let print = slot.print();
        let mut slot = slot;
        while let Err(back) = self.put(slot) {
            slot = back;
            if self.segments.is_empty() {
                self.start(base, room)?;
            } else {
                self.widen(self.segment_of(print), print, room)?;
            }
        }
        Ok(())
    }

    /// Takes a slot out.
    pub(crate) fn remove(&mut self, print: Print) -> Option<S> {
        let index = self.segment_of(print);
        let slot = self.segments.get_mut(index)?.take(print)?;
        self.len = self.len.wrapping_sub(1);
        Some(slot)
    }

    /// Makes the segment of a print larger where it would soon be full again, if there is room.
    pub(crate) fn loosen(&mut self, print: Print, room: &mut Room) {
        let index = self.segment_of(print);
        if self.segments.get(index).is_some_and(Segment::is_crowded) {
            // Without room it stays as it is, and may still have a place.
            let _ = self.widen(index, print, room);
        }
    }

    /// Keeps only some slots of a segment, in place.
    pub(crate) fn retain(&mut self, index: usize, keep: impl FnMut(&S, u64) -> bool) {
        if let Some(segment) = self.segments.get_mut(index) {
            let gone = segment.retain(keep);
            self.len = self.len.wrapping_sub(gone);
        }
    }

    /// Changes the base of a segment and every slot in it.
    pub(crate) fn rebase(&mut self, index: usize, base: u64, change: impl FnMut(&mut S)) {
        if let Some(segment) = self.segments.get_mut(index) {
            segment.base = base;
            segment.slots_mut().for_each(change);
        }
    }

    /// Gives memory back that a segment has no use for.
    pub(crate) fn fit(&mut self, index: usize, room: &mut Room) {
        self.shrink(index, room, Segment::fitted);
    }

    /// Gives memory back that a segment will have no use for soon, where that is worth a copy.
    pub(crate) fn relax(&mut self, index: usize, room: &mut Room) {
        self.shrink(index, room, Segment::relaxed);
    }

    fn shrink(
        &mut self,
        index: usize,
        room: &mut Room,
        smaller: impl FnOnce(&Segment<S>) -> Option<Segment<S>>,
    ) {
        if let Some(segment) = self.segments.get_mut(index) {
            let old = segment.bytes();
            // Without memory for the smaller copy the larger one simply stays.
            if let Some(smaller) = smaller(segment) {
                *segment = smaller;
            }
            room.give(old.saturating_sub(segment.bytes()));
        }
    }

    /// Gives memory back that the segment of a print has no use for, or an empty table.
    pub(crate) fn fit_around(&mut self, print: Print, room: &mut Room) {
        if self.len > 0 {
            self.fit(self.segment_of(print), room);
            return;
        }
        let bytes = |segment: &Segment<S>| segment.bytes().saturating_add(SEGMENT_BYTES);
        room.give(self.segments.iter().map(bytes).sum());
        *self = Self::new();
    }

    /// Walks over all segments in the order of the prints in them.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Segment<S>> {
        let mut last = u32::MAX;
        self.directory
            .iter()
            .filter(move |&&index| core::mem::replace(&mut last, index) != index)
            .filter_map(|&index| self.segments.get(index as usize))
    }

    /// Walks over all slots in the order of their prints, each with the base of its segment.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&S, u64)> {
        self.in_order().flat_map(|segment| segment.slots().map(move |slot| (slot, segment.base)))
    }

    fn start(&mut self, base: u64, room: &mut Room) -> Result<(), NoRoom> {
        let segment = Segment::first(base)?;
        self.directory.try_reserve_exact(1).map_err(|_| NoRoom)?;
        self.segments.try_reserve_exact(1).map_err(|_| NoRoom)?;
        room.take(segment.bytes().saturating_add(SEGMENT_BYTES))?;
        self.segments.push(segment);
        self.directory.push(0);
        Ok(())
    }

    /// Makes a full segment larger, or splits it when it is as large as they get.
    fn widen(&mut self, index: usize, print: Print, room: &mut Room) -> Result<(), NoRoom> {
        let segment = self.segments.get_mut(index).ok_or(NoRoom)?;
        if let Some(larger) = segment.grown()? {
            room.exchange(segment.bytes(), larger.bytes())?;
            *segment = larger;
            return Ok(());
        }
        self.split(index, print, room)
    }

    fn split(&mut self, index: usize, print: Print, room: &mut Room) -> Result<(), NoRoom> {
        let segment = self.segments.get(index).ok_or(NoRoom)?;
        let depth = segment.depth();
        if depth >= DEPTH_MAX {
            return Err(NoRoom);
        }
        let (left, right) = segment.halves()?;
        let new = left.bytes().saturating_add(right.bytes()).saturating_add(SEGMENT_BYTES);
        let id = u32::try_from(self.segments.len()).map_err(|_| NoRoom)?;
        self.segments.try_reserve(1).map_err(|_| NoRoom)?;
        if depth == self.depth {
            self.double()?;
        }
        let segment = self.segments.get_mut(index).ok_or(NoRoom)?;
        room.exchange(segment.bytes(), new)?;
        *segment = left;
        self.segments.push(right);
        // The entries that share the segment are contiguous; the upper half of them moves on.
        let shared = 1_usize << self.depth.saturating_sub(depth);
        let prefix = print.high.checked_shr(64_u32.wrapping_sub(depth)).unwrap_or(0);
        let first = usize::try_from(prefix).unwrap_or(usize::MAX).saturating_mul(shared);
        let upper = first.saturating_add(shared / 2)..first.saturating_add(shared);
        for entry in self.directory.get_mut(upper).into_iter().flatten() {
            *entry = id;
        }
        Ok(())
    }

    /// Doubles the directory: every entry is followed by a copy of itself.
    fn double(&mut self) -> Result<(), NoRoom> {
        let mut doubled = Vec::new();
        doubled.try_reserve_exact(self.directory.len().saturating_mul(2)).map_err(|_| NoRoom)?;
        doubled.extend(self.directory.iter().flat_map(|&index| [index, index]));
        self.directory = doubled;
        self.depth = self.depth.wrapping_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
