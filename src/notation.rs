//! Texts that stand for ordinals: HLC timestamps, LSNs, Redis stream ids, ISO-8601, ULID, UUIDv7.
//!
//! Each reads exactly one spelling of a value, so that two spellings never count as two values,
//! and none of them passes through a double.

use crate::error::Error;
use crate::ordinal::Ordinal;
use crate::time::UnixMs;

/// How a text stands for an [`Ordinal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notation {
    /// A hybrid logical clock as CockroachDB prints it, `wall.logical` with exactly ten digits of
    /// logical: wall · 10^10 + logical. Without a fraction the logical part is 0.
    Hlc,
    /// A PostgreSQL log sequence number, `16/B374D848`: the 64-bit position.
    Lsn,
    /// A Redis stream id, `1526919030474-55`: milliseconds · 2^64 + sequence.
    Redis,
    /// ISO-8601 (RFC 3339) with a zone and up to nine digits of a second, not before 1970:
    /// nanoseconds.
    Time,
    /// A ULID in upper case: its 128 bits.
    Ulid,
    /// A version 7 UUID (RFC 9562) in lower case: its 128 bits.
    Uuid7,
}

impl Notation {
    /// Every notation.
    pub const ALL: [Self; 6] =
        [Self::Hlc, Self::Lsn, Self::Redis, Self::Time, Self::Ulid, Self::Uuid7];

    /// Returns the name by which options call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hlc => "hlc",
            Self::Lsn => "lsn",
            Self::Redis => "redis",
            Self::Time => "time",
            Self::Ulid => "ulid",
            Self::Uuid7 => "uuid7",
        }
    }

    /// Returns the notation of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notation| notation.as_str() == name)
    }

    /// Reads a text in this notation.
    ///
    /// # Errors
    /// `invalid_event` when the text is not in the one spelling described above.
    ///
    /// ```
    /// use onceward::{Notation, Ordinal};
    /// let revision = Notation::Hlc.parse("1701102296662969433.0000000000")?;
    /// assert_eq!(revision, Ordinal::parse("17011022966629694330000000000")?);
    /// # Ok::<(), onceward::Error>(())
    /// ```
    pub fn parse(self, text: &str) -> Result<Ordinal, Error> {
        let (value, reason) = match self {
            Self::Hlc => (hlc(text), "not an HLC timestamp: wall, a point, ten digits"),
            Self::Lsn => (lsn(text), "not an LSN: two upper-case hexadecimal halves"),
            Self::Redis => (redis(text), "not a Redis stream id: milliseconds-sequence"),
            Self::Time => (nanoseconds(text), "not an ISO-8601 time with a zone since 1970"),
            Self::Ulid => (ulid(text, false), "not a ULID"),
            Self::Uuid7 => (uuid7(text, false), "not a version 7 UUID in lower case"),
        };
        value.map(Ordinal::from).ok_or(Error::event(reason))
    }
}

impl UnixMs {
    /// Reads an ISO-8601 time with a zone, and cuts it to the millisecond.
    ///
    /// # Errors
    /// `invalid_event` when it is not one, or before 1970.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let ms = nanoseconds(text).and_then(|ns| u64::try_from(ns / 1_000_000).ok());
        ms.map(Self::new).ok_or(Error::event("the time is not ISO-8601 with a zone since 1970"))
    }
}

/// Returns the time that a UUIDv7 or a ULID carries, in either case of letters.
pub(crate) fn id_ms(id: &str) -> Option<UnixMs> {
    let bits = uuid7(id, true).or_else(|| ulid(id, true))?;
    u64::try_from(bits >> 80).ok().map(UnixMs::new)
}

/// Reads canonical decimal digits that fit 64 bits.
fn decimal(text: &str) -> Option<u64> {
    Ordinal::parse(text).ok()?.to_u64()
}

fn hlc(text: &str) -> Option<u128> {
    let (wall, logical) = match text.split_once('.') {
        Some((wall, logical)) => (wall, digits(logical, 10)?),
        None => (text, 0),
    };
    // The wall is a signed 64-bit count of nanoseconds, the logical part a signed 32-bit counter.
    let wall = decimal(wall).filter(|&wall| i64::try_from(wall).is_ok())?;
    let logical = u128::from(logical).le(&0x7FFF_FFFF).then_some(logical)?;
    u128::from(wall).checked_mul(10_000_000_000)?.checked_add(u128::from(logical))
}

fn lsn(text: &str) -> Option<u128> {
    let (high, low) = text.split_once('/')?;
    // PostgreSQL prints the low half without leading zeros, or (from version 19) with eight digits.
    let padded = low.len() == 8;
    let half = |part: &str, padded: bool| {
        let canonical = padded || part == "0" || !part.starts_with('0');
        let upper = part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
        (canonical && upper && (1..=8).contains(&part.len()))
            .then(|| u32::from_str_radix(part, 16).ok())?
    };
    Some(u128::from(half(high, false)?) << 32 | u128::from(half(low, padded)?))
}

fn redis(text: &str) -> Option<u128> {
    let (ms, sequence) = text.split_once('-')?;
    Some(u128::from(decimal(ms)?) << 64 | u128::from(decimal(sequence)?))
}

/// Reads exactly `count` decimal digits.
fn digits(text: &str, count: usize) -> Option<u64> {
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Splits `count` digits off the front of `rest`.
fn take(rest: &mut &str, count: usize) -> Option<u64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    digits(head, count)
}

/// Splits one mark off the front of `rest`.
fn mark(rest: &mut &str, mark: &str) -> Option<()> {
    *rest = rest.strip_prefix(mark)?;
    Some(())
}

/// RFC 3339, section 5.6, with optional seconds and at most nine digits of a fraction.
fn nanoseconds(text: &str) -> Option<u128> {
    let rest = &mut { text };
    let year = take(rest, 4)?;
    mark(rest, "-")?;
    let month = take(rest, 2)?;
    mark(rest, "-")?;
    let day = take(rest, 2)?;
    mark(rest, "T")?;
    let hour = take(rest, 2).filter(|&hour| hour < 24)?;
    mark(rest, ":")?;
    let minute = take(rest, 2).filter(|&minute| minute < 60)?;
    let mut second = 0;
    let mut fraction = 0;
    if mark(rest, ":").is_some() {
        second = take(rest, 2).filter(|&second| second < 60)?;
        if mark(rest, ".").is_some() {
            let count = rest.bytes().take_while(u8::is_ascii_digit).count();
            let scale = 10_u64.checked_pow(u32::try_from(9_usize.checked_sub(count)?).ok()?)?;
            fraction = take(rest, count)?.checked_mul(scale)?;
        }
    }
    let offset = offset_minutes(rest)?;
    let minutes = i64::try_from(days(year, month, day)?.checked_mul(1_440)?).ok()?;
    let minutes = minutes
        .checked_add(i64::try_from(hour.checked_mul(60)?.checked_add(minute)?).ok()?)?
        .checked_sub(offset)?;
    let seconds = u64::try_from(minutes).ok()?.checked_mul(60)?.checked_add(second)?;
    u128::from(seconds).checked_mul(1_000_000_000)?.checked_add(u128::from(fraction))
}

/// Reads `Z` or a signed offset from UTC, to the end of the text.
fn offset_minutes(mut rest: &str) -> Option<i64> {
    if rest == "Z" {
        return Some(0);
    }
    let sign =
        if mark(&mut rest, "+").is_some() { 1 } else { mark(&mut rest, "-").map(|()| -1)? };
    let hours = take(&mut rest, 2).filter(|&hours| hours < 24)?;
    mark(&mut rest, ":")?;
    let minutes = take(&mut rest, 2).filter(|&minutes| minutes < 60)?;
    let total = i64::try_from(hours.checked_mul(60)?.checked_add(minutes)?).ok()?;
    rest.is_empty().then(|| total.checked_mul(sign))?
}

/// Days from 1970-01-01 to a day of the Gregorian calendar from 1970 on.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const IN_MONTH: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let month_index = usize::try_from(month.checked_sub(1)?).ok()?;
    let extra = u64::from(is_leap && month == 2);
    let last = IN_MONTH.get(month_index)?.checked_add(extra)?;
    if year < 1970 || day == 0 || day > last {
        return None;
    }
    let before = year.checked_sub(1)?;
    let leap_days = (before / 4).checked_sub(before / 100)?.checked_add(before / 400)?;
    // 477 leap days lie before 1970.
    let leap_days = leap_days.checked_sub(477)?.checked_add(u64::from(is_leap && month > 2))?;
    year.checked_sub(1970)?
        .checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(*BEFORE_MONTH.get(month_index)?)?
        .checked_add(day.checked_sub(1)?)
}

fn ulid(text: &str, any_case: bool) -> Option<u128> {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    // 26 characters are 130 bits; the first may only use three of its five.
    if text.len() != 26 || text.bytes().next()? > b'7' {
        return None;
    }
    let mut bits = 0_u128;
    for byte in text.bytes() {
        let byte = if any_case { byte.to_ascii_uppercase() } else { byte };
        let value = ALPHABET.iter().position(|&letter| letter == byte)?;
        bits = bits << 5 | u128::try_from(value).ok()?;
    }
    Some(bits)
}

fn uuid7(text: &str, any_case: bool) -> Option<u128> {
    if text.len() != 36 {
        return None;
    }
    let mut bits = 0_u128;
    for (index, byte) in text.bytes().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        if byte.is_ascii_uppercase() && !any_case {
            return None;
        }
        bits = bits << 4 | u128::from(char::from(byte).to_digit(16)?);
    }
    let version = bits >> 76 & 0xF;
    let variant = bits >> 62 & 0b11;
    (version == 7 && variant == 0b10).then_some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[track_caller]
    fn check(notation: Notation, text: &str, expected: Option<&str>) {
        let got = notation.parse(text).ok().map(|ordinal| ordinal.to_string());
        assert_eq!(got.as_deref(), expected, "{} {text:?}", notation.as_str());
    }

    #[test]
    fn hybrid_logical_clocks() {
        check(Notation::Hlc, "145.0000000123", Some("1450000000123"));
        check(Notation::Hlc, "123456789", Some("1234567890000000000"));
        check(
            Notation::Hlc,
            "9223372036854775807.2147483647",
            Some("92233720368547758072147483647"),
        );
        for text in [
            "145.123",
            "145.00000000001",
            "145.2147483648",
            "145.",
            ".0000000000",
            "-1.0000000000",
            "0145.0000000000",
            "9223372036854775808.0000000000",
            "1e3",
            "",
            "1.000000000 ",
        ] {
            check(Notation::Hlc, text, None);
        }
    }

    #[test]
    fn log_sequence_numbers() {
        check(Notation::Lsn, "0/0", Some("0"));
        check(Notation::Lsn, "0/19A2720", Some("26879776"));
        check(Notation::Lsn, "16/B374D848", Some("97500059720"));
        check(Notation::Lsn, "0/019A2720", Some("26879776"));
        check(Notation::Lsn, "FFFFFFFF/FFFFFFFF", Some("18446744073709551615"));
        for text in
            ["0/19a2720", "00/1", "0/01", "1", "/", "0/", "/0", "0/100000000", "0/+1", "0x1/0"]
        {
            check(Notation::Lsn, text, None);
        }
    }

    #[test]
    fn redis_stream_ids() {
        check(Notation::Redis, "0-1", Some("1"));
        check(Notation::Redis, "1526919030474-55", Some("28166684576430593746175979946039"));
        for text in
            ["1526919030474", "01-1", "1-01", "1-", "-1", "1-2-3", "*", "18446744073709551616-0"]
        {
            check(Notation::Redis, text, None);
        }
    }

    #[test]
    fn times() {
        check(Notation::Time, "1970-01-01T00:00:00Z", Some("0"));
        check(Notation::Time, "1970-01-01T01:00+01:00", Some("0"));
        check(Notation::Time, "2015-09-12T00:46:58.771Z", Some("1442018818771000000"));
        check(Notation::Time, "2000-02-29T12:00:00.123456789-05:30", Some("951845400123456789"));
        check(Notation::Time, "2100-03-01T00:00:00Z", Some("4107542400000000000"));
        check(Notation::Time, "9999-12-31T23:59:59.999999999Z", Some("253402300799999999999"));
        for text in [
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "2023-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-00-01T00:00:00Z",
            "2020-01-00T00:00:00Z",
            "2020-01-01T24:00:00Z",
            "2020-01-01T00:60:00Z",
            "2020-01-01T00:00:60Z",
            "2020-01-01T00:00:00",
            "2020-01-01",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00.1234567890Z",
            "2020-01-01T00:00:00+1:00",
            "2020-01-01T00:00:00+0100",
            "2020-01-01T00:00:00ZZ",
            "",
            "Z",
        ] {
            check(Notation::Time, text, None);
        }
        assert_eq!(UnixMs::parse("1970-01-01T00:00:01.999999Z"), Ok(UnixMs::new(1_999)));
        assert!(UnixMs::parse("1970-01-01").is_err());
    }

    #[test]
    fn ids_that_carry_a_time() {
        check(
            Notation::Uuid7,
            "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
            Some("1989357241971137676463954034883508623"),
        );
        check(
            Notation::Ulid,
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            Some("340282366920938463463374607431768211455"),
        );
        for text in [
            "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
            "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
            "017f22e279b07cc398c4dc0c0c07398f",
            "",
        ] {
            check(Notation::Uuid7, text, None);
        }
        for text in [
            "80000000000000000000000000",
            "01ARYZ6S41TSV4RRFFQ69G5FAU",
            "01aryz6s41tsv4rrffq69g5fav",
            "",
        ] {
            check(Notation::Ulid, text, None);
        }
        assert_eq!(
            id_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"),
            Some(UnixMs::new(1_645_557_742_000))
        );
        assert_eq!(id_ms("01aryz6s41tsv4rrffq69g5fav"), Some(UnixMs::new(1_469_918_176_385)));
        assert_eq!(id_ms("tx-1"), None);
    }
}
