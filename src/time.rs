//! Points in time, spans of time, and the monotone clock that is fed with readings.

use crate::error::Error;

/// The latest time that is accepted anywhere: the largest integer a double holds exactly.
const UNIX_MS_MAX: u64 = (1 << 53) - 1;

/// Whole milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMs(u64);

impl UnixMs {
    /// Returns the given point in time; anything above 2^53 − 1 counts as that.
    pub const fn new(ms: u64) -> Self {
        Self(if ms > UNIX_MS_MAX { UNIX_MS_MAX } else { ms })
    }

    /// Reads a clock that gives a double, as JavaScript's does.
    ///
    /// # Errors
    /// `invalid_option` when the reading is not a whole number from 0 to 2^53 − 1.
    pub fn from_reading(reading: f64) -> Result<Self, Error> {
        whole(reading)
            .map(Self)
            .ok_or(Error::option("the clock must give whole milliseconds since 1970"))
    }

    /// Returns the milliseconds.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Returns the integer that a double stands for, from 0 to 2^53 − 1; −0 is 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the range is checked, and the round trip shows that nothing was lost"
)]
#[expect(clippy::float_cmp, reason = "whole numbers compare exactly")]
pub(crate) fn whole(number: f64) -> Option<u64> {
    if !(0.0..=UNIX_MS_MAX as f64).contains(&number) {
        return None;
    }
    let integer = number as u64;
    (integer as f64 == number).then_some(integer)
}

/// A span of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(u64);

impl Millis {
    /// Returns a span of that many milliseconds.
    pub const fn new(ms: u64) -> Self {
        Self(ms)
    }

    /// Returns a span of that many days.
    pub const fn days(days: u32) -> Self {
        Self((days as u64).saturating_mul(86_400_000))
    }

    /// Returns the milliseconds.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// The gate's clock: the highest time it has seen and believes.
///
/// A reading that goes back changes nothing. One that is more than `jump_max_ms` ahead is kept
/// aside: expiry goes by the old time until the next reading confirms or refutes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    believed: u64,
    unconfirmed: Option<u64>,
    jump_max_ms: u64,
}

impl Clock {
    /// Starts at its first reading, which has nothing to be compared with.
    pub(crate) const fn new(now: UnixMs, jump_max: Millis) -> Self {
        Self { believed: now.0, unconfirmed: None, jump_max_ms: jump_max.0 }
    }

    /// Returns the time by which expiry is judged.
    pub(crate) const fn believed(&self) -> u64 {
        self.believed
    }

    /// Returns the time with which records are stamped.
    pub(crate) fn stamp(&self) -> u64 {
        self.unconfirmed.unwrap_or(self.believed)
    }

    /// Whether stamps may still be lowered.
    pub(crate) const fn is_unconfirmed(&self) -> bool {
        self.unconfirmed.is_some()
    }

    /// Whether a reading would change nothing at all.
    pub(crate) const fn is_still(&self, now: UnixMs) -> bool {
        self.unconfirmed.is_none() && now.0 <= self.believed
    }

    /// Returns what a reading makes of the clock.
    pub(crate) fn read(self, now: UnixMs) -> Reading {
        match self.unconfirmed {
            Some(ahead) if now.0 >= ahead => {
                let confirmed = Self { believed: ahead, unconfirmed: None, ..self };
                Reading { clock: confirmed.take(now), settled: Some(ahead) }
            }
            Some(_) => {
                let clock = Self { unconfirmed: None, ..self }.take(now);
                let settled = (!clock.is_unconfirmed()).then_some(clock.believed);
                Reading { clock, settled }
            }
            None => Reading { clock: self.take(now), settled: None },
        }
    }

    /// Returns a clock as state carries it.
    pub(crate) fn restored(believed: u64, unconfirmed: Option<u64>, jump_max: Millis) -> Self {
        Self { believed, unconfirmed, jump_max_ms: jump_max.0 }
    }

    /// Returns the reading that is not confirmed yet.
    pub(crate) const fn unconfirmed(&self) -> Option<u64> {
        self.unconfirmed
    }

    /// Returns what another copy's clock makes of this one.
    ///
    /// It is no reading: one that is too far ahead is kept aside, and however often it comes it
    /// confirms nothing.
    pub(crate) fn join(self, believed: u64, unconfirmed: Option<u64>) -> Reading {
        let is_near = believed <= self.believed.saturating_add(self.jump_max_ms);
        let now = if is_near { self.believed.max(believed) } else { self.believed };
        let aside = [self.unconfirmed, unconfirmed, (!is_near).then_some(believed)];
        let aside = aside.into_iter().flatten().max().filter(|&ahead| ahead > now);
        let clock = Self { believed: now, unconfirmed: aside, ..self };
        // What was stamped ahead of time is no longer ahead.
        let settled = self.unconfirmed.filter(|&ahead| ahead <= now);
        Reading { clock, settled }
    }

    fn take(self, now: UnixMs) -> Self {
        if now.0 > self.believed.saturating_add(self.jump_max_ms) {
            Self { unconfirmed: Some(now.0), ..self }
        } else {
            Self { believed: self.believed.max(now.0), ..self }
        }
    }
}

/// A reading of the clock that may be taken or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// The clock once it is taken.
    pub(crate) clock: Clock,
    /// The stamp that what was unconfirmed then keeps for good. There is none while nothing was
    /// unconfirmed, or while a refuted reading gives way to one that is itself too far ahead.
    pub(crate) settled: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(readings: &[u64], believed: u64, stamp: u64, settled: Option<u64>) {
        let mut clock = Clock::new(UnixMs::new(1_000), Millis::new(100));
        let mut last = None;
        for &reading in readings {
            Reading { clock, settled: last } = clock.read(UnixMs::new(reading));
        }
        assert_eq!((clock.believed(), clock.stamp(), last), (believed, stamp, settled));
    }

    #[test]
    fn a_clock_only_goes_forward_and_leaps_are_confirmed_first() {
        check(&[1_050], 1_050, 1_050, None);
        check(&[900], 1_000, 1_000, None);
        check(&[1_100], 1_100, 1_100, None);
        check(&[1_101], 1_000, 1_101, None);
        check(&[5_000, 5_000], 5_000, 5_000, Some(5_000));
        check(&[5_000, 5_050], 5_050, 5_050, Some(5_000));
        check(&[5_000, 9_000], 5_000, 9_000, Some(5_000));
        check(&[5_000, 1_010], 1_010, 1_010, Some(1_010));
        check(&[5_000, 10], 1_000, 1_000, Some(1_000));
        check(&[9_000, 5_000], 1_000, 5_000, None);
        check(&[9_000, 5_000, 5_001], 5_001, 5_001, Some(5_000));
    }

    #[test]
    fn whole_numbers_only() {
        for (number, expected) in [
            (0.0, Some(0)),
            (-0.0, Some(0)),
            (7.0, Some(7)),
            (9_007_199_254_740_991.0, Some(UNIX_MS_MAX)),
            (9_007_199_254_740_992.0, None),
            (1.5, None),
            (-1.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(whole(number), expected, "{number}");
        }
    }
}
