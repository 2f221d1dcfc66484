//! Gates for histories that are told call by call.

use onceward::{Claim, Claimed, Event, Gate, Millis, Options, Secret, UnixMs};

/// Returns a time some milliseconds after the gates were opened.
pub(crate) fn at(ms: u64) -> UnixMs {
    UnixMs::new(super::OPENED + ms)
}

fn secret() -> Secret {
    Secret::new(b"any").unwrap()
}

/// Opens a gate.
pub(crate) fn open(options: Options) -> Gate {
    Gate::new(options, secret(), at(0)).unwrap()
}

/// Opens a gate with the default options.
pub(crate) fn gate() -> Gate {
    open(Options::default())
}

/// Opens a gate from a state.
pub(crate) fn restored(state: &[u8], options: Options) -> Gate {
    Gate::restore(state, options, Some(secret()), at(0)).unwrap()
}

/// Opens a copy of a gate.
pub(crate) fn copy(of: &Gate, options: Options) -> Gate {
    restored(&of.snapshot().unwrap(), options)
}

/// Returns options with short leases, and a clock that does not believe much.
pub(crate) fn short() -> Options {
    Options { lease: Millis::new(10), max_clock_jump: Millis::new(100), ..Options::default() }
}

/// Claims an event, which must be granted.
#[track_caller]
pub(crate) fn claim(gate: &mut Gate, event: &Event<'_>, ms: u64) -> Claim {
    match gate.claim(event, None, at(ms)).unwrap() {
        Claimed::Fresh(claim) => claim,
        Claimed::Refused(refusal) => panic!("refused: {refusal:?}"),
    }
}
