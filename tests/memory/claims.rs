//! Claims in a full memory: what was claimed can be committed, whatever fills up in between.

#![allow(clippy::expect_used, reason = "a panic here fails the test")]

use crate::histories::random::Random;
use crate::oracle::claiming::Claimed;
use crate::oracle::content::{Content, Kept};
use crate::oracle::event::Event;
use crate::oracle::options::{DAY, Options, Positions, Revisions};
use crate::subject::Subject;

/// So many steps make a history.
const STEPS: u64 = 2000;

/// How often the things happened that the test is about.
#[derive(Debug, Default)]
struct Tally {
    capacities: u64,
    commits: u64,
    /// Commits while not even a plain key found room.
    tight: u64,
    omitted: u64,
    /// The bytes by which the limit was exceeded at most.
    excess: u64,
}

#[test]
fn a_commit_never_fails_for_want_of_room() {
    let Tally { capacities, commits, tight, omitted, .. } = tally();
    assert!(capacities >= 500 && commits >= 500 && tight >= 50 && omitted >= 50, "{:?}", tally());
}

/// What a claim sets aside is an average: the segment that its commit happens to fill grows by more.
const EXCESS_MAX: u64 = 2048;

#[test]
fn a_commit_finds_the_room_that_its_claim_has_reserved() {
    let excess = tally().excess;
    assert!(excess <= EXCESS_MAX, "{excess} bytes more than the limit");
}

fn tally() -> Tally {
    let mut tally = Tally::default();
    for seed in 1..=40 {
        Crowd::of(seed).run(&mut tally);
    }
    tally
}

/// A gate with little memory, and many who claim.
struct Crowd {
    random: Random,
    subject: Subject,
    seed: u64,
    now: u64,
    pace: u64,
    named: u64,
    held: Vec<(u64, Event)>,
}

impl Crowd {
    fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let positions = match random.up_to(2) {
            0 => Positions::Newer,
            1 => Positions::Window(1000),
            _ => Positions::Window(65_536),
        };
        let options = Options {
            retention: *random.pick(&[60_000, 7 * DAY, 40 * DAY]),
            max_bytes: *random.pick(&[8 << 10, 13_000, 32 << 10, 256 << 10]),
            revisions: Revisions::Newer,
            positions,
            max_jump: None,
            time_from_id: false,
            max_skew: 10,
            max_clock_jump: DAY,
            result_retention: DAY,
            max_result_bytes: 65_536,
            lease: DAY,
            hold: true,
        };
        let now = 1_700_000_000_000;
        let subject = Subject::open(&options, b"a secret of the test", now);
        // Where no time passes, nothing can be forgotten to make room.
        let pace = *random.pick(&[0, 0, 5]);
        Self { random, subject, seed, now, pace, named: 0, held: Vec::new() }
    }

    fn run(mut self, tally: &mut Tally) {
        for _ in 0..STEPS {
            self.now += self.random.up_to(self.pace);
            let found = match self.random.weighted(&[60, 25, 6]) {
                0 => {
                    let event = self.event();
                    self.subject.check(&event, self.now).map(|_| ())
                }
                1 => self.claim(),
                _ => {
                    self.commit(tally);
                    Ok(())
                }
            };
            tally.capacities += u64::from(found.is_err());
            assert!(found.is_ok() || found == Err("capacity"), "{found:?}");
            self.compare(tally);
        }
        while !self.held.is_empty() {
            self.commit(tally);
            self.compare(tally);
        }
    }

    /// Draws an event that takes up as much room as one can, or as little.
    fn event(&mut self) -> Event {
        self.named += 1;
        let name = |kind: &str| Some(format!("{kind} {}", self.named));
        let long = || Some("9".repeat(129));
        let mut event = Event { id: name("id"), ..Event::default() };
        if self.random.chance(25) {
            (event.entity, event.revision) = (name("entity"), long());
            (event.source, event.position) = (name("source"), long());
            event.epoch = long();
            event.content = Some(Content::Bytes(vec![0; 100]));
        }
        event
    }

    fn claim(&mut self) -> Result<(), &'static str> {
        let event = self.event();
        match self.subject.claim(&event, None, self.now)? {
            Claimed::Fresh(grant) => self.held.push((grant.token, event)),
            Claimed::Refused(judgement) => panic!("seed {}: {judgement:?}", self.seed),
        }
        Ok(())
    }

    fn commit(&mut self, tally: &mut Tally) {
        if self.held.is_empty() {
            return;
        }
        let index = self.random.up_to(self.held.len() as u64 - 1);
        let (token, event) = self.held.swap_remove(usize::try_from(index).expect("it is small"));
        let size = *self.random.pick(&[0, 100, 2000]);
        let result = Content::Bytes(vec![1; size]);
        let key = Event { id: Some(format!("probe {token}")), ..Event::default() };
        tally.tight += u64::from(self.subject.check(&key, self.now) == Err("capacity"));
        let found = self.subject.commit(token, Some(&result), self.now);
        assert_eq!(found, Ok(false), "seed {}: the commit of {event:?}", self.seed);
        let told = self.subject.inspect(&event, self.now).expect("what was claimed is valid");
        assert_eq!(told.verdict.name(), "duplicate", "seed {}: {told:?}", self.seed);
        let kept = told.result == Some(Kept(result));
        assert!(kept != told.omitted, "a result is told or omitted: {told:?}");
        tally.commits += 1;
        tally.omitted += u64::from(told.omitted);
    }

    fn compare(&self, tally: &mut Tally) {
        let figures = self.subject.figures();
        let Self { seed, .. } = self;
        tally.excess = tally.excess.max(figures.bytes.saturating_sub(figures.max_bytes));
        assert_eq!(figures.claims, self.held.len() as u64, "seed {seed}: {figures:?}");
    }
}
