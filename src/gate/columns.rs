//! Batches: every item is judged as it would be alone, at one reading of the clock.
//!
//! A batch goes by groups. The memory that the items of a group need is read ahead for all of them
//! before the first is judged, so that the machine waits for it once and not once for each.

use alloc::vec::Vec;

use super::Gate;
use crate::error::Error;
use crate::event::{Intake, Place, Resolved};
#[cfg(feature = "wasm")]
use crate::fingerprint::Scoped;
use crate::fingerprint::{Kind, Print};
use crate::ordinal::Ordinal;
use crate::table::Spot;
use crate::time::UnixMs;
use crate::verdict::Verdict;

/// How many items are read ahead: enough for all the loads that a core has under way at a time.
const GROUP: usize = 32;

/// One item of a batch, checked and named.
pub(crate) trait Row {
    /// Where it will be looked for.
    type Spots: Copy + Default;

    /// Returns where it will be looked for.
    fn spots(&self, gate: &Gate) -> Self::Spots;

    /// Reads ahead what is there.
    fn touch(gate: &Gate, spots: Self::Spots) -> u64;

    /// Judges it, and remembers what follows.
    fn judge(self, gate: &mut Gate) -> Result<Verdict, Error>;
}

/// A key of a column.
#[derive(Clone, Copy)]
pub(crate) struct KeyRow {
    pub(crate) key: Print,
    pub(crate) time: Option<u64>,
}

impl Row for KeyRow {
    type Spots = Spot;

    #[inline]
    fn spots(&self, gate: &Gate) -> Spot {
        gate.keys.table().spot(self.key)
    }

    #[inline]
    fn touch(gate: &Gate, spot: Spot) -> u64 {
        gate.keys.table().touch(spot)
    }

    #[inline]
    fn judge(self, gate: &mut Gate) -> Result<Verdict, Error> {
        match gate.admit_key(self.key, self.time) {
            Some(verdict) => Ok(verdict),
            None => gate.judge_in_full(&Resolved::of_key(self.key, self.time)),
        }
    }
}

/// A revision of a column.
#[derive(Clone, Copy)]
pub(crate) struct RevisionRow {
    pub(crate) entity: Print,
    pub(crate) revision: u64,
}

impl Row for RevisionRow {
    type Spots = Spot;

    #[inline]
    fn spots(&self, gate: &Gate) -> Spot {
        gate.entities.table().spot(self.entity)
    }

    #[inline]
    fn touch(gate: &Gate, spot: Spot) -> u64 {
        gate.entities.table().touch(spot)
    }

    #[inline]
    fn judge(self, gate: &mut Gate) -> Result<Verdict, Error> {
        match gate.admit_revision(self.entity, [0, self.revision]) {
            Some(verdict) => Ok(verdict),
            None => gate.judge_in_full(&Resolved::of_revision(self.entity, self.revision.into())),
        }
    }
}

/// A position of a column.
#[cfg(feature = "wasm")]
#[derive(Clone, Copy)]
pub(crate) struct PositionRow {
    pub(crate) source: Print,
    pub(crate) epoch: u64,
    pub(crate) position: u64,
}

#[cfg(feature = "wasm")]
impl Row for PositionRow {
    // All of a column are of one source, which is at hand.
    type Spots = ();

    fn spots(&self, _: &Gate) {}

    fn touch(_: &Gate, (): ()) -> u64 {
        0
    }

    fn judge(self, gate: &mut Gate) -> Result<Verdict, Error> {
        let Self { source, epoch, position } = self;
        match gate.admit_position(source, epoch, position) {
            Some(verdict) => Ok(verdict),
            None => gate.judge_in_full(&Resolved::of_position(Place {
                source,
                epoch: epoch.into(),
                position: position.into(),
            })),
        }
    }
}

impl Row for Resolved {
    type Spots = [Spot; 2];

    fn spots(&self, gate: &Gate) -> [Spot; 2] {
        let key = self.key.map(|key| gate.keys.table().spot(key));
        let entity = self.revision.as_ref().map(|(entity, _)| gate.entities.table().spot(*entity));
        [key.unwrap_or_default(), entity.unwrap_or_default()]
    }

    fn touch(gate: &Gate, [key, entity]: [Spot; 2]) -> u64 {
        gate.keys.table().touch(key) ^ gate.entities.table().touch(entity)
    }

    fn judge(self, gate: &mut Gate) -> Result<Verdict, Error> {
        gate.judge_and_record(&self)
    }
}

impl Gate {
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
        let scope = self.fingerprinter.scoped(Kind::Key, scope.as_bytes());
        let mut items = ids.iter();
        self.check_rows(now, ids.len(), |intake| {
            let &(id, time) = items.next()?;
            Some(intake.key(&scope, id.as_bytes(), time))
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
        let scope = self.fingerprinter.scoped(Kind::Entity, scope.as_bytes());
        let mut items = revisions.iter();
        if revisions.iter().all(|(_, revision)| revision.to_u64().is_some()) {
            return self.check_rows(now, revisions.len(), |_| {
                let (entity, revision) = items.next()?;
                let revision = revision.to_u64()?;
                let entity = scope.print(entity.as_bytes());
                Some(entity.map(|entity| RevisionRow { entity, revision }))
            });
        }
        self.check_rows(now, revisions.len(), |_| {
            let (entity, revision) = items.next()?;
            let entity = scope.print(entity.as_bytes());
            Some(entity.map(|entity| Resolved::of_revision(entity, revision.clone())))
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
        epoch: &Ordinal,
        positions: &[Ordinal],
        now: UnixMs,
    ) -> Result<Vec<Verdict>, Error> {
        let source =
            self.fingerprinter.scoped(Kind::Source, scope.as_bytes()).print(source.as_bytes())?;
        let mut items = positions.iter();
        self.check_rows(now, positions.len(), |_| {
            let position = items.next()?.clone();
            Some(Ok(Resolved::of_position(Place { source, epoch: epoch.clone(), position })))
        })
    }

    /// Judges one key that comes alone, where one look at its slot decides; else nothing is done.
    #[cfg(feature = "wasm")]
    pub(crate) fn glance_at_key(
        &mut self,
        scope: &Scoped,
        id: &[u8],
        now: UnixMs,
    ) -> Option<Verdict> {
        let reading = self.clock.read(now);
        let KeyRow { key, time } = self.intake(&reading.clock).key(scope, id, None).ok()?;
        self.glance(now, |gate| gate.admit_key(key, time))
    }

    /// Judges one revision that comes alone, where one look at its slot decides; else nothing is
    /// done.
    #[cfg(feature = "wasm")]
    pub(crate) fn glance_at_revision(
        &mut self,
        scope: &Scoped,
        entity: &[u8],
        revision: u64,
        now: UnixMs,
    ) -> Option<Verdict> {
        let entity = scope.print(entity).ok()?;
        self.glance(now, |gate| gate.admit_revision(entity, [0, revision]))
    }

    #[cfg(feature = "wasm")]
    #[inline]
    fn glance(
        &mut self,
        now: UnixMs,
        admit: impl Fn(&mut Self) -> Option<Verdict>,
    ) -> Option<Verdict> {
        let verdict = self.at_standstill(now, &admit);
        if verdict.is_some() {
            return verdict;
        }
        let reading = self.clock.read(now);
        if reading.clock.is_unconfirmed() || reading.settled.is_some() {
            // There is more to do than look; begun and taken back it would leave traces.
            return None;
        }
        let before = self.begin(&reading);
        let verdict = admit(self);
        self.end(&before, verdict.is_some());
        verdict
    }

    /// Checks and judges items until there are no more, all or none.
    pub(crate) fn check_rows<R: Row>(
        &mut self,
        now: UnixMs,
        count: usize,
        mut next: impl FnMut(&Intake) -> Option<Result<R, Error>>,
    ) -> Result<Vec<Verdict>, Error> {
        let mut verdicts = Vec::new();
        verdicts.try_reserve_exact(count).map_err(|_| Error::capacity())?;
        let reading = self.clock.read(now);
        let intake = self.intake(&reading.clock);
        let before = self.begin(&reading);
        let judged = self.judge_groups(&mut || next(&intake), &mut verdicts);
        self.end(&before, judged.is_ok());
        match judged {
            Ok(()) => Ok(verdicts),
            Err(error) => Err(error.at(verdicts.len())),
        }
    }

    fn judge_groups<R: Row>(
        &mut self,
        next: &mut impl FnMut() -> Option<Result<R, Error>>,
        verdicts: &mut Vec<Verdict>,
    ) -> Result<(), Error> {
        let mut group: [Option<R>; GROUP] = [const { None }; GROUP];
        let mut spots = [R::Spots::default(); GROUP];
        loop {
            let mut stop = None;
            let mut count = 0_usize;
            for (place, spot) in group.iter_mut().zip(&mut spots) {
                match next() {
                    Some(Ok(row)) => {
                        *spot = row.spots(self);
                        *place = Some(row);
                    }
                    Some(Err(error)) => stop = Some(Err(error)),
                    None => stop = Some(Ok(())),
                }
                if stop.is_some() {
                    break;
                }
                count = count.wrapping_add(1);
            }
            // This loop does nothing else: the shorter it is, the more of its loads a core has under
            // way at a time. What nobody asks for would not be read.
            let read = spots.iter().take(count).fold(0, |read, spot| read ^ R::touch(self, *spot));
            core::hint::black_box(read);
            for row in group.iter_mut().map_while(Option::take) {
                verdicts.push(row.judge(self)?);
            }
            if let Some(end) = stop {
                return end;
            }
        }
    }
}
