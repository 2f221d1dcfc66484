//! One atomic verdict over keys, revisions and positions.

mod options;

use alloc::vec::Vec;

use crate::error::Error;
use crate::event::{Event, Intake, Place, Resolved};
#[cfg(feature = "wasm")]
use crate::fingerprint::Scoped;
use crate::fingerprint::{Fingerprinter, Kind, Secret};
use crate::keys::Keys;
use crate::ordinal::Ordinal;
use crate::positions::Sources;
use crate::revisions::Entities;
use crate::table::{NoRoom, Room};
use crate::time::{Clock, UnixMs};
use crate::verdict::{Judged, Verdict};
pub use options::Options;

/// Answers *may I act on this event?* and remembers what it has let through.
///
/// Every call that judges takes the time. An error of any kind leaves the gate as it was: its
/// memory, its clock and its counters.
#[derive(Debug)]
pub struct Gate {
    fingerprinter: Fingerprinter,
    time_from_id: bool,
    skew_max_ms: u64,
    clock: Clock,
    room: Room,
    keys: Keys,
    entities: Entities,
    sources: Sources,
    verdicts: [u64; 8],
}

/// What a gate would say of an event, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The verdict that `check` would give.
    pub verdict: Verdict,
    /// With `early`: the revision or position that is missing.
    pub expected: Option<Ordinal>,
    /// With `stale`: the entity's last revision, or the source's epoch.
    pub current: Option<Ordinal>,
    /// With a verdict that the key decided: when it was accepted, or issued if that is later.
    pub since: Option<UnixMs>,
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
    /// Memory in use, as accounted for `max_bytes`.
    pub bytes: u64,
    /// The limit of that.
    pub max_bytes: u64,
    /// A key whose age mark is below it is forgotten.
    pub horizon: UnixMs,
    /// Answers given, by the code of the verdict.
    pub verdicts: [u64; 8],
}

/// A verdict, and which identity it is owed to.
struct Judgement {
    judged: Judged,
    since: Option<u64>,
    /// What the position alone says; only then may it be settled.
    is_position_fresh: bool,
}

/// What a failing batch goes back to.
struct Before {
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
        Ok(Self {
            fingerprinter: Fingerprinter::new(secret),
            time_from_id: options.time_from_id,
            skew_max_ms: options.max_skew.as_u64(),
            clock: Clock::new(now, options.max_clock_jump),
            room: Room::new(options.max_bytes),
            keys: Keys::new(options.retention),
            entities: Entities::new(options.revisions, options.max_jump),
            sources: Sources::new(options.positions),
            verdicts: [0; 8],
        })
    }

    /// Judges an event and, when it is fresh, remembers it.
    ///
    /// # Errors
    /// `invalid_event` when the event is malformed, `jump` when its revision is too far ahead,
    /// `capacity` when it can't be remembered.
    pub fn check(&mut self, event: &Event<'_>, now: UnixMs) -> Result<Verdict, Error> {
        let (clock, settled) = self.clock.read(now);
        let event = event.resolve(&self.intake(&clock))?;
        self.transact(clock, settled, |gate| gate.judge_and_record(&event))
    }

    /// Judges events in their order, at one reading of the clock: all of them or, after an error,
    /// none.
    ///
    /// # Errors
    /// As [`Gate::check`]; [`Error::index`] tells which event it was.
    pub fn check_all(&mut self, events: &[Event<'_>], now: UnixMs) -> Result<Vec<Verdict>, Error> {
        self.check_batch(now, events.iter(), |intake, event| event.resolve(intake))
    }

    /// Judges the keys of one scope, as [`Gate::check_all`] would.
    ///
    /// # Errors
    /// As [`Gate::check_all`].
    pub fn check_ids(
        &mut self,
        scope: &str,
        ids: &[(&str, Option<UnixMs>)],
        now: UnixMs,
    ) -> Result<Vec<Verdict>, Error> {
        let scope = self.fingerprinter.scoped(Kind::Key, scope);
        self.check_batch(now, ids.iter(), |intake, &(id, time)| {
            let time = intake.time(time, Some(id))?;
            Ok(Resolved::of_key(scope.print(id)?, time))
        })
    }

    /// Judges revisions of entities of one scope, as [`Gate::check_all`] would.
    ///
    /// # Errors
    /// As [`Gate::check_all`].
    pub fn check_revisions(
        &mut self,
        scope: &str,
        revisions: &[(&str, Ordinal)],
        now: UnixMs,
    ) -> Result<Vec<Verdict>, Error> {
        let scope = self.fingerprinter.scoped(Kind::Entity, scope);
        self.check_batch(now, revisions.iter(), |_, &(entity, revision)| {
            Ok(Resolved::of_revision(scope.print(entity)?, revision))
        })
    }

    /// Judges positions of one epoch of one source, as [`Gate::check_all`] would.
    ///
    /// # Errors
    /// As [`Gate::check_all`].
    pub fn check_positions(
        &mut self,
        scope: &str,
        source: &str,
        epoch: Ordinal,
        positions: &[Ordinal],
        now: UnixMs,
    ) -> Result<Vec<Verdict>, Error> {
        let source = self.fingerprinter.scoped(Kind::Source, scope).print(source)?;
        self.check_batch(now, positions.iter(), |_, &position| {
            Ok(Resolved::of_position(Place { source, epoch, position }))
        })
    }

    /// Checks and judges the items of a batch, one after the other.
    pub(crate) fn check_batch<T>(
        &mut self,
        now: UnixMs,
        items: impl ExactSizeIterator<Item = T>,
        mut resolve: impl FnMut(&Intake, T) -> Result<Resolved, Error>,
    ) -> Result<Vec<Verdict>, Error> {
        let (clock, settled) = self.clock.read(now);
        let intake = self.intake(&clock);
        self.transact(clock, settled, |gate| {
            let mut verdicts = Vec::new();
            verdicts.try_reserve_exact(items.len()).map_err(|_| Error::capacity())?;
            for (index, item) in items.enumerate() {
                let judged = resolve(&intake, item).and_then(|event| gate.judge_and_record(&event));
                verdicts.push(judged.map_err(|error| error.at(index))?);
            }
            Ok(verdicts)
        })
    }

    /// Hashes a scope for a column of names.
    #[cfg(feature = "wasm")]
    pub(crate) fn scoped(&self, kind: Kind, scope: &str) -> Scoped {
        self.fingerprinter.scoped(kind, scope)
    }

    /// Judges an event and remembers nothing; the clock stays, too.
    ///
    /// # Errors
    /// As [`Gate::check`], but never `capacity`.
    pub fn inspect(&self, event: &Event<'_>, now: UnixMs) -> Result<Inspection, Error> {
        let (clock, _) = self.clock.read(now);
        let event = event.resolve(&self.intake(&clock))?;
        let judgement = self.judge(&event, &clock, self.keys.horizon_at(&clock))?;
        Ok(Inspection {
            verdict: judgement.judged.verdict,
            expected: judgement.judged.expected,
            current: judgement.judged.current,
            since: judgement.since.map(UnixMs::new),
        })
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
        let print = self.fingerprinter.scoped(kind, scope).print(name)?;
        let known = match target {
            Target::Key { .. } => self.keys.forget(print),
            Target::Entity { .. } => self.entities.forget(print),
            Target::Source { .. } => self.sources.forget(print, &mut self.room),
        };
        Ok(u64::from(known))
    }

    /// Returns what is remembered; counting keys takes time proportional to their number.
    pub fn stats(&self) -> Stats {
        Stats {
            keys: self.keys.count(),
            entities: self.entities.count() as u64,
            sources: self.sources.count() as u64,
            bytes: self.room.used(),
            max_bytes: self.room.max(),
            horizon: UnixMs::new(self.keys.horizon()),
            verdicts: self.verdicts,
        }
    }

    fn intake(&self, clock: &Clock) -> Intake {
        Intake {
            fingerprinter: self.fingerprinter.clone(),
            time_from_id: self.time_from_id,
            latest: clock.stamp().saturating_add(self.skew_max_ms),
        }
    }

    /// Runs a batch at a reading of the clock; after an error everything is as it was.
    fn transact<T>(
        &mut self,
        clock: Clock,
        settled: Option<u64>,
        run: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = Before { clock: self.clock, verdicts: self.verdicts };
        self.clock = clock;
        self.keys.begin(&clock, settled);
        let result = run(self);
        if result.is_ok() {
            self.keys.commit();
            self.entities.commit();
            self.sources.commit();
        } else {
            let max = self.room.lift();
            self.sources.rollback(&mut self.room);
            self.entities.rollback(&mut self.room);
            self.keys.rollback(&mut self.room);
            self.room.limit(max);
            self.clock = before.clock;
            self.verdicts = before.verdicts;
        }
        result
    }

    fn judge_and_record(&mut self, event: &Resolved) -> Result<Verdict, Error> {
        let judgement = self.judge(event, &self.clock, self.keys.horizon())?;
        let verdict = judgement.judged.verdict;
        if verdict == Verdict::Fresh {
            self.record(event).map_err(|_| Error::capacity())?;
        } else if let Some(place) = &event.position
            && verdict.is_final()
            && judgement.is_position_fresh
        {
            // A log is not to be blocked by what will never be let through.
            self.settle(place).map_err(|_| Error::capacity())?;
        }
        if let Some(count) = self.verdicts.get_mut(usize::from(verdict.code())) {
            *count = count.saturating_add(1);
        }
        Ok(verdict)
    }

    /// The order of judgement: semantics, section 2.
    fn judge(&self, event: &Resolved, clock: &Clock, horizon: u64) -> Result<Judgement, Error> {
        let position = event.position.as_ref().map(|place| self.sources.judge(place));
        let is_position_fresh = position.is_some_and(|judged| judged.verdict == Verdict::Fresh);
        let decided = |judged, since| Ok(Judgement { judged, since, is_position_fresh });
        if let Some(key) = event.key {
            if let Some(known) = self.keys.get(key, horizon) {
                let conflicts = known.content.zip(event.content).is_some_and(|(a, b)| a != b);
                let verdict = if conflicts { Verdict::Conflict } else { Verdict::Duplicate };
                return decided(verdict.into(), Some(self.keys.since(key, &known, clock)));
            }
            if event.time.is_some_and(|time| time < horizon) {
                return decided(Verdict::Expired.into(), None);
            }
        }
        if let Some(judged) = position
            && judged.verdict != Verdict::Fresh
        {
            return decided(judged, None);
        }
        match event.revision {
            Some((entity, revision)) => {
                decided(self.entities.judge(entity, revision, event.content)?, None)
            }
            None => decided(Verdict::Fresh.into(), None),
        }
    }

    /// Remembers a fresh event on all of its identities.
    fn record(&mut self, event: &Resolved) -> Result<(), NoRoom> {
        if let Some((entity, revision)) = event.revision {
            let Self { entities, keys, clock, room, .. } = self;
            while entities.accept(entity, revision, event.content, room).is_err() {
                make_room(keys, clock, room, entities.growth_of(entity))?;
            }
        }
        if let Some(place) = &event.position {
            self.settle(place)?;
        }
        if let Some(key) = event.key {
            self.keys.accept(key, event.time, event.content, &self.clock, &mut self.room)?;
        }
        Ok(())
    }

    fn settle(&mut self, place: &Place) -> Result<(), NoRoom> {
        let Self { sources, keys, clock, room, .. } = self;
        while sources.accept(place, room).is_err() {
            make_room(keys, clock, room, sources.growth_of(place.source))?;
        }
        Ok(())
    }
}

/// Has keys make room for what is never forgotten; fails when that would not help.
fn make_room(keys: &mut Keys, clock: &Clock, room: &mut Room, bytes: u64) -> Result<(), NoRoom> {
    // With that much free the failure was the machine's, not the budget's.
    if room.free() >= bytes || !keys.make_room(bytes, clock, room) {
        return Err(NoRoom);
    }
    Ok(())
}
