//! What a committed claim leaves with its key: a result, for a while.

use super::content::{Content, Kept};
use super::options::Options;

/// The trace of a commit.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The token of the claim; absent where an operator resolved it.
    pub(crate) token: Option<u64>,
    /// When it was committed; absent while the reading is not confirmed.
    pub(crate) committed: Option<u64>,
    /// What was committed, whether it was kept or not.
    pub(crate) result: Option<Content>,
}

impl Record {
    /// Returns the result if it is still kept, and whether it is missing though there was one.
    ///
    /// A result lives like a key: for less than its retention after the commit.
    pub(crate) fn told(
        &self,
        options: &Options,
        now: u64,
        unconfirmed: u64,
    ) -> (Option<Kept>, bool) {
        let committed = self.committed.unwrap_or(unconfirmed);
        let kept = self.result.as_ref().filter(|result| {
            result.length() <= options.max_result_bytes
                && now < committed.saturating_add(options.result_retention)
        });
        (kept.cloned().map(Kept), self.result.is_some() && kept.is_none())
    }
}
