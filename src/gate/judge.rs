//! The order of judgement, and what becomes of what was judged: semantics, section 2.

use super::Gate;
use crate::claims::{Hold, Locks, Moment, Record};
use crate::error::Error;
use crate::event::{Place, Resolved};
use crate::fingerprint::Print;
use crate::keys::{Keys, Known, Outlook};
use crate::positions::Positions;
use crate::table::{NoRoom, Room};
use crate::time::{Clock, Millis, Reading, UnixMs};
use crate::verdict::{Inspection, Judged, Verdict};

/// A verdict, and what it rests on.
pub(super) struct Judgement<'a> {
    pub(super) judged: Judged,
    /// The key, when it is remembered.
    pub(super) known: Option<Known>,
    /// The claim that is in the way.
    pub(super) blocking: Option<&'a Record>,
    /// What the position alone says, with its source not locked: only then may it be settled.
    is_position_fresh: bool,
}

impl Gate {
    /// Judges an event, and remembers what follows from the verdict.
    pub(crate) fn judge_and_record(&mut self, event: &Resolved) -> Result<Verdict, Error> {
        match self.admit(event) {
            Some(verdict) => Ok(verdict),
            None => self.judge_in_full(event),
        }
    }

    /// Judges an event with one identity and nothing else, and remembers it when it is fresh, where
    /// one look at one slot decides; else nothing is done.
    pub(super) fn admit(&mut self, event: &Resolved) -> Option<Verdict> {
        match event {
            Resolved { content: Some(_), .. } => None,
            Resolved { key: Some(key), revision: None, position: None, time, .. } => {
                self.admit_key(*key, *time)
            }
            Resolved { key: None, revision: Some((entity, revision)), position: None, .. } => {
                self.admit_revision(*entity, revision.to_halves()?)
            }
            Resolved { key: None, revision: None, position: Some(place), .. } => {
                let Place { source, epoch, position } = place;
                self.admit_position(*source, epoch.to_u64()?, position.to_u64()?)
            }
            Resolved { .. } => None,
        }
    }

    #[inline]
    pub(super) fn admit_key(&mut self, key: Print, time: Option<u64>) -> Option<Verdict> {
        let is_free = self.claims.is_free(key);
        let verdict = is_free.then(|| self.keys.admit(key, time, &self.clock))??;
        self.count(verdict);
        Some(verdict)
    }

    #[inline]
    pub(super) fn admit_revision(&mut self, entity: Print, halves: [u64; 2]) -> Option<Verdict> {
        let is_free = self.claims.is_free(entity);
        let verdict = is_free.then(|| self.entities.admit(entity, halves))??;
        self.count(verdict);
        Some(verdict)
    }

    #[inline]
    pub(super) fn admit_position(
        &mut self,
        source: Print,
        epoch: u64,
        position: u64,
    ) -> Option<Verdict> {
        // What a claim locks depends on the mode, so any claim is taken the long way.
        let is_free = self.claims.is_empty();
        let verdict = is_free.then(|| self.sources.admit(source, epoch, position))??;
        self.count(verdict);
        Some(verdict)
    }

    /// Judges an event by all of its identities, and remembers what follows from the verdict.
    #[cold]
    pub(super) fn judge_in_full(&mut self, event: &Resolved) -> Result<Verdict, Error> {
        let known = event.key.and_then(|key| self.keys.get(key));
        let judgement = self.judge(event, known, self.keys.horizon(), self.moment())?;
        let verdict = judgement.judged.verdict;
        let settles = judgement.settles_position();
        if verdict == Verdict::Fresh {
            self.record(event).map_err(|_| Error::capacity())?;
        } else if settles && let Some(place) = &event.position {
            self.settle(place).map_err(|_| Error::capacity())?;
        }
        self.count(verdict);
        Ok(verdict)
    }

    /// Returns the moment of this batch, for looking at claims.
    pub(super) fn moment(&self) -> Moment {
        self.claims.moment(&self.clock)
    }

    #[inline]
    pub(super) fn count(&mut self, verdict: Verdict) {
        if let Some(count) = self.verdicts.get_mut(usize::from(verdict.code())) {
            *count = count.saturating_add(1);
        }
    }

    /// Says what would be judged at a reading, which is not taken.
    pub(super) fn inspect_at(
        &self,
        event: &Resolved,
        reading: &Reading,
    ) -> Result<Inspection, Error> {
        let moment = Moment::new(&self.clock, &reading.clock);
        let Outlook { horizon, known, since } = self.keys.outlook(event.key, reading);
        let judgement = self.judge(event, known, horizon, moment)?;
        Ok(self.report(judgement, since, moment))
    }

    /// Says what was judged, and why.
    pub(super) fn report(
        &self,
        judgement: Judgement<'_>,
        since: Option<u64>,
        moment: Moment,
    ) -> Inspection {
        let Judgement { judged, known, blocking, .. } = judgement;
        let Judged { verdict, expected, current } = judged;
        let told = known
            .filter(|_| verdict == Verdict::Duplicate)
            .and_then(|known| self.keys.answers().told(known.commit?, moment.now));
        // When a stage ends nobody can say.
        let retry_after = blocking
            .filter(|record| verdict == Verdict::Pending && record.stage.is_none())
            .map(|record| Millis::new(moment.lease_until(record).saturating_sub(moment.now)));
        let is_doubt = verdict == Verdict::InDoubt;
        let stamped =
            |record| if is_doubt { moment.doubt_since(record) } else { moment.stamp(record) };
        let held_since = blocking.map(stamped);
        Inspection {
            verdict,
            result: told.as_ref().and_then(|told| told.answer.cloned()),
            omitted: told.is_some_and(|told| told.is_omitted),
            retry_after,
            expected,
            current,
            since: held_since.or(since).map(UnixMs::new),
        }
    }

    /// The order of judgement.
    pub(super) fn judge(
        &self,
        event: &Resolved,
        known: Option<Known>,
        horizon: u64,
        moment: Moment,
    ) -> Result<Judgement<'_>, Error> {
        let position = event.position.as_ref().map(|place| self.sources.judge(place));
        let source = event.position.as_ref().map_or(Hold::Free, |place| {
            if self.claims.is_empty() {
                Hold::Free
            } else {
                self.claims.hold(self.lock_of(place), moment)
            }
        });
        let is_position_fresh = source.blocking().is_none()
            && matches!(&position, Some(judged) if judged.verdict == Verdict::Fresh);
        let decided =
            |judged, blocking| Ok(Judgement { judged, known, blocking, is_position_fresh });
        if let Some(key) = event.key {
            let hold = self.claims.hold(key, moment);
            if let Some(record) = hold.blocking() {
                let conflicts = record.content.zip(event.content).is_some_and(|(a, b)| a != b);
                let verdict = if conflicts { Verdict::Conflict } else { blocked(hold) };
                return decided(verdict.into(), Some(record));
            }
            if let Some(known) = known {
                let conflicts = known.content.zip(event.content).is_some_and(|(a, b)| a != b);
                let verdict = if conflicts { Verdict::Conflict } else { Verdict::Duplicate };
                return decided(verdict.into(), None);
            }
            if event.time.is_some_and(|time| time < horizon) {
                return decided(Verdict::Expired.into(), None);
            }
        }
        if let Some(judged) = position {
            if judged.verdict.is_final() {
                return decided(judged, None);
            }
            if let Some(record) = source.blocking() {
                return decided(blocked(source).into(), Some(record));
            }
            if judged.verdict == Verdict::Early {
                return decided(judged, None);
            }
        }
        let Some((entity, revision)) = &event.revision else {
            return decided(Verdict::Fresh.into(), None);
        };
        let judged = self.entities.judge(*entity, revision, event.content);
        let hold = self.claims.hold(*entity, moment);
        match (judged, hold.blocking()) {
            (Ok(judged), _) if judged.verdict.is_final() => decided(judged, None),
            (judged, Some(record)) => {
                let in_flight = record.locks.revision.as_ref().map(|(_, revision)| revision);
                let conflicts = in_flight == Some(revision)
                    && record.content.zip(event.content).is_some_and(|(a, b)| a != b);
                if conflicts {
                    return decided(Verdict::Conflict.into(), Some(record));
                }
                // A jump is told before the lock is.
                judged?;
                decided(blocked(hold).into(), Some(record))
            }
            (judged, None) => decided(judged?, None),
        }
    }

    /// Returns what a claim on a position locks: its source, or in `window` mode it alone.
    pub(crate) fn lock_of(&self, place: &Place) -> Print {
        match self.sources.order() {
            Positions::Window(_) => {
                self.fingerprinter.place(place.source, &place.epoch, &place.position)
            }
            Positions::Newer | Positions::Next { .. } => place.source,
        }
    }

    pub(crate) fn locks_of(&self, event: &Resolved) -> Locks {
        let place = event.position.as_ref().map(|place| (place.clone(), self.lock_of(place)));
        Locks { key: event.key, revision: event.revision.clone(), place }
    }

    /// Remembers a fresh event on all of its identities, and ends the lapsed claims on them.
    fn record(&mut self, event: &Resolved) -> Result<(), NoRoom> {
        if !self.claims.is_empty() {
            for lock in self.locks_of(event).prints() {
                self.claims.displace(lock)?;
            }
        }
        self.accept_all(event, None)
    }

    /// Remembers an event on all of its identities; with the number of its commit, if it was
    /// claimed.
    pub(super) fn accept_all(
        &mut self,
        event: &Resolved,
        commit: Option<u64>,
    ) -> Result<(), NoRoom> {
        if let Some((entity, revision)) = &event.revision {
            let Self { entities, keys, clock, room, .. } = self;
            while entities.accept(*entity, revision, event.content, room).is_err() {
                make_room(keys, clock, room, entities.growth_of(*entity))?;
            }
        }
        if let Some(place) = &event.position {
            self.settle(place)?;
        }
        if let Some(key) = event.key {
            let Self { keys, clock, room, .. } = self;
            keys.accept(key, event.time, event.content, commit, clock, room)?;
        }
        Ok(())
    }

    pub(super) fn settle(&mut self, place: &Place) -> Result<(), NoRoom> {
        let Self { sources, keys, clock, room, .. } = self;
        while sources.accept(place, room).is_err() {
            make_room(keys, clock, room, sources.growth_of(place.source))?;
        }
        Ok(())
    }
}

impl Judgement<'_> {
    /// A log is not to be blocked by what will never be let through.
    pub(super) fn settles_position(&self) -> bool {
        self.is_position_fresh && self.judged.verdict.is_final()
    }
}

fn blocked(hold: Hold<'_>) -> Verdict {
    match hold {
        Hold::Doubt(_) => Verdict::InDoubt,
        Hold::Live(_) | Hold::Lapsed(_) | Hold::Free => Verdict::Pending,
    }
}

/// Has keys make room for what is never forgotten; fails when that would not help.
pub(crate) fn make_room(
    keys: &mut Keys,
    clock: &Clock,
    room: &mut Room,
    bytes: u64,
) -> Result<(), NoRoom> {
    // With that much free the failure was the machine's, not the budget's.
    if room.free() >= bytes || !keys.make_room(bytes, clock, room) {
        return Err(NoRoom);
    }
    Ok(())
}
