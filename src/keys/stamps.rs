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
pub(crate) struct First {
    pub(crate) age: u64,
    /// The event's own time, while the stamp may still be lowered.
    pub(crate) unsettled: Option<u64>,
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

/// From which age mark on records are remembered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Floor {
    /// The horizon.
    pub(super) keys: u64,
    /// That, or the end of the retention: ends of claims go when it is over, also before any key
    /// was forgotten.
    pub(super) ends: u64,
}

impl Floor {
    /// Returns the floor of one record.
    pub(super) const fn of(self, print: Print) -> u64 {
        if print.is_end() { self.ends } else { self.keys }
    }

    /// Returns the age mark from which on everything is remembered.
    pub(super) const fn most(self) -> u64 {
        if self.ends > self.keys { self.ends } else { self.keys }
    }
}
