//! The JavaScript face: convert, call, convert. Nothing is decided here.

#![expect(unreachable_pub, reason = "what wasm-bindgen exports must be public")]

mod claims;
mod columns;
mod content;
mod convert;
mod core;
mod error;
mod frame;
mod issue;
mod memory;
mod sequencer;
mod singles;
mod state;

use wasm_bindgen::prelude::*;

use crate::notation::Notation;
use error::JsResult;

/// Reads a text in a notation; returns the ordinal's decimal digits.
///
/// # Errors
/// `invalid_event` when the text is not in its one spelling.
#[wasm_bindgen]
pub fn notation(kind: &str, text: &str) -> JsResult<alloc::string::String> {
    let unknown = crate::Error::event("there is no such notation");
    let notation = Notation::named(kind).ok_or(unknown).map_err(error::thrown)?;
    notation.parse(text).map(|ordinal| ordinal.digits()).map_err(error::thrown)
}

/// Returns the canonical text (RFC 8785) of a JSON value, in UTF-8.
///
/// # Errors
/// `invalid_event` when it is not a JSON value. Whatever a getter throws is passed on.
#[wasm_bindgen]
pub fn canonical(value: &JsValue) -> JsResult<js_sys::Uint8Array> {
    content::canonical(value)
}
