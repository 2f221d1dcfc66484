//! What is kept of each key: its fingerprint and age mark in 16 bytes, and apart from that the
//! digest of its content, if it has any.
//!
//! Ages are counted in ticks from the base of their segment, so that 32 bits are enough at any time
//! of the century without ever touching more than one segment. The few that lie too far from their
//! neighbours (after a leap of the clock, or with a time of its own from one that was refuted) are
//! kept apart.

use alloc::vec::Vec;

use super::{Floor, Known};
use crate::answers::Answers;
use crate::fingerprint::{Digest, Print};
use crate::table::{Entry, NoRoom, Room, Segment, Slot, Table, WideSlot};

/// One in so many of a segment's keys is forgotten at a time, and at least one.
const FORGOTTEN_SHARE: usize = 64;

/// As many keys of a segment are forgotten at a time at most.
const FORGOTTEN_MAX: usize = 16;

/// A key in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySlot {
    pub(super) high: u64,
    pub(super) low: u32,
    /// Ticks since the segment's base, or [`APART`].
    pub(super) age: u32,
}

/// The age of a key whose age mark lies in a table of its own.
pub(super) const APART: u32 = u32::MAX;

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

/// What came of [`Slots::admit`].
#[derive(Debug)]
pub(super) enum Admission {
    Added,
    /// It was there already, with that age mark.
    Known {
        age: u64,
    },
    /// Nothing was done: it takes more than a look at one slot.
    Unclear,
}

/// Keys by print.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) table: Table<KeySlot>,
    /// The digests of contents, by the print of their key.
    pub(super) contents: Table<WideSlot>,
    /// Age marks that cannot be counted from the base of their segment.
    pub(super) apart: Table<WideSlot>,
    /// The numbers of their commits, of the keys that were claimed first.
    pub(super) commits: Table<WideSlot>,
    pub(super) answers: Answers,
    pub(super) tick_ms: u64,
}

impl Slots {
    pub(super) const fn new(tick_ms: u64, answers: Answers) -> Self {
        Self {
            table: Table::new(),
            contents: Table::new(),
            apart: Table::new(),
            commits: Table::new(),
            answers,
            tick_ms,
        }
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
        let slots = self.table.growth_of(print).saturating_add(content);
        let beside = self.apart.growth_of(print).saturating_add(self.commits.growth_of(print));
        slots.saturating_add(beside)
    }

    /// Gives memory back that a segment, and a segment of contents, have no use for.
    pub(super) fn fit(&mut self, index: usize, room: &mut Room) {
        self.table.fit(index, room);
        if let Some(index) = index.checked_rem(self.contents.segment_count()) {
            self.contents.fit(index, room);
        }
    }

    /// Returns at most how much memory could be given back, results aside.
    pub(super) fn bytes(&self) -> u64 {
        [&self.contents, &self.apart, &self.commits]
            .into_iter()
            .map(Table::bytes)
            .fold(self.table.bytes(), u64::saturating_add)
    }

    /// Gives memory back that there is no use for around a key.
    pub(super) fn fit_around(&mut self, print: Print, room: &mut Room) {
        self.table.fit_around(print, room);
        self.contents.fit_around(print, room);
        self.apart.fit_around(print, room);
        self.commits.fit_around(print, room);
    }

    /// Takes a key out; its commit, if it has one, stays.
    pub(super) fn remove(&mut self, print: Print) -> Option<Known> {
        let known = self.get(print)?;
        self.table.remove(print);
        remove_beside(&mut self.contents, print);
        remove_beside(&mut self.apart, print);
        remove_beside(&mut self.commits, print);
        Some(known)
    }

    /// Returns what is kept of a key; its age mark is rounded up to a whole tick.
    pub(super) fn get(&self, print: Print) -> Option<Known> {
        let (slot, base) = self.table.get(print)?;
        Some(Known {
            age: self.ms(ticks_of(slot, base, &self.apart)),
            content: beside(&self.contents, print).map(Digest),
            commit: beside(&self.commits, print).map(|[number, _]| number),
        })
    }

    /// Counts keys, without the ends of claims.
    pub(super) fn count_from(&self, horizon: u64) -> u64 {
        let age = |slot: &KeySlot, base| self.ms(ticks_of(slot, base, &self.apart));
        let keys = self.table.iter().filter(|(slot, _)| !slot.print().is_end());
        keys.filter(|&(slot, base)| age(slot, base) >= horizon).count() as u64
    }

    /// Returns the table that keys are looked for in.
    pub(super) const fn table(&self) -> &Table<KeySlot> {
        &self.table
    }

    /// Looks for a key, and adds it when it is new, where no more than its own slot is concerned.
    #[inline]
    pub(super) fn admit(&mut self, print: Print, age: u64) -> Admission {
        let ticks = self.ticks(age);
        let entry = self.table.enter(print, |base| {
            let age = offset(ticks, base);
            (age != APART).then_some(KeySlot { high: print.high, low: print.low, age })
        });
        match entry {
            Entry::Added => Admission::Added,
            Entry::Known(slot, base) if slot.age != APART => {
                let ticks = base.saturating_add(u64::from(slot.age));
                Admission::Known { age: self.ms(ticks) }
            }
            Entry::Known(..) | Entry::Unclear => Admission::Unclear,
        }
    }

    /// Adds a key; keys whose age is below `floor` may be dropped to make space.
    pub(super) fn put(
        &mut self,
        print: Print,
        known: Known,
        floor: Floor,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let ticks = self.ticks(known.age);
        let base = self.reach(self.segment_of(print), ticks);
        let slot = KeySlot { high: print.high, low: print.low, age: offset(ticks, base) };
        if let Err(slot) = self.table.put(slot) {
            self.drop_spent(self.segment_of(print), floor, room);
            self.table.loosen(print, room);
            self.table.insert(slot, base, room)?;
        }
        self.put_beside(slot, ticks, &known, room).inspect_err(|_| {
            self.remove(print);
        })
    }

    /// Drops what is forgotten from a segment, and gives back what it then has no use for.
    pub(super) fn tidy(&mut self, index: usize, floor: Floor, room: &mut Room) {
        let Some(segment) = self.table.segment(index) else { return };
        let base = segment.base;
        if self.ms(base) >= floor.most() {
            return;
        }
        self.drop_spent(index, floor, room);
        self.table.relax(index, room);
        for beside in [&mut self.contents, &mut self.apart, &mut self.commits] {
            if let Some(index) = index.checked_rem(beside.segment_count()) {
                beside.relax(index, room);
            }
        }
        // From the oldest that is left, so that the segment is let alone until that is due.
        let near = || self.table.segment(index).into_iter().flat_map(Segment::slots);
        let oldest = near().map(|slot| slot.age).filter(|&age| age != APART).min();
        let new_base = match oldest {
            Some(age) => base.saturating_add(u64::from(age)),
            None => self.ticks(floor.most()),
        };
        let later = u32::try_from(new_base.saturating_sub(base)).unwrap_or(0);
        self.table.rebase(index, new_base, |slot| {
            if slot.age != APART {
                slot.age = slot.age.saturating_sub(later);
            }
        });
    }

    /// Drops keys whose age is below `floor` from a segment.
    fn drop_spent(&mut self, index: usize, floor: Floor, room: &mut Room) {
        // No age is counted from before the base.
        let is_young = |segment: &Segment<KeySlot>| self.ms(segment.base) >= floor.most();
        if self.table.segment(index).is_some_and(is_young) {
            return;
        }
        let mut spent = Vec::new();
        self.sweep(index, floor, |_, known| {
            // A number that cannot be noted is lost to use, and nothing else.
            if spent.try_reserve(1).is_ok() {
                spent.extend(known.commit);
            }
        });
        for number in spent {
            self.answers.remove(number, room);
        }
    }

    fn put_beside(
        &mut self,
        slot: KeySlot,
        ticks: u64,
        known: &Known,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let print = slot.print();
        if slot.age == APART {
            self.apart.insert(WideSlot::new(print, 0, [ticks, 0]), 0, room)?;
        }
        if let Some(number) = known.commit {
            self.commits.insert(WideSlot::new(print, 0, [number, 0]), 0, room)?;
        }
        match known.content {
            Some(digest) => self.contents.insert(WideSlot::new(print, 0, digest.0), 0, room),
            None => Ok(()),
        }
    }

    /// Drops from a segment what is forgotten.
    pub(super) fn sweep(
        &mut self,
        index: usize,
        floor: Floor,
        mut dropped: impl FnMut(Print, Known),
    ) {
        let Self { table, contents, apart, commits, tick_ms, .. } = self;
        let ms = |ticks: u64| ticks.saturating_mul(*tick_ms);
        table.retain(index, |slot, base| {
            let age = ms(ticks_of(slot, base, apart));
            let is_spent = age < floor.of(slot.print());
            if is_spent {
                let content = remove_beside(contents, slot.print()).map(Digest);
                let commit = remove_beside(commits, slot.print()).map(|[number, _]| number);
                remove_beside(apart, slot.print());
                dropped(slot.print(), Known { age, content, commit });
            }
            !is_spent
        });
    }

    /// Returns the age up to which the oldest few keys of a segment would be forgotten, if that
    /// is a tick before now.
    pub(super) fn oldest_of(&self, index: usize, floor: Floor, now: u64) -> Option<u64> {
        let segment = self.table.segment(index)?;
        let now = self.ticks(now);
        let wanted = (segment.len() / FORGOTTEN_SHARE).clamp(1, FORGOTTEN_MAX);
        // The oldest ticks in order, as many as are wanted.
        let mut oldest = [u64::MAX; FORGOTTEN_MAX];
        let oldest = oldest.get_mut(..wanted)?;
        for slot in segment.slots() {
            let ticks = ticks_of(slot, segment.base, &self.apart);
            if self.ms(ticks) < floor.of(slot.print()) || ticks >= now {
                continue;
            }
            let at = oldest.partition_point(|&other| other <= ticks);
            if let Some(later) = oldest.get_mut(at..)
                && !later.is_empty()
            {
                later.copy_within(..later.len().saturating_sub(1), 1);
                if let Some(place) = later.first_mut() {
                    *place = ticks;
                }
            }
        }
        oldest.iter().rfind(|&&ticks| ticks != u64::MAX).map(|&ticks| self.ms(ticks))
    }

    pub(super) fn ticks(&self, ms: u64) -> u64 {
        // A division is worth avoiding on the way of every key.
        if self.tick_ms == 1 { ms } else { ms.div_ceil(self.tick_ms.max(1)) }
    }

    pub(super) fn ms(&self, ticks: u64) -> u64 {
        // Nor is a multiplication for nothing: where words have 32 bits it is a long one.
        if self.tick_ms == 1 { ticks } else { ticks.saturating_mul(self.tick_ms) }
    }

    /// Returns the base of a segment, moved so that an age can be counted from it, if it can.
    fn reach(&mut self, index: usize, ticks: u64) -> u64 {
        let Some(segment) = self.table.segment(index) else { return ticks };
        let base = segment.base;
        if ticks >= base && offset(ticks, base) != APART {
            return base;
        }
        let near = || segment.slots().filter(|slot| slot.age != APART);
        let ages = || near().map(|slot| base.saturating_add(u64::from(slot.age)));
        let new_base = ages().fold(ticks, u64::min);
        let last = ages().fold(ticks, u64::max);
        if offset(last, new_base) == APART {
            return base;
        }
        self.table.rebase(index, new_base, |slot| {
            if slot.age != APART {
                slot.age = offset(base.saturating_add(u64::from(slot.age)), new_base);
            }
        });
        new_base
    }
}

/// Returns an age as it is counted from a base, or that it cannot be.
pub(super) fn offset(ticks: u64, base: u64) -> u32 {
    ticks.checked_sub(base).and_then(|age| u32::try_from(age).ok()).unwrap_or(APART)
}

#[inline]
pub(super) fn ticks_of(slot: &KeySlot, base: u64, apart: &Table<WideSlot>) -> u64 {
    if slot.age == APART {
        return apart.get(slot.print()).map_or(0, |(slot, _)| slot.words[0]);
    }
    base.saturating_add(u64::from(slot.age))
}

pub(super) fn beside(table: &Table<WideSlot>, print: Print) -> Option<[u64; 2]> {
    if table.len() == 0 {
        return None;
    }
    table.get(print).map(|(slot, _)| slot.words)
}

fn remove_beside(table: &mut Table<WideSlot>, print: Print) -> Option<[u64; 2]> {
    if table.len() == 0 {
        return None;
    }
    table.remove(print).map(|slot| slot.words)
}
