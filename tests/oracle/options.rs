//! The options of a gate, as plain numbers.

use super::number::Number;

/// How the revisions of an entity must follow each other.
#[derive(Clone, Debug)]
pub(crate) enum Revisions {
    Newer,
    Next { first: Option<Number> },
}

/// How the positions of a source must follow each other.
#[derive(Clone, Debug)]
pub(crate) enum Positions {
    Newer,
    Next { first: Option<Number> },
    Window(u32),
}

/// What a gate is opened with; durations are milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) retention: u64,
    pub(crate) max_bytes: u64,
    pub(crate) revisions: Revisions,
    pub(crate) positions: Positions,
    pub(crate) max_jump: Option<Number>,
    pub(crate) time_from_id: bool,
    pub(crate) max_skew: u64,
    pub(crate) max_clock_jump: u64,
    pub(crate) result_retention: u64,
    pub(crate) max_result_bytes: u64,
    pub(crate) lease: u64,
    /// Whether a lapsed claim is held in doubt, instead of being taken over.
    pub(crate) hold: bool,
}

/// One day in milliseconds.
pub(crate) const DAY: u64 = 86_400_000;

impl Options {
    /// Returns the grain of age marks: a key may be kept for less than this beyond its retention.
    pub(crate) fn tick(&self) -> u64 {
        if self.retention > 24 * DAY { 1000 } else { 1 }
    }
}
