//! Non-negative integers of up to 129 decimal digits, in order: revisions, positions, epochs.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use crate::error::Error;

/// The longest ordinal, in decimal digits. Kinesis sequence numbers have up to 128 after the first.
pub const ORDINAL_DIGITS_MAX: usize = 129;

/// 64-bit limbs that hold 10^129 − 1, lowest first.
const LIMBS: usize = 7;

/// 10^19, the largest power of ten in a limb.
const CHUNK: u64 = 10_000_000_000_000_000_000;
const CHUNK_DIGITS: usize = 19;

/// A revision, a position or an epoch: a non-negative integer of up to 129 decimal digits.
///
/// Up to 2^128 − 1 it is one machine comparison; beyond that it is as exact, only slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ordinal(Repr);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Repr {
    Small(u128),
    /// Always above `u128::MAX`, so that the derived equality is right.
    Big([u64; LIMBS]),
}

impl Ordinal {
    /// Zero, the epoch of a source that names none.
    pub const ZERO: Self = Self(Repr::Small(0));

    /// Reads canonical decimal digits.
    ///
    /// # Errors
    /// `invalid_event` for anything else: an empty text, a sign, a leading zero, a space, an
    /// exponent, more than 129 digits.
    ///
    /// ```
    /// use onceward::Ordinal;
    /// assert_eq!(Ordinal::parse("42")?, Ordinal::from(42_u64));
    /// assert!(Ordinal::parse("007").is_err());
    /// # Ok::<(), onceward::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        const NOT_CANONICAL: Error = Error::event("an ordinal must be canonical decimal digits");
        let digits = text.as_bytes();
        if digits.len() > ORDINAL_DIGITS_MAX {
            return Err(Error::event("an ordinal has at most 129 digits"));
        }
        let canonical = digits.iter().all(u8::is_ascii_digit)
            && (digits == b"0" || !matches!(digits.first(), None | Some(b'0')));
        if !canonical {
            return Err(NOT_CANONICAL);
        }
        let mut limbs = [0_u64; LIMBS];
        for chunk in digits.chunks(CHUNK_DIGITS) {
            let mut value = 0_u64;
            let mut scale = 1_u64;
            for digit in chunk {
                value = value.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')));
                scale = scale.wrapping_mul(10);
            }
            multiply_add(&mut limbs, scale, value);
        }
        Ok(Self::from_limbs(limbs))
    }

    /// Returns the next ordinal, if there is one.
    pub(crate) fn successor(self) -> Option<Self> {
        if let Repr::Small(value) = self.0
            && let Some(next) = value.checked_add(1)
        {
            return Some(Self(Repr::Small(next)));
        }
        let mut limbs = self.limbs();
        for limb in &mut limbs {
            let (next, carry) = limb.overflowing_add(1);
            *limb = next;
            if !carry {
                return Some(Self::from_limbs(limbs));
            }
        }
        None
    }

    /// Returns `self − other`, or nothing when `other` is the greater.
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        if let (Repr::Small(a), Repr::Small(b)) = (self.0, other.0) {
            return a.checked_sub(b).map(|value| Self(Repr::Small(value)));
        }
        let mut limbs = self.limbs();
        let mut borrow = false;
        for (limb, subtrahend) in limbs.iter_mut().zip(other.limbs()) {
            let (value, under) = limb.overflowing_sub(subtrahend);
            let (value, under_again) = value.overflowing_sub(u64::from(borrow));
            *limb = value;
            borrow = under || under_again;
        }
        (!borrow).then(|| Self::from_limbs(limbs))
    }

    /// Returns the value when it fits 64 bits.
    pub(crate) fn to_u64(self) -> Option<u64> {
        match self.0 {
            Repr::Small(value) => u64::try_from(value).ok(),
            Repr::Big(_) => None,
        }
    }

    /// Returns the low and the high half when the value fits 128 bits.
    pub(crate) const fn to_halves(self) -> Option<[u64; 2]> {
        match self.0 {
            Repr::Small(value) => Some([low(value), low(value >> 64)]),
            Repr::Big(_) => None,
        }
    }

    /// Returns the value of a low and a high half.
    pub(crate) fn from_halves([low, high]: [u64; 2]) -> Self {
        Self(Repr::Small(u128::from(high) << 64 | u128::from(low)))
    }

    fn limbs(self) -> [u64; LIMBS] {
        match self.0 {
            Repr::Small(value) => [low(value), low(value >> 64), 0, 0, 0, 0, 0],
            Repr::Big(limbs) => limbs,
        }
    }

    fn from_limbs(limbs: [u64; LIMBS]) -> Self {
        match limbs {
            [low, high, 0, 0, 0, 0, 0] => Self::from_halves([low, high]),
            limbs => Self(Repr::Big(limbs)),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
const fn low(value: u128) -> u64 {
    value as u64
}

/// `limbs = limbs · scale + value`; the digits were counted, so nothing is carried out.
fn multiply_add(limbs: &mut [u64; LIMBS], scale: u64, value: u64) {
    let mut carry = value;
    for limb in limbs {
        let wide =
            u128::from(*limb).wrapping_mul(u128::from(scale)).wrapping_add(u128::from(carry));
        *limb = low(wide);
        carry = low(wide >> 64);
    }
}

/// `limbs = limbs / CHUNK`, and returns the remainder.
fn divide_chunk(limbs: &mut [u64; LIMBS]) -> u64 {
    let mut rest = 0_u64;
    for limb in limbs.iter_mut().rev() {
        let wide = u128::from(rest) << 64 | u128::from(*limb);
        *limb = low(wide.checked_div(u128::from(CHUNK)).unwrap_or(0));
        rest = low(wide.checked_rem(u128::from(CHUNK)).unwrap_or(0));
    }
    rest
}

impl From<u64> for Ordinal {
    fn from(value: u64) -> Self {
        Self(Repr::Small(u128::from(value)))
    }
}

impl From<u128> for Ordinal {
    fn from(value: u128) -> Self {
        Self(Repr::Small(value))
    }
}

impl FromStr for Ordinal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Ord for Ordinal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0, other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(&b),
            (Repr::Small(_), Repr::Big(_)) => Ordering::Less,
            (Repr::Big(_), Repr::Small(_)) => Ordering::Greater,
            (Repr::Big(a), Repr::Big(b)) => a.iter().rev().cmp(b.iter().rev()),
        }
    }
}

impl PartialOrd for Ordinal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Seven limbs are 448 bits, at most eight chunks of 19 digits.
        let mut chunks = [0_u64; 8];
        let mut limbs = self.limbs();
        let mut used = 0_usize;
        for chunk in &mut chunks {
            *chunk = divide_chunk(&mut limbs);
            used = used.wrapping_add(1);
            if limbs == [0; LIMBS] {
                break;
            }
        }
        let mut leading = chunks.iter().take(used).rev();
        write!(f, "{}", leading.next().unwrap_or(&0))?;
        for chunk in leading {
            write!(f, "{chunk:019}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[track_caller]
    fn check(text: &str, valid: bool) {
        match Ordinal::parse(text) {
            Ok(ordinal) => {
                assert!(valid, "{text:?} was accepted");
                assert_eq!(ordinal.to_string(), text);
            }
            Err(error) => {
                assert!(!valid, "{text:?}: {error}");
                assert_eq!(error.code().as_str(), "invalid_event");
            }
        }
    }

    #[test]
    fn only_canonical_digits_are_read() {
        for text in ["0", "7", "10", "18446744073709551615", "18446744073709551616"] {
            check(text, true);
        }
        for text in ["", "007", "00", "-1", "+1", "1.5", "1e3", " 7", "7 ", "0x7", "१", "NaN"] {
            check(text, false);
        }
        check(&u128::MAX.to_string(), true);
        check("340282366920938463463374607431768211456", true);
        check(&"9".repeat(129), true);
        check(&format!("1{}", "0".repeat(128)), true);
        check(&"9".repeat(130), false);
        check("49590338271490256608559692538361571095921575989136588898", true);
    }

    #[test]
    fn order_successor_and_difference_cross_the_u128_border() {
        let small = Ordinal::from(u128::MAX);
        let big = Ordinal::parse("340282366920938463463374607431768211456").unwrap();
        assert!(small < big && Ordinal::ZERO < small);
        assert_eq!(small.successor(), Some(big));
        assert_eq!(big.minus(small), Some(Ordinal::from(1_u64)));
        assert_eq!(small.minus(big), None);
        assert_eq!(big.minus(big), Some(Ordinal::ZERO));
        let nines = Ordinal::parse(&"9".repeat(57)).unwrap();
        let power = Ordinal::parse(&format!("1{}", "0".repeat(57))).unwrap();
        assert_eq!(nines.successor(), Some(power));
        assert_eq!(power.minus(nines), Some(Ordinal::from(1_u64)));
        assert!(nines < power && big < nines);
        assert_eq!(Ordinal::from(u64::MAX).to_u64(), Some(u64::MAX));
        assert_eq!(Ordinal::from(1_u128 << 64).to_u64(), None);
        assert_eq!(big.to_halves(), None);
        assert_eq!(small.to_halves().map(Ordinal::from_halves), Some(small));
    }
}
