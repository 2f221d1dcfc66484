//! What the fuzzers keep is read by everything that reads bytes or text from outside: nothing
//! panics, and what is refused is refused with a code that says why.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::fs;
use std::path::{Path, PathBuf};

use onceward::{ErrorCode, Gate, Journal, Notation, Options, Ordinal, Secret, UnixMs};

const NOW: UnixMs = UnixMs::new(1_790_000_000_000);
const NOTATIONS: [&str; 6] = ["hlc", "lsn", "redis", "time", "ulid", "uuid7"];

fn inputs() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let targets = fs::read_dir(corpus).unwrap().map(|target| target.unwrap().path());
    targets
        .flat_map(|target| fs::read_dir(target).unwrap().map(|file| file.unwrap().path()))
        .collect()
}

fn gate() -> Gate {
    Gate::new(Options::default(), Secret::new(b"corpus").unwrap(), NOW).unwrap()
}

#[track_caller]
fn check_refused(code: ErrorCode) {
    let expected = [
        ErrorCode::Corrupt,
        ErrorCode::UnsupportedVersion,
        ErrorCode::WrongSecret,
        ErrorCode::InvalidOption,
        ErrorCode::Capacity,
    ];
    assert!(expected.contains(&code), "{code}");
}

fn check_state(bytes: &[u8]) {
    let secret = || Secret::new(b"corpus").unwrap();
    for secret in [None, Some(secret())] {
        match Gate::restore(bytes, Options::default(), secret.clone(), NOW) {
            Ok(gate) => {
                // Its own state it must be able to read.
                let snapshot = gate.snapshot().unwrap();
                assert!(Gate::restore(&snapshot, Options::default(), secret, NOW).is_ok());
            }
            Err(error) => check_refused(error.code()),
        }
    }
    let mut gate = gate();
    let before = gate.snapshot().unwrap();
    if let Err(error) = gate.merge(bytes) {
        check_refused(error.code());
        assert!(gate.snapshot().unwrap() == before, "what was refused has changed something");
    }
}

fn check_journal(bytes: &[u8]) {
    let salvaged = Journal::salvage(b"", 0, bytes);
    assert_eq!(salvaged.kept_bytes.saturating_add(salvaged.lost_bytes), bytes.len());
    match Journal::read(b"", 0, bytes) {
        Ok(read) => assert_eq!(read.records, salvaged.records),
        Err(error) => check_refused(error.code()),
    }
}

fn check_text(text: &str) {
    if let Ok(ordinal) = Ordinal::parse(text) {
        assert_eq!(ordinal.to_string(), text);
    }
    for name in NOTATIONS {
        // An id of Redis may leave its second half out, so not every text comes back as it was.
        if let Ok(ordinal) = Notation::named(name).unwrap().parse(text) {
            assert_eq!(Ordinal::parse(&ordinal.to_string()), Ok(ordinal));
        }
    }
}

#[test]
fn everything_reads_what_the_fuzzers_keep() {
    let inputs = inputs();
    assert!(inputs.len() > 100, "the corpus is not there");
    for path in &inputs {
        let bytes = fs::read(path).unwrap();
        check_state(&bytes);
        check_journal(&bytes);
        if let Ok(text) = core::str::from_utf8(&bytes) {
            check_text(text);
        }
    }
    println!("{} inputs", inputs.len());
}
