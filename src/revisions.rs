//! The last revision of each entity, and whether another one may follow it.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::error::{Error, ErrorCode};
use crate::fingerprint::{Digest, Print};
use crate::ordinal::Ordinal;
use crate::table::{Arena, Entry, NoRoom, Room, Slot as _, Table, WideSlot, has_room_for_one};
use crate::verdict::{Judged, Verdict};

/// Which revision of an entity may follow the last one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Revisions {
    /// Any later one: gaps are normal.
    #[default]
    Newer,
    /// Exactly the next one.
    Next {
        /// The first revision of an entity, or any.
        first: Option<Ordinal>,
    },
}

/// An entity's slot: the last revision itself, or its number among those beyond 128 bits.
const BIG: u32 = 1;

/// What a revision beyond 128 bits is accounted with.
const BIG_BYTES: u64 = 96;

/// The revision that was accepted last, and what it stood for.
#[derive(Clone, Debug)]
struct Last {
    revision: Ordinal,
    content: Option<Digest>,
}

/// What an entity was before a batch changed it.
#[derive(Debug)]
enum Was {
    /// Not known.
    New,
    /// At a revision within 128 bits, without content.
    At([u64; 2]),
    /// At the revision, and with the content, of that number among the others.
    Other(usize),
}

/// What a failing batch goes back to, latest last.
#[derive(Debug, Default)]
struct Before {
    changes: Vec<(Print, Was)>,
    others: Vec<Last>,
}

/// The memory of entities.
#[derive(Debug)]
pub(crate) struct Entities {
    /// Last revisions, by the print of their entity.
    table: Table<WideSlot>,
    /// Digests of contents, of the entities whose last revision had one.
    contents: Table<WideSlot>,
    /// Revisions beyond 128 bits.
    bigs: Arena<Ordinal>,
    order: Revisions,
    jump_max: Option<Ordinal>,
    before: Before,
}

impl Entities {
    pub(crate) const fn new(order: Revisions, jump_max: Option<Ordinal>) -> Self {
        Self {
            table: Table::new(),
            contents: Table::new(),
            bigs: Arena::new(BIG_BYTES),
            order,
            jump_max,
            before: Before { changes: Vec::new(), others: Vec::new() },
        }
    }

    pub(crate) const fn count(&self) -> usize {
        self.table.len()
    }

    fn last(&self, entity: Print) -> Option<Last> {
        let (slot, _) = self.table.get(entity)?;
        let [number, _] = slot.words;
        let revision = match slot.tag {
            BIG => self.bigs.get(number)?.clone(),
            _ => Ordinal::from_halves(slot.words),
        };
        let content = match self.contents.len() {
            0 => None,
            _ => self.contents.get(entity).map(|(slot, _)| Digest(slot.words)),
        };
        Some(Last { revision, content })
    }

    /// Returns the revision that comes after the last one, or the first, if there is one more.
    pub(crate) fn next_of(&self, entity: Print) -> Option<Ordinal> {
        match (self.last(entity), &self.order) {
            (Some(last), _) => last.revision.successor(),
            (None, Revisions::Next { first: Some(first) }) => Some(first.clone()),
            (None, Revisions::Next { first: None } | Revisions::Newer) => {
                Some(Ordinal::from(1_u64))
            }
        }
    }

    /// Judges a revision: semantics, section 4.
    pub(crate) fn judge(
        &self,
        entity: Print,
        revision: &Ordinal,
        content: Option<Digest>,
    ) -> Result<Judged, Error> {
        let Some(last) = self.last(entity) else {
            return Ok(match &self.order {
                Revisions::Next { first: Some(first) } => Judged::first(revision, first),
                Revisions::Next { first: None } | Revisions::Newer => Verdict::Fresh.into(),
            });
        };
        if *revision < last.revision {
            return Ok(Judged::stale(last.revision));
        }
        if *revision == last.revision {
            let conflicts = last.content.zip(content).is_some_and(|(kept, given)| kept != given);
            let verdict = if conflicts { Verdict::Conflict } else { Verdict::Duplicate };
            return Ok(verdict.into());
        }
        if let Some(jump_max) = &self.jump_max
            && revision.minus(&last.revision).is_some_and(|ahead| ahead > *jump_max)
        {
            let reason = "the revision is further ahead of the last one than maxJump";
            return Err(Error::new(ErrorCode::Jump, reason));
        }
        if self.order == Revisions::Newer {
            return Ok(Verdict::Fresh.into());
        }
        Ok(Judged::next(revision, &last.revision))
    }

    pub(crate) const fn order(&self) -> &Revisions {
        &self.order
    }

    /// Returns the last revision of an entity, and the digest of its content.
    pub(crate) fn stored(&self, entity: Print) -> Option<(Ordinal, Option<Digest>)> {
        self.last(entity).map(|last| (last.revision, last.content))
    }

    /// Hands every entity out, in the order of their prints.
    pub(crate) fn visit(&self, mut each: impl FnMut(Print, Ordinal, Option<Digest>)) {
        for (slot, _) in self.table.iter() {
            if let Some(Last { revision, content }) = self.last(slot.print()) {
                each(slot.print(), revision, content);
            }
        }
    }

    /// Merges the last revision that another copy knows; returns whether it is later than this one's
    /// or, with the same revision, its content is the greater.
    pub(crate) fn merge(
        &mut self,
        entity: Print,
        revision: &Ordinal,
        content: Option<Digest>,
        room: &mut Room,
    ) -> Result<bool, NoRoom> {
        let ours = self.last(entity);
        let is_ahead = ours.is_none_or(|ours| (revision, content) > (&ours.revision, ours.content));
        if is_ahead {
            self.accept(entity, revision, content, room)?;
        }
        Ok(is_ahead)
    }

    /// Returns the table that entities are looked for in, to read ahead in it.
    pub(crate) const fn table(&self) -> &Table<WideSlot> {
        &self.table
    }

    /// Judges a revision that comes alone, and makes it the last one when it is fresh, where the
    /// entity's slot says it all; `None`, with nothing done, where it does not.
    #[inline]
    pub(crate) fn admit(&mut self, entity: Print, revision: [u64; 2]) -> Option<Verdict> {
        let is_plain = self.order == Revisions::Newer
            && self.jump_max.is_none()
            && self.contents.len() == 0
            && has_room_for_one(&mut self.before.changes);
        if !is_plain {
            return None;
        }
        let (verdict, was) =
            match self.table.enter(entity, |_| Some(WideSlot::new(entity, 0, revision))) {
                Entry::Added => (Verdict::Fresh, Was::New),
                Entry::Known(slot, _) if slot.tag != BIG => match revision.cmp(&slot.words) {
                    Ordering::Less => return Some(Verdict::Stale),
                    Ordering::Equal => return Some(Verdict::Duplicate),
                    Ordering::Greater => {
                        let words = core::mem::replace(&mut slot.words, revision);
                        (Verdict::Fresh, Was::At(words))
                    }
                },
                Entry::Known(..) | Entry::Unclear => return None,
            };
        self.before.changes.push((entity, was));
        Some(verdict)
    }

    /// Whether a revision is later than the last one, or the first.
    pub(crate) fn is_ahead(&self, entity: Print, revision: &Ordinal) -> bool {
        self.last(entity).is_none_or(|last| *revision > last.revision)
    }

    /// Makes a revision the last one.
    pub(crate) fn accept(
        &mut self,
        entity: Print,
        revision: &Ordinal,
        content: Option<Digest>,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let before = self.last(entity);
        self.before.changes.try_reserve(1).map_err(|_| NoRoom)?;
        self.before.others.try_reserve(1).map_err(|_| NoRoom)?;
        self.set(entity, &Last { revision: revision.clone(), content }, room)?;
        let was = before.map_or(Was::New, |last| match last.revision.to_halves() {
            Some(halves) if last.content.is_none() => Was::At(halves),
            Some(_) | None => {
                self.before.others.push(last);
                Was::Other(self.before.others.len().wrapping_sub(1))
            }
        });
        self.before.changes.push((entity, was));
        Ok(())
    }

    /// Returns at most how much memory it takes to accept a revision.
    pub(crate) fn growth_of(&self, entity: Print) -> u64 {
        let slots = self.table.growth_of(entity).saturating_add(self.contents.growth_of(entity));
        slots.saturating_add(BIG_BYTES)
    }

    /// Forgets an entity for good; returns whether it was known.
    pub(crate) fn forget(&mut self, entity: Print, room: &mut Room) -> bool {
        self.contents.remove(entity);
        self.drop_big(entity, room);
        self.table.remove(entity).is_some()
    }

    /// Returns what this batch has changed, while it is not over.
    pub(crate) fn touched(&self) -> impl Iterator<Item = Print> {
        self.before.changes.iter().map(|(entity, _)| *entity)
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self) {
        self.before.changes.clear();
        self.before.others.clear();
    }

    /// Ends a batch that failed: everything is as it was.
    pub(crate) fn rollback(&mut self, room: &mut Room) {
        let Before { changes, others } = core::mem::take(&mut self.before);
        for (entity, was) in changes.iter().rev() {
            let last = match was {
                Was::New => None,
                Was::At(halves) => {
                    Some(Last { revision: Ordinal::from_halves(*halves), content: None })
                }
                Was::Other(number) => others.get(*number).cloned(),
            };
            let Some(last) = last else {
                self.forget(*entity, room);
                continue;
            };
            let set = self.set(*entity, &last, room);
            debug_assert!(set.is_ok(), "what was there before must fit again");
        }
        for (entity, _) in changes {
            self.table.fit_around(entity, room);
            self.contents.fit_around(entity, room);
        }
    }

    /// Writes all that is kept of an entity, or changes nothing.
    fn set(&mut self, entity: Print, last: &Last, room: &mut Room) -> Result<(), NoRoom> {
        let content = last.content.map(|digest| WideSlot::new(entity, 0, digest.0));
        // First whatever may fail, and what cannot be seen without the entity's own slot.
        if self.table.get(entity).is_none() {
            self.table.insert(WideSlot::new(entity, 0, [0, 0]), 0, room)?;
            let written = self.set_known(entity, last, content, room);
            if written.is_err() {
                self.table.remove(entity);
            }
            return written;
        }
        self.set_known(entity, last, content, room)
    }

    fn set_known(
        &mut self,
        entity: Print,
        last: &Last,
        content: Option<WideSlot>,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        let inline = last.revision.to_halves();
        let big = match inline {
            Some(_) => None,
            None => Some(self.bigs.insert(last.revision.clone(), room)?),
        };
        if let Some(content) = content {
            match self.contents.get_mut(entity) {
                Some(slot) => *slot = content,
                None => {
                    if self.contents.insert(content, 0, room).is_err() {
                        big.map(|number| self.bigs.remove(number, room));
                        return Err(NoRoom);
                    }
                }
            }
        } else if self.contents.len() > 0 {
            self.contents.remove(entity);
        }
        self.drop_big(entity, room);
        if let Some(slot) = self.table.get_mut(entity) {
            *slot = match big {
                Some(number) => WideSlot::new(entity, BIG, [number, 0]),
                None => WideSlot::new(entity, 0, inline.unwrap_or_default()),
            };
        }
        Ok(())
    }

    fn drop_big(&mut self, entity: Print, room: &mut Room) {
        if let Some((slot, _)) = self.table.get(entity)
            && slot.tag == BIG
        {
            let [number, _] = slot.words;
            self.bigs.remove(number, room);
        }
    }
}
