//! The line of JSON in which a measurement ends.

use core::error::Error;
use core::fmt;

/// A JSON object, its members in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Line {
    members: Vec<String>,
}

impl Line {
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.member(name, &serde_json::Value::from(text));
    }

    pub(crate) fn integer(&mut self, name: &str, integer: Option<u64>) {
        if let Some(integer) = integer {
            self.member(name, &integer);
        }
    }

    /// Adds a number, to two decimals: what is behind them is noise.
    pub(crate) fn number(&mut self, name: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.member(name, &((number * 100.0).round() / 100.0));
        }
    }

    fn member(&mut self, name: &str, value: &impl fmt::Display) {
        self.members.push(format!("\"{name}\":{value}"));
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.members.join(","))
    }
}

/// Returns how much of a sum each of so many has.
#[expect(clippy::cast_precision_loss, reason = "nothing here comes near 2^53")]
pub(crate) fn per(sum: u64, count: u64) -> f64 {
    sum as f64 / count as f64
}

/// A figure is worth nothing when the answers are wrong.
pub(crate) fn ensure(what: &str, found: u64, expected: u64) -> Result<(), Box<dyn Error>> {
    if found == expected {
        return Ok(());
    }
    Err(format!("wrong answers: {found} {what}, not {expected}").into())
}
