//! The facts that every language must agree on: tests/vectors/*.json.
//!
//! The package's tests read the same files. Larger published sets are read where they lie beside
//! the clone, and the test says when they do not.

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "these are tests"
)]

mod scenarios;

use core::hash::Hasher as _;
use std::fs;
use std::path::{Path, PathBuf};

use onceward::{CanonicalJson, ErrorCode, Json, Notation, Verdict};
use scenarios::json;
use serde_json::Value;
use siphasher::sip128::{Hasher128 as _, SipHasher13, SipHasher24};

fn load(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns a file of the published sets, or says that the test goes without it.
fn published(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("ONCEWARD_SHARED").map_or(beside, PathBuf::from);
    let path = folder.join("vectors").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} does not lie beside the clone");
    None
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn codes_are_spelled_as_listed() {
    let codes = load("codes.json");
    assert_eq!(texts(&codes["errors"]), ErrorCode::ALL.map(ErrorCode::as_str));
    assert_eq!(texts(&codes["verdicts"]), Verdict::ALL.map(Verdict::as_str));
    for (code, verdict) in Verdict::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(verdict.code()), code);
    }
}

#[track_caller]
fn check_canonical(input: &str, output: &str) {
    let value: Value = serde_json::from_str(input).unwrap();
    assert_eq!(CanonicalJson::new(&json(&value)).unwrap().as_str(), output, "{input}");
}

#[track_caller]
fn check_number(bits: &str, text: &str) {
    let number = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
    assert_eq!(CanonicalJson::new(&Json::Number(number)).unwrap().as_str(), text, "{bits}");
}

#[test]
fn json_has_one_canonical_text() {
    let vectors = load("canonical.json");
    for case in vectors["texts"].as_array().unwrap() {
        check_canonical(case["input"].as_str().unwrap(), case["output"].as_str().unwrap());
    }
    for pair in vectors["numbers"].as_array().unwrap() {
        check_number(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
    }
}

#[test]
fn json_agrees_with_the_published_set() {
    if let Some(path) = published("jcs.json") {
        let vectors: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let cases = vectors["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            check_canonical(case["input"].as_str().unwrap(), case["output"].as_str().unwrap());
        }
        for set in ["numbers", "number_samples"] {
            for pair in vectors[set].as_array().unwrap() {
                check_number(pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            }
        }
    }
    if let Some(path) = published("jcs-es6-numbers-10000.txt") {
        let lines = fs::read_to_string(path).unwrap();
        assert_eq!(lines.lines().count(), 10_000);
        for line in lines.lines() {
            let (bits, text) = line.split_once(',').unwrap();
            check_number(bits, text);
        }
    }
}

#[test]
fn notations_have_one_spelling() {
    for case in load("notations.json")["cases"].as_array().unwrap() {
        let notation = Notation::named(case["notation"].as_str().unwrap()).unwrap();
        let ordinal = notation.parse(case["text"].as_str().unwrap());
        let digits = ordinal.as_ref().map(ToString::to_string).ok();
        assert_eq!(digits.as_deref(), case["ordinal"].as_str(), "{case}");
    }
}

#[track_caller]
fn check_siphash(variant: &str, length: usize, expected: &str) {
    let key: [u8; 16] = core::array::from_fn(|i| u8::try_from(i).unwrap());
    let input: Vec<u8> = (0..length).map(|i| u8::try_from(i).unwrap()).collect();
    let output = if variant == "siphash_1_3_128" {
        let mut hasher = SipHasher13::new_with_key(&key);
        hasher.write(&input);
        hasher.finish128().as_bytes()
    } else {
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&input);
        hasher.finish128().as_bytes()
    };
    let expected = u128::from_str_radix(expected, 16).unwrap();
    assert_eq!(u128::from_be_bytes(output), expected, "{variant} of {length} bytes");
}

#[test]
fn fingerprints_rest_on_siphash() {
    let vectors = load("siphash.json");
    for variant in ["siphash_1_3_128", "siphash_2_4_128"] {
        for pair in vectors[variant].as_array().unwrap() {
            let length = usize::try_from(pair[0].as_u64().unwrap()).unwrap();
            check_siphash(variant, length, pair[1].as_str().unwrap());
        }
    }
    let Some(path) = published("siphash.json") else { return };
    let published: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut checked = 0;
    for case in published["cases"].as_array().unwrap() {
        let variant = case["alg"].as_str().unwrap().replace('-', "_");
        if variant == "siphash_1_3_128" || variant == "siphash_2_4_128" {
            for (length, output) in texts(&case["out_hex"]).into_iter().enumerate() {
                check_siphash(&variant, length, output);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 65);
}

#[test]
fn scenarios_end_as_told() {
    assert!(scenarios::play(include_str!("vectors/verdicts.json")) > 150);
}

#[test]
fn a_workload_ends_the_same_everywhere() {
    assert_eq!(scenarios::workload(), scenarios::WORKLOAD);
}

#[test]
fn state_is_the_same_bytes_everywhere() {
    assert_eq!(scenarios::state(), scenarios::STATE);
}
