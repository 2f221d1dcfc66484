//! The class that stands behind the package's `Gate`.

use alloc::vec::Vec;

use wasm_bindgen::prelude::*;

use super::columns::codes;
use super::convert;
use super::error::{JsResult, thrown};
use super::frame::frame;
use super::memory::Memory;
use super::singles::Scopes;
use crate::error::Error;
use crate::event::Event;
use crate::fingerprint::Secret;
use crate::gate::{Gate, Target};
use crate::time::UnixMs;
use crate::verdict::Verdict;

/// A gate, and the scratch memory through which events reach it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    pub(super) gate: Gate,
    pub(super) scratch: Vec<u8>,
    /// The scopes of single keys and entities, hashed already.
    pub(super) scopes: Scopes,
    pub(super) memory: Memory,
}

#[wasm_bindgen]
impl Core {
    /// Opens an empty gate; a secret that was drawn at random is kept in its state.
    ///
    /// # Errors
    /// `invalid_option` when an option, the secret or the reading of the clock is out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, secret: &[u8], is_drawn: bool, now: f64) -> JsResult<Self> {
        let options = convert::options(options)?;
        let open = || {
            let secret = if is_drawn { Secret::drawn(secret) } else { Secret::new(secret) };
            Gate::new(options, secret?, UnixMs::from_reading(now)?)
        };
        open().map(Self::of).map_err(thrown)
    }

    /// Makes the scratch at least that large, and returns its address.
    ///
    /// # Errors
    /// `capacity` when memory runs out.
    pub fn reserve(&mut self, bytes: usize) -> JsResult<usize> {
        self.memory.grow_ahead();
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
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut judge = || gate.check(&frame(scratch, bytes).event()?, UnixMs::from_reading(now)?);
        judge().map(Verdict::code).map_err(thrown)
    }

    /// Judges the events in the scratch; returns the verdicts' codes.
    ///
    /// # Errors
    /// As `Gate::check_all`.
    #[wasm_bindgen(js_name = checkAll)]
    pub fn check_all(&mut self, bytes: usize, count: usize, now: f64) -> JsResult<Vec<u8>> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut reader = frame(scratch, bytes);
        let now = UnixMs::from_reading(now).map_err(thrown)?;
        codes(gate.check_rows(now, count, |intake| {
            let event = (!reader.is_empty()).then(|| reader.event())?;
            Some(event.and_then(|event| event.resolve(intake)))
        }))
    }

    /// Judges the event in the scratch and remembers nothing.
    ///
    /// # Errors
    /// As `Gate::inspect`.
    pub fn inspect(&self, bytes: usize, now: f64) -> JsResult<JsValue> {
        let Self { gate, scratch, .. } = self;
        let judge = || gate.inspect(&frame(scratch, bytes).event()?, UnixMs::from_reading(now)?);
        judge().map(|inspection| convert::inspection(&inspection)).map_err(thrown)
    }

    /// Forgets the key, the entity or the source in the scratch; returns how many records that
    /// were.
    ///
    /// # Errors
    /// As `Gate::forget`.
    pub fn forget(&mut self, bytes: usize) -> JsResult<f64> {
        let Self { gate, scratch, .. } = self;
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

impl Core {
    pub(super) fn of(gate: Gate) -> Self {
        let scopes = Scopes::of(&gate, b"");
        Self { gate, scratch: Vec::new(), scopes, memory: Memory::default() }
    }
}
