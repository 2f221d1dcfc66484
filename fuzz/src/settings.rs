//! The options that gates are opened with, drawn or taken from the bytes that are to be read.

use onceward::{
    AfterCrash, Error, ErrorCode, Gate, Millis, Options, Ordinal, Positions, Restoration,
    Revisions, Secret, UnixMs,
};

use super::script::Script;

/// What all gates are keyed with.
pub const SECRET: &[u8] = b"what all copies share";

/// Gates are opened at this time.
pub const OPENED: u64 = 1_790_000_000_000;

/// Enough memory for whatever fits an input, and little enough to be held many times over.
pub const ROOMY: u64 = 4 << 20;

/// Where the flags lie in a frame, and where its head begins.
const FLAGS_AT: usize = 6;
const HEAD_AT: usize = 24;

/// The retention from which on ticks are seconds, and one in milliseconds.
const COARSE: Millis = Millis::days(40);
const FINE: Millis = Millis::days(7);

/// Returns the secret that is given, and that state does not carry.
pub fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// Whether bytes say that they carry their secret.
pub fn carries_secret(frame: &[u8]) -> bool {
    frame.get(FLAGS_AT).is_some_and(|flags| flags & 1 == 1)
}

/// Returns options under which the bytes of a frame can be read, as far as its head tells.
pub fn options_for(frame: &[u8]) -> Options {
    let at = if carries_secret(frame) { HEAD_AT + 16 } else { HEAD_AT };
    let mut head = Script::new(frame.get(at..).unwrap_or_default());
    let (revisions, positions) = (head.byte(), head.byte());
    let (tick, window) = (head.number(2), head.number(4));
    Options {
        retention: if tick == 1_000 { COARSE } else { FINE },
        max_bytes: ROOMY,
        revisions: if revisions == 1 { Revisions::Next { first: None } } else { Revisions::Newer },
        positions: match positions {
            1 => Positions::Next { first: None },
            2 => Positions::Window(u32::try_from(window).unwrap_or(0).clamp(1, 65_536)),
            _ => Positions::Newer,
        },
        ..Options::default()
    }
}

/// Draws options.
pub fn draw(script: &mut Script<'_>) -> Options {
    let first = script.pick(&[None, Some(3_u64)]);
    let first = first.map(Ordinal::from);
    Options {
        retention: script.pick(&[FINE, COARSE, Millis::new(1), Millis::new(20)]),
        max_bytes: script.pick(&[ROOMY, 64 << 10, 16 << 10, 3 << 10]),
        revisions: script.pick(&[Revisions::Newer, Revisions::Next { first: first.clone() }]),
        positions: script.pick(&[
            Positions::Newer,
            Positions::Next { first },
            Positions::Window(3),
            Positions::Window(200),
        ]),
        max_jump: script.pick(&[None, Some(Ordinal::from(1_000_u64))]),
        time_from_id: script.pick(&[false, true]),
        max_skew: script.pick(&[Millis::new(5), Millis::new(0), Millis::days(24)]),
        result_retention: script.pick(&[Millis::days(1), Millis::new(1), Millis::new(15)]),
        max_result_bytes: script.pick(&[100, 3, 0]),
        lease: script.pick(&[Millis::new(30), Millis::new(1), Millis::days(1)]),
        after_crash: script.pick(&[AfterCrash::Retry, AfterCrash::Hold]),
        max_clock_jump: script.pick(&[Millis::days(1), Millis::new(20), Millis::new(0)]),
    }
}

/// Opens an empty gate. Whether snapshots carry the secret makes no difference to its fingerprints.
pub fn gate(options: &Options, is_carried: bool) -> Gate {
    let secret = if is_carried { Secret::drawn(SECRET).unwrap() } else { secret() };
    Gate::new(options.clone(), secret, UnixMs::new(OPENED)).unwrap()
}

/// Opens a gate from bytes, in steps of so many records; its clock is the one of the bytes.
pub fn open(frame: &[u8], options: &Options, step: usize) -> Result<Gate, Error> {
    let secret = (!carries_secret(frame)).then(secret);
    let mut restoration = Restoration::new(frame.to_vec(), options.clone(), secret)?;
    while !restoration.step(step)? {}
    restoration.finish()
}

/// Fails unless that is what may be said of bytes that are not taken.
pub fn assert_typed(error: &Error) {
    let is_typed = matches!(
        error.code(),
        ErrorCode::Corrupt
            | ErrorCode::UnsupportedVersion
            | ErrorCode::WrongSecret
            | ErrorCode::InvalidOption
            | ErrorCode::Capacity
    );
    assert!(is_typed, "unexpected: {error:?}");
}
