//! A hybrid logical clock that issues revisions.

use crate::error::{Error, ErrorCode};
use crate::ordinal::Ordinal;
use crate::time::{Millis, UnixMs};

const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 16;

/// The largest node id.
const NODE_MAX: u16 = (1 << NODE_BITS) - 1;
const COUNTER_MAX: u16 = u16::MAX;

/// Milliseconds and a counter, in the order in which revisions are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Stamp {
    ms: u64,
    counter: u16,
}

/// Issues revisions that strictly increase under any clock: one that stands still, jumps back, or is
/// another machine's.
///
/// A revision is one ordinal: milliseconds, 16 bits of a counter, and 10 bits of a node id, which keeps
/// two producers from ever issuing the same one. It is the hybrid logical clock of Kulkarni and others
/// (2014, section 3), packed so that revisions of producers whose clocks agree to a millisecond compare
/// as their times do.
///
/// ```
/// use onceward::{Millis, RevisionClock, UnixMs};
///
/// let mut clock = RevisionClock::new(7, Millis::new(300_000))?;
/// let first = clock.next(UnixMs::new(1_790_000_000_000))?;
/// let second = clock.next(UnixMs::new(1_780_000_000_000))?;
/// assert!(second > first);
/// # Ok::<(), onceward::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RevisionClock {
    node: u16,
    drift_max_ms: u64,
    /// The highest reading of the clock, or what was restored.
    highest_ms: u64,
    last: Option<Stamp>,
    last_node: u16,
}

impl RevisionClock {
    /// Returns a clock that has issued nothing yet.
    ///
    /// # Errors
    /// `invalid_option` for a node above 1,023.
    pub const fn new(node: u16, max_drift: Millis) -> Result<Self, Error> {
        if node > NODE_MAX {
            return Err(Error::option("the node must be a whole number from 0 to 1023"));
        }
        let drift_max_ms = max_drift.as_u64();
        Ok(Self { node, drift_max_ms, highest_ms: 0, last: None, last_node: node })
    }

    /// Goes on after a revision that it, or its predecessor, has issued or observed.
    ///
    /// # Errors
    /// `invalid_option` when its time is beyond what any clock gives.
    pub fn after(self, last: &Ordinal) -> Result<Self, Error> {
        let split = split(last).filter(|(stamp, _)| UnixMs::new(stamp.ms).as_u64() == stamp.ms);
        let (stamp, node) = split.ok_or(Error::option("the last revision is beyond any time"))?;
        let highest_ms = self.highest_ms.max(stamp.ms);
        Ok(Self { highest_ms, last: Some(stamp), last_node: node, ..self })
    }

    /// Returns what was issued or observed last, by which [`RevisionClock::after`] goes on.
    pub fn last(&self) -> Option<Ordinal> {
        self.last.map(|stamp| join(stamp, self.last_node))
    }

    /// Issues a revision that is greater than all that were issued and observed.
    ///
    /// # Errors
    /// `jump` when that would be further ahead of the clock than the drift allows, which takes more
    /// than 65,536 revisions for each of its milliseconds.
    pub fn next(&mut self, now: UnixMs) -> Result<Ordinal, Error> {
        let highest_ms = self.highest_ms.max(now.as_u64());
        let stamp = match self.last {
            Some(last) if last.ms >= highest_ms => last.following(),
            Some(_) | None => Some(Stamp { ms: highest_ms, counter: 0 }),
        };
        let latest = highest_ms.saturating_add(self.drift_max_ms);
        let reason = "more revisions were issued than the drift from the clock allows";
        let stamp = stamp.filter(|stamp| stamp.ms <= latest);
        let stamp = stamp.ok_or(Error::new(ErrorCode::Jump, reason))?;
        self.highest_ms = highest_ms;
        self.last = Some(stamp);
        self.last_node = self.node;
        Ok(join(stamp, self.node))
    }

    /// Takes note of a revision from elsewhere: those issued from now on are greater.
    ///
    /// # Errors
    /// `jump` when it is further ahead of the clock than the drift allows; then nothing is noted, so
    /// that one wrong clock does not carry all others away.
    pub fn observe(&mut self, revision: &Ordinal, now: UnixMs) -> Result<(), Error> {
        let highest_ms = self.highest_ms.max(now.as_u64());
        let latest = highest_ms.saturating_add(self.drift_max_ms);
        let observed = split(revision).filter(|(stamp, _)| stamp.ms <= latest);
        let reason = "the revision is further ahead of the clock than maxDrift";
        let (stamp, node) = observed.ok_or(Error::new(ErrorCode::Jump, reason))?;
        self.highest_ms = highest_ms;
        if self.last.is_none_or(|last| (last, self.last_node) < (stamp, node)) {
            self.last = Some(stamp);
            self.last_node = node;
        }
        Ok(())
    }
}

impl Stamp {
    /// Returns the next one; there is none after the last.
    fn following(self) -> Option<Self> {
        match self.counter {
            COUNTER_MAX => Some(Self { ms: self.ms.checked_add(1)?, counter: 0 }),
            counter => Some(Self { ms: self.ms, counter: counter.saturating_add(1) }),
        }
    }
}

fn join(stamp: Stamp, node: u16) -> Ordinal {
    let high = u128::from(stamp.ms) << COUNTER_BITS | u128::from(stamp.counter);
    Ordinal::from(high << NODE_BITS | u128::from(node))
}

/// Takes a revision apart; nothing when its time does not fit 64 bits.
fn split(revision: &Ordinal) -> Option<(Stamp, u16)> {
    let [high, low] = revision.to_halves()?;
    let value = u128::from(high) << 64 | u128::from(low);
    let node = u16::try_from(value & u128::from(NODE_MAX)).ok()?;
    let counter = u16::try_from(value >> NODE_BITS & u128::from(COUNTER_MAX)).ok()?;
    let ms = u64::try_from(value >> (NODE_BITS + COUNTER_BITS)).ok()?;
    Some((Stamp { ms, counter }, node))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(node: u16) -> RevisionClock {
        RevisionClock::new(node, Millis::new(500)).unwrap()
    }

    fn revision(ms: u64, counter: u16, node: u16) -> Ordinal {
        join(Stamp { ms, counter }, node)
    }

    #[test]
    fn revisions_increase_under_any_clock() {
        let mut clock = clock(3);
        for (now, ms, counter) in [(5, 5, 0), (5, 5, 1), (4, 5, 2), (0, 5, 3), (6, 6, 0)] {
            assert_eq!(clock.next(UnixMs::new(now)), Ok(revision(ms, counter, 3)), "at {now}");
        }
        assert_eq!(clock.last(), Some(revision(6, 0, 3)));
    }

    #[test]
    fn what_is_observed_is_passed_unless_it_is_too_far_ahead() {
        let mut clock = clock(3);
        let now = UnixMs::new(1_000);
        assert_eq!(clock.observe(&revision(1_500, 7, 900), now), Ok(()));
        assert_eq!(clock.next(now), Ok(revision(1_500, 8, 3)));
        assert_eq!(clock.observe(&revision(1_200, 0, 1), now), Ok(()));
        assert_eq!(clock.next(now), Ok(revision(1_500, 9, 3)));
        let before = clock.last();
        for ahead in
            [revision(1_501, 0, 0), Ordinal::from(u128::MAX), "9".repeat(129).parse().unwrap()]
        {
            assert_eq!(clock.observe(&ahead, now).unwrap_err().code(), ErrorCode::Jump);
            assert_eq!(clock.last(), before);
        }
    }

    #[test]
    fn a_full_counter_runs_ahead_of_the_clock_and_not_beyond_the_drift() {
        let mut clock = RevisionClock::new(0, Millis::new(1)).unwrap();
        let now = UnixMs::new(10);
        clock.observe(&revision(10, u16::MAX, 5), now).unwrap();
        assert_eq!(clock.next(now), Ok(revision(11, 0, 0)));
        clock.observe(&revision(11, u16::MAX, 5), now).unwrap();
        assert_eq!(clock.next(now).unwrap_err().code(), ErrorCode::Jump);
        assert_eq!(clock.next(UnixMs::new(11)), Ok(revision(12, 0, 0)));
    }

    #[test]
    fn a_restored_clock_goes_on_though_its_time_is_ahead() {
        let last = revision(9_000, u16::MAX, 12);
        let mut clock = clock(3).after(&last).unwrap();
        assert_eq!(clock.last(), Some(last));
        assert_eq!(clock.next(UnixMs::new(5)), Ok(revision(9_001, 0, 3)));
        let beyond = Ordinal::from(u128::MAX);
        assert_eq!(
            RevisionClock::new(1, Millis::new(1)).unwrap().after(&beyond).unwrap_err().code(),
            ErrorCode::InvalidOption
        );
        assert_eq!(
            RevisionClock::new(1_024, Millis::new(1)).unwrap_err().code(),
            ErrorCode::InvalidOption
        );
    }
}
