//! Options and reports, to and from plain JavaScript objects.

use alloc::vec::Vec;

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

use super::error::{JsResult, thrown};
use crate::claims::AfterCrash;
use crate::error::Error;
use crate::gate::{Options, Stats};
use crate::ordinal::Ordinal;
use crate::positions::Positions;
use crate::revisions::Revisions;
use crate::time::{Millis, UnixMs, whole};
use crate::verdict::Inspection;

/// Options as TypeScript hands them over: a plain object, complete, with durations in
/// milliseconds and ordinals as decimal digits.
pub(super) struct Fields<'a>(pub(super) &'a JsValue);

/// Reads options.
pub(super) fn options(value: &JsValue) -> JsResult<Options> {
    let fields = Fields(value);
    let options = || {
        Ok(Options {
            retention: fields.millis("retention", "retention must be whole milliseconds")?,
            max_skew: fields.millis("maxSkew", "maxSkew must be whole milliseconds")?,
            max_clock_jump: fields.millis("maxClockJump", "maxClockJump must be milliseconds")?,
            max_bytes: fields.whole("maxBytes", "maxBytes must be whole bytes")?,
            revisions: fields.revisions()?,
            positions: fields.positions()?,
            max_jump: fields.ordinal("maxJump", "maxJump is not an ordinal")?,
            time_from_id: fields.get("timeFromId").is_truthy(),
            result_retention: fields
                .millis("resultRetention", "resultRetention must be whole milliseconds")?,
            max_result_bytes: fields
                .whole("maxResultBytes", "maxResultBytes must be whole bytes")?,
            lease: fields.millis("lease", "the lease must be whole milliseconds")?,
            after_crash: fields.after_crash()?,
        })
    };
    options().map_err(thrown)
}

impl Fields<'_> {
    pub(super) fn get(&self, name: &str) -> JsValue {
        // Only what is not an object refuses to be read; it has no options.
        Reflect::get(self.0, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    pub(super) fn whole(&self, name: &str, reason: &'static str) -> Result<u64, Error> {
        self.get(name).as_f64().and_then(whole).ok_or(Error::option(reason))
    }

    pub(super) fn millis(&self, name: &str, reason: &'static str) -> Result<Millis, Error> {
        self.whole(name, reason).map(Millis::new)
    }

    pub(super) fn ordinal(
        &self,
        name: &str,
        reason: &'static str,
    ) -> Result<Option<Ordinal>, Error> {
        let value = self.get(name);
        if value.is_undefined() {
            return Ok(None);
        }
        let digits = value.as_string().unwrap_or_default();
        Ordinal::parse(&digits).map(Some).map_err(|_| Error::option(reason))
    }

    fn after_crash(&self) -> Result<AfterCrash, Error> {
        match self.get("afterCrash").as_string().as_deref() {
            Some("retry") => Ok(AfterCrash::Retry),
            Some("hold") => Ok(AfterCrash::Hold),
            Some(_) | None => Err(Error::option("afterCrash must be retry or hold")),
        }
    }

    fn revisions(&self) -> Result<Revisions, Error> {
        let first = self.ordinal("firstRevision", "firstRevision is not an ordinal")?;
        match (self.get("revisions").as_string().as_deref(), first) {
            (Some("newer"), None) => Ok(Revisions::Newer),
            (Some("newer"), Some(_)) => {
                Err(Error::option("firstRevision goes with revisions: next"))
            }
            (Some("next"), first) => Ok(Revisions::Next { first }),
            (Some(_) | None, _) => Err(Error::option("revisions must be newer or next")),
        }
    }

    fn positions(&self) -> Result<Positions, Error> {
        let first = self.ordinal("firstPosition", "firstPosition is not an ordinal")?;
        let positions = self.get("positions");
        let named = positions.as_string();
        if named.as_deref() == Some("next") {
            return Ok(Positions::Next { first });
        }
        if first.is_some() {
            return Err(Error::option("firstPosition goes with positions: next"));
        }
        if named.as_deref() == Some("newer") {
            return Ok(Positions::Newer);
        }
        let window = Fields(&positions).get("window").as_f64();
        let Some(window) = window.filter(|_| positions.is_object()) else {
            return Err(Error::option("positions must be newer, next or a window"));
        };
        // Zero is refused along with everything else that is out of range.
        let width = whole(window).and_then(|width| u32::try_from(width).ok()).unwrap_or(0);
        Ok(Positions::Window(width))
    }
}

/// Returns milliseconds as a JavaScript number, which holds all that the core accepts.
#[expect(clippy::cast_precision_loss, reason = "the core keeps times below 2^53")]
pub(super) fn ms(time: UnixMs) -> f64 {
    time.as_u64() as f64
}

/// Returns a count as a JavaScript number.
#[expect(clippy::cast_precision_loss, reason = "no count in memory reaches 2^53")]
pub(super) fn count(count: u64) -> f64 {
    count as f64
}

/// A plain object that is being written; what is absent is left out.
pub(super) struct Report(Object);

impl Report {
    pub(super) fn new() -> Self {
        Self(Object::new())
    }

    pub(super) fn set(self, name: &str, value: Option<impl Into<JsValue>>) -> Self {
        if let Some(value) = value {
            // Setting a property of a new object cannot fail.
            let _ = Reflect::set(&self.0, &name.into(), &value.into());
        }
        self
    }

    pub(super) fn done(self) -> JsValue {
        self.0.into()
    }
}

/// Writes an inspection, or a refusal.
pub(super) fn inspection(inspection: &Inspection) -> JsValue {
    let result = inspection.result.as_ref();
    Report::new()
        .set("verdict", Some(inspection.verdict.code()))
        .set("result", result.map(|answer| Uint8Array::from(answer.bytes.as_slice())))
        .set("isJson", result.map(|answer| answer.is_json))
        .set("omitted", inspection.omitted.then_some(true))
        .set("retryAfter", inspection.retry_after.map(|wait| count(wait.as_u64())))
        .set("expected", inspection.expected.as_ref().map(Ordinal::digits))
        .set("current", inspection.current.as_ref().map(Ordinal::digits))
        .set("since", inspection.since.map(ms))
        .done()
}

/// Writes stats as numbers in a row; the verdicts' counters come last, in the order of their codes.
pub(super) fn stats(stats: &Stats) -> Vec<f64> {
    let Stats { keys, entities, sources, claims, bytes, max_bytes, horizon, verdicts } = *stats;
    let figures = [keys, entities, sources, claims, bytes, max_bytes, horizon.as_u64()];
    figures.into_iter().chain(verdicts).map(count).collect()
}
