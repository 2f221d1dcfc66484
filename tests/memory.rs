//! What holds when memory is full: old keys go, in order, and nothing else does.
//!
//! The naive gate forgets nothing by itself here; it is told the horizon that the real one
//! reports, and from then on every key at or above it must be known, and no key below it may look
//! new if it carries a time.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a panic here fails the test"
)]
#![allow(clippy::print_stdout, reason = "the story of a failure is for the reader of the test")]

#[path = "memory/claims.rs"]
mod claims;
mod histories;
mod oracle;
mod subject;

use histories::random::Random;
use oracle::event::Event;
use oracle::options::{DAY, Options, Positions, Revisions};
use oracle::{Answer, Failure, Oracle, Target, Verdict};
use subject::{Figures, Subject};

/// So many steps make a history: enough to fill the smallest memory many times over.
const STEPS: u64 = 3000;

/// Even with everything that a table needs besides, a key takes no more than this.
const KEY_BYTES_MAX: u64 = 128;

/// How often the things happened that the tests are about.
#[derive(Debug, Default)]
struct Tally {
    evictions: u64,
    capacities: u64,
    expired: u64,
    known: u64,
}

#[test]
fn old_keys_make_room_for_new_ones() {
    let mut tally = Tally::default();
    for seed in 1..=24 {
        History::of(seed, false).run(&mut tally);
    }
    assert_eq!(tally.capacities, 0, "keys alone never fill the memory for good: {tally:?}");
    assert!(tally.evictions >= 500 && tally.expired >= 500 && tally.known >= 500, "{tally:?}");
}

#[test]
fn revisions_and_positions_are_never_forgotten_to_make_room() {
    let mut tally = Tally::default();
    for seed in 101..=124 {
        History::of(seed, true).run(&mut tally);
    }
    assert!(tally.evictions >= 500 && tally.capacities >= 500, "{tally:?}");
}

#[test]
fn memory_comes_back_when_keys_have_expired() {
    let retention = 60_000;
    let mut random = Random::new(1);
    let options = Options { retention, max_bytes: 16 << 20, ..small(&mut random) };
    let mut gate = Subject::open(&options, b"any secret will do", 1_000);
    let event = |id: u64| Event { id: Some(format!("key {id}")), ..Event::default() };
    for id in 0..50_000 {
        gate.check(&event(id), 1_000 + id / 10).unwrap();
    }
    let full = gate.figures();
    assert_eq!(full.keys, 50_000);
    // From then on one and the same key comes, so that nothing else asks for memory.
    for step in 0..60_000 {
        gate.check(&event(7), 1_000 + retention + 5_000 + step).unwrap();
    }
    let later = gate.figures();
    assert_eq!(later.keys, 1, "{later:?}");
    assert!(later.bytes < full.bytes / 10, "{} of {} bytes are left", later.bytes, full.bytes);
}

/// Draws options with little memory.
fn small(random: &mut Random) -> Options {
    Options {
        retention: *random.pick(&[60_000, 7 * DAY, 40 * DAY]),
        max_bytes: *random.pick(&[8 << 10, 13_000, 16 << 10, 32 << 10, 64 << 10]),
        revisions: Revisions::Newer,
        positions: match random.up_to(1) {
            0 => Positions::Newer,
            _ => Positions::Window(*random.pick(&[1, 64, 1000])),
        },
        max_jump: None,
        time_from_id: false,
        max_skew: 10,
        max_clock_jump: DAY,
        result_retention: DAY,
        max_result_bytes: 65_536,
        lease: 60_000,
        hold: false,
    }
}

/// One history in a small memory.
struct History {
    seed: u64,
    random: Random,
    oracle: Oracle,
    subject: Subject,
    now: u64,
    /// Time passes by up to this many milliseconds from step to step.
    pace: u64,
    /// Whether ever new entities and sources turn up.
    crowd: bool,
    accepted: Vec<Event>,
    named: u64,
    last: String,
}

impl History {
    fn of(seed: u64, crowd: bool) -> Self {
        let mut random = Random::new(seed);
        let options = small(&mut random);
        let (now, tick) = (1_700_000_000_000, options.tick());
        Self {
            seed,
            oracle: Oracle::new(options.clone(), now),
            subject: Subject::open(&options, b"a secret of the test", now),
            now,
            // The newest tick is never forgotten, so it must not fill the memory all by itself.
            pace: *random.pick(if tick > 1 { &[1000, 2000] } else { &[2, 40] }),
            crowd,
            accepted: Vec::new(),
            named: 0,
            last: String::new(),
            random,
        }
    }

    fn run(mut self, tally: &mut Tally) {
        for _ in 0..STEPS {
            self.now += self.random.up_to(self.pace);
            let before = self.subject.figures();
            match self.random.weighted(&[80, 15, 3]) {
                0 => {
                    let event = self.event();
                    self.take(&[event], false, &before, tally);
                }
                1 => {
                    let size = self.random.up_to(20);
                    let events: Vec<Event> = (0..size).map(|_| self.event()).collect();
                    self.take(&events, true, &before, tally);
                }
                _ => self.forget(),
            }
            self.compare(&before, tally);
        }
    }

    /// Draws an event: one that was accepted before, or a new key, revision or position.
    fn event(&mut self) -> Event {
        if !self.accepted.is_empty() && self.random.chance(35) {
            return self.random.pick(&self.accepted).clone();
        }
        self.named += 1;
        let mut event = Event::default();
        let kind = self.random.weighted(if self.crowd { &[5, 2, 1] } else { &[20, 1, 1] });
        let names = if self.crowd { self.named } else { 3 };
        let name = format!("name {}", self.random.up_to(names));
        let number = Some(self.random.up_to(5000).to_string());
        match kind {
            1 => (event.entity, event.revision) = (Some(name), number),
            2 => (event.source, event.position) = (Some(name), number),
            _ => {}
        }
        if kind == 0 || self.random.chance(30) {
            event.id = Some(format!("id {}", self.named));
        }
        if self.random.chance(60) {
            event.time = i64::try_from(self.now + 10 - self.random.up_to(1000)).ok();
        }
        event
    }

    /// Judges the events on both sides, and compares what can be compared.
    fn take(&mut self, events: &[Event], batch: bool, before: &Figures, tally: &mut Tally) {
        let found = match events {
            [event] if !batch => self.subject.check(event, self.now).map(|verdict| vec![verdict]),
            _ => self.subject.check_all(events, self.now),
        };
        self.last = format!("{events:?} at {} gives {found:?}", self.now);
        let Ok(verdicts) = found else {
            assert_eq!(found, Err("capacity"), "no other error can occur");
            // The tables may have been arranged anew, which takes more or less space for the same.
            let bytes = before.bytes;
            let after = Figures { bytes, ..self.subject.figures() };
            assert_eq!(after, *before, "capacity changes nothing");
            tally.capacities += 1;
            return;
        };
        self.oracle.evicting(self.subject.figures().horizon);
        let seen: Vec<Option<Answer>> = verdicts.iter().map(|it| Some(Ok(*it))).collect();
        let expected = match events {
            [event] => self.oracle.check(event, self.now, seen[0]).map(|verdict| vec![verdict]),
            _ => self.oracle.check_all(events, self.now, &seen),
        };
        let expected = expected.map_err(Failure::code);
        assert_eq!(expected, Ok(verdicts.clone()), "the verdicts differ");
        for (event, verdict) in events.iter().zip(verdicts) {
            if verdict == Verdict::Fresh {
                self.accept(event);
            } else if verdict == Verdict::Expired {
                tally.expired += 1;
            } else if event.id.is_some() {
                tally.known += 1;
            }
        }
    }

    /// Notes an acceptance, which must be the first one if the event can be told from a new one.
    fn accept(&mut self, event: &Event) {
        if event.id.is_none() || event.time.is_some() {
            assert!(!self.accepted.contains(event), "accepted twice: {event:?}");
        }
        self.accepted.push(event.clone());
    }

    fn forget(&mut self) {
        if self.accepted.is_empty() || !self.random.chance(30) {
            return;
        }
        let event = self.random.pick(&self.accepted).clone();
        let scope = String::new();
        let target = match (&event.id, &event.entity, &event.source) {
            (_, Some(entity), _) => Target::Entity((scope, entity.clone())),
            (_, _, Some(source)) => Target::Source((scope, source.clone())),
            (Some(id), None, None) => Target::Key((scope, id.clone())),
            (None, None, None) => return,
        };
        let expected = self.oracle.forget(&target);
        let found = self.subject.forget(&target);
        self.last = format!("forgetting {target:?} gives {found}");
        assert!(expected.contains(&found), "forgot {found} instead of {expected:?}");
        // Whatever was forgotten by hand may be accepted again.
        self.accepted.retain(|other| {
            let same_entity = event.entity.is_some() && other.entity == event.entity;
            let same_source = event.source.is_some() && other.source == event.source;
            *other != event && !same_entity && !same_source
        });
    }

    /// Compares the figures, after the oracle has been told what was forgotten.
    fn compare(&mut self, before: &Figures, tally: &mut Tally) {
        let figures = self.subject.figures();
        assert!(figures.bytes <= figures.max_bytes, "too many bytes: {figures:?}");
        assert!(figures.horizon >= before.horizon, "the horizon fell: {figures:?}");
        let timed = self.now.saturating_sub(self.oracle.options.retention) + 1;
        if figures.horizon > before.horizon && figures.horizon > timed {
            tally.evictions += 1;
            let fair = self.crowd || figures.keys >= figures.max_bytes / KEY_BYTES_MAX;
            assert!(fair, "more was forgotten than had to be: {figures:?}");
        }
        assert!(self.oracle.told(figures.horizon), "{figures:?} for {:?}", self.oracle.horizon());
        let (keys, entities, sources) = self.oracle.sizes();
        assert!(keys.contains(&figures.keys), "{figures:?} for {keys:?}");
        assert_eq!((figures.entities, figures.sources), (entities, sources));
    }
}

impl Drop for History {
    /// Shows where a test has failed, also if the gate itself has panicked.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("seed {}, crowd {}: {:?}", self.seed, self.crowd, self.oracle.options);
            println!("{}", self.last);
        }
    }
}
