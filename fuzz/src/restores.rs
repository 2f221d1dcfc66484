//! Opening gates from bytes that may be anything.

use onceward::{Gate, Options, UnixMs};

use super::held::{
    assert_alive, assert_idempotent, assert_restorable, assert_same, merge, snapshot,
};
use super::ops::World;
use super::repair;
use super::script::Script;
use super::settings::{assert_typed, gate, open, options_for, secret};
use super::states::is_settled;

/// A history whose gate foreign bytes are merged into.
const HISTORY: &[u8] = b"a gate that has lived a little, and knows most of the names there are";

/// Opens a gate from the bytes as they are.
pub fn raw(frame: &[u8]) {
    let options = options_for(frame);
    if let Some(gate) = opened(frame, &options) {
        assert_alive(gate, &options);
    }
}

/// Opens a gate from the bytes and merges them into others, with the checks put right.
pub fn repaired(frame: &[u8]) {
    let mut frame = frame.to_vec();
    repair::frame(&mut frame);
    let options = options_for(&frame);
    let carried = super::settings::carries_secret(&frame);
    let opened = opened(&frame, &options);
    let tight = Options { max_bytes: 6 << 10, ..options.clone() };
    if !carried {
        for options in [&options, &tight] {
            merged(&frame, gate(options, false), options);
            let mut world = World::around(gate(options, false), options);
            world.run(&mut Script::new(HISTORY));
            merged(&frame, world.into_gate(), options);
        }
    }
    if let Some(gate) = opened {
        assert_alive(gate, &options);
    }
}

/// Whether a gate can be opened from the bytes as they are.
pub fn is_taken(frame: &[u8]) -> bool {
    open(frame, &options_for(frame), usize::MAX / 1_024).is_ok()
}

/// Opens a gate at once and step by step, which must come to the same.
fn opened(frame: &[u8], options: &Options) -> Option<Gate> {
    let whole = open(frame, options, usize::MAX / 1_024);
    let stepped = open(frame, options, 3);
    assert_eq!(whole.as_ref().err(), stepped.as_ref().err(), "in steps");
    let at_once = Gate::restore(frame, options.clone(), Some(secret()), UnixMs::new(0));
    let mut gate = match whole {
        Ok(gate) => gate,
        Err(error) => {
            assert_typed(&error);
            assert!(at_once.is_err(), "{error:?}");
            return None;
        }
    };
    assert_same("in steps", &snapshot(&gate), &snapshot(&stepped.expect("as at once")));
    assert_restorable(&gate, options);
    if is_settled(&snapshot(&gate), options) {
        assert_idempotent(&mut gate);
    }
    Some(gate)
}

/// Merges bytes twice, the second time without anything new.
fn merged(frame: &[u8], mut gate: Gate, options: &Options) {
    if merge(&mut gate, frame).is_err() {
        return;
    }
    assert!(gate.stats().bytes <= options.max_bytes, "{:?}", gate.stats());
    let state = snapshot(&gate);
    let again = merge(&mut gate, frame);
    if again.is_ok() && is_settled(&state, options) && options.max_bytes >= super::settings::ROOMY {
        assert_same("merged again", &snapshot(&gate), &state);
    }
}
