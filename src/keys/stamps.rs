//! Stamps that a refuted reading of the clock may still lower.

use crate::fingerprint::Print;

/// A key that was accepted at a reading of the clock which is not confirmed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsettled {
    pub(super) print: Print,
    pub(super) time: u64,
}

/// The age mark of the first key ever accepted. Once that is out of the retention, the horizon
/// follows the clock; until then nothing was forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct First {
    pub(super) age: u64,
    /// The event's own time, while the stamp may still be lowered.
    pub(super) unsettled: Option<u64>,
}

impl First {
    /// Returns it stamped for good.
    pub(super) fn settled(self, stamp: Option<u64>) -> Self {
        match (self.unsettled, stamp) {
            (Some(time), Some(stamp)) => Self { age: stamp.max(time), unsettled: None },
            (Some(_) | None, _) => self,
        }
    }
}
