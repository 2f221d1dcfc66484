//! The last revision of each entity, and whether another one may follow it.

use alloc::vec::Vec;

use crate::error::{Error, ErrorCode};
use crate::fingerprint::{Digest, Print};
use crate::ordinal::Ordinal;
use crate::table::{NoRoom, Room, Slot, Table};
use crate::verdict::{Judged, Verdict};

/// Which revision of an entity may follow the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The revision that was accepted last, and what it stood for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(crate) revision: Ordinal,
    content: Option<Digest>,
}

/// An entity in 32 bytes; an ordinal beyond 128 bits, or content, lies in an [`ExtraSlot`].
#[derive(Debug)]
struct EntitySlot {
    high: u64,
    low: u32,
    has_extra: bool,
    revision: [u64; 2],
}

impl Default for EntitySlot {
    fn default() -> Self {
        let Print { high, low } = Print::VACANT;
        Self { high, low, has_extra: false, revision: [0, 0] }
    }
}

impl Slot for EntitySlot {
    const BYTES: u64 = 32;

    fn print(&self) -> Print {
        Print { high: self.high, low: self.low }
    }
}

/// What does not fit an [`EntitySlot`].
#[derive(Debug)]
struct ExtraSlot {
    print: Print,
    last: Last,
}

impl Default for ExtraSlot {
    fn default() -> Self {
        Self { print: Print::VACANT, last: Last { revision: Ordinal::ZERO, content: None } }
    }
}

impl Slot for ExtraSlot {
    const BYTES: u64 = 128;

    fn print(&self) -> Print {
        self.print
    }
}

/// The memory of entities.
#[derive(Debug)]
pub(crate) struct Entities {
    table: Table<EntitySlot>,
    extras: Table<ExtraSlot>,
    order: Revisions,
    jump_max: Option<Ordinal>,
    /// What a failing batch goes back to, latest last.
    before: Vec<(Print, Option<Last>)>,
}

impl Entities {
    pub(crate) const fn new(order: Revisions, jump_max: Option<Ordinal>) -> Self {
        Self { table: Table::new(), extras: Table::new(), order, jump_max, before: Vec::new() }
    }

    pub(crate) const fn count(&self) -> usize {
        self.table.len()
    }

    fn last(&self, entity: Print) -> Option<Last> {
        let (slot, _) = self.table.get(entity)?;
        if slot.has_extra {
            return self.extras.get(entity).map(|(extra, _)| extra.last);
        }
        Some(Last { revision: Ordinal::from_halves(slot.revision), content: None })
    }

    /// Judges a revision: semantics, section 4.
    pub(crate) fn judge(
        &self,
        entity: Print,
        revision: Ordinal,
        content: Option<Digest>,
    ) -> Result<Judged, Error> {
        let Some(last) = self.last(entity) else {
            return Ok(match self.order {
                Revisions::Next { first: Some(first) } => Judged::first(revision, first),
                Revisions::Next { first: None } | Revisions::Newer => Verdict::Fresh.into(),
            });
        };
        if revision < last.revision {
            return Ok(Judged::stale(last.revision));
        }
        if revision == last.revision {
            let conflicts = last.content.zip(content).is_some_and(|(kept, given)| kept != given);
            let verdict = if conflicts { Verdict::Conflict } else { Verdict::Duplicate };
            return Ok(verdict.into());
        }
        if let Some(jump_max) = self.jump_max
            && revision.minus(last.revision).is_some_and(|ahead| ahead > jump_max)
        {
            let reason = "the revision is further ahead of the last one than maxJump";
            return Err(Error::new(ErrorCode::Jump, reason));
        }
        Ok(match (self.order, last.revision.successor()) {
            (Revisions::Next { .. }, Some(next)) if revision > next => Judged::early(next),
            (Revisions::Next { .. } | Revisions::Newer, Some(_) | None) => Verdict::Fresh.into(),
        })
    }

    /// Makes a revision the last one.
    pub(crate) fn accept(
        &mut self,
        entity: Print,
        revision: Ordinal,
        content: Option<Digest>,
        room: &mut Room,
    ) -> Result<(), NoRoom> {
        self.before.try_reserve(1).map_err(|_| NoRoom)?;
        let before = self.last(entity);
        self.set(entity, &Last { revision, content }, room)?;
        self.before.push((entity, before));
        Ok(())
    }

    /// Returns at most how much memory it takes to accept a revision.
    pub(crate) fn growth_of(&self, entity: Print) -> u64 {
        self.table.growth_of(entity).saturating_add(self.extras.growth_of(entity))
    }

    /// Forgets an entity for good; returns whether it was known.
    pub(crate) fn forget(&mut self, entity: Print) -> bool {
        self.extras.remove(entity);
        self.table.remove(entity).is_some()
    }

    /// Ends a batch that went well.
    pub(crate) fn commit(&mut self) {
        self.before.clear();
    }

    /// Ends a batch that failed: everything is as it was.
    pub(crate) fn rollback(&mut self, room: &mut Room) {
        while let Some((entity, before)) = self.before.pop() {
            let Some(last) = before else {
                self.forget(entity);
                continue;
            };
            let set = self.set(entity, &last, room);
            debug_assert!(set.is_ok(), "what was there before must fit again");
        }
    }

    /// Writes both slots of an entity, or none.
    fn set(&mut self, entity: Print, last: &Last, room: &mut Room) -> Result<(), NoRoom> {
        let inline = last.revision.to_halves().filter(|_| last.content.is_none());
        if inline.is_none() {
            match self.extras.get_mut(entity) {
                Some(extra) => extra.last = *last,
                None => self.extras.insert(ExtraSlot { print: entity, last: *last }, 0, room)?,
            }
        }
        let slot = EntitySlot {
            high: entity.high,
            low: entity.low,
            has_extra: inline.is_none(),
            revision: inline.unwrap_or_default(),
        };
        match self.table.get_mut(entity) {
            Some(known) => *known = slot,
            None => self.table.insert(slot, 0, room).inspect_err(|_| {
                self.extras.remove(entity);
            })?,
        }
        if inline.is_some() && self.extras.len() > 0 {
            self.extras.remove(entity);
        }
        Ok(())
    }
}
