//! The eight answers of a gate, and what comes with them.

use core::fmt;

use alloc::vec::Vec;

use crate::ordinal::Ordinal;
use crate::time::{Millis, UnixMs};

/// The answer to *may I act on this event?*
///
/// A refusal is an answer, not an error. Only [`Verdict::Fresh`] permits acting.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// New on every identity it carries: act.
    Fresh = 0,
    /// Accepted before: do not act; a stored result may come with it.
    Duplicate = 1,
    /// The entity is at a later revision, or the source's epoch is over.
    Stale = 2,
    /// The same key, or the same revision, but other content.
    Conflict = 3,
    /// Someone holds a live claim on it: not now.
    Pending = 4,
    /// A claim ended without an answer: reconcile.
    InDoubt = 5,
    /// A predecessor is missing: not yet.
    Early = 6,
    /// Issued before the horizon, so its memory may be gone and it cannot be judged.
    Expired = 7,
}

impl Verdict {
    /// Every verdict, in the order of its code.
    pub const ALL: [Self; 8] = [
        Self::Fresh,
        Self::Duplicate,
        Self::Stale,
        Self::Conflict,
        Self::Pending,
        Self::InDoubt,
        Self::Early,
        Self::Expired,
    ];

    /// Returns the number that stands for it in compact lists.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the word that stands for it in JavaScript and in the documentation.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Conflict => "conflict",
            Self::Pending => "pending",
            Self::InDoubt => "in-doubt",
            Self::Early => "early",
            Self::Expired => "expired",
        }
    }

    /// Whether no later moment can make the answer `fresh`, so that a log may move on past it.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Duplicate | Self::Stale | Self::Conflict | Self::Expired => true,
            Self::Fresh | Self::Pending | Self::InDoubt | Self::Early => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a gate says of an event, or would say, and why.
///
/// `expected`, `current` and `retry_after` belong to the identity that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The verdict.
    pub verdict: Verdict,
    /// With a duplicate key: the result of its commit.
    pub result: Option<Answer>,
    /// Whether there was a result that is gone by now, or never fitted.
    pub omitted: bool,
    /// With `pending`: when the lease is over.
    pub retry_after: Option<Millis>,
    /// With `early`: the revision or position that is missing.
    pub expected: Option<Ordinal>,
    /// With `stale`: the entity's last revision, or the source's epoch.
    pub current: Option<Ordinal>,
    /// When the key was accepted, or issued if that is later; or since when the claim in the way
    /// is held or in doubt.
    pub since: Option<UnixMs>,
}

/// A stored result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the bytes are the canonical text of a JSON value.
    pub is_json: bool,
    /// The bytes, exactly as they were committed.
    pub bytes: Vec<u8>,
}

/// What one identity alone says of an event.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// With `early`: the one that is missing.
    pub(crate) expected: Option<Ordinal>,
    /// With `stale`: the last revision, or the source's epoch.
    pub(crate) current: Option<Ordinal>,
}

impl Judged {
    pub(crate) const fn early(expected: Ordinal) -> Self {
        Self { verdict: Verdict::Early, expected: Some(expected), current: None }
    }

    pub(crate) const fn stale(current: Ordinal) -> Self {
        Self { verdict: Verdict::Stale, expected: None, current: Some(current) }
    }

    /// Judges the first of its line, where only one is the first.
    pub(crate) fn first(given: &Ordinal, first: &Ordinal) -> Self {
        match given.cmp(first) {
            core::cmp::Ordering::Less => Verdict::Stale.into(),
            core::cmp::Ordering::Equal => Verdict::Fresh.into(),
            core::cmp::Ordering::Greater => Self::early(first.clone()),
        }
    }

    /// Judges one that is later than the last, where only the very next may follow.
    pub(crate) fn next(given: &Ordinal, last: &Ordinal) -> Self {
        match last.successor() {
            Some(next) if *given > next => Self::early(next),
            Some(_) | None => Verdict::Fresh.into(),
        }
    }
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, expected: None, current: None }
    }
}
