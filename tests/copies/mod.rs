//! Copies of one gate that live apart and meet again: random histories over a few names, so that
//! everything that can collide does.

#![allow(dead_code, reason = "each test that includes the copies uses a part of them")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic here fails the test"
)]

mod events;
pub(crate) mod plain;
#[path = "../histories/random.rs"]
pub(crate) mod random;
mod settings;
pub(crate) mod shown;

use onceward::{
    Claim, Claimed, ErrorCode, Event, Gate, Options, Resolution, Secret, Target, UnixMs, Verdict,
};

pub(crate) use events::{Known, Sent};
use random::Random;
pub(crate) use settings::{Kind, Settings};

/// All copies are opened at this time.
pub(crate) const OPENED: u64 = 1_790_000_000_000;

/// A small world of copies, drawn from a seed.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) random: Random,
}

/// One copy, with the claims that its users hold.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) gate: Gate,
    pub(crate) now: u64,
    pub(crate) claims: Vec<Claim>,
}

impl World {
    /// Draws the options that all copies have.
    pub(crate) fn new(seed: u64, kinds: &[Kind]) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings::new(&mut random, kinds);
        Self { settings, random }
    }

    pub(crate) fn options(&self) -> Options {
        self.settings.options.clone()
    }

    pub(crate) fn secret() -> Secret {
        Secret::new(b"what all copies share").unwrap()
    }

    /// Opens a copy that knows nothing.
    pub(crate) fn open(&self) -> Copy {
        let gate = Gate::new(self.options(), Self::secret(), UnixMs::new(OPENED)).unwrap();
        Copy { gate, now: OPENED, claims: Vec::new() }
    }

    /// Opens a copy from the state of another one; a claim may be used in both.
    pub(crate) fn copy_of(&self, copy: &Copy) -> Copy {
        let state = copy.gate.snapshot().unwrap();
        let opened = UnixMs::new(shown::believed(&state));
        let mut gate = Gate::new(self.options(), Self::secret(), opened).unwrap();
        gate.merge(&state).unwrap();
        Copy { gate, now: copy.now, claims: copy.claims.clone() }
    }

    /// Draws a few calls.
    pub(crate) fn live(&mut self, copy: &mut Copy, steps_max: u64) {
        for _ in 0..self.random.up_to(steps_max) {
            self.step(copy);
        }
    }

    /// Has one copy merge what another one remembers, if their clocks allow it.
    pub(crate) fn meet(&mut self, copies: &mut [Copy]) {
        let [from, to] = [0, 0].map(|_| self.random.up_to(copies.len() as u64 - 1) as usize);
        let state = copies[from].gate.snapshot().unwrap();
        let ours = shown::believed(&copies[to].gate.snapshot().unwrap());
        if shown::believed(&state) <= ours + self.settings.jump() {
            copies[to].gate.merge(&state).unwrap();
        }
    }

    /// Draws one call, and makes it.
    pub(crate) fn step(&mut self, copy: &mut Copy) {
        let now = UnixMs::new(self.reading(copy));
        let claims = u64::from(self.settings.has_claims);
        let weights =
            [10, 3, 9 * claims, 5 * claims, 2 * claims, 3 * claims, 2 * claims, 3 * claims];
        match self.random.weighted(&[&weights[..], &[self.settings.forgets]].concat()) {
            0 => {
                let sent = self.sent(now);
                settled(copy.gate.check(&sent.event(), now));
            }
            1 => {
                let all: Vec<Sent> = (0..self.random.up_to(4)).map(|_| self.sent(now)).collect();
                let events: Vec<Event<'_>> = all.iter().map(Sent::event).collect();
                settled(copy.gate.check_all(&events, now));
            }
            2 => {
                let sent = self.sent(now);
                let lease = Settings::lease(&mut self.random);
                let claimed = settled(copy.gate.claim(&sent.event(), lease, now));
                if let Some(Claimed::Fresh(claim)) = claimed {
                    copy.claims.push(claim);
                }
            }
            3 => {
                let result = self.result();
                self.used(copy, |gate, claim| {
                    gate.commit(claim, result.as_ref().map(Known::content).as_ref(), now).map(drop)
                });
            }
            4 => self.used(copy, |gate, claim| gate.release(claim, now)),
            5 => self.used(copy, |gate, claim| gate.doubt(claim, now)),
            6 => {
                let lease =
                    Settings::lease(&mut self.random).unwrap_or(self.settings.options.lease);
                self.used(copy, |gate, claim| gate.extend(claim, lease, now).map(drop));
            }
            7 => self.resolve(copy, now),
            _ => {
                let name = self.sent(now);
                if let Some(target) = name.target() {
                    copy.gate.forget(&target).unwrap();
                }
            }
        }
    }

    fn resolve(&mut self, copy: &mut Copy, now: UnixMs) {
        let sent = self.sent(now);
        let result = self.result();
        let how = if self.random.chance(40) {
            Resolution::Released
        } else {
            Resolution::Committed(result.as_ref().map(Known::content))
        };
        settled(copy.gate.resolve(&sent.event(), how, now));
    }

    /// Uses one of the claims, which may have ended.
    fn used(
        &mut self,
        copy: &mut Copy,
        run: impl FnOnce(&mut Gate, &Claim) -> Result<(), onceward::Error>,
    ) {
        if !copy.claims.is_empty() {
            let from = copy.claims.len().saturating_sub(3);
            let claim = self.random.pick(&copy.claims[from..]).clone();
            settled(run(&mut copy.gate, &claim));
        }
    }

    /// Moves a copy's time on, and returns what its clock shows.
    fn reading(&mut self, copy: &mut Copy) -> u64 {
        let Settings { pace, wild, .. } = self.settings;
        if self.random.chance(45) {
            copy.now += self.random.up_to(pace);
        }
        let leap = copy.now + self.settings.jump() + 1 + self.random.up_to(30);
        if self.random.chance(wild) { leap } else { copy.now }
    }

    /// Returns the state of a copy as it is once it is brought to a time.
    pub(crate) fn at(copy: &mut Copy, now: u64) -> Vec<u8> {
        copy.gate.read(UnixMs::new(now));
        copy.gate.snapshot().unwrap()
    }

    /// Joins states: opens a copy from the first, and merges the others into it.
    pub(crate) fn join(&self, states: &[&[u8]]) -> Vec<u8> {
        let opened = states.iter().map(|state| shown::believed(state)).min().unwrap();
        let mut gate = Gate::new(self.options(), Self::secret(), UnixMs::new(opened)).unwrap();
        for state in states {
            gate.merge(state).unwrap();
        }
        gate.snapshot().unwrap()
    }
}

/// Returns a number that the caller of the tests has set.
pub(crate) fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a whole number")))
}

/// Returns the seeds of a test: the one that is asked for, or so many, times `ONCEWARD_ROUNDS`.
pub(crate) fn seeds(count: u64) -> impl Iterator<Item = Replay> {
    let only = number_from("ONCEWARD_SEED");
    let rounds = number_from("ONCEWARD_ROUNDS").unwrap_or(1);
    only.map_or(1..=count * rounds, |seed| seed..=seed).map(Replay)
}

/// A seed, which is told when the test of it fails.
#[derive(Debug)]
pub(crate) struct Replay(pub(crate) u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            println!("replay with ONCEWARD_SEED={} cargo test {test}", self.0);
        }
    }
}

/// Compares two states.
#[track_caller]
pub(crate) fn same(what: &str, left: &[u8], right: &[u8]) {
    assert!(left == right, "{what}\n{}", shown::difference(left, right));
}

/// Whether one of some states holds a claim that was made longer ago than anything is remembered:
/// whether it has ended is then left open.
pub(crate) fn has_old_claims(states: &[&[u8]], retention: u64) -> bool {
    let now = states.iter().map(|state| shown::believed(state)).max().unwrap_or(0);
    let made = states.iter().flat_map(|state| shown::claimed(state)).min();
    made.is_some_and(|made| made + retention <= now)
}

/// Returns an answer; errors that any call may give are none.
fn settled<T>(answer: Result<T, onceward::Error>) -> Option<T> {
    let allowed =
        [ErrorCode::LostClaim, ErrorCode::NotInDoubt, ErrorCode::Jump, ErrorCode::Capacity];
    answer.inspect_err(|error| assert!(allowed.contains(&error.code()), "{error:?}")).ok()
}

/// Returns what would be said of an event, if it can be judged.
pub(crate) fn told(gate: &Gate, event: &Event<'_>, now: u64) -> Option<Verdict> {
    gate.inspect(event, UnixMs::new(now)).ok().map(|inspection| inspection.verdict)
}

impl Sent {
    fn target(&self) -> Option<Target<'static>> {
        let scope = "";
        match (self.id, self.entity(), self.source()) {
            (Some(id), ..) => Some(Target::Key { scope, id }),
            (None, Some(entity), _) => Some(Target::Entity { scope, entity }),
            (None, None, Some(source)) => Some(Target::Source { scope, source }),
            (None, None, None) => None,
        }
    }
}
