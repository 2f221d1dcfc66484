//! The naive gate: what `docs/semantics.md` says, over plain maps, to hold the real one against.
//!
//! It shares nothing with the crate. Names are whole strings, ordinals are decimal text, contents
//! are kept as they are, and nothing is forgotten to save memory unless the test says that the
//! real gate did.

#![allow(dead_code, reason = "each crate that includes the oracle uses a part of it")]
#![allow(clippy::arithmetic_side_effects, reason = "an overflow here should fail the test")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a panic here fails the test")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

pub(crate) mod claiming;
pub(crate) mod claims;
pub(crate) mod content;
pub(crate) mod event;
pub(crate) mod number;
pub(crate) mod options;
mod results;
mod rules;
mod sources;
mod time;

use std::collections::BTreeMap;

use claims::Held;
use content::Kept;
use event::{Event, Name};
use number::Number;
use options::Options;
use results::Record;
use sources::Source;
use time::{Clock, Horizon, Reading};

/// What can be said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Fresh,
    Duplicate,
    Stale,
    Conflict,
    Pending,
    InDoubt,
    Early,
    Expired,
}

/// A verdict with what is told beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    pub(crate) expected: Option<Number>,
    pub(crate) current: Option<Number>,
    pub(crate) since: Option<u64>,
    pub(crate) retry_after: Option<u64>,
    /// The stored result.
    pub(crate) result: Option<Kept>,
    pub(crate) omitted: bool,
}

/// Why an event was not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    InvalidEvent,
    Jump,
    LostClaim,
    NotInDoubt,
}

/// What `forget` is told to forget.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Key(Name),
    Entity(Name),
    Source(Name),
}

/// What is seen of one event from the outside.
pub(crate) type Answer = Result<Verdict, Failure>;

#[derive(Clone, Debug)]
struct Key {
    /// When it was accepted; absent while the reading it was accepted at is not confirmed.
    accepted: Option<u64>,
    time: Option<u64>,
    content: Option<String>,
    /// What its claim left; a key that was only checked has nothing.
    record: Option<Record>,
}

#[derive(Clone, Debug)]
struct Entity {
    revision: Number,
    content: Option<String>,
}

/// The naive gate.
#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    pub(crate) options: Options,
    clock: Clock,
    horizon: Horizon,
    /// The first key ever accepted, remembered or not.
    first: Option<Key>,
    keys: BTreeMap<Name, Key>,
    entities: BTreeMap<Name, Entity>,
    sources: BTreeMap<Name, Source>,
    counts: BTreeMap<Verdict, u64>,
    /// The claims that have not ended, by token.
    claims: BTreeMap<u64, Held>,
    /// The claims that were granted of late, ended or not, by token.
    granted: BTreeMap<u64, Held>,
    token: u64,
}

impl Verdict {
    /// Returns the name that JavaScript gives the verdict.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Conflict => "conflict",
            Self::Pending => "pending",
            Self::InDoubt => "in-doubt",
            Self::Early => "early",
            Self::Expired => "expired",
        }
    }
}

impl Failure {
    /// Returns the code of the error.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::InvalidEvent => "invalid_event",
            Self::Jump => "jump",
            Self::LostClaim => "lost_claim",
            Self::NotInDoubt => "not_in_doubt",
        }
    }
}

impl Oracle {
    /// Opens an empty gate, which is a reading that nothing can contradict.
    pub(crate) fn new(options: Options, now: u64) -> Self {
        Self {
            options,
            clock: Clock { believed: now, ahead: None },
            horizon: Horizon { low: 0, high: 0 },
            first: None,
            keys: BTreeMap::new(),
            entities: BTreeMap::new(),
            sources: BTreeMap::new(),
            counts: BTreeMap::new(),
            claims: BTreeMap::new(),
            granted: BTreeMap::new(),
            token: 0,
        }
    }

    /// Judges one event and records it where it is fresh.
    ///
    /// Where the page leaves more than one answer open, `seen` is taken if it is among them.
    pub(crate) fn check(&mut self, event: &Event, now: u64, seen: Option<Answer>) -> Answer {
        let reading = self.read(now);
        let judgement = choose(self.outcomes(event, &reading), seen)?;
        let reading = self.adopt(reading);
        self.record(event, &judgement, &reading);
        Ok(judgement.verdict)
    }

    /// Judges events in their order at one reading: all of them, or none.
    pub(crate) fn check_all(
        &mut self,
        events: &[Event],
        now: u64,
        seen: &[Option<Answer>],
    ) -> Result<Vec<Verdict>, Failure> {
        let mut after = self.clone();
        let reading = after.adopt(after.read(now));
        let mut verdicts = Vec::new();
        for (index, event) in events.iter().enumerate() {
            let seen = seen.get(index).copied().flatten();
            let judgement = choose(after.outcomes(event, &reading), seen)?;
            after.record(event, &judgement, &reading);
            verdicts.push(judgement.verdict);
        }
        *self = after;
        Ok(verdicts)
    }

    /// Returns every answer that the page allows for an event: more than one only where ticks
    /// blur it.
    pub(crate) fn inspect(&self, event: &Event, now: u64) -> Vec<Result<Judgement, Failure>> {
        self.outcomes(event, &self.read(now))
    }

    /// Returns whether the page leaves only one answer open for events that are judged as one.
    pub(crate) fn is_certain(&self, events: &[Event], now: u64) -> bool {
        let mut after = self.clone();
        let reading = after.adopt(after.read(now));
        for event in events {
            match after.outcomes(event, &reading).as_slice() {
                [Ok(judgement)] => after.record(event, judgement, &reading),
                // What comes after an error is not judged.
                [Err(_)] => return true,
                _ => return false,
            }
        }
        true
    }

    /// Forgets one record, and returns the numbers of records that the page allows to have been
    /// there.
    pub(crate) fn forget(&mut self, target: &Target) -> Vec<u64> {
        let touched = self.end_touched(target);
        let found = match target {
            Target::Key(name) => {
                let key = self.keys.remove(name);
                let mark = key.map(|key| self.mark(&key));
                if mark.is_some_and(|mark| mark < self.horizon.high) {
                    return (0..=1 + touched).collect();
                }
                mark.is_some()
            }
            Target::Entity(name) => self.entities.remove(name).is_some(),
            Target::Source(name) => self.sources.remove(name).is_some(),
        };
        // Whether a claim counts as a record is left open.
        (u64::from(found)..=u64::from(found) + touched).collect()
    }

    /// Tells the oracle the horizon that the real gate reports, and returns whether the page
    /// allows it.
    pub(crate) fn told(&mut self, horizon: u64) -> bool {
        let Horizon { low, high } = self.horizon;
        if horizon < low || horizon > high {
            return false;
        }
        self.horizon.high = horizon;
        self.horizon.low = low.max(horizon.saturating_sub(self.options.tick() - 1));
        self.drop_forgotten();
        true
    }

    /// Allows the horizon to rise to `horizon` in the next call, because memory is full.
    pub(crate) fn evicting(&mut self, horizon: u64) {
        self.horizon.high = self.horizon.high.max(horizon);
    }

    /// Returns the numbers of keys, from the certain to the possible ones, of entities and of
    /// sources.
    pub(crate) fn sizes(&self) -> (core::ops::RangeInclusive<u64>, u64, u64) {
        let certain = self.keys.values().filter(|key| self.mark(key) >= self.horizon.high).count();
        let keys = certain as u64..=self.keys.len() as u64;
        (keys, self.entities.len() as u64, self.sources.len() as u64)
    }

    /// Returns how often a verdict was given.
    pub(crate) fn count(&self, verdict: Verdict) -> u64 {
        self.counts.get(&verdict).copied().unwrap_or(0)
    }

    /// Returns the time that something accepted at a reading of `now` would carry.
    pub(crate) fn stamp(&self, now: u64) -> u64 {
        self.read(now).stamp
    }

    /// Returns the bounds of the horizon.
    pub(crate) fn horizon(&self) -> (u64, u64) {
        (self.horizon.low, self.horizon.high)
    }

    /// Returns the last revision of an entity.
    pub(crate) fn last_revision(&self, name: &Name) -> Option<&Number> {
        self.entities.get(name).map(|entity| &entity.revision)
    }

    /// Returns the epoch and the highest position of a source.
    pub(crate) fn last_position(&self, name: &Name) -> Option<(&Number, &Number)> {
        self.sources.get(name).map(|source| (&source.epoch, &source.mark))
    }

    /// Returns the later of acceptance and event time of a key that may be remembered.
    pub(crate) fn age_mark(&self, name: &Name) -> Option<u64> {
        self.keys.get(name).map(|key| self.mark(key))
    }

    fn mark(&self, key: &Key) -> u64 {
        key.mark(self.clock.ahead.unwrap_or(self.clock.believed))
    }

    fn read(&self, now: u64) -> Reading {
        let mut reading = self.clock.read(now, self.options.max_clock_jump, self.horizon);
        let past = (reading.clock.believed + 1).saturating_sub(self.options.retention);
        let first = self.first.as_ref().map(|key| key.mark(reading.earlier));
        reading.horizon = self.horizon.at(past, first, self.options.tick());
        reading
    }

    /// Makes a reading the gate's own, and returns it as what follows at the same reading sees it.
    fn adopt(&mut self, reading: Reading) -> Reading {
        self.clock = reading.clock;
        self.horizon = reading.horizon;
        if reading.settled {
            for key in self.keys.values_mut().chain(&mut self.first) {
                key.accepted.get_or_insert(reading.earlier);
                if let Some(record) = &mut key.record {
                    record.committed.get_or_insert(reading.earlier);
                }
            }
            self.claims.values_mut().for_each(|claim| claim.settle(reading.earlier));
        }
        self.drop_forgotten();
        Reading { earlier: reading.stamp, ..reading }
    }

    fn drop_forgotten(&mut self) {
        let stamp = self.clock.ahead.unwrap_or(self.clock.believed);
        let low = self.horizon.low;
        self.keys.retain(|_, key| key.mark(stamp) >= low);
    }
}

impl Key {
    /// Returns the age mark, given what an unconfirmed stamp is worth.
    fn mark(&self, unconfirmed: u64) -> u64 {
        self.accepted.unwrap_or(unconfirmed).max(self.time.unwrap_or(0))
    }
}

fn choose(
    mut outcomes: Vec<Result<Judgement, Failure>>,
    seen: Option<Answer>,
) -> Result<Judgement, Failure> {
    let agrees = |outcome: &Result<Judgement, Failure>| {
        Some(outcome.as_ref().map(|judgement| judgement.verdict).map_err(|failure| *failure))
            == seen
    };
    let index = outcomes.iter().position(agrees).unwrap_or(0);
    outcomes.swap_remove(index)
}
