//! The real gate, spoken to in the oracle's words.

#![allow(dead_code, reason = "each test that includes the subject uses a part of it")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic here fails the test")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

use onceward::{
    AfterCrash, CanonicalJson, Claim, Content, Error, Event, Gate, Inspection, Json, Millis,
    Options, Ordinal, Positions, Restoration, Revisions, Secret, Target, UnixMs, Verdict,
};

pub(crate) mod claims;
mod columns;

use std::collections::BTreeMap;

use crate::oracle::content::{Content as PlainContent, Kept, Value};
use crate::oracle::event::Event as PlainEvent;
use crate::oracle::number::Number;
use crate::oracle::options::{
    Options as PlainOptions, Positions as PlainPositions, Revisions as PlainRevisions,
};
use crate::oracle::{Judgement, Target as PlainTarget, Verdict as PlainVerdict};

/// The code of an error, or this one where Rust's types cannot even express the event.
pub(crate) type Code = &'static str;

/// An event in a batch cannot be built, so that the gate never sees the batch.
pub(crate) const MALFORMED: Code = "malformed";

/// What the figures of a gate are, as plain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) keys: u64,
    pub(crate) entities: u64,
    pub(crate) sources: u64,
    pub(crate) claims: u64,
    pub(crate) bytes: u64,
    pub(crate) max_bytes: u64,
    pub(crate) horizon: u64,
    pub(crate) counts: Vec<(PlainVerdict, u64)>,
}

/// A real gate.
#[derive(Debug)]
pub(crate) struct Subject {
    gate: Gate,
    /// The claims that were granted, with their events, by token.
    claims: BTreeMap<u64, (Claim, PlainEvent)>,
    options: Options,
    secret: Secret,
    /// What was counted before the gate was opened again.
    counted: [u64; 8],
    /// How often events were given that make a column.
    columns: u64,
}

impl Subject {
    /// Opens a gate.
    pub(crate) fn open(plain: &PlainOptions, secret: &[u8], now: u64) -> Self {
        let options = Options {
            retention: Millis::new(plain.retention),
            max_bytes: plain.max_bytes,
            revisions: match &plain.revisions {
                PlainRevisions::Newer => Revisions::Newer,
                PlainRevisions::Next { first } => Revisions::Next { first: number(first.as_ref()) },
            },
            positions: match &plain.positions {
                PlainPositions::Newer => Positions::Newer,
                PlainPositions::Next { first } => Positions::Next { first: number(first.as_ref()) },
                PlainPositions::Window(width) => Positions::Window(*width),
            },
            max_jump: number(plain.max_jump.as_ref()),
            time_from_id: plain.time_from_id,
            max_skew: Millis::new(plain.max_skew),
            max_clock_jump: Millis::new(plain.max_clock_jump),
            result_retention: Millis::new(plain.result_retention),
            max_result_bytes: plain.max_result_bytes,
            lease: Millis::new(plain.lease),
            after_crash: if plain.hold { AfterCrash::Hold } else { AfterCrash::Retry },
        };
        let secret = Secret::new(secret).expect("the secret is long enough");
        let gate = Gate::new(options.clone(), secret.clone(), UnixMs::new(now));
        let gate = gate.expect("the options are valid");
        Self { gate, claims: BTreeMap::new(), options, secret, counted: [0; 8], columns: 0 }
    }

    /// Opens the gate again from its snapshot, as after a restart: claims stay open, figures start
    /// anew.
    pub(crate) fn reopen(&mut self) {
        for (sum, count) in self.counted.iter_mut().zip(self.gate.stats().verdicts) {
            *sum += count;
        }
        let bytes = self.gate.snapshot().expect("there is memory");
        let secret = Some(self.secret.clone());
        let opened = Restoration::new(bytes.clone(), self.options.clone(), secret);
        self.gate = opened.and_then(Restoration::finish).expect("the snapshot is sound");
        assert!(self.gate.snapshot() == Ok(bytes), "the gate that was opened is another one");
    }

    /// Judges one event.
    pub(crate) fn check(&mut self, event: &PlainEvent, now: u64) -> Result<PlainVerdict, Code> {
        let parts = Parts::of(event).ok_or("invalid_event")?;
        let verdict = match self.check_column(core::slice::from_ref(&parts), now) {
            Some(verdicts) => verdicts.map(|all| all[0]),
            None => self.gate.check(&parts.event(), UnixMs::new(now)),
        };
        verdict.map(plain_verdict).map_err(|error| code(&error))
    }

    /// Judges events as one.
    pub(crate) fn check_all(
        &mut self,
        events: &[PlainEvent],
        now: u64,
    ) -> Result<Vec<PlainVerdict>, Code> {
        let parts: Vec<Parts<'_>> =
            events.iter().map(Parts::of).collect::<Option<_>>().ok_or(MALFORMED)?;
        let verdicts = self.check_column(&parts, now).unwrap_or_else(|| {
            let events: Vec<Event<'_>> = parts.iter().map(Parts::event).collect();
            self.gate.check_all(&events, UnixMs::new(now))
        });
        let verdicts = verdicts.map_err(|error| code(&error))?;
        Ok(verdicts.into_iter().map(plain_verdict).collect())
    }

    /// Tells what would be said of an event.
    pub(crate) fn inspect(&self, event: &PlainEvent, now: u64) -> Result<Judgement, Code> {
        let parts = Parts::of(event).ok_or("invalid_event")?;
        let inspection =
            self.gate.inspect(&parts.event(), UnixMs::new(now)).map_err(|error| code(&error))?;
        Ok(judgement(&inspection))
    }

    /// Forgets one record.
    pub(crate) fn forget(&mut self, target: &PlainTarget) -> u64 {
        let target = match target {
            PlainTarget::Key((scope, id)) => Target::Key { scope, id },
            PlainTarget::Entity((scope, entity)) => Target::Entity { scope, entity },
            PlainTarget::Source((scope, source)) => Target::Source { scope, source },
        };
        self.gate.forget(&target).expect("the target has a name")
    }

    /// Returns the gate's figures.
    pub(crate) fn figures(&self) -> Figures {
        let stats = self.gate.stats();
        let verdicts = [
            (PlainVerdict::Fresh, Verdict::Fresh),
            (PlainVerdict::Duplicate, Verdict::Duplicate),
            (PlainVerdict::Stale, Verdict::Stale),
            (PlainVerdict::Conflict, Verdict::Conflict),
            (PlainVerdict::Pending, Verdict::Pending),
            (PlainVerdict::InDoubt, Verdict::InDoubt),
            (PlainVerdict::Early, Verdict::Early),
            (PlainVerdict::Expired, Verdict::Expired),
        ];
        let count = |verdict: Verdict| {
            let index = usize::from(verdict.code());
            stats.verdicts[index] + self.counted[index]
        };
        Figures {
            keys: stats.keys,
            entities: stats.entities,
            sources: stats.sources,
            claims: stats.claims,
            bytes: stats.bytes,
            max_bytes: stats.max_bytes,
            horizon: stats.horizon.as_u64(),
            counts: verdicts.map(|(plain, verdict)| (plain, count(verdict))).to_vec(),
        }
    }
}

/// The parts of an event that the real one borrows.
struct Parts<'a> {
    plain: &'a PlainEvent,
    revision: Option<Ordinal>,
    epoch: Option<Ordinal>,
    position: Option<Ordinal>,
    json: Option<CanonicalJson>,
    time: Option<UnixMs>,
}

impl<'a> Parts<'a> {
    /// Builds the parts, unless one of them is nothing that Rust's types can hold.
    fn of(plain: &'a PlainEvent) -> Option<Self> {
        let json = match &plain.content {
            Some(PlainContent::Json(value)) => Some(valid(CanonicalJson::new(&json(value)))?),
            Some(PlainContent::Bytes(_)) | None => None,
        };
        let time = match plain.time {
            Some(time) => Some(UnixMs::new(u64::try_from(time).ok()?)),
            None => None,
        };
        let ordinal = |text: &Option<String>| match text {
            Some(text) => valid(Ordinal::parse(text)).map(Some),
            None => Some(None),
        };
        let (revision, epoch) = (ordinal(&plain.revision)?, ordinal(&plain.epoch)?);
        let position = ordinal(&plain.position)?;
        Some(Self { plain, revision, epoch, position, json, time })
    }

    fn event(&self) -> Event<'_> {
        let mut event = Event::new();
        let PlainEvent { scope, id, entity, source, content, .. } = self.plain;
        if let Some(scope) = scope {
            event = event.scope(scope);
        }
        if let Some(id) = id {
            event = event.id(id);
        }
        if let Some(entity) = entity {
            event = event.entity(entity);
        }
        if let Some(revision) = &self.revision {
            event = event.revision(revision.clone());
        }
        if let Some(source) = source {
            event = event.source(source);
        }
        if let Some(epoch) = &self.epoch {
            event = event.epoch(epoch.clone());
        }
        if let Some(position) = &self.position {
            event = event.position(position.clone());
        }
        if let Some(json) = &self.json {
            event = event.content(Content::json(json));
        }
        if let Some(PlainContent::Bytes(bytes)) = content {
            event = event.content(Content::bytes(bytes));
        }
        if let Some(time) = self.time {
            event = event.time(time);
        }
        event
    }
}

/// Returns the value, whose refusal can only be the event's fault.
fn valid<T>(value: Result<T, Error>) -> Option<T> {
    value.inspect_err(|error| assert_eq!(error.code().as_str(), "invalid_event")).ok()
}

fn code(error: &Error) -> Code {
    error.code().as_str()
}

fn number(plain: Option<&Number>) -> Option<Ordinal> {
    plain.map(|number| Ordinal::parse(number.text()).expect("the options hold ordinals"))
}

fn plain_number(ordinal: &Ordinal) -> Number {
    Number::ordinal(&ordinal.to_string()).expect("an ordinal is written canonically")
}

fn judgement(inspection: &Inspection) -> Judgement {
    Judgement {
        verdict: plain_verdict(inspection.verdict),
        expected: inspection.expected.as_ref().map(plain_number),
        current: inspection.current.as_ref().map(plain_number),
        since: inspection.since.map(UnixMs::as_u64),
        retry_after: inspection.retry_after.map(Millis::as_u64),
        result: inspection.result.as_ref().map(|answer| Kept(claims::answer(answer))),
        omitted: inspection.omitted,
    }
}

fn plain_verdict(verdict: Verdict) -> PlainVerdict {
    match verdict {
        Verdict::Fresh => PlainVerdict::Fresh,
        Verdict::Duplicate => PlainVerdict::Duplicate,
        Verdict::Stale => PlainVerdict::Stale,
        Verdict::Conflict => PlainVerdict::Conflict,
        Verdict::Early => PlainVerdict::Early,
        Verdict::Expired => PlainVerdict::Expired,
        Verdict::Pending => PlainVerdict::Pending,
        Verdict::InDoubt => PlainVerdict::InDoubt,
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(value) => Json::Number(*value),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(values) => Json::Array(values.iter().map(json).collect()),
        Value::Members(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}
