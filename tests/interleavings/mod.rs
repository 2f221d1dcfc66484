//! Every order in which a few workers, who may crash, can act on two events: a search that finds
//! the shortest way to break a promise about claims.
//!
//! What is searched is behind [`World`], so that the search can be tried on worlds that are wrong.

#![allow(clippy::arithmetic_side_effects, reason = "an overflow here should fail the test")]
#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "a panic here fails the test")]
#![allow(clippy::cast_possible_truncation, reason = "all numbers here are small")]
#![allow(clippy::wildcard_enum_match_arm, reason = "only some of the answers matter at a time")]
#![allow(clippy::option_option, reason = "a key without a result is not one that is not accepted")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

pub(crate) mod monitor;
pub(crate) mod real;
pub(crate) mod search;
pub(crate) mod tiny;

/// So many workers compete.
pub(crate) const WORKERS: usize = 3;

/// So many keys they compete for.
pub(crate) const KEYS: usize = 2;

/// How long a lease is, in milliseconds.
pub(crate) const LEASE: u64 = 1000;

/// When every world begins.
pub(crate) const OPENED: u64 = 1_700_000_000_000;

/// What an operator resolves with; workers commit with their own numbers.
pub(crate) const RESOLVED: u8 = 9;

/// What the two events share besides nothing: their keys always differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Two revisions of one entity.
    Entity,
    /// Two positions of one source, behind which a mark follows.
    Source,
    /// Two positions of one source, in a window.
    Window,
    /// Revisions and positions that contradict each other: the later position is the older revision.
    Crossed,
}

/// Which world is searched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) shape: Shape,
    /// Whether a lapsed claim is held until someone resolves it.
    pub(crate) hold: bool,
}

impl Setting {
    /// Returns the revision in the event of a key.
    pub(crate) fn revision(self, key: usize) -> Option<u8> {
        match self.shape {
            Shape::Entity => Some(key as u8 + 1),
            Shape::Crossed => Some(2 - key as u8),
            Shape::Source | Shape::Window => None,
        }
    }

    /// Returns the position in the event of a key.
    pub(crate) fn position(self, key: usize) -> Option<u8> {
        (self.shape != Shape::Entity).then_some(key as u8 + 1)
    }

    /// Returns whether the claims of two keys exclude each other.
    pub(crate) fn exclude(self, one: usize, other: usize) -> bool {
        one == other || self.shape != Shape::Window
    }
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Claim {
        worker: usize,
        key: usize,
    },
    /// The worker does what the claim permits.
    Effect {
        worker: usize,
    },
    Commit {
        worker: usize,
        result: u8,
    },
    Release {
        worker: usize,
    },
    Doubt {
        worker: usize,
    },
    Extend {
        worker: usize,
    },
    /// The worker forgets that it holds a claim.
    Crash {
        worker: usize,
    },
    /// Someone else judges the event of the key, and acts at once if it is fresh.
    Check {
        key: usize,
    },
    Resolve {
        key: usize,
        committed: bool,
    },
    /// The clock moves on, by half a lease or to where the next lease ends.
    Pass {
        lapse: bool,
    },
}

/// What is said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) verdict: &'static str,
    pub(crate) result: Option<u8>,
    pub(crate) omitted: bool,
    pub(crate) retry_after: Option<u64>,
}

/// What a step is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Granted { token: u64, attempt: u32, takeover: bool, until: u64 },
    Refused(Seen),
    Verdict(&'static str),
    Committed { late: bool },
    Extended { until: u64 },
    Done,
    Lost(Option<Seen>),
    Failed(&'static str),
}

/// Everything that can be seen of a world without changing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) keys: Vec<Seen>,
    /// Token, attempt and time of each doubt.
    pub(crate) doubts: Vec<(u64, u32, u64)>,
    /// Keys, entities, sources and claims.
    pub(crate) counts: [u64; 4],
    /// The rest, in words.
    pub(crate) details: String,
}

/// What decides. It keeps the claim that each worker was last granted.
pub(crate) trait World {
    /// Takes a step, and returns what is answered to it.
    fn take(&mut self, step: Step, now: u64) -> Told;

    /// Returns what can be seen.
    fn view(&self, now: u64) -> View;
}
