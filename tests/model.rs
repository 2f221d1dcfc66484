//! Random histories, on the real gate and on the naive one: answer for answer.
//!
//! ```text
//! ONCEWARD_SEED=7 cargo test --test model            # replays one history
//! ONCEWARD_EVENTS=100000000 cargo test --release --test model
//! ```

#![allow(clippy::arithmetic_side_effects, reason = "an overflow here should fail the test")]
#![allow(clippy::print_stdout, reason = "the story of a failure is for the reader of the test")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

#[path = "model/claims.rs"]
mod claims;
mod histories;
mod oracle;
mod subject;

use std::collections::{BTreeMap, VecDeque};

use histories::random::Random;
use histories::{Step, World};
use oracle::event::Event;
use oracle::{Answer, Failure, Judgement, Oracle, Verdict};
use subject::{Code, Subject};

/// So many answers are compared in a run, unless `ONCEWARD_EVENTS` asks for more.
const EVENTS_MIN: u64 = 500_000;

/// So many steps make a history.
const STEPS: u64 = 1500;

/// So many histories go on in a gate that is opened again and again.
const REOPENED: u64 = 150;

/// So many steps are shown of a history that failed, unless `ONCEWARD_SHOWN` asks for more.
const SHOWN_MAX: u64 = 25;

/// What must occur in a run.
const ANSWERS: [&str; 23] = [
    "fresh",
    "duplicate",
    "stale",
    "conflict",
    "pending",
    "in-doubt",
    "early",
    "expired",
    "invalid_event",
    "jump",
    "claim: fresh",
    "claim: takeover",
    "commit: in time",
    "commit: late",
    "release",
    "doubt",
    "extend",
    "resolve",
    "doubts",
    "lost_claim",
    "not_in_doubt",
    "a result",
    "omitted",
];

/// Each must occur at least so often.
const OCCURRENCES_MIN: u64 = 1000;

#[test]
fn the_gate_agrees_with_the_naive_one() {
    if let Some(seed) = number_from("ONCEWARD_SEED") {
        History::of(seed).run();
        return;
    }
    let events_min = number_from("ONCEWARD_EVENTS").unwrap_or(EVENTS_MIN).max(EVENTS_MIN);
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    let mut seed = 0;
    while answers.values().sum::<u64>() < events_min {
        seed += 1;
        for (answer, count) in History::of(seed).run() {
            *answers.entry(answer).or_default() += count;
        }
    }
    for answer in ANSWERS {
        let count = answers.get(answer).copied().unwrap_or(0);
        assert!(count >= OCCURRENCES_MIN, "{answer} occurred only {count} times: {answers:?}");
    }
}

#[test]
fn a_gate_that_is_opened_again_goes_on_as_if_nothing_had_happened() {
    if let Some(seed) = number_from("ONCEWARD_SEED") {
        History::of(seed).reopened().run();
        return;
    }
    let mut answers = 0;
    for seed in 1..=REOPENED {
        answers += History::of(seed).reopened().run().values().sum::<u64>();
    }
    assert!(answers > REOPENED * STEPS / 2, "{answers} answers");
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a whole number")))
}

/// One history, with what it takes to replay it.
struct History {
    seed: u64,
    world: World,
    oracle: Oracle,
    subject: Subject,
    answers: BTreeMap<&'static str, u64>,
    shown: VecDeque<String>,
    shown_max: u64,
    /// Out of a hundred steps so many are followed by a restart.
    restarts: u64,
}

impl History {
    fn of(seed: u64) -> Self {
        let world = World::new(seed, !seed.is_multiple_of(3));
        Self {
            seed,
            oracle: Oracle::new(world.options.clone(), world.opened),
            subject: Subject::open(&world.options, &world.secret, world.opened),
            world,
            answers: BTreeMap::new(),
            shown: VecDeque::new(),
            shown_max: number_from("ONCEWARD_SHOWN").unwrap_or(SHOWN_MAX).max(1),
            restarts: 0,
        }
    }

    fn reopened(mut self) -> Self {
        self.restarts = 6;
        self
    }

    /// Runs the history, and returns how often each answer was given.
    fn run(mut self) -> BTreeMap<&'static str, u64> {
        let mut restarts = Random::new(self.seed);
        for index in 1..=STEPS {
            let step = self.world.step(&self.oracle);
            if self.shown.len() as u64 == self.shown_max {
                self.shown.pop_front();
            }
            self.shown.push_back(format!("step {index}: {step:?}"));
            self.take(&step);
            self.compare_figures();
            if restarts.chance(self.restarts) {
                self.note("opened again");
                self.subject.reopen();
                self.compare_figures();
            }
        }
        core::mem::take(&mut self.answers)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Check { event, now } => self.check(event, *now),
            Step::CheckAll { events, now } => self.check_all(events, *now),
            Step::Inspect { event, now } => self.inspect(event, *now),
            Step::Forget { target } => {
                let expected = self.oracle.forget(target);
                let found = self.subject.forget(target);
                self.note(&format!("forgot {found}, expected {expected:?}"));
                assert!(expected.contains(&found), "forgot {found} instead of {expected:?}");
            }
            Step::Claim { event, lease, now } => self.claim(event, *lease, *now),
            Step::Commit { token, result, now } => self.commit(*token, result.as_ref(), *now),
            Step::Release { token, now } => self.release(*token, *now),
            Step::Doubt { token, now } => self.doubt(*token, *now),
            Step::Extend { token, lease, now } => self.extend(*token, *lease, *now),
            Step::Resolve { event, how, now } => self.resolve(event, how, *now),
            Step::Doubts { now } => self.doubts(*now),
        }
    }

    fn check(&mut self, event: &Event, now: u64) {
        let found = self.subject.check(event, now);
        let seen = found.map_or_else(failure, |verdict| Some(Ok(verdict)));
        let expected = self.oracle.check(event, now, seen).map_err(Failure::code);
        self.note(&format!("found {found:?}, expected {expected:?}"));
        assert_eq!(found, expected, "the verdict differs");
        self.count(found);
    }

    fn check_all(&mut self, events: &[Event], now: u64) {
        let found = self.subject.check_all(events, now);
        let seen: Vec<Option<Answer>> = match &found {
            Ok(verdicts) => verdicts.iter().map(|verdict| Some(Ok(*verdict))).collect(),
            Err(code) => vec![failure(code); events.len()],
        };
        let expected = self.oracle.check_all(events, now, &seen).map_err(Failure::code);
        self.note(&format!("found {found:?}, expected {expected:?}"));
        if found == Err(subject::MALFORMED) {
            assert!(expected.is_err(), "the event could not be built, but was valid");
        } else {
            assert_eq!(found, expected, "the verdicts differ");
        }
        match expected {
            Ok(verdicts) => verdicts.into_iter().for_each(|verdict| self.count(Ok(verdict))),
            Err(code) => self.count(Err(code)),
        }
    }

    fn inspect(&mut self, event: &Event, now: u64) {
        let found = self.subject.inspect(event, now);
        let expected = self.oracle.inspect(event, now);
        self.note(&format!("found {found:?}, expected {expected:?}"));
        if let Ok(judgement) = &found {
            self.tally_result(judgement);
        }
        let agrees = expected.iter().any(|outcome| match (outcome, &found) {
            (Ok(expected), Ok(found)) => self.agrees(found, expected),
            (Err(failure), Err(code)) => failure.code() == *code,
            _ => false,
        });
        assert!(agrees, "the inspection differs");
    }

    fn compare_figures(&mut self) {
        let found = self.subject.figures();
        let (_, high) = self.oracle.horizon();
        assert!(self.oracle.told(found.horizon), "the horizon is {}, not {high}", found.horizon);
        let (keys, entities, sources) = self.oracle.sizes();
        assert!(keys.contains(&found.keys), "there are {} keys, not {keys:?}", found.keys);
        assert_eq!((found.entities, found.sources), (entities, sources), "entities and sources");
        let claims = self.oracle.claim_sizes();
        assert!(
            claims.contains(&found.claims),
            "there are {} claims, not {claims:?}",
            found.claims
        );
        assert!(found.bytes <= found.max_bytes, "{} bytes are too many", found.bytes);
        for (verdict, count) in found.counts {
            assert_eq!(count, self.oracle.count(verdict), "the number of {verdict:?} differs");
        }
    }

    fn count(&mut self, answer: Result<Verdict, Code>) {
        self.tally(answer.map_or_else(|code| code, Verdict::name));
    }

    fn tally_result(&mut self, judgement: &Judgement) {
        if judgement.result.is_some() {
            self.tally("a result");
        } else if judgement.omitted {
            self.tally("omitted");
        }
    }

    fn tally(&mut self, name: &'static str) {
        *self.answers.entry(name).or_default() += 1;
    }

    fn note(&mut self, text: &str) {
        if let Some(step) = self.shown.back_mut() {
            *step = format!("{step}\n    {text}");
        }
    }
}

impl Drop for History {
    /// Shows how to get back to the step at which a test has failed, also if the gate itself has
    /// panicked.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("replay with ONCEWARD_SEED={} cargo test --test model", self.seed);
            println!("opened at {} with {:?}", self.world.opened, self.world.options);
            for step in &self.shown {
                println!("{step}");
            }
        }
    }
}

fn failure(code: Code) -> Option<Answer> {
    [Failure::InvalidEvent, Failure::Jump].into_iter().find(|it| it.code() == code).map(Err)
}
