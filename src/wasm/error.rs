//! Errors as JavaScript throws them: an `Error` with a `code`.

use alloc::string::ToString;

use js_sys::Reflect;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// What an export returns; the error is thrown.
pub(super) type JsResult<T> = Result<T, JsValue>;

/// Turns an error into what is thrown for it.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(super) fn thrown(error: Error) -> JsValue {
    let thrown: JsValue = js_sys::Error::new(&error.to_string()).into();
    // Setting a property of a new object cannot fail.
    let _ = Reflect::set(&thrown, &"code".into(), &error.code().as_str().into());
    thrown
}
