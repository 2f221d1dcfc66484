//! What is tested alike natively and in wasm: the scenarios of the vectors, and one long workload.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a panic is how a test fails"
)]

mod state;

use onceward::{
    CanonicalJson, Content, Error, Event, Gate, Json, Millis, Options, Ordinal, Positions,
    Revisions, Secret, UnixMs, Verdict,
};
use serde_json::Value;
pub use state::{STATE, state};

/// Turns a parsed value into the core's.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Number(number) => Json::Number(number.as_f64().unwrap()),
        Value::String(text) => Json::String(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(json).collect()),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}

fn ordinal(value: &Value) -> Option<Ordinal> {
    value.as_str().map(|digits| Ordinal::parse(digits).unwrap())
}

fn options(value: &Value) -> Options {
    let mut options = Options::default();
    if let Some(retention) = value["retention"].as_u64() {
        options.retention = Millis::new(retention);
    }
    if value["revisions"] == "next" {
        options.revisions = Revisions::Next { first: ordinal(&value["firstRevision"]) };
    }
    if value["positions"] == "next" {
        options.positions = Positions::Next { first: ordinal(&value["firstPosition"]) };
    }
    if let Some(width) = value["positions"]["window"].as_u64() {
        options.positions = Positions::Window(u32::try_from(width).unwrap());
    }
    options.max_jump = ordinal(&value["maxJump"]);
    options.time_from_id = value["timeFromId"] == true;
    options
}

/// Builds the event of a step; an ordinal that is none is an error, as it is to JavaScript.
fn event<'a>(value: &'a Value, content: Option<&'a CanonicalJson>) -> Result<Event<'a>, Error> {
    let text = |name: &str| value[name].as_str();
    let mut event = Event::new().scope(text("scope").unwrap_or_default());
    if let Some(id) = text("id") {
        event = event.id(id);
    }
    if let Some(entity) = text("entity") {
        event = event.entity(entity);
    }
    if let Some(digits) = text("revision") {
        event = event.revision(Ordinal::parse(digits)?);
    }
    if let Some(source) = text("source") {
        event = event.source(source);
    }
    if let Some(digits) = text("epoch") {
        event = event.epoch(Ordinal::parse(digits)?);
    }
    if let Some(digits) = text("position") {
        event = event.position(Ordinal::parse(digits)?);
    }
    if let Some(json) = content {
        event = event.content(Content::json(json));
    }
    if let Some(ms) = value["time"].as_u64() {
        event = event.time(UnixMs::new(ms));
    }
    Ok(event)
}

/// Plays every scenario of verdicts.json; returns how many steps that were.
pub fn play(text: &str) -> usize {
    let vectors: Value = serde_json::from_str(text).unwrap();
    let opened = vectors["opened"].as_u64().unwrap();
    let mut steps = 0;
    for scenario in vectors["scenarios"].as_array().unwrap() {
        let secret = Secret::new(b"any").unwrap();
        let mut gate =
            Gate::new(options(&scenario["options"]), secret, UnixMs::new(opened)).unwrap();
        for (index, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            let place = format!("{}, step {index}: {step}", scenario["title"]);
            check(&mut gate, step, opened, &place);
            steps += 1;
        }
    }
    steps
}

fn check(gate: &mut Gate, step: &Value, opened: u64, place: &str) {
    let now = UnixMs::new(opened.checked_add_signed(step["at"].as_i64().unwrap()).unwrap());
    let value = &step["event"];
    let content = value.get("content").map(|value| CanonicalJson::new(&json(value)).unwrap());
    let inspected = event(value, content.as_ref()).and_then(|e| gate.inspect(&e, now));
    let checked = event(value, content.as_ref()).and_then(|e| gate.check(&e, now));
    let told = checked.as_ref().map_or_else(|e| e.code().as_str(), |v| v.as_str());
    assert_eq!(told, step["expect"].as_str().unwrap(), "{place}");
    assert_eq!(inspected.as_ref().map(|i| i.verdict), checked.as_ref().copied(), "{place}");
    if let Ok(inspection) = inspected {
        assert_eq!(inspection.expected, ordinal(&step["expected"]), "{place}");
        assert_eq!(inspection.current, ordinal(&step["current"]), "{place}");
    }
}

/// What [`workload`] returns, on every target. It changes with the layout of the table.
pub const WORKLOAD: (u64, u64, u64) = (1_855_604_400_891_837_662, 1_790_000_130_156, 97_568);

/// Fills a small memory many times over, and returns what can be seen of it: a running digest of
/// the verdicts, the horizon, the memory in use.
pub fn workload() -> (u64, u64, u64) {
    let opened = 1_790_000_000_000;
    let options = Options {
        max_bytes: 100_000,
        retention: Millis::new(60_000),
        positions: Positions::Window(100),
        ..Options::default()
    };
    let secret = Secret::new(b"any").unwrap();
    let mut gate = Gate::new(options, secret, UnixMs::new(opened)).unwrap();
    let mut state = 1_u64;
    let mut digest = 0_u64;
    for step in 0..50_000_u64 {
        // A step of xorshift64.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let now = UnixMs::new(opened + step * (1 + state % 3));
        let id = format!("id {}", state % 20_000);
        let entity = format!("entity {}", state % 300);
        let big = Ordinal::parse(&format!("{}{}", state % 9 + 1, "0".repeat(40))).unwrap();
        let event = match state % 4 {
            0 => Event::new().id(&id).time(now),
            1 => Event::new().entity(&entity).revision(if state % 8 == 1 {
                big
            } else {
                step.into()
            }),
            2 => Event::new().source("log").position((step / 2).into()),
            _ => Event::new().id(&id).content(Content::bytes(b"some")),
        };
        let verdict = gate.check(&event, now).map_or(99, Verdict::code);
        digest = digest.wrapping_mul(31).wrapping_add(u64::from(verdict));
    }
    let figures = gate.stats();
    (digest, figures.horizon.as_u64(), figures.bytes)
}
