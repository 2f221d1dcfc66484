//! The primitives that state is written and read in: little-endian, counted, and checked.
//!
//! A reader never trusts a count: whatever it says is compared with the bytes that remain before
//! anything is allocated for it.

use alloc::vec::Vec;

use crate::error::Error;
use crate::fingerprint::{Digest, Print};
use crate::ordinal::Ordinal;

/// Bytes of a print.
pub(crate) const PRINT_BYTES: usize = 12;

/// Bytes that are being written; running out of memory is told at the end.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    is_full: bool,
}

impl Writer {
    /// Starts with memory for so many bytes.
    pub(crate) fn with_capacity(count: usize) -> Self {
        let mut bytes = Vec::new();
        let is_full = bytes.try_reserve_exact(count).is_err();
        Self { bytes, is_full }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    #[inline]
    fn has_room(&mut self, count: usize) -> bool {
        let is_there = self.bytes.capacity().wrapping_sub(self.bytes.len()) >= count;
        (is_there || self.make_room(count)) && !self.is_full
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, count: usize) -> bool {
        self.is_full |= self.bytes.try_reserve(count).is_err();
        !self.is_full
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.put(&[value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.put(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }

    /// Writes a number that may be absent, as one more than it, or 0.
    pub(crate) fn maybe(&mut self, value: Option<u64>) {
        self.u64(value.map_or(0, |value| value.saturating_add(1)));
    }

    pub(crate) fn print(&mut self, print: Print) {
        self.u64(print.high);
        self.u32(print.low);
    }

    pub(crate) fn digest(&mut self, Digest([high, low]): Digest) {
        self.u64(high);
        self.u64(low);
    }

    /// Writes an ordinal: its length in bytes, with the flag above it, and the fewest bytes it takes.
    pub(crate) fn ordinal(&mut self, ordinal: &Ordinal, flag: bool) {
        let (bytes, length) = ordinal.to_le_bytes();
        let used = bytes.get(..length).unwrap_or_default();
        self.u8(u8::try_from(length).unwrap_or(0) | if flag { ORDINAL_FLAG } else { 0 });
        self.put(used);
    }

    /// Writes bytes after their length.
    pub(crate) fn long(&mut self, bytes: &[u8]) {
        self.u32(count(bytes.len()));
        self.put(bytes);
    }

    /// Writes over what is there already.
    pub(crate) fn patch(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at.saturating_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }

    pub(crate) fn append(&mut self, other: &Self) {
        self.is_full |= other.is_full;
        self.put(&other.bytes);
    }

    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what was written.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Error> {
        if self.is_full { Err(Error::capacity()) } else { Ok(self.bytes) }
    }
}

/// The bit above the length of an ordinal.
const ORDINAL_FLAG: u8 = 0x80;

/// Returns a count as it is written. More than that cannot be held in memory by any gate.
pub(crate) fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Reads through bytes from the front; nothing comes back where they end too early, or are malformed.
///
/// What is wrong is said by whoever reads a whole record: an error for each field would cost more
/// code than reading it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.bytes.split_at_checked(count)?;
        self.bytes = tail;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.bytes.split_first_chunk()?;
        self.bytes = tail;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads a number that may be absent.
    #[expect(clippy::option_option, reason = "what is absent is told from what is malformed")]
    pub(crate) fn maybe(&mut self) -> Option<Option<u64>> {
        self.u64().map(|value| value.checked_sub(1))
    }

    /// Reads something that is only there when a flag says so.
    #[expect(clippy::option_option, reason = "what is absent is told from what is malformed")]
    pub(crate) fn only_if<T>(
        &mut self,
        is_there: bool,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if is_there { read(self).map(Some) } else { Some(None) }
    }

    pub(crate) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// Reads the print of a name, not of the end of a claim.
    pub(crate) fn name(&mut self) -> Option<Print> {
        let print = Print { high: self.u64()?, low: self.u32()? };
        (!print.is_end()).then_some(print)
    }

    pub(crate) fn digest(&mut self) -> Option<Digest> {
        Some(Digest([self.u64()?, self.u64()?]))
    }

    /// Reads an ordinal and the flag beside it.
    pub(crate) fn ordinal(&mut self) -> Option<(Ordinal, bool)> {
        let byte = self.u8()?;
        let bytes = self.take(usize::from(byte & !ORDINAL_FLAG))?;
        Some((Ordinal::from_le_bytes(bytes)?, byte & ORDINAL_FLAG != 0))
    }

    pub(crate) fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }
}
