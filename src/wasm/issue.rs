//! Revisions and ids, for producers.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::core::Core;
use super::error::{JsResult, thrown};
use super::{content, frame};
use crate::content::Content;
use crate::error::Error;
use crate::issue::{IdSource, RevisionClock, content_id};
use crate::ordinal::Ordinal;
use crate::time::{Millis, UnixMs, whole};

/// The class that stands behind the package's `RevisionClock`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Revisor {
    clock: RevisionClock,
}

#[wasm_bindgen]
impl Revisor {
    /// Returns a clock that goes on after a revision, or starts when there is none.
    ///
    /// # Errors
    /// `invalid_option` when an option is out of range.
    #[wasm_bindgen(constructor)]
    pub fn new(node: f64, max_drift: f64, last: Option<String>) -> JsResult<Self> {
        let open = || {
            let reason = "the node must be a whole number from 0 to 1023";
            let node = whole(node).and_then(|node| u16::try_from(node).ok());
            let drift = whole(max_drift).ok_or(Error::option("maxDrift must be milliseconds"))?;
            let clock = RevisionClock::new(node.ok_or(Error::option(reason))?, Millis::new(drift))?;
            let Some(last) = last else { return Ok(clock) };
            let last = Ordinal::parse(&last).map_err(|_| Error::option("last is not an ordinal"));
            clock.after(&last?)
        };
        open().map(|clock| Self { clock }).map_err(thrown)
    }

    /// Issues a revision, as decimal digits.
    ///
    /// # Errors
    /// As `RevisionClock::next`.
    pub fn next(&mut self, now: f64) -> JsResult<String> {
        let now = UnixMs::from_reading(now);
        now.and_then(|now| self.clock.next(now)).map(|next| next.digits()).map_err(thrown)
    }

    /// Takes note of a revision from elsewhere.
    ///
    /// # Errors
    /// As `RevisionClock::observe`.
    pub fn observe(&mut self, revision: &str, now: f64) -> JsResult<()> {
        let observe = |now| self.clock.observe(&Ordinal::parse(revision)?, now);
        UnixMs::from_reading(now).and_then(observe).map_err(thrown)
    }

    /// Returns the last revision, or an empty text.
    pub fn last(&self) -> String {
        self.clock.last().map_or(String::new(), |last| last.digits())
    }
}

/// Makes ids, of the platform's time and of given times.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Ids {
    running: IdSource,
    given: IdSource,
}

#[wasm_bindgen]
impl Ids {
    /// Returns a source that has made none yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an id from ten random bytes; either of exactly that time, or after all others.
    ///
    /// # Errors
    /// As `IdSource::next`.
    pub fn make(&mut self, now: f64, is_given: bool, random: &[u8]) -> JsResult<String> {
        let make = |now| {
            let random = random.try_into().map_err(|_| frame::MALFORMED)?;
            if is_given { self.given.at(now, random) } else { self.running.next(now, random) }
        };
        UnixMs::from_reading(now).and_then(make).map_err(thrown)
    }
}

/// Returns the id of bytes.
///
/// # Errors
/// As `content_id`.
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands over what may be absent so")]
#[wasm_bindgen(js_name = idOfBytes)]
pub fn id_of_bytes(bytes: &[u8], secret: Option<Vec<u8>>) -> JsResult<String> {
    content_id(&Content::bytes(bytes), secret.as_deref()).map_err(thrown)
}

/// Returns the id of a JSON value without some of its own members.
///
/// # Errors
/// As `content_id`; `invalid_event` when it is not a JSON value. Whatever a getter throws is passed on.
#[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands over what may be absent so")]
#[wasm_bindgen(js_name = idOfJson)]
pub fn id_of_json(value: &JsValue, omit: &Array, secret: Option<Vec<u8>>) -> JsResult<String> {
    let json = content::canonical_without(value, omit)?;
    content_id(&Content::json(&json), secret.as_deref()).map_err(thrown)
}

#[wasm_bindgen]
impl Core {
    /// Issues the next revision of the entity in the scratch, as decimal digits.
    ///
    /// # Errors
    /// As `Gate::next_revision`.
    #[wasm_bindgen(js_name = nextRevision)]
    pub fn next_revision(&mut self, bytes: usize, now: f64) -> JsResult<String> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut issue = || {
            let event = frame::frame(scratch, bytes).event()?;
            let entity = event.entity.unwrap_or_default();
            gate.next_revision(event.scope, entity, UnixMs::from_reading(now)?)
        };
        issue().map(|revision| revision.digits()).map_err(thrown)
    }
}
