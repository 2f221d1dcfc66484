//! What a merge has changed, and which keys it found to have been acted on twice.

use alloc::vec::Vec;

use crate::fingerprint::{Digest, Fingerprint};

/// Two commits of one key: it was acted on twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoubleRun {
    /// How the key is named in reports.
    pub key: Fingerprint,
    /// The run whose result counts from now on, in every copy.
    pub winner: Run,
    /// The other one.
    pub loser: Run,
}

/// One of the runs of a double run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The token of the claim that was committed.
    pub token: u64,
    /// A keyed digest of its result, if it had one.
    pub result: Option<u128>,
}

/// What a merge has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergeReport {
    /// Keys that were not known, or known otherwise.
    pub keys: u64,
    /// Entities that moved on.
    pub entities: u64,
    /// Sources that moved on.
    pub sources: u64,
    /// Keys that were acted on twice, in two copies.
    pub double_runs: Vec<DoubleRun>,
}

impl Run {
    pub(super) fn new(token: u64, digest: Option<Digest>) -> Self {
        let wide = |Digest([high, low])| u128::from(high) << 64 | u128::from(low);
        Self { token, result: digest.map(wide) }
    }
}
