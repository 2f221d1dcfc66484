//! Judging now and recording later, in the user's own transaction.

use alloc::vec::Vec;

use crate::claims::Record;
use crate::error::Error;
use crate::event::{Event, Intake, Resolved};
use crate::fingerprint::Fingerprint;
use crate::gate::{Gate, Touched};
use crate::sort::{Words, sort};
use crate::time::UnixMs;
use crate::verdict::Verdict;

/// Tokens of what is staged are apart from those of claims.
const STAGE_TOKEN: u64 = 1 << 63;

/// Events that were judged, and are recorded once the stage is kept.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The number by which the stage is kept or dropped.
    pub number: u64,
    /// The verdicts, in the order of the events.
    pub verdicts: Vec<Verdict>,
    /// What keeping it records, as bytes to be merged.
    pub changes: Vec<u8>,
}

/// A stage that was neither kept nor dropped.
#[derive(Debug)]
pub(crate) struct Stage {
    number: u64,
    changes: Vec<u8>,
}

impl Gate {
    /// Judges events in their order, and records nothing yet: those that are fresh are pending for
    /// everyone until the stage is kept or dropped.
    ///
    /// # Errors
    /// As [`Gate::check_all`].
    pub fn stage(&mut self, events: &[Event<'_>], now: UnixMs) -> Result<Staged, Error> {
        let mut items = events.iter();
        self.stage_rows(now, events.len(), |intake| {
            let event = items.next()?;
            let name = event.fingerprint(intake);
            Some(event.resolve(intake).map(|resolved| (name, resolved)))
        })
    }

    /// As [`Gate::stage`], for events that are read one after the other.
    pub(crate) fn stage_rows(
        &mut self,
        now: UnixMs,
        count: usize,
        mut next: impl FnMut(&Intake) -> Option<Result<(Option<Fingerprint>, Resolved), Error>>,
    ) -> Result<Staged, Error> {
        let reading = self.clock.read(now);
        let intake = self.intake(&reading.clock);
        let before = self.begin(&reading);
        let mut verdicts = Vec::new();
        let mut fresh = Vec::new();
        let reserved =
            verdicts.try_reserve_exact(count).and_then(|()| fresh.try_reserve_exact(count));
        let judge = || {
            reserved.map_err(|_| Error::capacity())?;
            for index in 0..count {
                let Some(event) = next(&intake) else { break };
                let (name, event) = event.map_err(|error| error.at(index))?;
                let verdict = self.judge_and_record(&event).map_err(|error| error.at(index))?;
                verdicts.push(verdict);
                if verdict == Verdict::Fresh
                    && let Some(name) = name
                {
                    fresh.push((name, event));
                }
            }
            self.write_touched(&self.touched()?)
        };
        let changes = judge();
        let counts = self.verdicts;
        // Nothing of it is remembered yet.
        self.end(&before, false);
        let changes = changes?;
        let before = self.begin(&reading);
        self.verdicts = counts;
        let number = self.stage_next;
        let held = self.hold_staged(number, fresh, &changes);
        self.end(&before, held.is_ok());
        held?;
        self.stage_next = number.saturating_add(1);
        Ok(Staged { number, verdicts, changes })
    }

    /// Records what a stage has judged, exactly as merging its changes does; returns whether it was
    /// neither kept nor dropped before.
    ///
    /// # Errors
    /// `capacity` when the machine has no memory left; the stage is as it was then.
    pub fn keep(&mut self, number: u64) -> Result<bool, Error> {
        let Some(index) = self.stages.iter().position(|stage| stage.number == number) else {
            return Ok(false);
        };
        let stage = self.stages.swap_remove(index);
        // The room was set aside with the stage.
        let max = self.room.lift();
        let merged = self.merge(&stage.changes);
        if merged.is_ok() {
            self.end_stage(number, &stage, true);
        } else {
            self.stages.push(stage);
        }
        self.room.limit(max);
        self.give_back();
        merged.map(|_| true)
    }

    /// Forgets what a stage has judged; returns whether it was neither kept nor dropped before.
    pub fn drop_stage(&mut self, number: u64) -> bool {
        let Some(index) = self.stages.iter().position(|stage| stage.number == number) else {
            return false;
        };
        let stage = self.stages.swap_remove(index);
        self.end_stage(number, &stage, false);
        true
    }

    fn end_stage(&mut self, number: u64, stage: &Stage, is_kept: bool) {
        self.claims.end_stage(number, is_kept, &mut self.room);
        self.room.give(stage.changes.len() as u64);
        self.note_ended();
    }

    /// Returns what this batch has changed, in order.
    fn touched(&self) -> Result<Vec<Words>, Error> {
        let keys = self.keys.touched().map(Touched::Key);
        let entities = self.entities.touched().map(Touched::Entity);
        let sources = self.sources.touched().map(Touched::Source);
        let mut touched = Vec::new();
        for one in keys.chain(entities).chain(sources) {
            touched.try_reserve(1).map_err(|_| Error::capacity())?;
            touched.push(one.words());
        }
        sort(&mut touched);
        Ok(touched)
    }

    /// Locks what a stage has judged fresh, and keeps what keeping it is to record.
    fn hold_staged(
        &mut self,
        number: u64,
        fresh: Vec<(Fingerprint, Resolved)>,
        changes: &[u8],
    ) -> Result<(), Error> {
        let capacity = |_| Error::capacity();
        let mut copy = Vec::new();
        copy.try_reserve_exact(changes.len()).map_err(|_| Error::capacity())?;
        copy.extend_from_slice(changes);
        self.stages.try_reserve(1).map_err(|_| Error::capacity())?;
        let size = changes.len() as u64;
        let Self { keys, clock, room, .. } = self;
        if room.free() < size && !keys.make_room(size, clock, room) {
            return Err(Error::capacity());
        }
        room.take(size).map_err(capacity)?;
        for (index, (name, event)) in fresh.into_iter().enumerate() {
            let record = self.staged_record(number, index as u64, name, &event);
            let Self { claims, keys, clock, room, .. } = self;
            let bytes = claims.growth_of(&record.locks).saturating_add(record.reserved);
            let has_room = room.free() >= bytes || keys.make_room(bytes, clock, room);
            if !has_room || claims.add_staged(record, room).is_err() {
                claims.end_stage(number, false, room);
                room.give(size);
                return Err(Error::capacity());
            }
        }
        self.stages.push(Stage { number, changes: copy });
        Ok(())
    }

    fn staged_record(
        &self,
        number: u64,
        index: u64,
        fingerprint: Fingerprint,
        event: &Resolved,
    ) -> Record {
        let locks = self.locks_of(event);
        // Numbers of stages and events do not reach 32 bits: each takes hundreds of bytes.
        let token = STAGE_TOKEN | number.wrapping_shl(32) | index;
        let stamp = self.clock.stamp();
        Record {
            token,
            attempt: 0,
            fingerprint,
            edits: 0,
            held: locks.all(),
            reserved: event.position.as_ref().map_or(0, |place| self.sources.reserve_for(place)),
            content: event.content,
            time: event.time,
            stamp,
            lease_from: stamp,
            lease_until: u64::MAX,
            lease_least: u64::MAX,
            doubt: None,
            end: locks.end(&self.fingerprinter, token, event.content, event.time),
            stage: Some(number),
            locks,
        }
    }
}
