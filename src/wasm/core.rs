//! The class that stands behind the package's `Gate`.

use alloc::string::String;
use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use super::convert;
use super::error::{JsResult, thrown};
use super::frame::{Reader, time};
use crate::error::Error;
use crate::event::{Event, Intake, Place, Resolved};
use crate::fingerprint::{Kind, Secret};
use crate::gate::{Gate, Target};
use crate::ordinal::Ordinal;
use crate::time::UnixMs;
use crate::verdict::Verdict;

/// A gate, and the scratch memory through which events reach it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    pub(super) gate: Gate,
    pub(super) scratch: Vec<u8>,
}

#[wasm_bindgen]
impl Core {
    /// Opens an empty gate.
    ///
    /// # Errors
    /// `invalid_option` when an option, the secret or the reading of the clock is out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, secret: &[u8], now: f64) -> JsResult<Self> {
        let options = convert::options(options)?;
        let open = || Gate::new(options, Secret::new(secret)?, UnixMs::from_reading(now)?);
        Ok(Self { gate: open().map_err(thrown)?, scratch: Vec::new() })
    }

    /// Makes the scratch at least that large, and returns its address.
    ///
    /// # Errors
    /// `capacity` when memory runs out.
    pub fn reserve(&mut self, bytes: usize) -> JsResult<usize> {
        let more = bytes.saturating_sub(self.scratch.len());
        self.scratch.try_reserve(more).map_err(|_| thrown(Error::capacity()))?;
        self.scratch.resize(self.scratch.len().saturating_add(more), 0);
        Ok(self.scratch.as_ptr().addr())
    }

    /// Judges the event in the scratch; returns the verdict's code.
    ///
    /// # Errors
    /// As `Gate::check`.
    pub fn check(&mut self, bytes: usize, now: f64) -> JsResult<u8> {
        let Self { gate, scratch } = self;
        let mut judge = || gate.check(&frame(scratch, bytes).event()?, UnixMs::from_reading(now)?);
        judge().map(Verdict::code).map_err(thrown)
    }

    /// Judges the events in the scratch; returns the verdicts' codes.
    ///
    /// # Errors
    /// As `Gate::check_all`.
    #[wasm_bindgen(js_name = checkAll)]
    pub fn check_all(&mut self, bytes: usize, count: usize, now: f64) -> JsResult<Vec<u8>> {
        let Self { gate, scratch } = self;
        let mut reader = frame(scratch, bytes);
        let now = UnixMs::from_reading(now).map_err(thrown)?;
        let mut next = |intake: &Intake| {
            let event = (!reader.is_empty()).then(|| reader.event())?;
            Some(event.and_then(|event| event.resolve(intake)))
        };
        codes(gate.check_batch(now, count, &mut next))
    }

    /// Judges the event in the scratch and remembers nothing.
    ///
    /// # Errors
    /// As `Gate::inspect`.
    pub fn inspect(&self, bytes: usize, now: f64) -> JsResult<JsValue> {
        let Self { gate, scratch } = self;
        let judge = || gate.inspect(&frame(scratch, bytes).event()?, UnixMs::from_reading(now)?);
        judge().map(|inspection| convert::inspection(&inspection)).map_err(thrown)
    }

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
        let Self { gate, scratch } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Key, reader.text(scope_bytes)?);
            let ends = reader.column::<4>(count)?;
            let mut issued = reader.column::<8>(if timed { count } else { 0 })?.iter();
            let mut ids = Names::new(reader.text(text_bytes)?);
            let mut ends = ends.iter();
            gate.check_batch(UnixMs::from_reading(now)?, count, &mut |intake| {
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
        let Self { gate, scratch } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Entity, reader.text(scope_bytes)?);
            let revisions = reader.column::<8>(count)?;
            let ends = reader.column::<4>(count)?;
            let mut entities = Names::new(reader.text(text_bytes)?);
            let mut rows = revisions.iter().zip(ends);
            gate.check_batch(UnixMs::from_reading(now)?, count, &mut |_| {
                let (revision, end) = rows.next()?;
                let entity = entities.next(*end).and_then(|entity| scope.print(entity));
                let revision = u64::from_le_bytes(*revision).into();
                Some(entity.map(|entity| Resolved::of_revision(entity, revision)))
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
        let Self { gate, scratch } = self;
        let mut reader = Reader::new(scratch);
        let mut judge = || {
            let scope = gate.scoped(Kind::Source, reader.text(scope_bytes)?);
            let source = scope.print(reader.text(source_bytes)?)?;
            let epoch = Ordinal::parse(&epoch)?;
            let mut positions = reader.column::<8>(count)?.iter();
            gate.check_batch(UnixMs::from_reading(now)?, count, &mut |_| {
                let position = u64::from_le_bytes(*positions.next()?).into();
                let epoch = epoch.clone();
                Some(Ok(Resolved::of_position(Place { source, epoch, position })))
            })
        };
        codes(judge())
    }

    /// Forgets the key, the entity or the source in the scratch; returns how many records that
    /// were.
    ///
    /// # Errors
    /// As `Gate::forget`.
    pub fn forget(&mut self, bytes: usize) -> JsResult<f64> {
        let Self { gate, scratch } = self;
        let mut forget = || {
            let Event { scope, id, entity, source, .. } = frame(scratch, bytes).event()?;
            gate.forget(&match (id, entity) {
                (Some(id), _) => Target::Key { scope, id },
                (None, Some(entity)) => Target::Entity { scope, entity },
                (None, None) => Target::Source { scope, source: source.unwrap_or_default() },
            })
        };
        forget().map(convert::count).map_err(thrown)
    }

    /// Returns what is remembered and what was answered: keys, entities, sources, claims, bytes,
    /// maxBytes, horizon, and then how often each verdict was given.
    pub fn stats(&self) -> Vec<f64> {
        convert::stats(&self.gate.stats())
    }
}

/// Returns a reader of the first bytes of the scratch.
pub(super) fn frame(scratch: &[u8], bytes: usize) -> Reader<'_> {
    Reader::new(scratch.get(..bytes).unwrap_or_default())
}

fn codes(verdicts: Result<Vec<Verdict>, Error>) -> JsResult<Vec<u8>> {
    // The same size and layout, so this collects in place.
    verdicts.map(|all| all.into_iter().map(Verdict::code).collect()).map_err(thrown)
}

/// Names laid end to end.
struct Names<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Names<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, start: 0 }
    }

    fn next(&mut self, end: [u8; 4]) -> Result<&'a str, Error> {
        let end = usize::try_from(u32::from_le_bytes(end)).unwrap_or(usize::MAX);
        let name = self.text.get(self.start..end).ok_or(super::frame::MALFORMED)?;
        self.start = end;
        Ok(name)
    }
}
