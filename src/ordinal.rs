//! Non-negative integers of up to 129 decimal digits, in order: revisions, positions, epochs.

use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use crate::error::Error;

/// The longest ordinal, in decimal digits: a Kinesis sequence number is a digit and up to 128 more.
pub const ORDINAL_DIGITS_MAX: usize = 129;

/// 64-bit limbs that hold 10^129 − 1, highest first.
const LIMBS: usize = 7;

/// 10^19, the largest power of ten in a limb.
const CHUNK: u64 = 10_000_000_000_000_000_000;
const CHUNK_DIGITS: usize = 19;

/// Digits enough for all the limbs.
const DIGITS_MAX: usize = 136;

/// A revision, a position or an epoch: a non-negative integer of up to 129 decimal digits.
///
/// Up to 2^128 − 1 it is two machine words; beyond that it is as exact, and boxed.
#[derive(Debug, Eq)]
pub struct Ordinal {
    /// Absent below 2^128.
    more: Option<Box<[u64; LIMBS - 2]>>,
    high: u64,
    low: u64,
}

impl Ordinal {
    /// Zero, the epoch of a source that names none.
    pub const ZERO: Self = Self::from_halves([0, 0]);

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
    pub(crate) fn successor(&self) -> Option<Self> {
        let mut limbs = self.limbs();
        for limb in limbs.iter_mut().rev() {
            let (next, carry) = limb.overflowing_add(1);
            *limb = next;
            if !carry {
                return Some(Self::from_limbs(limbs));
            }
        }
        None
    }

    /// Returns `self − other`, or nothing when `other` is the greater.
    pub(crate) fn minus(&self, other: &Self) -> Option<Self> {
        let mut limbs = self.limbs();
        let mut borrow = false;
        for (limb, subtrahend) in limbs.iter_mut().zip(other.limbs()).rev() {
            let (value, under) = limb.overflowing_sub(subtrahend);
            let (value, under_again) = value.overflowing_sub(u64::from(borrow));
            *limb = value;
            borrow = under || under_again;
        }
        (!borrow).then(|| Self::from_limbs(limbs))
    }

    /// Returns the value when it fits 64 bits.
    pub(crate) fn to_u64(&self) -> Option<u64> {
        (self.more.is_none() && self.high == 0).then_some(self.low)
    }

    /// Returns the high and the low half when the value fits 128 bits.
    pub(crate) fn to_halves(&self) -> Option<[u64; 2]> {
        self.more.is_none().then_some([self.high, self.low])
    }

    /// Returns the value of a high and a low half.
    pub(crate) const fn from_halves([high, low]: [u64; 2]) -> Self {
        Self { more: None, high, low }
    }

    /// Returns the bytes, lowest first, and how many of them it takes.
    pub(crate) fn to_le_bytes(&self) -> ([u8; LIMBS * 8], usize) {
        let mut bytes = [0; LIMBS * 8];
        let (places, _) = bytes.as_chunks_mut();
        for (place, limb) in places.iter_mut().zip(self.limbs().iter().rev()) {
            *place = limb.to_le_bytes();
        }
        let zeros = bytes.iter().rev().take_while(|&&byte| byte == 0).count();
        (bytes, bytes.len().saturating_sub(zeros))
    }

    /// Reads the bytes back: the fewest it takes, and no more digits than an ordinal has.
    pub(crate) fn from_le_bytes(bytes: &[u8]) -> Option<Self> {
        let mut padded = [0; LIMBS * 8];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        if bytes.last() == Some(&0) {
            return None;
        }
        let mut limbs = [0; LIMBS];
        let (places, _) = padded.as_chunks();
        for (limb, place) in limbs.iter_mut().rev().zip(places) {
            *limb = u64::from_le_bytes(*place);
        }
        let ordinal = Self::from_limbs(limbs);
        // What has fewer bytes has fewer digits, and only the longest are counted.
        let is_short = bytes.len() < 53;
        (is_short || ordinal.digits().len() <= ORDINAL_DIGITS_MAX).then_some(ordinal)
    }

    fn limbs(&self) -> [u64; LIMBS] {
        let mut limbs = [0; LIMBS];
        let [more @ .., high, low] = &mut limbs;
        *more = self.more.as_deref().copied().unwrap_or_default();
        (*high, *low) = (self.high, self.low);
        limbs
    }

    fn from_limbs([more @ .., high, low]: [u64; LIMBS]) -> Self {
        let more = if more == [0; LIMBS - 2] { None } else { Some(Box::new(more)) };
        Self { more, high, low }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
const fn low(value: u128) -> u64 {
    value as u64
}

/// `limbs = limbs · scale + value`; the digits were counted, so nothing is carried out.
fn multiply_add(limbs: &mut [u64; LIMBS], scale: u64, value: u64) {
    let mut carry = value;
    for limb in limbs.iter_mut().rev() {
        let wide =
            u128::from(*limb).wrapping_mul(u128::from(scale)).wrapping_add(u128::from(carry));
        *limb = low(wide);
        carry = low(wide >> 64);
    }
}

/// `limbs = limbs / CHUNK`, and returns the remainder.
fn divide_chunk(limbs: &mut [u64; LIMBS]) -> u64 {
    let mut rest = 0_u64;
    for limb in limbs {
        let wide = u128::from(rest) << 64 | u128::from(*limb);
        *limb = low(wide.checked_div(u128::from(CHUNK)).unwrap_or(0));
        rest = low(wide.checked_rem(u128::from(CHUNK)).unwrap_or(0));
    }
    rest
}

// Comparing and copying are calls and never inlined, which the size of the module shows: they are
// everywhere, and where they have to be quick the halves are compared instead.
impl Ord for Ordinal {
    #[inline(never)]
    fn cmp(&self, other: &Self) -> Ordering {
        let more = self.more.cmp(&other.more);
        more.then(self.high.cmp(&other.high)).then(self.low.cmp(&other.low))
    }
}

impl PartialOrd for Ordinal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordinal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Hash for Ordinal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.more, self.high, self.low).hash(state);
    }
}

impl Clone for Ordinal {
    #[inline(never)]
    fn clone(&self) -> Self {
        Self { more: self.more.clone(), high: self.high, low: self.low }
    }
}

impl From<u64> for Ordinal {
    fn from(value: u64) -> Self {
        Self::from_halves([0, value])
    }
}

impl From<u128> for Ordinal {
    fn from(value: u128) -> Self {
        Self::from_halves([low(value >> 64), low(value)])
    }
}

impl FromStr for Ordinal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl Ordinal {
    /// Returns the decimal digits.
    pub(crate) fn digits(&self) -> String {
        let mut buffer = [b'0'; DIGITS_MAX];
        let mut limbs = self.limbs();
        for places in buffer.rchunks_mut(CHUNK_DIGITS) {
            let mut chunk = divide_chunk(&mut limbs);
            for place in places.iter_mut().rev() {
                *place = b'0'.wrapping_add(u8::try_from(chunk % 10).unwrap_or(0));
                chunk /= 10;
            }
            if limbs == [0; LIMBS] {
                break;
            }
        }
        let zeros = buffer.iter().take_while(|&&digit| digit == b'0').count();
        // Zero itself keeps one of them.
        let digits = buffer.iter().skip(zeros.min(DIGITS_MAX.wrapping_sub(1)));
        digits.copied().map(char::from).collect()
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(true, "", &self.digits())
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
        assert_eq!(small.successor(), Some(big.clone()));
        assert_eq!(big.minus(&small), Some(Ordinal::from(1_u64)));
        assert_eq!(small.minus(&big), None);
        assert_eq!(big.minus(&big), Some(Ordinal::ZERO));
        let nines = Ordinal::parse(&"9".repeat(57)).unwrap();
        let power = Ordinal::parse(&format!("1{}", "0".repeat(57))).unwrap();
        assert_eq!(nines.successor(), Some(power.clone()));
        assert_eq!(power.minus(&nines), Some(Ordinal::from(1_u64)));
        assert!(nines < power && big < nines);
        assert_eq!(Ordinal::from(u64::MAX).to_u64(), Some(u64::MAX));
        assert_eq!(Ordinal::from(1_u128 << 64).to_u64(), None);
        assert_eq!(big.to_halves(), None);
        assert_eq!(small.to_halves().map(Ordinal::from_halves), Some(small));
    }
}
