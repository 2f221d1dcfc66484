//! Writes random histories with the oracle's answers, for other languages to replay.
//!
//! ```text
//! cargo run --quiet --release --example histories -- --seed 1 --events 100000
//! ```
//!
//! Every line is a JSON document. One with `"op":"open"` starts each history; every further line is
//! one call and what it must answer. Steps that the semantics leave open, because age marks may be
//! kept in ticks, are not written.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "this is a test tool: a panic is its way to fail"
)]

#[path = "../tests/histories/mod.rs"]
mod histories;
#[path = "../tests/oracle/mod.rs"]
mod oracle;
#[path = "writing/claims.rs"]
mod writing;

use std::io::{self, BufWriter, Write};

use histories::{Step, World};
use oracle::content::{Content, Value};
use oracle::event::Event;
use oracle::number::Number;
use oracle::options::{Options, Positions, Revisions};
use oracle::{Failure, Judgement, Oracle, Target, Verdict};

/// So many steps are taken in one world.
const STEPS: u64 = 1500;

/// So many steps lie between two looks at the figures.
const STEPS_PER_LOOK: u64 = 25;

fn main() -> io::Result<()> {
    let first = argument("--seed", 1);
    let events_min = argument("--events", 100_000);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut events = 0;
    let mut seed = first;
    while events < events_min {
        events += history(seed, &mut out)?;
        seed += 1;
    }
    out.flush()
}

fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    let value = arguments.next().map(|text| text.parse().expect("a whole number follows"));
    value.unwrap_or(default)
}

/// Writes one history, and returns how many events it judges.
fn history(seed: u64, out: &mut impl Write) -> io::Result<u64> {
    let mut world = World::new(seed, !seed.is_multiple_of(3));
    let mut oracle = Oracle::new(world.options.clone(), world.opened);
    let mut opening = vec![op("open"), field("seed", seed), field("now", world.opened)];
    opening.push(field("secret", quoted(&hex(&world.secret))));
    opening.push(field("tick", world.options.tick()));
    opening.push(field("options", options(&world.options)));
    writeln!(out, "{}", object(&opening))?;
    let mut events = 0;
    for index in 1..=STEPS {
        let step = world.step(&oracle);
        if let Some((fields, judged)) = call(&mut oracle, &step) {
            writeln!(out, "{}", object(&fields))?;
            events += judged;
        }
        if index % STEPS_PER_LOOK == 0
            && let Some(fields) = look(&oracle)
        {
            writeln!(out, "{}", object(&fields))?;
        }
    }
    Ok(events)
}

/// Makes the oracle take a step, unless more than one answer is right, and returns the line for it.
fn call(oracle: &mut Oracle, step: &Step) -> Option<(Vec<String>, u64)> {
    match step {
        Step::Check { event: given, now } => {
            if !oracle.is_certain(core::slice::from_ref(given), *now) {
                return None;
            }
            let answer = oracle.check(given, *now, None).map(|verdict| quoted(verdict.name()));
            let fields = vec![op("check"), field("event", event(given)), field("now", now)];
            Some((with(fields, expect(answer)), 1))
        }
        Step::CheckAll { events: given, now } => {
            if !oracle.is_certain(given, *now) {
                return None;
            }
            let answer = oracle.check_all(given, *now, &[]).map(|verdicts| {
                list(&verdicts.iter().map(|verdict| quoted(verdict.name())).collect::<Vec<_>>())
            });
            let events = list(&given.iter().map(event).collect::<Vec<_>>());
            let fields = vec![op("checkAll"), field("events", events), field("now", now)];
            Some((with(fields, expect(answer)), given.len() as u64))
        }
        Step::Inspect { event: given, now } => {
            let [outcome] = oracle.inspect(given, *now).try_into().ok()?;
            let answer = outcome.map(|judgement| inspection(&judgement));
            let fields = vec![op("inspect"), field("event", event(given)), field("now", now)];
            Some((with(fields, expect(answer)), 0))
        }
        Step::Forget { target } => {
            let mut after = oracle.clone();
            let [count] = after.forget(target).try_into().ok()?;
            *oracle = after;
            let fields = vec![op("forget"), field("what", what(target))];
            Some((with(fields, field("expect", count)), 0))
        }
        Step::Claim { .. }
        | Step::Commit { .. }
        | Step::Release { .. }
        | Step::Doubt { .. }
        | Step::Extend { .. }
        | Step::Resolve { .. }
        | Step::Doubts { .. } => writing::call(oracle, step).map(|fields| (fields, 1)),
    }
}

fn with(mut fields: Vec<String>, last: String) -> Vec<String> {
    fields.push(last);
    fields
}

/// Returns the line with the figures that the gate must show, where they are certain.
fn look(oracle: &Oracle) -> Option<Vec<String>> {
    let (keys, entities, sources) = oracle.sizes();
    let (low, high) = oracle.horizon();
    if low != high || keys.start() != keys.end() {
        return None;
    }
    let verdicts = [
        Verdict::Fresh,
        Verdict::Duplicate,
        Verdict::Stale,
        Verdict::Conflict,
        Verdict::Pending,
        Verdict::InDoubt,
        Verdict::Early,
        Verdict::Expired,
    ];
    let counts = verdicts.map(|verdict| field(verdict.name(), oracle.count(verdict)));
    let figures = vec![
        field("keys", keys.start()),
        field("entities", entities),
        field("sources", sources),
        field("horizon", high),
        field("verdicts", object(&counts)),
    ];
    Some(vec![op("stats"), field("expect", object(&figures))])
}

fn options(options: &Options) -> String {
    let ordinal = |name: &str, number: &Option<Number>| {
        number.as_ref().map(|number| field(name, quoted(number.text())))
    };
    let mut fields = vec![
        field("retention", options.retention),
        field("maxBytes", options.max_bytes),
        field("timeFromId", options.time_from_id),
        field("maxSkew", options.max_skew),
        field("maxClockJump", options.max_clock_jump),
        field("resultRetention", options.result_retention),
        field("maxResultBytes", options.max_result_bytes),
        field("lease", options.lease),
        field("afterCrash", quoted(if options.hold { "hold" } else { "retry" })),
    ];
    fields.extend(ordinal("maxJump", &options.max_jump));
    match &options.revisions {
        Revisions::Newer => fields.push(field("revisions", quoted("newer"))),
        Revisions::Next { first } => {
            fields.push(field("revisions", quoted("next")));
            fields.extend(ordinal("firstRevision", first));
        }
    }
    match &options.positions {
        Positions::Newer => fields.push(field("positions", quoted("newer"))),
        Positions::Next { first } => {
            fields.push(field("positions", quoted("next")));
            fields.extend(ordinal("firstPosition", first));
        }
        Positions::Window(width) => {
            fields.push(field("positions", object(&[field("window", width)])));
        }
    }
    object(&fields)
}

fn event(event: &Event) -> String {
    let Event { scope, id, entity, revision, source, epoch, position, content, time } = event;
    let texts = [
        ("scope", scope),
        ("id", id),
        ("entity", entity),
        ("revision", revision),
        ("source", source),
        ("epoch", epoch),
        ("position", position),
    ];
    let mut fields: Vec<String> = texts
        .into_iter()
        .filter_map(|(name, text)| text.as_ref().map(|text| field(name, quoted(text))))
        .collect();
    fields.extend(content.as_ref().map(|given| field("content", written(given))));
    fields.extend(time.map(|time| field("time", time)));
    object(&fields)
}

/// Writes content: JSON as it is, and bytes as what no history has as JSON.
fn written(content: &Content) -> String {
    match content {
        Content::Bytes(bytes) => object(&[field("bytes", quoted(&hex(bytes)))]),
        Content::Json(json) => value(json),
    }
}

/// Writes stored content, which is canonical: it knows no −0.
fn stored(content: &Content) -> String {
    match content {
        Content::Json(Value::Number(number)) => value(&Value::Number(number + 0.0)),
        Content::Json(_) | Content::Bytes(_) => written(content),
    }
}

fn value(json: &Value) -> String {
    match json {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => format!("{value:?}"),
        Value::Text(text) => quoted(text),
        Value::List(values) => list(&values.iter().map(value).collect::<Vec<_>>()),
        Value::Members(members) => {
            let fields: Vec<String> =
                members.iter().map(|(name, member)| field(name, value(member))).collect();
            object(&fields)
        }
    }
}

fn inspection(judgement: &Judgement) -> String {
    let mut fields = vec![field("verdict", quoted(judgement.verdict.name()))];
    let ordinals = [("expected", &judgement.expected), ("current", &judgement.current)];
    for (name, number) in ordinals {
        fields.extend(number.as_ref().map(|number| field(name, quoted(number.text()))));
    }
    fields.extend(judgement.since.map(|since| field("since", since)));
    fields.extend(judgement.retry_after.map(|after| field("retryAfter", after)));
    fields.extend(judgement.result.as_ref().map(|kept| field("result", stored(&kept.0))));
    fields.extend(judgement.omitted.then(|| field("omitted", true)));
    object(&fields)
}

fn what(target: &Target) -> String {
    let (kind, (scope, name)) = match target {
        Target::Key(name) => ("id", name),
        Target::Entity(name) => ("entity", name),
        Target::Source(name) => ("source", name),
    };
    object(&[field("scope", quoted(scope)), field(kind, quoted(name))])
}

fn expect(answer: Result<String, Failure>) -> String {
    match answer {
        Ok(text) => field("expect", text),
        Err(failure) => field("error", quoted(failure.code())),
    }
}

fn op(name: &str) -> String {
    field("op", quoted(name))
}

fn field(name: &str, value: impl core::fmt::Display) -> String {
    format!("{}:{value}", quoted(name))
}

fn object(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(","))
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
