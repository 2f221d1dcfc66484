//! Random lives of sequencers: what is pushed lies near what is expected, and clocks do what clocks do.

use super::oracle::{Limits, Mode, Oracle};
use super::random::Random;

/// One call.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Push { scope: &'static str, order: i128, bytes: u64, now: u64 },
    Flush { now: u64 },
    Drain,
    Forget { scope: &'static str },
    Reopen { now: u64 },
}

const SCOPES: [&str; 4] = ["", "a", "account-7", "ä"];

/// Where orders are counted from: the edges of what an ordinal is kept in.
const BASES: [&str; 6] = [
    "0",
    "7",
    "18446744073709551610",
    "340282366920938463463374607431768211450",
    "10000000000000000000000000000000000000000000000000000000000000000000000000000000\
     0000000000000000000000000000000000000000000000000",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999\
     9999999999999999999999999999999999999999999990000",
];

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) base: &'static str,
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    pub(crate) opened: u64,
    random: Random,
    now: u64,
    ahead: Option<u64>,
    /// Whether the world forgets, drains and opens again.
    is_busy: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mode = if random.chance(60) {
            let first = random.chance(50).then(|| i128::from(random.up_to(3)));
            Mode::Next { first, max_wait: random.chance(70).then(|| random.up_to(60)) }
        } else {
            Mode::EventTime { lateness: *random.pick(&[0, 1, 5, 12, 40]) }
        };
        let limits = Limits {
            held: *random.pick(&[0, 1, 2, 3, 6, 20, 10_000]),
            bytes: *random.pick(&[600, 1_700, 3_000, 1_000_000]),
            jump: *random.pick(&[10, 100, 1_000]),
        };
        let opened = *random.pick(&[0, 5, 1_790_000_000_000]);
        let base = *random.pick(&BASES);
        let is_busy = random.chance(70);
        Self { base, mode, limits, opened, random, now: opened, ahead: None, is_busy }
    }

    pub(crate) fn next(&mut self, oracle: &Oracle) -> Step {
        let now = self.tick();
        let scope = *self.random.pick(&SCOPES);
        let rare = u64::from(self.is_busy);
        match self.random.weighted(&[88, 6, rare, rare, 3 * rare]) {
            0 => {
                let order = self.order(oracle, scope);
                let bytes = if self.random.chance(30) { self.random.up_to(400) } else { 0 };
                Step::Push { scope, order, bytes, now }
            }
            1 => Step::Flush { now },
            2 => Step::Drain,
            3 => Step::Forget { scope },
            _ => Step::Reopen { now },
        }
    }

    fn order(&mut self, oracle: &Oracle, scope: &str) -> i128 {
        let last = oracle.scopes.get(scope).and_then(|scope| scope.last).unwrap_or(2);
        let random = &mut self.random;
        let near = match random.weighted(&[30, 45, 20, 5]) {
            0 => 1,
            1 => i128::from(random.up_to(9)),
            2 => -i128::from(random.up_to(40)),
            _ => i128::from(random.up_to(70)),
        };
        (last + near).max(0)
    }

    /// Lets the clock go on, stand still, go back, or leap; a leap is confirmed or refuted later.
    fn tick(&mut self) -> u64 {
        let random = &mut self.random;
        if let Some(ahead) = self.ahead.take() {
            return match random.weighted(&[40, 40, 20]) {
                0 => {
                    self.now = ahead + random.up_to(3);
                    self.now
                }
                1 => self.now,
                _ => self.leap(),
            };
        }
        match random.weighted(&[45, 45, 6, 4]) {
            0 => self.now,
            1 => {
                self.now += random.up_to(9);
                self.now
            }
            2 => self.now.saturating_sub(random.up_to(50)),
            _ => self.leap(),
        }
    }

    fn leap(&mut self) -> u64 {
        let ahead = self.now + self.limits.jump + self.random.up_to(3_000);
        self.ahead = Some(ahead);
        ahead
    }
}
