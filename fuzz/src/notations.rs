//! Texts from outside that stand for numbers and times.

use onceward::{Notation, Ordinal, UnixMs};

/// Reads a text in every way there is.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    ordinal(&text);
    let _ = Notation::named(&text);
    for notation in Notation::ALL {
        if let Ok(value) = notation.parse(&text) {
            written_again(notation, &text, &value);
        }
    }
    let time = Notation::Time.parse(&text);
    let ms = UnixMs::parse(&text);
    assert_eq!(ms.is_ok(), time.is_ok(), "a time to the millisecond is a time");
    if let (Ok(ms), Ok(time)) = (ms, time) {
        let digits = time.to_string();
        let cut = &digits[..digits.len().saturating_sub(6)];
        assert_eq!(cut.parse().unwrap_or(0), ms.as_u64());
    }
}

fn ordinal(text: &str) {
    let (one, other) = text.split_once(',').unwrap_or((text, "7"));
    let is_canonical = |text: &str| {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        is_digits && (1..=129).contains(&text.len()) && (text == "0" || !text.starts_with('0'))
    };
    let [left, right] = [one, other].map(|text| {
        let read = Ordinal::parse(text);
        assert_eq!(read.is_ok(), is_canonical(text));
        read.ok()
    });
    let (Some(left), Some(right)) = (left, right) else { return };
    assert_eq!((left.to_string().as_str(), right.to_string().as_str()), (one, other));
    let expected = (one.len(), one).cmp(&(other.len(), other));
    assert_eq!(left.cmp(&right), expected, "longer numbers are greater");
}

/// Fails unless a value, written in the notation's one spelling, is the text or is read the same.
fn written_again(notation: Notation, text: &str, value: &Ordinal) {
    let number: u128 = value.to_string().parse().expect("at most 128 bits");
    let (high, low) = (number >> 64, number & u128::from(u64::MAX));
    match notation {
        Notation::Hlc => {
            let (wall, logical) = (number / 10_000_000_000, number % 10_000_000_000);
            let long = format!("{wall}.{logical:010}");
            assert!(text == long || (logical == 0 && text == wall.to_string()), "{text}");
        }
        Notation::Lsn => {
            let (high, low) = (low >> 32, low & 0xffff_ffff);
            let is_same =
                text == format!("{high:X}/{low:X}") || text == format!("{high:X}/{low:08X}");
            assert!(is_same, "{text}");
        }
        Notation::Redis => assert_eq!(text, format!("{high}-{low}")),
        Notation::Ulid => assert_eq!(text, ulid(number)),
        Notation::Uuid7 => {
            let hex = format!("{number:032x}");
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            assert_eq!(text, parts.join("-"));
        }
        Notation::Time | _ => {
            let (seconds, fraction) = (number / 1_000_000_000, number % 1_000_000_000);
            let again = utc(u64::try_from(seconds).unwrap(), fraction);
            // An offset may lead into the year 10000, which has no spelling.
            let is_last = again.starts_with("10000");
            assert!(is_last || notation.parse(&again).as_ref() == Ok(value), "{text} is {again}");
        }
    }
}

fn ulid(number: u128) -> String {
    let alphabet = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let letter = |place: u32| char::from(alphabet[(number >> (5 * place) & 31) as usize]);
    (0..26).rev().map(letter).collect()
}

/// Writes a time in UTC, by counting the years and months up.
fn utc(seconds: u64, fraction: u128) -> String {
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    let day = days + 1;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z")
}
