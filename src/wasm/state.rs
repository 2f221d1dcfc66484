//! State of the class that stands behind the package's `Gate`, and opening it from state.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{self, Report};
use super::core::Core;
use super::error::{JsResult, thrown};
use super::frame::frame;
use crate::error::{Error, ErrorCode};
use crate::fingerprint::Secret;
use crate::state::{DoubleRun, Journal, Recovered, Restoration, Run};
use crate::time::UnixMs;
use crate::verdict::Verdict;

#[wasm_bindgen]
impl Core {
    /// Returns all that is remembered.
    ///
    /// # Errors
    /// As `Gate::snapshot`.
    pub fn snapshot(&mut self) -> JsResult<Uint8Array> {
        self.memory.grow_ahead();
        self.gate.snapshot().map(|bytes| Uint8Array::from(bytes.as_slice())).map_err(thrown)
    }

    /// Returns what was recorded since the last time.
    ///
    /// # Errors
    /// As `Gate::changes`.
    pub fn changes(&mut self) -> JsResult<Uint8Array> {
        self.gate.changes().map(|bytes| Uint8Array::from(bytes.as_slice())).map_err(thrown)
    }

    /// Returns what the store is to be told: bytes, and whether they replace what it has.
    ///
    /// # Errors
    /// As `Gate::store_changes`.
    #[wasm_bindgen(js_name = storeChanges)]
    pub fn store_changes(&mut self) -> JsResult<JsValue> {
        let (bytes, is_snapshot) = self.gate.store_changes().map_err(thrown)?;
        Ok(Report::new()
            .set("bytes", Some(Uint8Array::from(bytes.as_slice())))
            .set("isSnapshot", Some(is_snapshot))
            .done())
    }

    /// Says that the store has everything, or has to be told everything.
    ///
    /// # Errors
    /// As `Gate::follow_store`.
    #[wasm_bindgen(js_name = followStore)]
    pub fn follow_store(&mut self, is_told: bool) -> JsResult<()> {
        self.gate.follow_store(is_told).map_err(thrown)
    }

    /// Takes a reading of the clock.
    ///
    /// # Errors
    /// `invalid_option` when it is out of range.
    pub fn read(&mut self, now: f64) -> JsResult<()> {
        UnixMs::from_reading(now).map(|now| self.gate.read(now)).map_err(thrown)
    }

    /// Whether there is nothing to tell the store.
    #[wasm_bindgen(js_name = isStored)]
    pub fn is_stored(&mut self) -> bool {
        self.gate.is_stored()
    }

    /// Has the store told everything the next time.
    #[wasm_bindgen(js_name = restoreStore)]
    pub fn restore_store(&mut self) {
        self.gate.restore_store();
    }

    /// Takes over what another copy, or the store, holds.
    ///
    /// # Errors
    /// As `Gate::merge`.
    pub fn merge(&mut self, bytes: &[u8], is_from_store: bool) -> JsResult<JsValue> {
        let Self { gate, .. } = self;
        let merged = if is_from_store { gate.merge_stored(bytes) } else { gate.merge(bytes) };
        let report = merged.map_err(thrown)?;
        let doubles = report.double_runs.iter().map(double_run).collect::<Array>();
        Ok(Report::new()
            .set("keys", Some(convert::count(report.keys)))
            .set("entities", Some(convert::count(report.entities)))
            .set("sources", Some(convert::count(report.sources)))
            .set("doubleRuns", Some(doubles))
            .done())
    }

    /// Judges the events in the scratch, to be recorded once the stage is kept.
    ///
    /// # Errors
    /// As `Gate::stage`.
    pub fn stage(&mut self, bytes: usize, count: usize, now: f64) -> JsResult<JsValue> {
        self.memory.grow_ahead();
        let Self { gate, scratch, .. } = self;
        let mut reader = frame(scratch, bytes);
        let now = UnixMs::from_reading(now).map_err(thrown)?;
        let staged = gate.stage_rows(now, count, |intake| {
            let event = (!reader.is_empty()).then(|| reader.event())?;
            let named = |event: crate::Event<'_>| {
                let name = event.fingerprint(intake);
                event.resolve(intake).map(|resolved| (name, resolved))
            };
            Some(event.and_then(named))
        });
        let staged = staged.map_err(thrown)?;
        let codes: Vec<u8> =
            staged.verdicts.iter().map(|verdict| Verdict::code(*verdict)).collect();
        Ok(Report::new()
            .set("number", Some(convert::count(staged.number)))
            .set("codes", Some(Uint8Array::from(codes.as_slice())))
            .set("changes", Some(Uint8Array::from(staged.changes.as_slice())))
            .done())
    }

    /// Records what a stage has judged, unless it was kept or dropped before.
    ///
    /// # Errors
    /// As `Gate::keep`.
    pub fn keep(&mut self, number: f64) -> JsResult<bool> {
        self.gate.keep(whole(number)).map_err(thrown)
    }

    /// Forgets what a stage has judged, unless it was kept or dropped before.
    #[wasm_bindgen(js_name = dropStage)]
    pub fn drop_stage(&mut self, number: f64) -> bool {
        self.gate.drop_stage(whole(number))
    }
}

/// Returns the number of a stage; what is none stands for a stage that never was.
fn whole(number: f64) -> u64 {
    crate::time::whole(number).unwrap_or(u64::MAX)
}

fn double_run(double: &DoubleRun) -> JsValue {
    Report::new()
        .set("key", Some(double.key.to_string()))
        .set("winner", Some(run(&double.winner)))
        .set("loser", Some(run(&double.loser)))
        .done()
}

/// Names a run: its token, and after a dash the digest of its result if it had one.
fn run(run: &Run) -> String {
    let mut name = run.token.to_string();
    if let Some(result) = run.result {
        // Writing to a text cannot fail.
        let _ = write!(name, "-{result:032x}");
    }
    name
}

/// A gate that is being opened from a snapshot, slice by slice.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Opening {
    restoration: Option<Restoration>,
}

const OVER: Error = Error::new(ErrorCode::Internal, "the gate was opened already");

#[wasm_bindgen]
impl Opening {
    /// Starts from bytes; an empty secret is none, and those of the bytes is adopted.
    ///
    /// # Errors
    /// As `Restoration::new`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, bytes: Vec<u8>, secret: &[u8]) -> JsResult<Self> {
        let options = convert::options(options)?;
        let open = || {
            let given = if secret.is_empty() { None } else { Some(Secret::new(secret)?) };
            Restoration::new(bytes, options, given)
        };
        let restoration = Some(open().map_err(thrown)?);
        Ok(Self { restoration })
    }

    /// Goes on by about so many records; returns whether it is done.
    ///
    /// # Errors
    /// As `Restoration::step`.
    pub fn step(&mut self, records: usize) -> JsResult<bool> {
        let restoration = self.restoration.as_mut().ok_or(OVER).map_err(thrown)?;
        restoration.step(records).map_err(thrown)
    }

    /// Returns the gate.
    ///
    /// # Errors
    /// As `Restoration::finish`.
    pub fn finish(&mut self) -> JsResult<Core> {
        let restoration = self.restoration.take().ok_or(OVER).map_err(thrown)?;
        restoration.finish().map(Core::of).map_err(thrown)
    }
}

/// Returns the tip of an empty journal behind a snapshot.
#[wasm_bindgen(js_name = journalTip)]
pub fn journal_tip(snapshot: &[u8], generation: u64) -> Vec<u8> {
    Journal::new(snapshot, generation).to_tip().to_vec()
}

/// Returns changes as the next record of a journal, and the tip behind it.
///
/// # Errors
/// As `Journal::append`.
#[wasm_bindgen(js_name = journalRecord)]
pub fn journal_record(tip: &[u8], changes: &[u8]) -> JsResult<JsValue> {
    let mut journal = Journal::from_tip(tip).map_err(thrown)?;
    let record = journal.append(changes).map_err(thrown)?;
    Ok(Report::new()
        .set("record", Some(Uint8Array::from(record.as_slice())))
        .set("tip", Some(Uint8Array::from(journal.to_tip().as_slice())))
        .done())
}

/// Reads a journal back, up to the first damage if it is to be salvaged.
///
/// # Errors
/// As `Journal::read`.
#[wasm_bindgen(js_name = readJournal)]
pub fn read_journal(
    snapshot: &[u8],
    generation: u64,
    bytes: &[u8],
    is_salvage: bool,
) -> JsResult<JsValue> {
    let recovered = if is_salvage {
        Ok(Journal::salvage(snapshot, generation, bytes))
    } else {
        Journal::read(snapshot, generation, bytes)
    };
    let Recovered { journal, records, lost_bytes, .. } = recovered.map_err(thrown)?;
    let records: Array = records.into_iter().map(Uint8Array::from).collect();
    Ok(Report::new()
        .set("records", Some(records))
        .set("tip", Some(Uint8Array::from(journal.to_tip().as_slice())))
        .set("lostBytes", Some(convert::count(lost_bytes as u64)))
        .done())
}
