//! What a sequencer is told, and what it says.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::ordinal::Ordinal;
use crate::time::Millis;

/// When items come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// A sequence without gaps: each order when its predecessor has come out.
    Next {
        /// Where every scope starts; without it, at the first order that is seen.
        first: Option<Ordinal>,
        /// How long an item waits for its predecessors before the gap is skipped; without it, a gap is
        /// held for ever.
        max_wait: Option<Millis>,
    },
    /// By event time in milliseconds: what is as old as the latest less this, or has waited so long.
    EventTime {
        /// How late an event may be without being dropped.
        lateness: Millis,
    },
}

/// How a sequencer orders, and how much it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequencerOptions {
    /// When items come out.
    pub release: Release,
    /// The most items that are held, over all scopes.
    pub max_held: u64,
    /// The most bytes that items and scopes take, as accounted for.
    pub max_bytes: u64,
    /// How far ahead a reading of the clock may be and still be believed at once.
    pub max_clock_jump: Millis,
}

impl SequencerOptions {
    /// Returns options with limits of 65,536 items and 32 MiB, and a clock that may leap a day.
    pub const fn new(release: Release) -> Self {
        Self {
            release,
            max_held: 65_536,
            max_bytes: 32 * 1024 * 1024,
            max_clock_jump: Millis::days(1),
        }
    }
}

/// Why an item was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Its order has come out already, or is held.
    Duplicate,
    /// Its place has been passed without it: it was skipped, or is older than what has come out.
    Late,
}

/// Orders that were given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The scope.
    pub scope: String,
    /// The first order that did not come.
    pub from: Ordinal,
    /// The last one.
    pub to: Ordinal,
}

/// What a call has brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn<T> {
    /// The items whose turn it is, in order within each scope.
    pub released: Vec<T>,
    /// The item that was pushed, if it was dropped.
    pub dropped: Option<(T, Dropped)>,
    /// The gaps that were skipped.
    pub skipped: Vec<Skipped>,
}

impl<T> Default for Turn<T> {
    fn default() -> Self {
        Self { released: Vec::new(), dropped: None, skipped: Vec::new() }
    }
}

/// An item that was not taken, and why; nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<T> {
    /// The item.
    pub item: T,
    /// `capacity`.
    pub error: Error,
}
