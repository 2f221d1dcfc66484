//! See `restores::repaired` in src. Most inputs are frames to which something was done that a frame
//! may stand, and whose checks were put right.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use onceward_fuzz::{mutate, restores};

fuzz_target!(|input: &[u8]| restores::repaired(input));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::frame(data, size, max_size, seed, fuzzer_mutate)
});
