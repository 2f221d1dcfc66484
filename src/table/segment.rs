//! One segment of a table: a sorted run of slots with gaps.

use alloc::vec::Vec;

use super::{NoRoom, Slot};
use crate::fingerprint::Print;

/// The smallest segment, in slots.
const CAPACITY_MIN: usize = 16;

/// The largest segment, in bytes: copying one is the most that a call ever does.
const BYTES_MAX: u64 = 16 * 1024;

/// How full a segment may be, in hundredths.
const FULL_PERCENT: usize = 86;

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
    /// How many places are homes.
    homes: u64,
    slots: Vec<S>,
}

impl<S: Slot> Segment<S> {
    #[expect(clippy::cast_possible_truncation, reason = "a segment has at most 16,384 slots")]
    const CAPACITY_MAX: usize = {
        let slots = BYTES_MAX / S::BYTES;
        assert!(slots >= CAPACITY_MIN as u64 * 2, "a segment must hold a few slots");
        slots as usize
    };

    /// Returns an empty segment that is seven tenths full once `len` slots are in it.
    pub(super) fn with_room_for(len: usize, depth: u32, base: u64) -> Result<Self, NoRoom> {
        let capacity = len.saturating_mul(10) / 7;
        Self::with_capacity(capacity.clamp(CAPACITY_MIN, Self::CAPACITY_MAX), depth, base)
    }

    fn with_capacity(capacity: usize, depth: u32, base: u64) -> Result<Self, NoRoom> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(capacity).map_err(|_| NoRoom)?;
        slots.resize_with(capacity, S::default);
        let homes = capacity.saturating_sub(capacity / 32).saturating_sub(4) as u64;
        Ok(Self { base, depth, len: 0, homes, slots })
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
    fn has_space(&self) -> bool {
        self.len.saturating_mul(100) < self.slots.len().saturating_mul(FULL_PERCENT)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &S> {
        self.slots.iter().filter(|slot| !slot.print().is_vacant())
    }

    pub(super) fn slots_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.slots.iter_mut().filter(|slot| !slot.print().is_vacant())
    }

    fn home(&self, print: Print) -> usize {
        let local = print.high.wrapping_shl(self.depth) >> 32;
        // Both factors are below 2^32, and the result is below `homes`.
        usize::try_from(local.wrapping_mul(self.homes) >> 32).unwrap_or(0)
    }

    /// Returns where a print is, or where it would have to go.
    fn seek(&self, print: Print) -> Result<usize, usize> {
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

    /// Puts a new slot in its place, or hands it back when the segment is full.
    pub(super) fn put(&mut self, slot: S) -> Result<(), S> {
        if !self.has_space() {
            return Err(slot);
        }
        let (Ok(at) | Err(at)) = self.seek(slot.print());
        let run = self.slots.get_mut(at..).unwrap_or_default();
        let Some(gap) = run.iter().position(|slot| slot.print().is_vacant()) else {
            return Err(slot);
        };
        // The rest of the run moves up by one, into the gap.
        run.copy_within(..gap, 1.min(gap));
        if let Some(place) = run.first_mut() {
            *place = slot;
            self.len = self.len.wrapping_add(1);
        }
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

    /// Returns an empty segment to move to when this one is full, or none when it must be split.
    pub(super) fn grown(&self) -> Result<Option<Self>, NoRoom> {
        let mut capacity = self.slots.len();
        while capacity < Self::CAPACITY_MAX {
            capacity = capacity.saturating_add(capacity / 4).min(Self::CAPACITY_MAX);
            let larger = Self::with_capacity(capacity, self.depth, self.base)?;
            if larger.can_hold(self.slots()) {
                return Ok(Some(larger));
            }
        }
        Ok(None)
    }

    /// Returns a smaller segment with the same slots, if there is one.
    pub(super) fn fitted(&mut self) -> Option<Self> {
        let mut capacity = self.len.saturating_mul(100).div_ceil(FULL_PERCENT).max(CAPACITY_MIN);
        while capacity < self.slots.len() {
            let smaller = Self::with_capacity(capacity, self.depth, self.base).ok()?;
            if smaller.can_hold(self.slots()) {
                return Some(smaller.filled_from(self));
            }
            // A long run at the end: a few places more move the homes apart.
            capacity = capacity.saturating_add(capacity.div_ceil(32));
        }
        None
    }

    /// Returns two empty segments for the slots whose next bit is 0, and 1.
    pub(super) fn halves(&self) -> Result<(Self, Self), NoRoom> {
        let middle = self.slots().filter(|slot| !self.is_right(slot.print())).count();
        let depth = self.depth.wrapping_add(1);
        let half = |right: bool| {
            let count = if right { self.len.wrapping_sub(middle) } else { middle };
            let mut wanted = count;
            loop {
                let half = Self::with_room_for(wanted, depth, self.base)?;
                let slots = self.slots().filter(|slot| self.is_right(slot.print()) == right);
                if half.can_hold(slots) {
                    return Ok(half);
                }
                if half.slots.len() == Self::CAPACITY_MAX {
                    return Err(NoRoom);
                }
                wanted = wanted.saturating_add(CAPACITY_MIN);
            }
        };
        Ok((half(false)?, half(true)?))
    }

    /// Moves every slot of a segment into one of its two halves.
    pub(super) fn fill_halves(from: &mut Self, mut left: Self, mut right: Self) -> (Self, Self) {
        let depth = from.depth;
        let is_right = |print: Print| print.high.wrapping_shl(depth) >> 63 == 1;
        let mut next = (0, 0);
        for slot in from.slots.iter_mut().map(core::mem::take) {
            let print = slot.print();
            if print.is_vacant() {
                continue;
            }
            if is_right(print) {
                next.1 = right.append(slot, next.1);
            } else {
                next.0 = left.append(slot, next.0);
            }
        }
        (left, right)
    }

    /// Moves every slot of another segment of the same leading bits into this empty one.
    pub(super) fn filled_from(mut self, from: &mut Self) -> Self {
        let mut next = 0;
        for slot in from.slots.iter_mut().map(core::mem::take) {
            if !slot.print().is_vacant() {
                next = self.append(slot, next);
            }
        }
        self
    }

    fn is_right(&self, print: Print) -> bool {
        print.high.wrapping_shl(self.depth) >> 63 == 1
    }

    /// Whether slots, given in order, all find a place.
    fn can_hold<'a>(&self, slots: impl Iterator<Item = &'a S>) -> bool
    where
        S: 'a,
    {
        let end = slots.fold(0, |next, slot| self.home(slot.print()).max(next).wrapping_add(1));
        end <= self.slots.len()
    }

    /// Puts the next slot in order at its home or at `next`, and returns what follows.
    fn append(&mut self, slot: S, next: usize) -> usize {
        let place = self.home(slot.print()).max(next);
        if let Some(vacant) = self.slots.get_mut(place) {
            *vacant = slot;
            self.len = self.len.wrapping_add(1);
        }
        place.wrapping_add(1)
    }
}
