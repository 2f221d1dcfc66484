//! Options and reports, to and from plain JavaScript objects.

use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::error::{JsResult, thrown};
use crate::error::Error;
use crate::gate::{Inspection, Options, Stats};
use crate::ordinal::Ordinal;
use crate::positions::Positions;
use crate::revisions::Revisions;
use crate::time::{Millis, UnixMs, whole};

/// The options as TypeScript hands them over, with durations in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawOptions {
    retention: f64,
    max_skew: f64,
    max_clock_jump: f64,
    max_bytes: f64,
    revisions: String,
    first_revision: Option<String>,
    positions: RawPositions,
    first_position: Option<String>,
    max_jump: Option<String>,
    time_from_id: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPositions {
    Named(String),
    Window { window: f64 },
}

/// Reads options.
pub(super) fn options(value: JsValue) -> JsResult<Options> {
    let malformed = |_| thrown(Error::option("an option is of the wrong type"));
    let raw: RawOptions = serde_wasm_bindgen::from_value(value).map_err(malformed)?;
    raw.parse().map_err(thrown)
}

impl RawOptions {
    fn parse(&self) -> Result<Options, Error> {
        let millis = |ms, reason| whole(ms).map(Millis::new).ok_or(Error::option(reason));
        Ok(Options {
            retention: millis(self.retention, "the retention must be whole milliseconds")?,
            max_skew: millis(self.max_skew, "maxSkew must be whole milliseconds")?,
            max_clock_jump: millis(self.max_clock_jump, "maxClockJump must be whole milliseconds")?,
            max_bytes: whole(self.max_bytes)
                .ok_or(Error::option("maxBytes must be whole bytes"))?,
            revisions: self.revisions()?,
            positions: self.positions()?,
            max_jump: ordinal(self.max_jump.as_deref(), "maxJump is not an ordinal")?,
            time_from_id: self.time_from_id,
        })
    }

    fn revisions(&self) -> Result<Revisions, Error> {
        let first = ordinal(self.first_revision.as_deref(), "firstRevision is not an ordinal")?;
        match (self.revisions.as_str(), first) {
            ("newer", None) => Ok(Revisions::Newer),
            ("newer", Some(_)) => Err(Error::option("firstRevision goes with revisions: next")),
            ("next", first) => Ok(Revisions::Next { first }),
            _ => Err(Error::option("revisions must be newer or next")),
        }
    }

    fn positions(&self) -> Result<Positions, Error> {
        let first = ordinal(self.first_position.as_deref(), "firstPosition is not an ordinal")?;
        match &self.positions {
            RawPositions::Named(name) if name == "next" => Ok(Positions::Next { first }),
            RawPositions::Named(_) | RawPositions::Window { .. } if first.is_some() => {
                Err(Error::option("firstPosition goes with positions: next"))
            }
            RawPositions::Named(name) if name == "newer" => Ok(Positions::Newer),
            RawPositions::Named(_) => {
                Err(Error::option("positions must be newer, next or a window"))
            }
            RawPositions::Window { window } => {
                // Zero is refused along with everything else that is out of range.
                let width = whole(*window).and_then(|width| u32::try_from(width).ok()).unwrap_or(0);
                Ok(Positions::Window(width))
            }
        }
    }
}

fn ordinal(text: Option<&str>, reason: &'static str) -> Result<Option<Ordinal>, Error> {
    text.map(Ordinal::parse).transpose().map_err(|_| Error::option(reason))
}

/// Returns milliseconds as a JavaScript number, which holds all that the core accepts.
#[expect(clippy::cast_precision_loss, reason = "the core keeps times below 2^53")]
pub(super) fn ms(time: UnixMs) -> f64 {
    time.as_u64() as f64
}

#[expect(clippy::cast_precision_loss, reason = "no count in memory reaches 2^53")]
/// Returns a count as a JavaScript number.
pub(super) fn count(count: u64) -> f64 {
    count as f64
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawInspection {
    verdict: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<f64>,
}

/// Writes an inspection; ordinals are decimal digits.
pub(super) fn inspection(inspection: &Inspection) -> JsResult<JsValue> {
    let raw = RawInspection {
        verdict: inspection.verdict.code(),
        expected: inspection.expected.map(|ordinal| ordinal.to_string()),
        current: inspection.current.map(|ordinal| ordinal.to_string()),
        since: inspection.since.map(ms),
    };
    Ok(serde_wasm_bindgen::to_value(&raw)?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawStats {
    keys: f64,
    entities: f64,
    sources: f64,
    bytes: f64,
    max_bytes: f64,
    horizon: f64,
    verdicts: [f64; 8],
}

/// Writes stats.
pub(super) fn stats(stats: &Stats) -> JsResult<JsValue> {
    let raw = RawStats {
        keys: count(stats.keys),
        entities: count(stats.entities),
        sources: count(stats.sources),
        bytes: count(stats.bytes),
        max_bytes: count(stats.max_bytes),
        horizon: ms(stats.horizon),
        verdicts: stats.verdicts.map(count),
    };
    Ok(serde_wasm_bindgen::to_value(&raw)?)
}
