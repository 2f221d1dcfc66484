//! How a gate judges, how much it remembers, and for how long.

use crate::claims::AfterCrash;
use crate::error::Error;
use crate::keys::RETENTION_MAX;
use crate::ordinal::Ordinal;
use crate::positions::{Positions, WINDOW_MAX};
use crate::revisions::Revisions;
use crate::time::Millis;

/// The greatest skew: with a retention in milliseconds, 32 bits then hold every age mark.
const SKEW_MAX: Millis = Millis::days(24);

/// The options of a [`Gate`](crate::Gate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a key is remembered after its acceptance, or its event's time if that is later:
    /// from 1 ms to 100 years. Default: 7 days.
    pub retention: Millis,
    /// How much memory may be used. When it is full the oldest keys are forgotten early, which
    /// raises the horizon; revisions and positions are never forgotten. Default: 32 MiB.
    pub max_bytes: u64,
    /// Which revision of an entity may follow the last one.
    pub revisions: Revisions,
    /// Which position of a source may follow the mark.
    pub positions: Positions,
    /// How far a revision may be ahead of the last one, for untrusted producers. Default: any.
    pub max_jump: Option<Ordinal>,
    /// Whether a UUIDv7 or ULID id supplies the time of an event that carries none.
    pub time_from_id: bool,
    /// How far an event's time may be ahead of now, up to 24 days. Default: 5 minutes.
    pub max_skew: Millis,
    /// How long a result is kept after its commit, and no longer than its key. Default: 24 hours.
    pub result_retention: Millis,
    /// The largest result that is kept, in bytes. Default: 64 KiB.
    pub max_result_bytes: u64,
    /// How long a claim holds without being extended, from 1 ms to 100 years. Default: 60 seconds.
    pub lease: Millis,
    /// What becomes of a claim whose lease ran out without an answer.
    pub after_crash: AfterCrash,
    /// A reading of the clock further ahead is not believed until the next one. Default: 1 day.
    pub max_clock_jump: Millis,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retention: Millis::days(7),
            max_bytes: 32 << 20,
            revisions: Revisions::default(),
            positions: Positions::default(),
            max_jump: None,
            time_from_id: false,
            max_skew: Millis::new(300_000),
            result_retention: Millis::days(1),
            max_result_bytes: 64 << 10,
            lease: Millis::new(60_000),
            after_crash: AfterCrash::default(),
            max_clock_jump: Millis::days(1),
        }
    }
}

impl Options {
    pub(super) fn validate(&self) -> Result<(), Error> {
        let is_window_valid = match self.positions {
            Positions::Window(width) => (1..=WINDOW_MAX).contains(&width),
            Positions::Newer | Positions::Next { .. } => true,
        };
        let rules = [
            (self.retention > Millis::new(0), "the retention must be at least 1 ms"),
            (self.retention <= RETENTION_MAX, "the retention must be at most 100 years"),
            (self.result_retention > Millis::new(0), "resultRetention must be at least 1 ms"),
            (self.result_retention <= RETENTION_MAX, "resultRetention must be at most 100 years"),
            (self.lease > Millis::new(0), "the lease must be at least 1 ms"),
            (self.lease <= RETENTION_MAX, "the lease must be at most 100 years"),
            (self.max_skew <= SKEW_MAX, "maxSkew must be at most 24 days"),
            (self.max_bytes > 0, "maxBytes must be at least 1"),
            (self.max_jump != Some(Ordinal::ZERO), "maxJump must be at least 1"),
            (is_window_valid, "the window must be from 1 to 65536"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some(&(_, reason)) => Err(Error::option(reason)),
            None => Ok(()),
        }
    }
}
