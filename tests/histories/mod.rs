//! Random histories over small worlds, in which everything that can collide does.
//!
//! A world looks at the oracle to find out where the edges are, and never at the real gate.

#![allow(dead_code, reason = "each crate that includes the histories uses a part of them")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::expect_used,
    reason = "the numbers are small, and a panic here fails the test"
)]

mod claims;
mod events;
pub(crate) mod random;
mod settings;

use crate::oracle::content::Content;
use crate::oracle::event::{Event, Name};
use crate::oracle::number::Number;
use crate::oracle::options::Options;
use crate::oracle::{Oracle, Target};
use random::Random;

/// One call on a gate.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Check { event: Event, now: u64 },
    CheckAll { events: Vec<Event>, now: u64 },
    Inspect { event: Event, now: u64 },
    Forget { target: Target },
    Claim { event: Event, lease: Option<u64>, now: u64 },
    Commit { token: u64, result: Option<Content>, now: u64 },
    Release { token: u64, now: u64 },
    Doubt { token: u64, now: u64 },
    Extend { token: u64, lease: u64, now: u64 },
    Resolve { event: Event, how: Resolution, now: u64 },
    Doubts { now: u64 },
}

/// How a doubt is resolved.
#[derive(Clone, Debug)]
pub(crate) enum Resolution {
    Committed(Option<Content>),
    Released,
}

/// A small world of producers, drawn from a seed.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) opened: u64,
    pub(crate) secret: [u8; 16],
    /// Whether events are claimed, too, or only checked.
    claims: bool,
    /// Whether events have content: without any, a gate may look at less.
    contents: bool,
    random: Random,
    /// The time that the caller's clock would show if it were right.
    now: u64,
    /// Ordinals lie near this one.
    base: Number,
    recent: Vec<Event>,
}

/// So many events are remembered to be sent again.
const RECENT_MAX: usize = 60;

impl World {
    /// Draws a world, with claims or without.
    pub(crate) fn new(seed: u64, claims: bool) -> Self {
        let mut random = Random::new(seed);
        let base = settings::base(&mut random);
        let options = settings::options(&mut random, &base);
        let opened = *random.pick(&[0, 5, 1_700_000_000_000, 1_700_000_000_999]);
        let mut secret = [0; 16];
        secret.fill_with(|| random.next() as u8);
        let contents = random.chance(60);
        let (now, recent) = (opened, Vec::new());
        Self { options, opened, secret, claims, contents, random, now, base, recent }
    }

    /// Draws the next call.
    pub(crate) fn step(&mut self, oracle: &Oracle) -> Step {
        if self.claims && self.random.chance(65) {
            return self.claim_step(oracle);
        }
        match self.random.weighted(&[72, 12, 12, 4]) {
            0 => {
                let now = self.reading(oracle);
                Step::Check { event: self.event(oracle, now), now }
            }
            1 => {
                let now = self.reading(oracle);
                let events = if self.random.chance(40) {
                    self.column(oracle, now)
                } else {
                    let size = self.random.up_to(8);
                    (0..size).map(|_| self.event(oracle, now)).collect()
                };
                Step::CheckAll { events, now }
            }
            2 => {
                let now = self.reading(oracle);
                Step::Inspect { event: self.event(oracle, now), now }
            }
            _ => Step::Forget { target: self.target() },
        }
    }

    /// Moves the world's time on, and returns what the caller's clock shows, which may be wrong.
    fn reading(&mut self, oracle: &Oracle) -> u64 {
        let retention = self.options.retention;
        let jump = self.options.max_clock_jump;
        if let Some(end) = self.known_end(oracle) {
            self.now = self.now.max(end);
            return self.now;
        }
        // Leases are shorter than retentions, so time passes more slowly for them.
        let still = if self.claims { 90 } else { 25 };
        match self.random.weighted(&[still, 58, 4, 5, 2, 2, 4]) {
            0 => {}
            1 => self.now += self.random.up_to((retention / 20).max(1)),
            // The clock goes back: for one reading, and once in a while for good.
            2 => {
                let back = self.now.saturating_sub(1 + self.random.up_to(retention));
                if self.random.chance(20) {
                    self.now = back;
                }
                return back;
            }
            3 => self.now += self.random.up_to(retention * 2),
            // Exactly as far as a clock may jump, and one more.
            4 => self.now += jump + self.random.up_to(1),
            // Exactly where a key is forgotten, and just before.
            5 => {
                if let Some(mark) = self.known_mark(oracle) {
                    self.now = self.now.max(mark + retention - self.random.up_to(1));
                }
            }
            _ => {
                let wild = self.now + jump + 1 + self.random.up_to(retention);
                if self.random.chance(40) {
                    self.now = wild;
                }
                return wild;
            }
        }
        self.now
    }

    fn known_mark(&mut self, oracle: &Oracle) -> Option<u64> {
        let event = self.recalled()?;
        oracle.age_mark(&(event.scope.unwrap_or_default(), event.id?))
    }

    fn recalled(&mut self) -> Option<Event> {
        if self.recent.is_empty() {
            return None;
        }
        // What was sent just now is the likeliest to be sent again.
        let from = if self.random.chance(25) { self.recent.len() - 1 } else { 0 };
        Some(self.random.pick(&self.recent[from..]).clone())
    }

    fn remember(&mut self, event: Event) {
        if self.recent.len() == RECENT_MAX {
            let oldest = self.random.up_to(RECENT_MAX as u64 / 4) as usize;
            self.recent.remove(oldest);
        }
        self.recent.push(event);
    }

    fn target(&mut self) -> Target {
        let event = self.recalled().unwrap_or_default();
        let scope = event.scope.unwrap_or_default();
        let unknown = || "unknown".to_owned();
        let name = |name: Option<String>| -> Name {
            (scope, name.filter(|name| !name.is_empty()).unwrap_or_else(unknown))
        };
        match self.random.weighted(&[2, 1, 1]) {
            0 => Target::Key(name(event.id)),
            1 => Target::Entity(name(event.entity)),
            _ => Target::Source(name(event.source)),
        }
    }
}
