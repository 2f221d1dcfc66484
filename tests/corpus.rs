//! Replays the inputs that the fuzz targets have found, through the very code of the targets: whatever
//! is decoded is taken, or refused with a typed error that changes nothing.
//!
//! The targets run by `scripts/fuzz.sh`, for longer; see `fuzz`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic is how a test fails"
)]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]
#![allow(unreachable_pub, dead_code, reason = "for the targets it is a library")]

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

/// Returns the inputs in a folder of the corpus, by their names.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut inputs: Vec<_> = files
        .map(|file| file.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect();
    inputs.sort();
    inputs
}

/// Hands inputs to a target; the name of one that fails is told.
fn replay(run: fn(&[u8]), inputs: &[(String, Vec<u8>)]) {
    assert!(!inputs.is_empty(), "there is nothing to replay");
    for (name, input) in inputs {
        let _told = Told(name);
        run(input);
    }
}

/// Tells the name of an input while its panic passes by.
struct Told<'a>(&'a str);

impl Drop for Told<'_> {
    #[allow(clippy::print_stderr, reason = "it is for the reader of a failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("that was {}", self.0);
        }
    }
}

#[test]
fn what_the_targets_have_found_is_still_taken_or_refused() {
    for (target, run) in targets::TARGETS {
        replay(run, &inputs(target));
    }
}

/// Checks are on here, so that frames that were found without them are put right first.
#[test]
fn frames_that_were_found_without_checks_are_decoded_with_them() {
    replay(targets::restores::repaired, &inputs("restore"));
    replay(targets::merges::repaired, &inputs("merge"));
    replay(targets::journals::repaired, &inputs("journal"));
}

#[test]
fn the_corpus_reaches_what_is_behind_the_checks() {
    let inputs = inputs("repaired");
    let taken = inputs.iter().filter(|(_, frame)| targets::restores::is_taken(frame)).count();
    let refused = inputs.len() - taken;
    assert!(taken >= 5 && refused >= 5, "{taken} frames are taken, {refused} are refused");
}
