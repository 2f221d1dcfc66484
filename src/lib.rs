//! Let each event through once, and only forwards.
//!
//! A [`Gate`] answers one question before anything is done: *may I act on this event?* It remembers
//! keys (was this very request accepted before?), revisions (is it newer than what was applied to
//! this entity?) and positions (has this log been processed through here?), and gives one atomic
//! [`Verdict`] over all three, in bounded memory.
//!
//! ```
//! use onceward::{Event, Gate, Options, Ordinal, Secret, UnixMs, Verdict};
//!
//! let now = UnixMs::new(1_790_000_000_000);
//! let mut gate = Gate::new(Options::default(), Secret::new(b"drawn at random")?, now)?;
//! let deposit = Event::new().scope("bank").id("tx-1");
//! assert_eq!(gate.check(&deposit, now)?, Verdict::Fresh);
//! assert_eq!(gate.check(&deposit, now)?, Verdict::Duplicate);
//!
//! let price = Event::new().scope("prices").entity("ACME");
//! assert_eq!(gate.check(&price.clone().revision(Ordinal::from(7_u64)), now)?, Verdict::Fresh);
//! assert_eq!(gate.check(&price.revision(Ordinal::from(5_u64)), now)?, Verdict::Stale);
//! # Ok::<(), onceward::Error>(())
//! ```
//!
//! # What it is not
//!
//! The core does no I/O, reads no clock and draws no randomness: the time and the secret that keys
//! its fingerprints are handed in. The same state and the same inputs give the same verdicts,
//! natively and in WebAssembly. What is decided, and why, is on one page: `docs/semantics.md`.
//!
//! # Not supported
//!
//! Exactly-once *effects* (no library gives them), and telling a forgotten key without a time from
//! a new one.

#![no_std]
// The examples of the README compile, too.
#![cfg_attr(doctest, doc = include_str!("../README.md"))]

extern crate alloc;
// Only the allocator and the panic handler are wanted of it: the core has no I/O and no clock.
extern crate std;

// In reading order: each module uses only those before it.
mod error;
mod sort;
mod time;

mod notation;
mod ordinal;

mod content;
mod fingerprint;

mod event;
mod verdict;

mod codec;

mod table;

mod answers;
mod keys;
mod positions;
mod revisions;

mod claims;
mod gate;
mod state;

mod issue;
mod sequencer;

#[cfg(feature = "wasm")]
mod wasm;

pub use claims::{AfterCrash, Claim, Doubt};
pub use content::{CanonicalJson, Content, JSON_DEPTH_MAX, Json};
pub use error::{Error, ErrorCode};
pub use event::Event;
pub use fingerprint::{Fingerprint, Secret};
pub use gate::{Claimed, Gate, Options, Resolution, Stats, Target, Timing};
pub use issue::{IdSource, RevisionClock, content_id};
pub use notation::Notation;
pub use ordinal::{ORDINAL_DIGITS_MAX, Ordinal};
pub use positions::{Positions, WINDOW_MAX};
pub use revisions::Revisions;
pub use sequencer::{Dropped, Rejected, Release, Sequencer, SequencerOptions, Skipped, Turn};
pub use state::{DoubleRun, Journal, MergeReport, Recovered, Restoration, Run, Staged};
pub use time::{Millis, UnixMs};
pub use verdict::{Answer, Inspection, Verdict};
