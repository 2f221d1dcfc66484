//! See `journals::raw` in src.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: assert!(
        cfg!(onceward_unchecked),
        "built with its checks on this target sees little: run it by scripts/fuzz.sh"
    ),
    |input: &[u8]| onceward_fuzz::journals::raw(input)
);
