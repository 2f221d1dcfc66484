//! JSON content: a JavaScript value walked once, to its canonical text.

use alloc::string::String;
use alloc::vec::Vec;

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::error::{JsResult, thrown};
use crate::content::{CanonicalJson, JSON_DEPTH_MAX, Json};
use crate::error::Error;

/// Returns the canonical text of a value, in UTF-8.
pub(super) fn canonical(value: &JsValue) -> JsResult<Uint8Array> {
    let text = canonical_without(value, &Array::new())?;
    Ok(Uint8Array::from(text.as_str().as_bytes()))
}

/// Returns the canonical text of a value without some of its own members, which are not even read.
pub(super) fn canonical_without(value: &JsValue, omit: &Array) -> JsResult<CanonicalJson> {
    let is_whole = omit.length() == 0;
    let json =
        if is_whole { json(value, 0)? } else { object(value.unchecked_ref(), 1, Some(omit))? };
    CanonicalJson::new(&json).map_err(thrown)
}

/// Reads a value; getters and proxies may run, so no gate is borrowed here.
fn json(value: &JsValue, depth: usize) -> JsResult<Json> {
    if value.is_null() {
        return Ok(Json::Null);
    }
    if let Some(truth) = value.as_bool() {
        return Ok(Json::Bool(truth));
    }
    if let Some(number) = value.as_f64() {
        return Ok(Json::Number(number));
    }
    if value.is_string() {
        return string(value).map(Json::String);
    }
    if !value.is_object() {
        return refuse("content holds what is not JSON");
    }
    // A cycle ends here, too.
    if depth >= JSON_DEPTH_MAX {
        return refuse("content is nested deeper than 500");
    }
    let depth = depth.saturating_add(1);
    if Array::is_array(value) {
        return array(value.unchecked_ref(), depth);
    }
    object(value.unchecked_ref(), depth, None)
}

fn array(items: &Array, depth: usize) -> JsResult<Json> {
    let length = items.length();
    let mut values = Vec::new();
    for index in 0..length {
        values.try_reserve(1).map_err(|_| thrown(Error::capacity()))?;
        // A hole reads as undefined, which is refused like any other.
        values.push(json(&Reflect::get_u32(items, index)?, depth)?);
    }
    Ok(Json::Array(values))
}

fn object(object: &Object, depth: usize, omit: Option<&Array>) -> JsResult<Json> {
    // Dates, maps, typed arrays and class instances would silently become something else.
    let prototype = Reflect::get_prototype_of(object)?;
    let is_plain = prototype.is_null() || Reflect::get_prototype_of(&prototype)?.is_null();
    if !is_plain {
        return refuse("content holds an object that is not plain");
    }
    let names = Object::keys(object);
    let mut members = Vec::new();
    for name in names.iter() {
        if omit.is_some_and(|omit| omit.includes(&name, 0)) {
            continue;
        }
        let value = json(&Reflect::get(object, &name)?, depth)?;
        members.try_reserve(1).map_err(|_| thrown(Error::capacity()))?;
        members.push((string(&name)?, value));
    }
    Ok(Json::Object(members))
}

/// Copies a text; a lone surrogate would come out as U+FFFD and collide with it.
fn string(text: &JsValue) -> JsResult<String> {
    let copy = text.as_string().unwrap_or_default();
    if copy.chars().any(|c| c == '\u{fffd}') && JsValue::from_str(&copy) != *text {
        return refuse("content holds a lone surrogate");
    }
    Ok(copy)
}

fn refuse<T>(reason: &'static str) -> JsResult<T> {
    Err(thrown(Error::event(reason)))
}
