//! Errors as JavaScript throws them: an `Error` with a `code`, and an `index` if it was one of a
//! batch.

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use super::convert;
use crate::error::Error;

/// What an export returns; the error is thrown.
pub(super) type JsResult<T> = Result<T, JsValue>;

/// Turns an error into what is thrown for it.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn thrown(error: Error) -> JsValue {
    let thrown: JsValue = js_sys::Error::new(error.reason()).into();
    // Setting a property of a new object cannot fail.
    let set = |name: &str, value: JsValue| drop(Reflect::set(&thrown, &name.into(), &value));
    set("code", error.code().as_str().into());
    if let Some(index) = error.index() {
        set("index", index.into());
    }
    if let Some(refusal) = error.refusal() {
        set("refusal", convert::inspection(refusal));
    }
    thrown
}
