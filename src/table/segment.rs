//! One segment of a table: a sorted run of slots with gaps.

use alloc::vec::Vec;

use super::{NoRoom, Slot};
use crate::fingerprint::Print;

/// The smallest segment, in slots.
const CAPACITY_MIN: usize = 16;

/// The largest segment, in bytes: copying one is the most that a call ever does.
const BYTES_MAX: u64 = 16 * 1024;

/// How full a segment may be, in hundredths. Fuller ones cost time: the runs that a new slot has to
/// move up grow with the square of what is missing.
const FULL_PERCENT: usize = 84;

/// A segment this full, in hundredths, is not worth tidying instead of making it larger.
const CROWDED_PERCENT: usize = 76;

/// How much larger a segment becomes at a time, in hundredths: three steps double it. Larger ones
/// cost memory, since all segments of a table are in the same phase, and smaller ones cost copies.
const GROWTH_PERCENT: usize = 126;

/// How many slots further the next line of the cache begins at the latest.
const NEXT_LINE: usize = 4;

/// Slots whose leading bits agree, in the order of their prints.
///
/// A slot's home is proportional to its print, and slots move up from there as they must. The last
/// few places are nobody's home, so that a run at the end has somewhere to go.
#[derive(Debug)]
pub(crate) struct Segment<S> {
    /// A number that the owner of the table keeps beside the slots; both halves inherit it.
    pub(crate) base: u64,
    depth: u32,
    len: usize,
    /// How many slots it may hold.
    len_max: usize,
    /// How many places are homes.
    homes: u64,
    slots: Vec<S>,
}

impl<S: Slot> Segment<S> {
    #[expect(clippy::cast_possible_truncation, reason = "a segment has at most 16,384 slots")]
    pub(super) const CAPACITY_MAX: usize = {
        let slots = BYTES_MAX / S::BYTES;
        assert!(slots >= CAPACITY_MIN as u64 * 2, "a segment must hold a few slots");
        slots as usize
    };

    /// Returns the smallest segment there is, empty.
    pub(super) fn first(base: u64) -> Result<Self, NoRoom> {
        Self::vacant(CAPACITY_MIN, 0, base)
    }

    /// Returns the capacity for a segment of so many slots, which leaves room for some more.
    fn capacity_for(len: usize) -> usize {
        Self::capacity_above(len.saturating_mul(100) / CROWDED_PERCENT)
    }

    /// Returns the next larger capacity. There are few, so that one segment fits where another was.
    fn capacity_above(capacity: usize) -> usize {
        let mut larger = Self::CAPACITY_MAX;
        loop {
            let next = larger.saturating_mul(100) / GROWTH_PERCENT;
            if next <= capacity || next < CAPACITY_MIN {
                return larger;
            }
            larger = next;
        }
    }

    fn vacant(capacity: usize, depth: u32, base: u64) -> Result<Self, NoRoom> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(capacity).map_err(|_| NoRoom)?;
        slots.resize(capacity, S::default());
        let homes = capacity.saturating_sub(capacity / 32).saturating_sub(4) as u64;
        let len_max = capacity.saturating_mul(FULL_PERCENT).div_ceil(100);
        Ok(Self { base, depth, len: 0, len_max, homes, slots })
    }

    pub(super) const fn depth(&self) -> u32 {
        self.depth
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.slots.len() as u64).saturating_mul(S::BYTES)
    }

    /// Whether a new slot would find a place.
    pub(super) fn accepts(&self, print: Print) -> bool {
        let (Ok(at) | Err(at)) = self.seek(print);
        let run = self.slots.get(at..).unwrap_or_default();
        self.has_space() && run.iter().any(|slot| slot.print().is_vacant())
    }

    /// Whether it is not yet as full as it may be.
    const fn has_space(&self) -> bool {
        self.len < self.len_max
    }

    /// Whether it would soon be full again.
    pub(super) fn is_crowded(&self) -> bool {
        self.len.saturating_mul(100) >= self.slots.len().saturating_mul(CROWDED_PERCENT)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &S> {
        self.slots.iter().filter(|slot| !slot.print().is_vacant())
    }

    pub(super) fn slots_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.slots.iter_mut().filter(|slot| !slot.print().is_vacant())
    }

    #[inline]
    pub(super) fn home(&self, print: Print) -> usize {
        let local = print.high.wrapping_shl(self.depth) >> 32;
        // Both factors are below 2^32, and the result is below `homes`.
        usize::try_from(local.wrapping_mul(self.homes) >> 32).unwrap_or(0)
    }

    /// Reads the two lines of the cache in which a search from a home mostly ends: by the time they
    /// are looked at, they are at hand.
    #[inline]
    pub(super) fn touch(&self, home: u32) -> u64 {
        let run = self.slots.get(home as usize..).unwrap_or_default();
        let read = |slot: Option<&S>| slot.map_or(0, |slot| slot.print().high);
        read(run.first()) ^ read(run.get(NEXT_LINE))
    }

    /// Returns where a print is, or where it would have to go.
    #[inline]
    pub(super) fn seek(&self, print: Print) -> Result<usize, usize> {
        let home = self.home(print);
        let run = self.slots.get(home..).unwrap_or_default();
        for (offset, slot) in run.iter().enumerate() {
            let found = slot.print();
            if found >= print {
                let at = home.wrapping_add(offset);
                return if found == print { Ok(at) } else { Err(at) };
            }
        }
        Err(self.slots.len())
    }

    pub(super) fn slot(&self, print: Print) -> Option<&S> {
        self.seek(print).ok().and_then(|at| self.slots.get(at))
    }

    pub(super) fn slot_mut(&mut self, print: Print) -> Option<&mut S> {
        let at = self.seek(print).ok()?;
        self.slots.get_mut(at)
    }

    /// Returns the slot at a place that [`Self::seek`] found.
    pub(super) fn at_mut(&mut self, at: usize) -> Option<&mut S> {
        self.slots.get_mut(at)
    }

    /// Puts a new slot in its place, or hands it back when the segment is full.
    pub(super) fn put(&mut self, slot: S) -> Result<(), S> {
        let (Ok(at) | Err(at)) = self.seek(slot.print());
        self.put_at(at, slot)
    }

    /// Puts a new slot where [`Self::seek`] said, or hands it back when the segment is full.
    #[inline]
    pub(super) fn put_at(&mut self, at: usize, slot: S) -> Result<(), S> {
        let run = self.slots.get_mut(at..).unwrap_or_default();
        let gap = run.iter().position(|slot| slot.print().is_vacant());
        let Some(moved) = gap.filter(|_| self.len < self.len_max) else {
            return Err(slot);
        };
        // The rest of the run moves up by one, into the gap: a few slots, too few for a block move.
        let mut carried = slot;
        for place in run.iter_mut().take(moved.saturating_add(1)) {
            carried = core::mem::replace(place, carried);
        }
        self.len = self.len.wrapping_add(1);
        Ok(())
    }

    /// Takes a slot out, and moves those after it back towards their homes.
    pub(super) fn take(&mut self, print: Print) -> Option<S> {
        let mut at = self.seek(print).ok()?;
        let taken = core::mem::take(self.slots.get_mut(at)?);
        self.len = self.len.wrapping_sub(1);
        while let Some(next) = self.slots.get(at.wrapping_add(1)) {
            let print = next.print();
            if print.is_vacant() || self.home(print) > at {
                break;
            }
            self.slots.swap(at, at.wrapping_add(1));
            at = at.wrapping_add(1);
        }
        Some(taken)
    }

    /// Keeps only some slots; returns how many are gone.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&S, u64) -> bool) -> usize {
        let before = self.len;
        let mut next = 0;
        for at in 0..self.slots.len() {
            let Some(slot) = self.slots.get_mut(at).map(core::mem::take) else {
                break;
            };
            let print = slot.print();
            if print.is_vacant() {
                continue;
            }
            if !keep(&slot, self.base) {
                self.len = self.len.wrapping_sub(1);
                continue;
            }
            // With slots gone none can be further from home than it was.
            let place = self.home(print).max(next);
            if let Some(vacant) = self.slots.get_mut(place) {
                *vacant = slot;
            }
            next = place.wrapping_add(1);
        }
        before.wrapping_sub(self.len)
    }

    /// Returns a larger segment with the same slots, or none when it must be split.
    pub(super) fn grown(&self) -> Result<Option<Self>, NoRoom> {
        let mut capacity = self.slots.len();
        while capacity < Self::CAPACITY_MAX {
            capacity = Self::capacity_above(capacity);
            let larger = Self::filled(capacity, self.depth, self.base, self.slots())?;
            if larger.is_some() {
                return Ok(larger);
            }
        }
        Ok(None)
    }

    /// Returns a smaller segment with the same slots, if there is one.
    pub(super) fn fitted(&self) -> Option<Self> {
        let mut capacity = self.len.saturating_mul(100).div_ceil(FULL_PERCENT).max(CAPACITY_MIN);
        while capacity < self.slots.len() {
            let smaller = Self::filled(capacity, self.depth, self.base, self.slots()).ok()?;
            if smaller.is_some() {
                return smaller;
            }
            // A long run at the end: a few places more move the homes apart.
            capacity = capacity.saturating_add(capacity.div_ceil(32));
        }
        None
    }

    /// Returns a smaller segment with room for some more slots, if that is less than half as large.
    pub(super) fn relaxed(&self) -> Option<Self> {
        let capacity = Self::capacity_for(self.len);
        if capacity >= self.slots.len() / 2 {
            return None;
        }
        Self::filled(capacity, self.depth, self.base, self.slots()).ok()?
    }

    /// Returns two segments with the slots whose next bit is 0, and 1.
    pub(super) fn halves(&self) -> Result<(Self, Self), NoRoom> {
        let is_right = |slot: &S| slot.print().high.wrapping_shl(self.depth) >> 63 == 1;
        let is_first_right = |slot: &S| !slot.print().is_vacant() && is_right(slot);
        let middle = self.slots.iter().position(is_first_right).unwrap_or(self.slots.len());
        let (left, right) = self.slots.split_at_checked(middle).ok_or(NoRoom)?;
        Ok((self.half(left)?, self.half(right)?))
    }

    fn half(&self, slots: &[S]) -> Result<Self, NoRoom> {
        let depth = self.depth.wrapping_add(1);
        let slots = || slots.iter().filter(|slot| !slot.print().is_vacant());
        let mut wanted = slots().count();
        loop {
            let capacity = Self::capacity_for(wanted);
            if let Some(half) = Self::filled(capacity, depth, self.base, slots())? {
                return Ok(half);
            }
            if capacity == Self::CAPACITY_MAX {
                return Err(NoRoom);
            }
            wanted = wanted.saturating_add(CAPACITY_MIN);
        }
    }

    /// Returns a segment for slots that are given in their order, with room for some more, or none
    /// where they do not fit.
    pub(super) fn filled_for(depth: u32, base: u64, slots: &[S]) -> Result<Option<Self>, NoRoom> {
        let mut wanted = slots.len();
        loop {
            let capacity = Self::capacity_for(wanted);
            let filled = Self::filled(capacity, depth, base, slots.iter())?;
            let filled = filled.filter(|segment| segment.len <= segment.len_max);
            if filled.is_some() || capacity == Self::CAPACITY_MAX {
                return Ok(filled);
            }
            wanted = wanted.saturating_add(CAPACITY_MIN);
        }
    }

    /// Returns a segment with slots that are given in their order, or none where they do not fit.
    fn filled<'a>(
        capacity: usize,
        depth: u32,
        base: u64,
        slots: impl Iterator<Item = &'a S>,
    ) -> Result<Option<Self>, NoRoom>
    where
        S: 'a,
    {
        let mut segment = Self::vacant(capacity, depth, base)?;
        let mut next = 0;
        for slot in slots {
            let at = segment.home(slot.print()).max(next);
            let Some(place) = segment.slots.get_mut(at) else { return Ok(None) };
            *place = *slot;
            next = at.wrapping_add(1);
            segment.len = segment.len.wrapping_add(1);
        }
        Ok(Some(segment))
    }
}
