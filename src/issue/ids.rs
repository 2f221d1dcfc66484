//! UUIDs of version 7 (RFC 9562, section 5.7): unique ids that sort by the time of their making.

use alloc::string::String;

use crate::error::Error;
use crate::time::UnixMs;

/// The bits below the time: 12 and 62, the version and the variant lying between and before them.
const TAIL_BITS: u32 = 74;
const TAIL_MAX: u128 = (1 << TAIL_BITS) - 1;

/// The latest time that the 48 bits for it hold.
const MS_MAX: u64 = (1 << 48) - 1;

/// How many random bytes an id takes.
pub(crate) const RANDOM_BYTES: usize = 10;

/// Makes UUIDs of version 7 from time and randomness, both of which are handed in.
///
/// Ids of the same millisecond increase: each is above the last by a random step (RFC 9562, section
/// 6.2, method 2).
///
/// ```
/// use onceward::{IdSource, UnixMs};
///
/// let mut ids = IdSource::default();
/// let now = UnixMs::new(1_645_557_742_000);
/// let [first, second] = [ids.next(now, [0x98; 10])?, ids.next(now, [0x10; 10])?];
/// assert!(first.starts_with("017f22e2-79b0-7") && first < second);
/// # Ok::<(), onceward::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct IdSource {
    ms: u64,
    tail: Option<u128>,
}

impl IdSource {
    /// Makes an id that is greater than all before it, also when the clock goes back.
    ///
    /// # Errors
    /// `invalid_option` for a time after the year 10889, which has no room in a UUID.
    pub fn next(&mut self, now: UnixMs, random: [u8; RANDOM_BYTES]) -> Result<String, Error> {
        let ms = self.ms.max(now.as_u64());
        self.at(UnixMs::new(ms), random)
    }

    /// Makes an id of exactly that time, whatever came before; those of the same millisecond in
    /// succession increase.
    ///
    /// # Errors
    /// As [`IdSource::next`].
    pub fn at(&mut self, time: UnixMs, random: [u8; RANDOM_BYTES]) -> Result<String, Error> {
        let drawn = random.into_iter().fold(0, |bits, byte| bits << 8 | u128::from(byte));
        // A step of up to 2^32 leaves room for billions of them in a millisecond.
        let step = (drawn & u128::from(u32::MAX)).saturating_add(1);
        let following = self.tail.filter(|_| self.ms == time.as_u64());
        let (ms, tail) = match following.map(|tail| tail.saturating_add(step)) {
            Some(tail) if tail <= TAIL_MAX => (time.as_u64(), tail),
            // The millisecond is full: RFC 9562, section 6.2, on rollover.
            Some(_) => (time.as_u64().saturating_add(1), drawn & TAIL_MAX >> 1),
            // The highest bit stays clear at first, so that there is room to count up.
            None => (time.as_u64(), drawn & TAIL_MAX >> 1),
        };
        if ms > MS_MAX {
            return Err(Error::option(
                "the time has no room in a UUID: it is after the year 10889",
            ));
        }
        self.ms = ms;
        self.tail = Some(tail);
        let [high, low] = [tail >> 62, tail & ((1 << 62) - 1)];
        Ok(text(u128::from(ms) << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low))
    }
}

/// Prints a UUID in lower case.
pub(super) fn text(bits: u128) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(36);
    for place in (0..32_u32).rev() {
        let digit = usize::try_from(bits >> place.saturating_mul(4) & 0xF).unwrap_or_default();
        text.push(HEX.get(digit).copied().map_or('0', char::from));
        if matches!(place, 24 | 20 | 16 | 12) {
            text.push('-');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::Notation;

    fn at(ids: &mut IdSource, ms: u64, random: u8) -> String {
        ids.next(UnixMs::new(ms), [random; RANDOM_BYTES]).unwrap()
    }

    #[test]
    fn ids_are_version_7_and_carry_their_time() {
        let mut ids = IdSource::default();
        for random in [0, 1, 0x7F, 0x80, 0xFF] {
            let id = at(&mut ids, 1_645_557_742_000, random);
            assert!(Notation::Uuid7.parse(&id).is_ok(), "{id}");
            assert!(id.starts_with("017f22e2-79b0-7"), "{id}");
        }
        let exact = ids.at(UnixMs::new(0), [0; RANDOM_BYTES]).unwrap();
        assert_eq!(exact, "00000000-0000-7000-8000-000000000000");
        let last = ids.at(UnixMs::new(MS_MAX), [0xFF; RANDOM_BYTES]).unwrap();
        assert_eq!(last, "ffffffff-ffff-77ff-bfff-ffffffffffff");
        assert!(ids.at(UnixMs::new(MS_MAX + 1), [0; RANDOM_BYTES]).is_err());
    }

    #[test]
    fn ids_increase_within_a_millisecond_and_when_the_clock_goes_back() {
        let mut ids = IdSource::default();
        let mut last = String::new();
        for (ms, random) in [(9, 0xFF), (9, 0), (9, 0xFF), (8, 0), (0, 0x55), (9, 0), (10, 0)] {
            let id = at(&mut ids, ms, random);
            assert!(id > last, "{id} after {last}");
            last = id;
        }
        assert!(last.starts_with("00000000-000a-7"));
    }

    #[test]
    fn a_full_millisecond_runs_over_into_the_next() {
        let mut ids = IdSource { ms: 9, tail: Some(TAIL_MAX) };
        assert!(at(&mut ids, 9, 0xFF).starts_with("00000000-000a-7"));
    }
}
