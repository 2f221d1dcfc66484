//! The core as WebAssembly, in Node and in a browser: the same scenarios, and the same end.
//!
//! Run with `wasm-pack test --node` and `wasm-pack test --headless --chrome`.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod scenarios;

use onceward::{CanonicalJson, Json};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn scenarios_end_as_told() {
    assert!(scenarios::play(include_str!("vectors/verdicts.json")) > 150);
}

#[wasm_bindgen_test]
fn a_workload_ends_as_it_does_natively() {
    assert_eq!(scenarios::workload(), scenarios::WORKLOAD);
}

#[wasm_bindgen_test]
fn state_is_the_same_bytes_as_natively() {
    assert_eq!(scenarios::state(), scenarios::STATE);
}

#[wasm_bindgen_test]
fn numbers_have_one_canonical_text() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("vectors/canonical.json")).unwrap();
    for pair in vectors["numbers"].as_array().unwrap() {
        let bits = u64::from_str_radix(pair[0].as_str().unwrap(), 16).unwrap();
        let json = CanonicalJson::new(&Json::Number(f64::from_bits(bits))).unwrap();
        assert_eq!(json.as_str(), pair[1].as_str().unwrap());
    }
}
