//! Sequencers against a naive one, and against what section 9 of the semantics promises.
//!
//! ```text
//! ONCEWARD_SEED=7 cargo test --test sequencer            # replays one life
//! ONCEWARD_EVENTS=100000000 cargo test --release --test sequencer
//! ```

#![allow(clippy::arithmetic_side_effects, reason = "an overflow here should fail the test")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic is how a test fails"
)]

#[path = "sequencer/clocks.rs"]
mod clocks;
#[path = "sequencer/damage.rs"]
mod damage;
#[path = "sequencer/history.rs"]
mod history;
#[path = "sequencer/laws.rs"]
mod laws;
#[path = "sequencer/oracle.rs"]
mod oracle;
#[path = "histories/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
#[path = "sequencer/subject.rs"]
mod subject;

use std::collections::BTreeMap;

use history::{Step, World};
use oracle::{Oracle, Outcome};
use subject::Subject;

/// So many calls are compared in a run, unless `ONCEWARD_EVENTS` asks for more.
const EVENTS_MIN: u64 = 150_000;

/// So many steps make a life.
const STEPS: u64 = 400;

/// What must occur in a run, each at least so often.
const OCCURRENCES: [(&str, u64); 8] = [
    ("released", 10_000),
    ("duplicate", 1_000),
    ("late", 1_000),
    ("skipped", 1_000),
    ("capacity", 1_000),
    ("drained", 50),
    ("forgotten", 50),
    ("reopened", 500),
];

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a whole number")))
}

#[test]
fn a_sequencer_agrees_with_the_naive_one() {
    if let Some(seed) = number_from("ONCEWARD_SEED") {
        Life::of(seed).run();
        return;
    }
    let events_min = number_from("ONCEWARD_EVENTS").unwrap_or(EVENTS_MIN).max(EVENTS_MIN);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..=events_min.div_ceil(STEPS) {
        for (what, count) in Life::of(seed).run() {
            *counts.entry(what).or_default() += count;
        }
    }
    for (what, least) in OCCURRENCES {
        let count = counts.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what} occurred only {count} times: {counts:?}");
    }
}

/// One life, with what it takes to replay it.
struct Life {
    seed: u64,
    world: World,
    oracle: Oracle,
    subject: Subject,
    counts: BTreeMap<&'static str, u64>,
    ids: u64,
}

impl Life {
    fn of(seed: u64) -> Self {
        let world = World::new(seed);
        let oracle = Oracle::new(world.mode.clone(), world.limits.clone(), world.opened);
        let subject = Subject::new(&world);
        Self { seed, world, oracle, subject, counts: BTreeMap::new(), ids: 0 }
    }

    fn run(mut self) -> BTreeMap<&'static str, u64> {
        for index in 0..STEPS {
            let step = self.world.next(&self.oracle);
            let place = format!(
                "step {index} of ONCEWARD_SEED={}: {step:?} with {:?} and {:?}",
                self.seed, self.world.mode, self.world.limits
            );
            self.take(&step, &place);
            let told = (self.subject.held(), self.subject.dropped(), self.subject.bytes());
            let expected = (self.oracle.held(), self.oracle.dropped, self.oracle.bytes());
            assert_eq!(told, expected, "held, dropped and bytes after {place}");
        }
        self.counts
    }

    fn count(&mut self, what: &'static str, count: usize) {
        *self.counts.entry(what).or_default() += count as u64;
    }

    fn note(&mut self, outcome: &Outcome) {
        self.count("released", outcome.released.values().map(Vec::len).sum());
        self.count("skipped", outcome.skipped.values().map(Vec::len).sum());
        if let Some((_, is_late)) = outcome.dropped {
            self.count(if is_late { "late" } else { "duplicate" }, 1);
        }
    }

    fn take(&mut self, step: &Step, place: &str) {
        match *step {
            Step::Push { scope, order, bytes, now } => {
                self.ids += 1;
                let before = self.subject.snapshot();
                let told = self.subject.push(scope, order, self.ids, bytes, now);
                let expected = self.oracle.push(scope, order, self.ids, bytes, now);
                assert_eq!(told, expected, "{place}");
                if let Some(outcome) = expected {
                    self.note(&outcome);
                } else {
                    self.count("capacity", 1);
                    assert_eq!(self.subject.snapshot(), before, "{place}");
                }
            }
            Step::Flush { now } => {
                let expected = self.oracle.flush(now);
                assert_eq!(self.subject.flush(now), expected, "{place}");
                self.note(&expected);
            }
            Step::Drain => {
                let expected = self.oracle.drain();
                assert_eq!(self.subject.drain(), expected, "{place}");
                self.count("drained", 1);
            }
            Step::Forget { scope } => {
                assert_eq!(self.subject.forget(scope), self.oracle.forget(scope), "{place}");
                self.count("forgotten", 1);
            }
            Step::Reopen { now } => {
                self.subject.reopen(now);
                self.oracle.reopen(now);
                self.count("reopened", 1);
            }
        }
    }
}
