//! Columns of events of one kind, laid out in the scratch.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use super::core::Core;
use super::error::{JsResult, thrown};
use super::frame::{MALFORMED, Reader, time};
use crate::error::Error;
use crate::event::{Place, Resolved};
use crate::fingerprint::Kind;
use crate::gate::{PositionRow, RevisionRow};
use crate::ordinal::Ordinal;
use crate::time::UnixMs;
use crate::verdict::Verdict;

#[wasm_bindgen]
impl Core {
    /// Judges a column of ids: the scope, where each id ends, their times if any, the ids.
    ///
    /// # Errors
    /// As `Gate::check_ids`.
    #[wasm_bindgen(js_name = checkIds)]
    pub fn check_ids(
        &mut self,
        scope_bytes: usize,
        count: usize,
        text_bytes: usize,
        timed: bool,
        now: f64,
    ) -> JsResult<Vec<u8>> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Key, reader.bytes(scope_bytes)?);
            let ends = reader.column::<4>(count)?;
            let mut issued = reader.column::<8>(if timed { count } else { 0 })?.iter();
            let mut ids = Names::new(reader.bytes(text_bytes)?);
            let mut ends = ends.iter();
            gate.check_rows(UnixMs::from_reading(now)?, count, |intake| {
                let id = ids.next(*ends.next()?);
                let given = issued.next().map(|ms| time(f64::from_le_bytes(*ms))).transpose();
                Some(id.and_then(|id| intake.key(&scope, id, given?)))
            })
        };
        codes(judge())
    }

    /// Judges a column of revisions: the scope, the revisions, where each entity ends, the
    /// entities.
    ///
    /// # Errors
    /// As `Gate::check_revisions`.
    #[wasm_bindgen(js_name = checkRevisions)]
    pub fn check_revisions(
        &mut self,
        scope_bytes: usize,
        count: usize,
        text_bytes: usize,
        now: f64,
    ) -> JsResult<Vec<u8>> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Entity, reader.bytes(scope_bytes)?);
            let revisions = reader.column::<8>(count)?;
            let ends = reader.column::<4>(count)?;
            let mut entities = Names::new(reader.bytes(text_bytes)?);
            let mut rows = revisions.iter().zip(ends);
            gate.check_rows(UnixMs::from_reading(now)?, count, |_| {
                let (revision, end) = rows.next()?;
                let revision = u64::from_le_bytes(*revision);
                let entity = entities.next(*end).and_then(|entity| scope.print(entity));
                Some(entity.map(|entity| RevisionRow { entity, revision }))
            })
        };
        codes(judge())
    }

    /// Judges a column of positions: the scope and the source, the positions.
    ///
    /// # Errors
    /// As `Gate::check_positions`.
    #[wasm_bindgen(js_name = checkPositions)]
    #[expect(clippy::needless_pass_by_value, reason = "texts cross the boundary by value")]
    pub fn check_positions(
        &mut self,
        scope_bytes: usize,
        source_bytes: usize,
        epoch: String,
        count: usize,
        now: f64,
    ) -> JsResult<Vec<u8>> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Source, reader.bytes(scope_bytes)?);
            let source = scope.print(reader.bytes(source_bytes)?)?;
            let epoch = Ordinal::parse(&epoch)?;
            let mut positions = reader.column::<8>(count)?.iter().map(|p| u64::from_le_bytes(*p));
            let now = UnixMs::from_reading(now)?;
            let Some(epoch) = epoch.to_u64() else {
                return gate.check_rows(now, count, |_| {
                    let position = positions.next()?.into();
                    let epoch = epoch.clone();
                    Some(Ok(Resolved::of_position(Place { source, epoch, position })))
                });
            };
            gate.check_rows(now, count, |_| {
                Some(Ok(PositionRow { source, epoch, position: positions.next()? }))
            })
        };
        codes(judge())
    }
}

pub(super) fn codes(verdicts: Result<Vec<Verdict>, Error>) -> JsResult<Vec<u8>> {
    // The same size and layout, so this collects in place.
    verdicts.map(|all| all.into_iter().map(Verdict::code).collect()).map_err(thrown)
}

/// Names laid end to end.
struct Names<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Names<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, start: 0 }
    }

    #[inline]
    fn next(&mut self, end: [u8; 4]) -> Result<&'a [u8], Error> {
        let end = usize::try_from(u32::from_le_bytes(end)).unwrap_or(usize::MAX);
        let name = self.bytes.get(self.start..end).ok_or(MALFORMED)?;
        self.start = end;
        Ok(name)
    }
}
