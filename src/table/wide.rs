//! The slot of everything that is not a plain key: a print, a tag and two words.

use super::Slot;
use crate::fingerprint::Print;

/// A record in 32 bytes. What the words stand for is its owner's affair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WideSlot {
    high: u64,
    low: u32,
    pub(crate) tag: u32,
    pub(crate) words: [u64; 2],
}

impl WideSlot {
    pub(crate) const fn new(print: Print, tag: u32, words: [u64; 2]) -> Self {
        Self { high: print.high, low: print.low, tag, words }
    }
}

impl Default for WideSlot {
    fn default() -> Self {
        Self::new(Print::VACANT, 0, [0, 0])
    }
}

impl Slot for WideSlot {
    const BYTES: u64 = 32;

    fn print(&self) -> Print {
        Print { high: self.high, low: self.low }
    }
}
