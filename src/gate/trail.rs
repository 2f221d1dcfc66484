//! What has changed since it was last asked for: by `changes`, and by a store.

use alloc::vec::Vec;

use super::Gate;
use crate::error::Error;
use crate::fingerprint::Print;
use crate::sort::{Words, sort};
use crate::table::NoRoom;
use crate::time::Reading;

/// What kind of record has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// A key, or the end of a claim.
    Key(Print),
    Entity(Print),
    Source(Print),
    Claim(Print),
}

impl Touched {
    /// Returns it as words, in whose order the sections of a frame come.
    pub(crate) const fn words(self) -> Words {
        let (kind, print) = match self {
            Self::Key(print) => (0, print),
            Self::Entity(print) => (1, print),
            Self::Source(print) => (2, print),
            Self::Claim(print) => (3, print),
        };
        [kind, print.high, print.low as u64]
    }

    pub(crate) fn from_words([kind, high, low]: Words) -> Self {
        let print = Print { high, low: u32::try_from(low).unwrap_or(0) };
        match kind {
            0 => Self::Key(print),
            1 => Self::Entity(print),
            2 => Self::Source(print),
            _ => Self::Claim(print),
        }
    }
}

/// A part of the memory, as a divisor, that a trail may take.
const SHARE: u64 = 16;

/// What a name takes, on every target.
const TOUCHED_BYTES: u64 = 24;

/// A trail always has room for so many records.
const COUNT_MIN: usize = 256;

/// The records that were touched since the trail was last taken.
#[derive(Debug)]
pub(crate) struct Trail {
    touched: Vec<Words>,
    count_max: usize,
    /// Whether more has changed than can be named, so that only a snapshot tells.
    is_lost: bool,
}

impl Trail {
    fn new(bytes: u64) -> Self {
        let count = bytes / TOUCHED_BYTES;
        let count_max = usize::try_from(count).unwrap_or(usize::MAX).max(COUNT_MIN);
        Self { touched: Vec::new(), count_max, is_lost: true }
    }

    fn note(&mut self, touched: Touched) {
        if self.is_lost {
            return;
        }
        if self.touched.len() >= self.count_max {
            self.shorten();
        }
        if self.touched.try_reserve(1).is_err() {
            self.lose();
            return;
        }
        self.touched.push(touched.words());
    }

    /// Names what is named more than once only once.
    fn shorten(&mut self) {
        sort(&mut self.touched);
        // Where that gains little it would have to be done too often.
        if self.touched.len() / 3 > self.count_max / 4 {
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.is_lost = true;
        self.touched = Vec::new();
    }
}

/// Who asks for what has changed: each has a trail of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// `changes`, for other copies.
    Copies,
    /// The store.
    Store,
}

/// The trails that someone follows.
#[derive(Debug, Default)]
pub(crate) struct Trails {
    copies: Option<Trail>,
    store: Option<Trail>,
    /// Whether what is merged came from the store, and need not be told to it.
    pub(crate) is_from_store: bool,
}

impl Trails {
    pub(crate) const fn is_on(&self) -> bool {
        self.copies.is_some() || self.store.is_some()
    }

    fn note(&mut self, touched: Touched) {
        if let Some(copies) = &mut self.copies {
            copies.note(touched);
        }
        if let Some(store) = self.store.as_mut().filter(|_| !self.is_from_store) {
            store.note(touched);
        }
    }

    /// Has the store written anew: something was forgotten that changes cannot tell.
    pub(crate) fn lose_store(&mut self) {
        if let Some(store) = &mut self.store {
            store.lose();
        }
    }

    fn trail_mut(&mut self, reader: Reader) -> &mut Option<Trail> {
        match reader {
            Reader::Copies => &mut self.copies,
            Reader::Store => &mut self.store,
        }
    }
}

impl Gate {
    /// Returns what has changed since the last time, each record once and in order, and starts
    /// anew; none when only a snapshot tells. The first time it always is none.
    pub(crate) fn take_trail(&mut self, reader: Reader) -> Result<Option<Vec<Words>>, Error> {
        let counts = [self.keys.visited_max(), self.entities.count(), self.sources.count()];
        let records = counts.into_iter().fold(0, usize::saturating_add);
        if self.trails.trail_mut(reader).is_none() {
            let bytes = self.max_bytes / SHARE;
            self.hold_back(bytes).map_err(|_| Error::capacity())?;
            *self.trails.trail_mut(reader) = Some(Trail::new(bytes));
        }
        let Some(trail) = self.trails.trail_mut(reader) else { return Ok(None) };
        let is_lost = core::mem::replace(&mut trail.is_lost, false);
        let mut touched = core::mem::take(&mut trail.touched);
        sort(&mut touched);
        let is_more = touched.len() > records.max(COUNT_MIN);
        Ok((!is_lost && !is_more).then_some(touched))
    }

    /// Starts the trail of the store, which has everything already, or is to be told everything.
    pub(crate) fn start_trail(&mut self, is_told: bool) -> Result<(), Error> {
        let touched = self.take_trail(Reader::Store)?;
        debug_assert!(touched.is_none(), "a trail that starts tells nothing");
        if !is_told {
            self.trails.lose_store();
        }
        Ok(())
    }

    /// Whether nothing has changed for a reader since the last time.
    pub(crate) fn is_trail_empty(&mut self, reader: Reader) -> bool {
        let trail = self.trails.trail_mut(reader);
        trail.as_ref().is_some_and(|trail| !trail.is_lost && trail.touched.is_empty())
    }

    /// Sets memory aside for good; keys are forgotten for it if need be, and none where that does not help.
    fn hold_back(&mut self, bytes: u64) -> Result<(), NoRoom> {
        let before = self.begin(&Reading { clock: self.clock, settled: None });
        let Self { keys, clock, room, .. } = self;
        let has_room = room.free() >= bytes || keys.make_room(bytes, clock, room);
        self.end(&before, has_room);
        if !has_room {
            return Err(NoRoom);
        }
        self.room.hold_back(bytes);
        Ok(())
    }

    /// Notes what this batch has changed, for whoever follows.
    #[inline]
    pub(super) fn note_touched(&mut self) {
        if self.trails.is_on() {
            self.note_all();
        }
    }

    #[cold]
    fn note_all(&mut self) {
        let Self { trails, keys, entities, sources, claims, .. } = self;
        keys.touched().for_each(|key| trails.note(Touched::Key(key)));
        entities.touched().for_each(|entity| trails.note(Touched::Entity(entity)));
        sources.touched().for_each(|source| trails.note(Touched::Source(source)));
        claims.touched().for_each(|claim| trails.note(Touched::Claim(claim)));
    }

    /// Notes the ends of claims that this batch has ended, so that no log brings them back.
    #[inline]
    pub(crate) fn note_ended(&mut self) {
        if let Some(end) = self.claims.next_ended() {
            self.note_all_ended(end);
        }
    }

    #[cold]
    fn note_all_ended(&mut self, first: (Print, Option<u64>)) {
        let Self { trails, keys, claims, clock, room, .. } = self;
        // The room was set aside with the claims.
        let max = room.lift();
        let mut next = Some(first);
        while let Some((end, since)) = next {
            keys.note_end(end, since.unwrap_or(clock.believed()), room);
            trails.note(Touched::Key(end));
            next = claims.next_ended();
        }
        room.limit(max);
        self.give_back();
    }
}
