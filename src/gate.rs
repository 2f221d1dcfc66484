//! One atomic verdict over keys, revisions and positions.

mod claiming;
mod columns;
mod issuing;
mod judge;
mod options;
mod trail;

use alloc::vec::Vec;

use crate::answers::Answers;
use crate::claims::{Claims, Moment};
use crate::error::Error;
use crate::event::{Event, Intake};
#[cfg(feature = "wasm")]
use crate::fingerprint::Scoped;
use crate::fingerprint::{Fingerprinter, Kind, Secret};
use crate::keys::Keys;
use crate::positions::Sources;
use crate::revisions::Entities;
use crate::state::Stage;
use crate::table::Room;
use crate::time::{Clock, Reading, UnixMs};
use crate::verdict::{Inspection, Verdict};
pub use claiming::{Claimed, Resolution, Timing};
pub(crate) use columns::KeyRow;
#[cfg(feature = "wasm")]
pub(crate) use columns::{PositionRow, RevisionRow};
pub(crate) use judge::make_room;
pub use options::Options;
use trail::Trails;
pub(crate) use trail::{Reader, Touched};

/// Answers *may I act on this event?* and remembers what it has let through.
///
/// Every call that judges takes the time. An error of any kind leaves the gate as it was: its
/// memory, its clock and its counters.
#[derive(Debug)]
pub struct Gate {
    pub(crate) fingerprinter: Fingerprinter,
    time_from_id: bool,
    skew_max_ms: u64,
    max_bytes: u64,
    pub(crate) clock: Clock,
    pub(crate) room: Room,
    pub(crate) keys: Keys,
    pub(crate) entities: Entities,
    pub(crate) sources: Sources,
    pub(crate) claims: Claims,
    lease_ms: u64,
    pub(crate) trails: Trails,
    pub(crate) stages: Vec<Stage>,
    /// The number of the next stage.
    pub(crate) stage_next: u64,
    pub(crate) verdicts: [u64; 8],
}

/// What is to be forgotten.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One key.
    Key {
        /// The scope of the key.
        scope: &'a str,
        /// The key.
        id: &'a str,
    },
    /// The last revision of one entity.
    Entity {
        /// The scope of the entity.
        scope: &'a str,
        /// The entity.
        entity: &'a str,
    },
    /// The progress of one source.
    Source {
        /// The scope of the source.
        scope: &'a str,
        /// The source.
        source: &'a str,
    },
}

/// What a gate remembers, and what it has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Keys that are remembered.
    pub keys: u64,
    /// Entities with a last revision.
    pub entities: u64,
    /// Sources with a mark.
    pub sources: u64,
    /// Claims that have not ended, doubts included.
    pub claims: u64,
    /// Memory in use, as accounted for `max_bytes`.
    pub bytes: u64,
    /// The limit of that.
    pub max_bytes: u64,
    /// A key whose age mark is below it is forgotten.
    pub horizon: UnixMs,
    /// Answers given, by the code of the verdict.
    pub verdicts: [u64; 8],
}

/// What a failing batch goes back to.
#[derive(Debug)]
pub(crate) struct Before {
    clock: Clock,
    verdicts: [u64; 8],
}

impl Gate {
    /// Opens an empty gate; that is its first reading of the clock.
    ///
    /// # Errors
    /// `invalid_option` when an option is out of its range.
    pub fn new(options: Options, secret: Secret, now: UnixMs) -> Result<Self, Error> {
        options.validate()?;
        let answers = Answers::new(options.result_retention, options.max_result_bytes);
        Ok(Self {
            fingerprinter: Fingerprinter::new(secret),
            time_from_id: options.time_from_id,
            skew_max_ms: options.max_skew.as_u64(),
            clock: Clock::new(now, options.max_clock_jump),
            max_bytes: options.max_bytes,
            room: Room::new(options.max_bytes),
            keys: Keys::new(options.retention, answers),
            claims: Claims::new(options.after_crash, options.retention),
            lease_ms: options.lease.as_u64(),
            entities: Entities::new(options.revisions, options.max_jump),
            sources: Sources::new(options.positions),
            trails: Trails::default(),
            stages: Vec::new(),
            stage_next: 0,
            verdicts: [0; 8],
        })
    }

    /// Judges an event and, when it is fresh, remembers it.
    ///
    /// # Errors
    /// `invalid_event` when the event is malformed, `jump` when its revision is too far ahead,
    /// `capacity` when it can't be remembered.
    pub fn check(&mut self, event: &Event<'_>, now: UnixMs) -> Result<Verdict, Error> {
        let reading = self.clock.read(now);
        let event = event.resolve(&self.intake(&reading.clock))?;
        if let Some(verdict) = self.at_standstill(now, |gate| gate.admit(&event)) {
            return Ok(verdict);
        }
        let before = self.begin(&reading);
        let verdict = self.judge_and_record(&event);
        self.end(&before, verdict.is_ok());
        verdict
    }

    /// Judges events in their order, at one reading of the clock: all of them or, after an error,
    /// none.
    ///
    /// # Errors
    /// As [`Gate::check`]; [`Error::index`] tells which event it was.
    pub fn check_all(&mut self, events: &[Event<'_>], now: UnixMs) -> Result<Vec<Verdict>, Error> {
        let mut items = events.iter();
        self.check_rows(now, events.len(), |intake| Some(items.next()?.resolve(intake)))
    }

    /// Hashes a scope for a column of names.
    #[cfg(feature = "wasm")]
    pub(crate) fn scoped(&self, kind: Kind, scope: &[u8]) -> Scoped {
        self.fingerprinter.scoped(kind, scope)
    }

    /// Judges an event and remembers nothing; the clock stays, too.
    ///
    /// # Errors
    /// As [`Gate::check`], but never `capacity`.
    pub fn inspect(&self, event: &Event<'_>, now: UnixMs) -> Result<Inspection, Error> {
        let reading = self.clock.read(now);
        let event = event.resolve(&self.intake(&reading.clock))?;
        self.inspect_at(&event, &reading)
    }

    /// Forgets a key, an entity or a source, so that what comes next for it is its first; returns
    /// how many records that were.
    ///
    /// # Errors
    /// `invalid_event` when the name is empty.
    pub fn forget(&mut self, target: &Target<'_>) -> Result<u64, Error> {
        let (kind, scope, name) = match *target {
            Target::Key { scope, id } => (Kind::Key, scope, id),
            Target::Entity { scope, entity } => (Kind::Entity, scope, entity),
            Target::Source { scope, source } => (Kind::Source, scope, source),
        };
        let print = self.fingerprinter.scoped(kind, scope.as_bytes()).print(name.as_bytes())?;
        let Self { claims, room, .. } = self;
        let claimed = match target {
            Target::Key { .. } | Target::Entity { .. } => claims.forget(print, room),
            Target::Source { .. } => claims.forget_source(print, room),
        };
        let known = match target {
            Target::Key { .. } => self.keys.forget(print, room),
            Target::Entity { .. } => self.entities.forget(print, room),
            Target::Source { .. } => self.sources.forget(print, room),
        };
        self.trails.lose_store();
        Ok(claimed.saturating_add(u64::from(known)))
    }

    /// Returns what is remembered; counting keys takes time proportional to their number.
    pub fn stats(&self) -> Stats {
        Stats {
            keys: self.keys.count(),
            entities: self.entities.count() as u64,
            sources: self.sources.count() as u64,
            claims: self.claims.count(),
            bytes: self.room.used(),
            max_bytes: self.max_bytes,
            horizon: UnixMs::new(self.keys.horizon()),
            verdicts: self.verdicts,
        }
    }

    pub(crate) fn intake(&self, clock: &Clock) -> Intake {
        Intake {
            fingerprinter: self.fingerprinter.clone(),
            time_from_id: self.time_from_id,
            latest: clock.stamp().saturating_add(self.skew_max_ms),
        }
    }

    /// Judges one event while the clock stands still: there is nothing to begin, and what was judged
    /// is never taken back.
    #[inline]
    fn at_standstill(
        &mut self,
        now: UnixMs,
        admit: impl FnOnce(&mut Self) -> Option<Verdict>,
    ) -> Option<Verdict> {
        let verdict = self.clock.is_still(now).then(|| admit(self))?;
        self.note_touched();
        self.keys.commit(&mut self.room);
        self.entities.commit();
        self.sources.commit();
        if verdict.is_some() {
            // As at the end of any batch, so that every way to judge an event leaves the same behind.
            self.keys.tidy(&mut self.room);
        }
        verdict
    }

    /// Starts a batch at a reading of the clock.
    pub(crate) fn begin(&mut self, reading: &Reading) -> Before {
        let before = Before { clock: self.clock, verdicts: self.verdicts };
        self.clock = reading.clock;
        self.keys.begin(&before.clock, reading, &mut self.room);
        self.claims.begin(Moment::new(&before.clock, &reading.clock));
        before
    }

    /// Ends a batch; when it failed everything is as it was.
    pub(crate) fn end(&mut self, before: &Before, is_good: bool) {
        if is_good {
            self.claims.commit(&mut self.room);
            self.note_touched();
            self.claims.clear_touched();
            self.note_ended();
            self.keys.commit(&mut self.room);
            self.keys.tidy(&mut self.room);
            self.entities.commit();
            self.sources.commit();
            return;
        }
        let max = self.room.lift();
        self.sources.rollback(&mut self.room);
        self.entities.rollback(&mut self.room);
        self.keys.rollback(&mut self.room);
        self.claims.rollback();
        self.room.limit(max);
        self.clock = before.clock;
        self.verdicts = before.verdicts;
    }
}
