//! What an identity must always stand for: bytes, or JSON in its canonical form (RFC 8785).

use alloc::collections::BinaryHeap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::error::Error;

/// How deep arrays and objects may be nested.
pub const JSON_DEPTH_MAX: usize = 500;

/// What a key or a revision stands for; hashed, never kept.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    is_json: bool,
    bytes: &'a [u8],
}

impl<'a> Content<'a> {
    /// Takes bytes as they are. They never equal JSON.
    pub const fn bytes(bytes: &'a [u8]) -> Self {
        Self { is_json: false, bytes }
    }

    /// Takes a JSON value in its canonical form.
    pub const fn json(json: &'a CanonicalJson) -> Self {
        Self { is_json: true, bytes: json.0.as_bytes() }
    }

    /// Takes a canonical text that crossed a boundary as bytes.
    pub(crate) const fn canonical(bytes: &'a [u8]) -> Self {
        Self { is_json: true, bytes }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.is_json
    }

    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// A JSON value, as the JSON data model has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A double; RFC 8785 knows no other numbers.
    Number(f64),
    /// A text.
    String(String),
    /// A list of values.
    Array(Vec<Json>),
    /// Members in any order, each name once.
    Object(Vec<(String, Json)>),
}

/// The canonical text of a JSON value: sorted names, no spaces, numbers as ECMAScript prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalJson(String);

impl CanonicalJson {
    /// Writes a value in its canonical form (RFC 8785, section 3.2).
    ///
    /// # Errors
    /// `invalid_event` for a number that is not finite, a name that occurs twice in one object, or
    /// nesting deeper than [`JSON_DEPTH_MAX`]. `capacity` when memory runs out.
    ///
    /// ```
    /// use onceward::{CanonicalJson, Json};
    /// let value = Json::Object(vec![("b".into(), Json::Number(1.0)), ("a".into(), Json::Null)]);
    /// assert_eq!(CanonicalJson::new(&value)?.as_str(), r#"{"a":null,"b":1}"#);
    /// # Ok::<(), onceward::Error>(())
    /// ```
    pub fn new(value: &Json) -> Result<Self, Error> {
        let mut writer = Writer { text: String::new() };
        writer.value(value, 0)?;
        Ok(Self(writer.text))
    }

    /// Returns the canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

struct Writer {
    text: String,
}

impl Writer {
    fn value(&mut self, value: &Json, depth: usize) -> Result<(), Error> {
        match value {
            Json::Null => self.push("null"),
            Json::Bool(true) => self.push("true"),
            Json::Bool(false) => self.push("false"),
            Json::Number(number) if number.is_finite() => {
                self.push(ryu_js::Buffer::new().format_finite(*number))
            }
            Json::Number(_) => Err(Error::event("content holds a number that is not finite")),
            Json::String(text) => self.string(text),
            Json::Array(items) => {
                let depth = deeper(depth)?;
                self.push("[")?;
                for (index, item) in items.iter().enumerate() {
                    self.separate(index)?;
                    self.value(item, depth)?;
                }
                self.push("]")
            }
            Json::Object(members) => {
                let depth = deeper(depth)?;
                self.push("{")?;
                for (index, Member(name, item)) in sorted(members)?.into_iter().enumerate() {
                    self.separate(index)?;
                    self.string(name)?;
                    self.push(":")?;
                    self.value(item, depth)?;
                }
                self.push("}")
            }
        }
    }

    fn separate(&mut self, index: usize) -> Result<(), Error> {
        if index == 0 { Ok(()) } else { self.push(",") }
    }

    /// RFC 8785, section 3.2.2.2: two-character escapes where there are any, lower-case `\u00xx`
    /// for the other control characters, and everything else as it is.
    fn string(&mut self, text: &str) -> Result<(), Error> {
        const HEX: [&str; 16] =
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
        self.push("\"")?;
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|b| b < 0x20 || b == b'"' || b == b'\\') {
            let Some((plain, special)) = rest.split_at_checked(at) else { break };
            self.push(plain)?;
            let byte = special.bytes().next().unwrap_or_default();
            match byte {
                b'"' => self.push("\\\"")?,
                b'\\' => self.push("\\\\")?,
                0x08 => self.push("\\b")?,
                b'\t' => self.push("\\t")?,
                b'\n' => self.push("\\n")?,
                0x0c => self.push("\\f")?,
                b'\r' => self.push("\\r")?,
                _ => {
                    self.push(if byte < 0x10 { "\\u000" } else { "\\u001" })?;
                    self.push(HEX.get(usize::from(byte & 0xF)).copied().unwrap_or_default())?;
                }
            }
            rest = special.get(1..).unwrap_or_default();
        }
        self.push(rest)?;
        self.push("\"")
    }

    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.text.try_reserve(text.len()).map_err(|_| Error::capacity())?;
        self.text.push_str(text);
        Ok(())
    }
}

fn deeper(depth: usize) -> Result<usize, Error> {
    let depth = depth.saturating_add(1);
    if depth > JSON_DEPTH_MAX {
        return Err(Error::event("content is nested deeper than 500"));
    }
    Ok(depth)
}

/// A member, ordered by the UTF-16 code units of its name (RFC 8785, section 3.2.3).
struct Member<'a>(&'a str, &'a Json);

impl Ord for Member<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.encode_utf16().cmp(other.0.encode_utf16())
    }
}

impl PartialOrd for Member<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Member<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Member<'_> {}

/// Sorts members with a heap: a fifth of the code of the sort for slices, which is in no module yet.
fn sorted(members: &[(String, Json)]) -> Result<Vec<Member<'_>>, Error> {
    let mut order = Vec::new();
    order.try_reserve_exact(members.len()).map_err(|_| Error::capacity())?;
    order.extend(members.iter().map(|(name, value)| Member(name, value)));
    let order = BinaryHeap::from(order).into_sorted_vec();
    if order.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(Error::event("content names a member twice"));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;
    use alloc::vec;

    #[track_caller]
    fn check(value: &Json, expected: Option<&str>) {
        let got = CanonicalJson::new(value);
        assert_eq!(got.as_ref().ok().map(CanonicalJson::as_str), expected, "{got:?}");
        if let Err(error) = got {
            assert_eq!(error.code().as_str(), "invalid_event");
        }
    }

    fn object(names: &[&str]) -> Json {
        Json::Object(names.iter().map(|&name| (name.to_owned(), Json::Null)).collect())
    }

    #[test]
    fn one_text_for_each_value() {
        check(&Json::Number(1.0), Some("1"));
        check(&Json::Number(-0.0), Some("0"));
        check(&Json::Number(1e21), Some("1e+21"));
        check(&Json::Number(f64::NAN), None);
        check(&Json::Number(f64::INFINITY), None);
        check(
            &Json::String("a\u{1}\u{1f}\n\"\\/é\u{7f}".to_owned()),
            Some("\"a\\u0001\\u001f\\n\\\"\\\\/é\u{7f}\""),
        );
        check(&object(&["b", "a", "aa", ""]), Some(r#"{"":null,"a":null,"aa":null,"b":null}"#));
        // U+FB33 sorts after U+1F600, whose first code unit is D83D.
        check(&object(&["\u{fb33}", "\u{1f600}"]), Some("{\"\u{1f600}\":null,\"\u{fb33}\":null}"));
        check(&object(&["a", "b", "a"]), None);
        check(&Json::Array(vec![Json::Bool(true), Json::Array(vec![])]), Some("[true,[]]"));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth| (0..depth).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
        assert!(CanonicalJson::new(&nested(JSON_DEPTH_MAX)).is_ok());
        check(&nested(JSON_DEPTH_MAX + 1), None);
    }
}
