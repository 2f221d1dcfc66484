//! Merging bytes that may be anything.

use super::held::{assert_alive, assert_restorable, merge};
use super::repair;
use super::script::Script;
use super::settings::{gate, options_for};

/// Merges two frames as they are.
pub fn raw(input: &[u8]) {
    let (first, second) = parts(input);
    merged(first, second);
}

/// Merges two frames whose checks were put right.
pub fn repaired(input: &[u8]) {
    let (first, second) = parts(input);
    let [mut first, mut second] = [first, second].map(<[u8]>::to_vec);
    repair::frame(&mut first);
    repair::frame(&mut second);
    merged(&first, &second);
}

/// Takes an input apart: the length of the first frame, and two frames.
fn parts(input: &[u8]) -> (&[u8], &[u8]) {
    let mut script = Script::new(input);
    let first = usize::try_from(script.number(4)).unwrap_or(0);
    let rest = script.rest();
    rest.split_at(first.min(rest.len()))
}

/// Merges two frames in both orders.
fn merged(first: &[u8], second: &[u8]) {
    let options = options_for(first);
    let mut last = None;
    for frames in [[first, second], [second, first]] {
        let mut gate = gate(&options, false);
        for frame in frames {
            let _ = merge(&mut gate, frame);
        }
        assert_restorable(&gate, &options);
        last = Some(gate);
    }
    if let Some(gate) = last {
        assert_alive(gate, &options);
    }
}
