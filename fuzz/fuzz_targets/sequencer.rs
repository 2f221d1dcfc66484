//! See `sequencers::run` in src.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| onceward_fuzz::sequencers::run(input));
