//! Keys as state carries them: read out in the order of their prints, merged, and built at once.

use alloc::vec::Vec;
use core::iter::Peekable;

use super::slots::{APART, KeySlot, offset, ticks_of};
use super::{First, Keys, Known, Unsettled};
use crate::answers::StoredCommit;
use crate::fingerprint::{Digest, Print};
use crate::sort::sort;
use crate::table::{
    Builder as TableBuilder, NoRoom, Room, Slot as _, Table, WideSlot, has_room_for_one,
};
use crate::time::Clock;

/// What some keys have beyond an age mark.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extra<'a> {
    pub(crate) content: Option<Digest>,
    pub(crate) commit: Option<StoredCommit<'a>>,
    /// The event's own time, or 0, while the age mark may still be lowered.
    pub(crate) unsettled: Option<u64>,
}

/// All that is remembered of a key, or of the end of a claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredKey<'a> {
    pub(crate) print: Print,
    pub(crate) age: u64,
    pub(crate) extra: Extra<'a>,
}

/// What decides between two acceptances of one key: the greater wins. Those that are equal in all of
/// it are one and the same, of which one copy may still have the result.
type Rank =
    (u64, Option<(u64, Option<Digest>)>, Option<Digest>, Option<u64>, bool, bool, Option<u64>);

impl StoredKey<'_> {
    fn rank(&self) -> Rank {
        let Extra { content, commit, unsettled } = self.extra;
        let ran = commit.map(|commit| (commit.token, commit.digest));
        let stamp = commit.map(|commit| commit.stamp);
        let has_answer = commit.is_some_and(|commit| commit.answer.is_some());
        // A mark that may be lowered gives way to the same one that may not.
        (self.age, ran, content, stamp, has_answer, unsettled.is_none(), unsettled)
    }
}

/// What became of a key that was merged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Merged {
    /// Whether it was not known before, or known otherwise.
    pub(crate) is_changed: bool,
    /// When two commits of one key were another's: the token and the result of this copy's.
    pub(crate) double_run: Option<(u64, Option<Digest>)>,
}

impl Keys {
    /// Returns how many milliseconds a tick has.
    pub(crate) const fn tick_ms(&self) -> u64 {
        self.slots.tick_ms
    }

    /// Returns the age mark of the first key ever as state carries it: one that the horizon has passed
    /// for good is no longer told from others.
    pub(crate) fn stored_first(&self, clock: &Clock) -> Option<First> {
        let due = self.due_at(clock);
        self.first
            .map(|first| if first.age < due { First { age: 0, unsettled: None } } else { first })
    }

    /// Hands every record out that is remembered, in the order of their prints.
    pub(crate) fn visit<'a>(
        &'a self,
        clock: &Clock,
        mut each: impl FnMut(Print, u64, Option<&Extra<'a>>),
    ) {
        let unsettled = self.sorted_unsettled();
        let mut unsettled = unsettled.iter().peekable();
        let mut contents = self.slots.contents.iter().map(|(slot, _)| slot).peekable();
        let mut commits = self.slots.commits.iter().map(|(slot, _)| slot).peekable();
        let is_plain =
            contents.peek().is_none() && commits.peek().is_none() && unsettled.peek().is_none();
        if is_plain {
            self.visit_plain(|print, age| each(print, age, None));
            return;
        }
        for (slot, base) in self.slots.table.iter() {
            let print = slot.print();
            let age = self.slots.ms(ticks_of(slot, base, &self.slots.apart));
            if age < self.floor.of(print) {
                continue;
            }
            let number = beside(&mut commits, print).map(|[number, _]| number);
            let extra = Extra {
                content: beside(&mut contents, print).map(Digest),
                commit: number.and_then(|n| self.slots.answers.stored(n, clock.believed())),
                unsettled: {
                    while unsettled.next_if(|key| key.print < print).is_some() {}
                    unsettled.next_if(|key| key.print == print).map(|key| key.time)
                },
            };
            let is_plain =
                extra.content.is_none() && extra.commit.is_none() && extra.unsettled.is_none();
            each(print, age, (!is_plain).then_some(&extra));
        }
    }

    /// Hands out the records that are remembered, where none has more than an age mark.
    #[inline]
    fn visit_plain(&self, mut each: impl FnMut(Print, u64)) {
        for segment in self.slots.table.in_order() {
            for slot in segment.slots() {
                let age = self.slots.ms(ticks_of(slot, segment.base, &self.slots.apart));
                if age >= self.floor.of(slot.print()) {
                    each(slot.print(), age);
                }
            }
        }
    }

    /// Returns at most how many records [`Self::visit`] hands out.
    pub(crate) fn visited_max(&self) -> usize {
        self.slots.table.len()
    }

    /// Returns all that is remembered of one record.
    pub(crate) fn stored(&self, print: Print, clock: &Clock) -> Option<StoredKey<'_>> {
        let Known { age, content, commit } = self.get(print)?;
        let commit = commit.and_then(|n| self.slots.answers.stored(n, clock.believed()));
        let unsettled = self.unsettled.iter().rfind(|key| key.print == print);
        let unsettled = unsettled.map(|key| key.time);
        Some(StoredKey { print, age, extra: Extra { content, commit, unsettled } })
    }

    /// Takes over what another copy has forgotten, and when its first key was accepted.
    pub(crate) fn join(&mut self, horizon: u64, first: Option<First>, clock: &Clock) {
        let earlier = |first: &First| (first.age, first.unsettled);
        self.first = [self.first, first].into_iter().flatten().min_by_key(earlier);
        self.raise(horizon);
        self.raise_at(clock);
    }

    /// Returns from which age mark on a record is remembered.
    pub(crate) const fn floor_of(&self, print: Print) -> u64 {
        self.floor.of(print)
    }

    /// Merges what another copy remembers of a key, or of the end of a claim.
    pub(crate) fn merge(
        &mut self,
        key: &StoredKey<'_>,
        clock: &Clock,
        room: &mut Room,
    ) -> Result<Merged, NoRoom> {
        let print = key.print;
        if self.slots.ms(self.slots.ticks(key.age)) < self.floor.of(print) {
            return Ok(Merged::default());
        }
        let ours = self.stored(print, clock);
        let ran = |key: &StoredKey<'_>| key.extra.commit.map(|c| (c.token, c.digest));
        let both = ours.as_ref().and_then(ran).zip(ran(key));
        let double_run = both.filter(|(ours, theirs)| ours != theirs).map(|(ours, _)| ours);
        if ours.as_ref().is_some_and(|ours| ours.rank() >= key.rank()) {
            return Ok(Merged { is_changed: false, double_run });
        }
        self.supersede(print, key.extra.unsettled)?;
        self.displace(print)?;
        self.before.added.try_reserve(1).map_err(|_| NoRoom)?;
        let Extra { content, commit, .. } = key.extra;
        let now = clock.believed();
        let commit = commit.map(|commit| {
            loop {
                match self.slots.answers.adopt(&commit, now, room) {
                    Ok(number) => break Ok(number),
                    Err(NoRoom)
                        if room.free() < COMMIT_ROOM
                            && self.make_room(COMMIT_ROOM, clock, room) => {}
                    Err(NoRoom) => break Err(NoRoom),
                }
            }
        });
        let commit = commit.transpose()?;
        let known = Known { age: key.age, content, commit };
        // In the order of their prints keys fill one segment after the other, and the last one is no
        // fair sample: what others hold of what is forgotten is gathered first.
        let growth = self.slots.growth_of(print, content.is_some());
        if room.free() < growth && !self.slots.accepts(print) {
            self.make_room(growth, clock, room);
        }
        let put = self.put_or_forget(print, known, clock, room);
        if put.is_err()
            && let Some(number) = commit
        {
            self.slots.answers.remove(number, room);
        }
        put?;
        self.before.added.push(print);
        Ok(Merged { is_changed: true, double_run })
    }

    /// Remembers that a claim has ended; without memory for that nothing is done.
    pub(crate) fn note_end(&mut self, print: Print, since: u64, room: &mut Room) {
        let known = Known { age: since, content: None, commit: None };
        if self.get(print).is_none() {
            self.slots.remove(print);
            // The room was set aside with the claim; a mark that finds no memory is not worth failing.
            let _ = self.slots.put(print, known, self.floor, room);
        }
    }

    /// Puts results in the order in which they go, after some came from another copy.
    pub(crate) fn sort_answers(&mut self) {
        self.slots.answers.sort();
    }

    /// Returns what this batch has changed, while it is not over.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Print> {
        let lifted = self.before.lifted.iter().map(|(print, _)| *print);
        self.before.added.iter().copied().chain(lifted)
    }

    /// Lets a merged key replace what was noted of its age mark.
    fn supersede(&mut self, print: Print, unsettled: Option<u64>) -> Result<(), NoRoom> {
        let is_noted = self.unsettled.iter().any(|key| key.print == print);
        if !is_noted && unsettled.is_none() {
            return Ok(());
        }
        if self.before.settled.is_none() {
            let mut copy = Vec::new();
            copy.try_reserve_exact(self.unsettled.len()).map_err(|_| NoRoom)?;
            copy.extend_from_slice(&self.unsettled);
            self.before.settled = Some(copy);
        }
        self.unsettled.retain(|key| key.print != print);
        if let Some(time) = unsettled {
            self.unsettled.try_reserve(1).map_err(|_| NoRoom)?;
            self.unsettled.push(Unsettled { print, time });
        }
        Ok(())
    }

    /// Returns what was noted, in the order of the prints. Of a key that was noted more than once the
    /// last counts: it comes first, and the others are passed over.
    fn sorted_unsettled(&self) -> Vec<Unsettled> {
        let words = |(index, key): (usize, &Unsettled)| {
            [key.print.high, u64::from(key.print.low), u64::MAX.wrapping_sub(index as u64)]
        };
        let mut order: Vec<_> = self.unsettled.iter().enumerate().map(words).collect();
        sort(&mut order);
        let index = |[_, _, last]: [u64; 3]| usize::try_from(u64::MAX.wrapping_sub(last)).ok();
        let key = |words| self.unsettled.get(index(words)?).copied();
        order.into_iter().filter_map(key).collect()
    }
}

/// What a commit and the slot that leads to it take at most.
const COMMIT_ROOM: u64 = 256;

fn beside<'a>(
    slots: &mut Peekable<impl Iterator<Item = &'a WideSlot>>,
    print: Print,
) -> Option<[u64; 2]> {
    while slots.next_if(|slot| slot.print() < print).is_some() {}
    slots.next_if(|slot| slot.print() == print).map(|slot| slot.words)
}

/// Builds the memory of keys from records in the order of their prints, much faster than one by one.
#[derive(Debug)]
pub(crate) struct Builder {
    table: TableBuilder<KeySlot>,
    apart: Table<WideSlot>,
    /// The records of the segment that is next, with their age marks in ticks.
    group: Vec<(Print, u64)>,
    slots: Vec<KeySlot>,
}

impl Builder {
    /// Starts with the number of records.
    pub(crate) fn new(count: usize) -> Result<Self, NoRoom> {
        let table = TableBuilder::new(count)?;
        Ok(Self { table, apart: Table::new(), group: Vec::new(), slots: Vec::new() })
    }

    /// Adds the next record, which has nothing but an age mark.
    #[inline]
    pub(crate) fn push(
        &mut self,
        print: Print,
        age: u64,
        keys: &Keys,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        if !self.table.is_in_group(print) {
            self.end_group(room)?;
            self.table.start_group(print);
        }
        if !has_room_for_one(&mut self.group) {
            return Err(NoRoom);
        }
        self.group.push((print, keys.slots.ticks(age)));
        Ok(())
    }

    #[inline(never)]
    fn end_group(&mut self, room: &mut Room) -> Result<(), NoRoom> {
        let Self { table, apart, group, slots } = self;
        let base = group.iter().map(|&(_, ticks)| ticks).min().unwrap_or(0);
        slots.clear();
        slots.try_reserve(group.len()).map_err(|_| NoRoom)?;
        for (print, ticks) in group.drain(..) {
            let age = offset(ticks, base);
            if age == APART {
                apart.insert(WideSlot::new(print, 0, [ticks, 0]), 0, room)?;
            }
            slots.push(KeySlot { high: print.high, low: print.low, age });
        }
        table.end_group(slots, base, room)
    }

    /// Puts what was built in the place of a memory in which there is nothing yet.
    pub(crate) fn finish(mut self, keys: &mut Keys, room: &mut Room) -> Result<(), NoRoom> {
        self.end_group(room)?;
        keys.slots.table = self.table.finish(room)?;
        keys.slots.apart = self.apart;
        Ok(())
    }
}
