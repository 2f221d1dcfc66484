//! The real gate's claims, in the oracle's words.

use onceward::{
    Answer, CanonicalJson, Claim, Claimed, Content, Error, Millis, Resolution, Timing, UnixMs,
};
use serde_json::Value as Parsed;

use super::{Code, Parts, Subject, code, json, judgement};
use crate::oracle::Judgement;
use crate::oracle::claiming::{Claimed as PlainClaimed, Grant, Listed};
use crate::oracle::content::{Content as PlainContent, Value};
use crate::oracle::event::Event as PlainEvent;

/// The code of an error, and what a claim that is lost tells of the winner.
pub(crate) type Refusal = (Code, Option<Box<Judgement>>);

impl Subject {
    /// Claims an event.
    pub(crate) fn claim(
        &mut self,
        event: &PlainEvent,
        lease: Option<u64>,
        now: u64,
    ) -> Result<PlainClaimed, Code> {
        let parts = Parts::of(event).ok_or("invalid_event")?;
        let claimed = self.gate.claim(&parts.event(), lease.map(Millis::new), UnixMs::new(now));
        Ok(match claimed.map_err(|error| code(&error))? {
            Claimed::Refused(inspection) => PlainClaimed::Refused(judgement(&inspection)),
            Claimed::Fresh(claim) => {
                let grant = Grant {
                    token: claim.token(),
                    attempt: claim.attempt(),
                    takeover: claim.is_takeover(),
                    until: claim.lease_until().as_u64(),
                };
                self.claims.insert(grant.token, (claim, event.clone()));
                PlainClaimed::Fresh(grant)
            }
        })
    }

    /// Commits a claim, and returns whether it was late.
    pub(crate) fn commit(
        &mut self,
        token: u64,
        result: Option<&PlainContent>,
        now: u64,
    ) -> Result<bool, Refusal> {
        let result = Given::of(result);
        let claim = self.held(token);
        let timing = self.gate.commit(&claim, result.content().as_ref(), UnixMs::new(now));
        timing.map(|timing| matches!(timing, Timing::Late)).map_err(|error| refusal(&error))
    }

    /// Releases a claim.
    pub(crate) fn release(&mut self, token: u64, now: u64) -> Result<(), Refusal> {
        self.gate.release(&self.held(token), UnixMs::new(now)).map_err(|error| refusal(&error))
    }

    /// Doubts a claim.
    pub(crate) fn doubt(&mut self, token: u64, now: u64) -> Result<(), Refusal> {
        self.gate.doubt(&self.held(token), UnixMs::new(now)).map_err(|error| refusal(&error))
    }

    /// Extends a claim, and returns the end of its lease.
    pub(crate) fn extend(&mut self, token: u64, lease: u64, now: u64) -> Result<u64, Refusal> {
        let until = self.gate.extend(&self.held(token), Millis::new(lease), UnixMs::new(now));
        until.map(UnixMs::as_u64).map_err(|error| refusal(&error))
    }

    /// Ends a doubt: as committed, with a result or none, or as released.
    #[expect(clippy::option_option, reason = "released is not committed without a result")]
    pub(crate) fn resolve(
        &mut self,
        event: &PlainEvent,
        committed: Option<Option<&PlainContent>>,
        now: u64,
    ) -> Result<(), Code> {
        let parts = Parts::of(event).ok_or("invalid_event")?;
        let result = Given::of(committed.flatten());
        let how = match committed {
            Some(_) => Resolution::Committed(result.content()),
            None => Resolution::Released,
        };
        self.gate.resolve(&parts.event(), how, UnixMs::new(now)).map_err(|error| code(&error))
    }

    /// Returns the doubts in the order of their tokens, each of which must name its event.
    pub(crate) fn doubts(&self, now: u64) -> Vec<Listed> {
        let mut doubts = self.gate.doubts(UnixMs::new(now));
        doubts.sort_unstable_by_key(|doubt| doubt.token);
        for doubt in &doubts {
            let (_, event) = &self.claims[&doubt.token];
            let parts = Parts::of(event).expect("what was claimed is valid");
            assert_eq!(self.gate.fingerprint(&parts.event()), Ok(doubt.key), "of {event:?}");
        }
        doubts.iter().map(|doubt| (doubt.token, doubt.attempt, doubt.since.as_u64())).collect()
    }

    fn held(&self, token: u64) -> Claim {
        self.claims[&token].0.clone()
    }
}

/// A result, ready to be borrowed.
struct Given<'a> {
    bytes: Option<&'a [u8]>,
    json: Option<CanonicalJson>,
}

impl<'a> Given<'a> {
    fn of(result: Option<&'a PlainContent>) -> Self {
        match result {
            Some(PlainContent::Bytes(bytes)) => Self { bytes: Some(bytes), json: None },
            Some(PlainContent::Json(value)) => {
                let json = CanonicalJson::new(&json(value)).expect("results are valid");
                Self { bytes: None, json: Some(json) }
            }
            None => Self { bytes: None, json: None },
        }
    }

    fn content(&self) -> Option<Content<'_>> {
        self.bytes.map(Content::bytes).or_else(|| self.json.as_ref().map(Content::json))
    }
}

fn refusal(error: &Error) -> Refusal {
    (code(error), error.refusal().map(|told| Box::new(judgement(told))))
}

/// Reads a stored result.
pub(super) fn answer(answer: &Answer) -> PlainContent {
    if !answer.is_json {
        return PlainContent::Bytes(answer.bytes.clone());
    }
    let parsed = serde_json::from_slice(&answer.bytes).expect("a result is JSON");
    PlainContent::Json(value(&parsed))
}

fn value(parsed: &Parsed) -> Value {
    match parsed {
        Parsed::Null => Value::Null,
        Parsed::Bool(truth) => Value::Bool(*truth),
        Parsed::Number(number) => Value::Number(number.as_f64().expect("a double")),
        Parsed::String(text) => Value::Text(text.clone()),
        Parsed::Array(items) => Value::List(items.iter().map(value).collect()),
        Parsed::Object(members) => {
            Value::Members(members.iter().map(|(name, it)| (name.clone(), value(it))).collect())
        }
    }
}
