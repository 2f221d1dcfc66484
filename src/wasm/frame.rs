//! Events and columns as TypeScript lays them out in the scratch memory, little-endian.
//!
//! An event is 16 bits of flags and then, in this order, the fields whose flag is set: scope, id,
//! entity and source (a 32-bit length and UTF-8), revision, position and epoch (a tag; 64 bits, or
//! decimal digits as a text), content (a 32-bit length, a tag, bytes or canonical JSON), time (a
//! double) or time as a text.

use crate::content::Content;
use crate::error::Error;
use crate::event::Event;
use crate::ordinal::Ordinal;
use crate::time::{UnixMs, whole};

const SCOPE: u16 = 1;
const ID: u16 = 1 << 1;
const ENTITY: u16 = 1 << 2;
const SOURCE: u16 = 1 << 3;
const REVISION: u16 = 1 << 4;
const POSITION: u16 = 1 << 5;
const EPOCH: u16 = 1 << 6;
const CONTENT: u16 = 1 << 7;
const TIME: u16 = 1 << 8;
const TIME_TEXT: u16 = 1 << 9;

/// The frame itself is malformed, which only a defect on the other side of the boundary can cause.
pub(super) const MALFORMED: Error =
    Error::new(crate::ErrorCode::Internal, "the event frame is malformed");

/// Reads through bytes from the front.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, read: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(MALFORMED)?;
        self.bytes = tail;
        self.read = self.read.saturating_add(count);
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.bytes(N)?.try_into().map_err(|_| MALFORMED)
    }

    /// Reads a column of numbers of N bytes each, which lies between multiples of eight bytes.
    pub(super) fn column<const N: usize>(&mut self, count: usize) -> Result<&'a [[u8; N]], Error> {
        self.align()?;
        let (column, _) = self.bytes(count.checked_mul(N).ok_or(MALFORMED)?)?.as_chunks();
        self.align()?;
        Ok(column)
    }

    fn align(&mut self) -> Result<(), Error> {
        let padding = self.read.wrapping_neg() % 8;
        self.bytes(padding).map(|_| ())
    }

    pub(super) fn text(&mut self, length: usize) -> Result<&'a str, Error> {
        str::from_utf8(self.bytes(length)?).map_err(|_| MALFORMED)
    }

    fn long_bytes(&mut self) -> Result<&'a [u8], Error> {
        let length = u32::from_le_bytes(self.array()?);
        self.bytes(usize::try_from(length).map_err(|_| MALFORMED)?)
    }

    fn long_text(&mut self) -> Result<&'a str, Error> {
        str::from_utf8(self.long_bytes()?).map_err(|_| MALFORMED)
    }

    fn ordinal(&mut self, reason: &'static str) -> Result<Ordinal, Error> {
        match self.array()? {
            [0] => Ok(Ordinal::from(u64::from_le_bytes(self.array()?))),
            [1] => Ordinal::parse(self.long_text()?).map_err(|_| Error::event(reason)),
            [_] => Err(MALFORMED),
        }
    }

    fn content(&mut self) -> Result<Content<'a>, Error> {
        match self.long_bytes()?.split_first() {
            Some((0, bytes)) => Ok(Content::bytes(bytes)),
            Some((1, text)) => Ok(Content::canonical(text)),
            Some(_) | None => Err(MALFORMED),
        }
    }

    /// Reads the next event.
    pub(super) fn event(&mut self) -> Result<Event<'a>, Error> {
        let flags = u16::from_le_bytes(self.array()?);
        let mut event = Event::new();
        if flags & SCOPE != 0 {
            event.scope = self.long_text()?;
        }
        if flags & ID != 0 {
            event.id = Some(self.long_text()?);
        }
        if flags & ENTITY != 0 {
            event.entity = Some(self.long_text()?);
        }
        if flags & SOURCE != 0 {
            event.source = Some(self.long_text()?);
        }
        if flags & REVISION != 0 {
            event.revision =
                Some(self.ordinal("the revision is not canonical digits, at most 129")?);
        }
        if flags & POSITION != 0 {
            event.position =
                Some(self.ordinal("the position is not canonical digits, at most 129")?);
        }
        if flags & EPOCH != 0 {
            event.epoch = Some(self.ordinal("the epoch is not canonical digits, at most 129")?);
        }
        if flags & CONTENT != 0 {
            event.content = Some(self.content()?);
        }
        if flags & TIME != 0 {
            event.time = Some(time(f64::from_le_bytes(self.array()?))?);
        }
        if flags & TIME_TEXT != 0 {
            event.time = Some(UnixMs::parse(self.long_text()?)?);
        }
        Ok(event)
    }
}

/// Returns a reader of the first bytes of the scratch.
pub(super) fn frame(scratch: &[u8], bytes: usize) -> Reader<'_> {
    Reader::new(scratch.get(..bytes).unwrap_or_default())
}

/// Reads an event's time.
pub(super) fn time(ms: f64) -> Result<UnixMs, Error> {
    let reason = "the time must be whole milliseconds since 1970";
    whole(ms).map(UnixMs::new).ok_or(Error::event(reason))
}
