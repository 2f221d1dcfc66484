//! The options that the worlds are opened with.

use super::random::Random;
use crate::oracle::number::Number;
use crate::oracle::options::{DAY, Options, Positions, Revisions};

/// Draws the neighbourhood of a world's ordinals: where machine integers end, and where ordinals
/// do.
pub(crate) fn base(random: &mut Random) -> Number {
    let text = match random.up_to(8) {
        0 | 1 => "0".to_owned(),
        2 => "7".to_owned(),
        3 => "9007199254740989".to_owned(),
        4 => "18446744073709551610".to_owned(),
        5 => "340282366920938463463374607431768211450".to_owned(),
        6 => format!("1{}", "0".repeat(56)),
        7 => format!("9{}", "9".repeat(127)),
        _ => format!("{}00", "9".repeat(127)),
    };
    Number::ordinal(&text).expect("the bases are canonical")
}

/// Draws options: every retention, mode and width meets every other.
pub(crate) fn options(random: &mut Random, base: &Number) -> Options {
    let retention =
        *random.pick(&[10, 10, 50, 1000, 60_000, 7 * DAY, 24 * DAY, 24 * DAY + 1, 40 * DAY]);
    let first = |random: &mut Random| match random.up_to(2) {
        0 => None,
        1 => Some(base.clone()),
        _ => Some(base.next()),
    };
    let revisions = match random.weighted(&[3, 2]) {
        0 => Revisions::Newer,
        _ => Revisions::Next { first: first(random) },
    };
    let positions = match random.weighted(&[3, 3, 4]) {
        0 => Positions::Newer,
        1 => Positions::Next { first: first(random) },
        _ => Positions::Window(*random.pick(&[1, 2, 63, 64, 65, 1000])),
    };
    let far = Number::ordinal(&format!("1{}", "0".repeat(60)));
    let max_jump = match random.up_to(6) {
        0..=2 => None,
        3 => Some(Number::small(1)),
        4 => Some(Number::small(5)),
        5 => Some(Number::small(1000)),
        _ => far,
    };
    Options {
        retention,
        max_bytes: 32 << 20,
        revisions,
        positions,
        max_jump,
        time_from_id: random.chance(50),
        max_skew: *random.pick(&[0, 5, 300_000, retention / 2]),
        max_clock_jump: *random.pick(&[20, DAY, retention / 4, retention * 3, 365 * DAY]),
        result_retention: *random.pick(&[1, retention / 3, retention * 2, retention * 2]),
        max_result_bytes: *random.pick(&[0, 4, 65_536, 65_536]),
        lease: *random.pick(&[1, 7, retention.div_ceil(8), retention.div_ceil(3), retention * 2]),
        hold: random.chance(50),
    }
}
