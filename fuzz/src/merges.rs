//! Merging bytes that may be anything.

use super::held::{assert_alive, assert_restorable, merge, snapshot};
use super::script::Script;
use super::settings::{gate, options_for};

/// Merges two frames as they are, in both orders.
pub fn raw(input: &[u8]) {
    let mut script = Script::new(input);
    let first = usize::try_from(script.number(4)).unwrap_or(0);
    let rest = script.rest();
    let (first, second) = rest.split_at(first.min(rest.len()));
    let options = options_for(first);
    for frames in [[first, second], [second, first]] {
        let mut gate = gate(&options, false);
        for frame in frames {
            let _ = merge(&mut gate, frame);
        }
        let _ = snapshot(&gate);
        assert_restorable(&gate, &options);
        assert_alive(gate, &options);
    }
}
