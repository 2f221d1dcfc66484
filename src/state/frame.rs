//! Snapshots and changes as bytes: one format, described in `docs/state-format.md`.
//!
//! A frame is a prelude that every version can read, a head, sections of fixed and then of variable
//! size, and a checksum that is keyed with the gate's secret.

use core::hash::Hasher as _;
use core::ops::Range;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::codec::{PRINT_BYTES, Reader, Writer};
use crate::error::{Error, ErrorCode};
use crate::fingerprint::{Fingerprinter, Secret};
use crate::keys::First;
use crate::positions::Positions;
use crate::revisions::Revisions;
use crate::time::UnixMs;

const MAGIC: [u8; 4] = *b"ONWD";
const VERSION: u8 = 1;
const CARRIES_SECRET: u16 = 1;

/// The key of what only guards against accidents, and so is no secret.
const PRELUDE_KEY: &[u8; 16] = b"onceward prelude";

/// Whether bytes have to agree with their checks: always, but where a fuzzer is to get behind them.
pub(super) const IS_CHECKED: bool = !cfg!(onceward_unchecked);

const CHECKED_BYTES: usize = 16;
const PRELUDE_BYTES: usize = CHECKED_BYTES + 8;
pub(super) const CHECKSUM_BYTES: usize = 16;
const SECRET_BYTES: usize = 16;
const HEAD_BYTES: usize = 8 + 6 * 8 + 8 * 4;

pub(super) const KEY_BYTES: usize = PRINT_BYTES + 4;
pub(super) const FAR_BYTES: usize = 8;
pub(super) const CONTENT_BYTES: usize = 4 + 16;
pub(super) const UNSETTLED_BYTES: usize = 4 + 8;

/// The age of a key whose age mark is among the far ones.
pub(super) const FAR: u32 = u32::MAX;

/// Ages count from so many ticks before the clock.
const AGE_TICKS_MAX: u64 = 1 << 31;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All that is remembered.
    Snapshot = 1,
    /// Records that have changed.
    Changes = 2,
}

/// The part that is the same in every version.
#[derive(Debug)]
pub(super) struct Prelude {
    tag: u64,
    carries_secret: bool,
}

/// How many records each section has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) keys: u32,
    pub(super) far: u32,
    pub(super) contents: u32,
    pub(super) unsettled: u32,
    pub(super) commits: u32,
    pub(super) entities: u32,
    pub(super) sources: u32,
    pub(super) claims: u32,
}

/// What is kept of the gate as a whole.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) modes: Modes,
    /// How many milliseconds a tick has: 1 or 1,000.
    pub(super) tick_ms: u64,
    pub(super) believed: u64,
    pub(super) unconfirmed: Option<u64>,
    pub(super) token: u64,
    pub(super) horizon: u64,
    pub(super) first: Option<First>,
    pub(super) counts: Counts,
}

/// In which order revisions and positions come; copies that differ in it cannot be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modes {
    revisions: u8,
    positions: u8,
    window: u32,
}

impl Modes {
    pub(super) const fn new(revisions: &Revisions, positions: &Positions) -> Self {
        let revisions = match revisions {
            Revisions::Newer => 0,
            Revisions::Next { .. } => 1,
        };
        let (positions, window) = match positions {
            Positions::Newer => (0, 0),
            Positions::Next { .. } => (1, 0),
            Positions::Window(width) => (2, *width),
        };
        Self { revisions, positions, window }
    }
}

/// Writes the prelude and a head whose counts are not known yet.
pub(super) fn start(writer: &mut Writer, kind: Kind, by: &Fingerprinter, head: &Head) {
    let secret = if kind == Kind::Snapshot { by.secret().carried() } else { None };
    writer.put(&MAGIC);
    writer.u8(VERSION);
    writer.u8(kind as u8);
    writer.u16(if secret.is_some() { CARRIES_SECRET } else { 0 });
    writer.u64(by.tag());
    writer.u64(prelude_check(writer.written()));
    if let Some(secret) = secret {
        writer.put(secret);
    }
    let Head { modes, tick_ms, believed, unconfirmed, token, horizon, first, counts: _ } = head;
    writer.u8(modes.revisions);
    writer.u8(modes.positions);
    writer.u16(u16::try_from(*tick_ms).unwrap_or(0));
    writer.u32(modes.window);
    writer.u64(*believed);
    writer.maybe(*unconfirmed);
    writer.u64(*token);
    writer.u64(*horizon);
    writer.maybe(first.map(|first| first.age));
    writer.maybe(first.and_then(|first| first.unsettled));
    writer.put(&[0; 8 * 4]);
}

/// Writes the counts and the checksum.
pub(super) fn end(writer: &mut Writer, counts: &Counts, body: usize, by: &Fingerprinter) {
    let Counts { keys, far, contents, unsettled, commits, entities, sources, claims } = *counts;
    let all = [keys, far, contents, unsettled, commits, entities, sources, claims];
    for (index, count) in all.into_iter().enumerate() {
        let at = body.saturating_sub(all.len().saturating_sub(index).saturating_mul(4));
        writer.patch(at, &count.to_le_bytes());
    }
    let mut checksum = by.checksum();
    checksum.write(writer.written());
    writer.put(&checksum.finish128().as_bytes());
}

fn prelude_check(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_key(PRELUDE_KEY);
    hasher.write(bytes);
    hasher.finish128().h1
}

/// Reads the prelude, and the secret if one is carried.
pub(super) fn prelude(bytes: &[u8]) -> Result<(Prelude, Option<Secret>), Error> {
    const DAMAGED: Error = Error::corrupt("these are no bytes of a gate's state, or damaged ones");
    let (checked, rest) = bytes.split_first_chunk::<CHECKED_BYTES>().ok_or(DAMAGED)?;
    let mut rest = Reader::new(rest);
    let is_whole = rest.u64() == Some(prelude_check(checked)) || !IS_CHECKED;
    if !is_whole || !checked.starts_with(&MAGIC) {
        return Err(DAMAGED);
    }
    let [_, _, _, _, version, kind, flags_low, flags_high, tag @ ..] = *checked;
    if version != VERSION {
        let reason = "the bytes were written by a newer version";
        return Err(Error::new(ErrorCode::UnsupportedVersion, reason));
    }
    let flags = u16::from_le_bytes([flags_low, flags_high]);
    let carries_secret = flags & CARRIES_SECRET != 0;
    let is_known = kind == Kind::Snapshot as u8 || (kind == Kind::Changes as u8 && !carries_secret);
    let secret = rest.only_if(carries_secret, Reader::array);
    let secret = secret.filter(|_| is_known && flags & !CARRIES_SECRET == 0);
    let secret = secret.ok_or(Error::corrupt("the kind of the bytes is not known"))?;
    let prelude = Prelude { tag: u64::from_le_bytes(tag), carries_secret };
    Ok((prelude, secret.map(Secret::from_carried)))
}

impl Prelude {
    /// Checks that the bytes were written under a secret.
    pub(super) fn check_secret(&self, by: &Fingerprinter) -> Result<(), Error> {
        if self.tag == by.tag() || !IS_CHECKED {
            return Ok(());
        }
        Err(Error::new(ErrorCode::WrongSecret, "the bytes were written under another secret"))
    }

    const fn body(&self) -> usize {
        if self.carries_secret { PRELUDE_BYTES + SECRET_BYTES } else { PRELUDE_BYTES }
    }
}

/// A checksum that is taken piece by piece.
#[derive(Debug)]
pub(super) struct Check {
    hasher: SipHasher13,
    at: usize,
}

impl Check {
    pub(super) fn new(by: &Fingerprinter) -> Self {
        Self { hasher: by.checksum(), at: 0 }
    }

    /// Goes on by so many bytes at most; returns whether all were seen, and agree.
    pub(super) fn step(&mut self, bytes: &[u8], budget: usize) -> Result<bool, Error> {
        let end = bytes.len().saturating_sub(CHECKSUM_BYTES);
        let next = self.at.saturating_add(budget).min(end);
        self.hasher.write(bytes.get(self.at..next).unwrap_or_default());
        self.at = next;
        if next < end {
            return Ok(false);
        }
        let is_right = bytes.get(end..) == Some(self.hasher.finish128().as_bytes().as_slice());
        if !is_right && IS_CHECKED {
            return Err(Error::corrupt("the checksum of the bytes is wrong"));
        }
        Ok(true)
    }
}

/// Reads the head; returns where the sections begin.
pub(super) fn head(bytes: &[u8], prelude: &Prelude) -> Result<(Head, usize), Error> {
    let start = prelude.body();
    let mut reader = Reader::new(bytes.get(start..).unwrap_or_default());
    let head = read_head(&mut reader).filter(Head::is_sound);
    let head = head.ok_or(Error::corrupt("the head of the bytes is malformed"))?;
    Ok((head, start.saturating_add(HEAD_BYTES)))
}

fn read_head(reader: &mut Reader<'_>) -> Option<Head> {
    let (revisions, positions, tick) = (reader.u8()?, reader.u8()?, reader.u16()?);
    Some(Head {
        modes: Modes { revisions, positions, window: reader.u32()? },
        tick_ms: u64::from(tick),
        believed: reader.u64()?,
        unconfirmed: reader.maybe()?,
        token: reader.u64()?,
        horizon: reader.u64()?,
        first: read_first(reader)?,
        counts: Counts {
            keys: reader.u32()?,
            far: reader.u32()?,
            contents: reader.u32()?,
            unsettled: reader.u32()?,
            commits: reader.u32()?,
            entities: reader.u32()?,
            sources: reader.u32()?,
            claims: reader.u32()?,
        },
    })
}

#[expect(clippy::option_option, reason = "what is absent is told from what is malformed")]
fn read_first(reader: &mut Reader<'_>) -> Option<Option<First>> {
    match (reader.maybe()?, reader.maybe()?) {
        (Some(age), unsettled) => Some(Some(First { age, unsettled })),
        (None, None) => Some(None),
        (None, Some(_)) => None,
    }
}

/// Whether that is a time in the range that the core works with. A horizon is at most one above it.
pub(super) const fn is_time(ms: u64) -> bool {
    ms.saturating_sub(1) <= UnixMs::new(u64::MAX).as_u64()
}

impl Head {
    fn is_sound(&self) -> bool {
        let Self { believed, unconfirmed, horizon, first, tick_ms, token, .. } = *self;
        let (age, time) = (first.map(|first| first.age), first.and_then(|first| first.unsettled));
        let times = [Some(believed), unconfirmed, Some(horizon), age, time];
        times.into_iter().flatten().all(is_time)
            && unconfirmed.is_none_or(|ahead| ahead > believed)
            && (unconfirmed.is_some() || time.is_none())
            // No gate comes near the last token, after which there would be no greater one.
            && token.leading_ones() < 2
            && matches!(tick_ms, 1 | 1_000)
    }

    /// Returns the tick from which ages count: the clock's, as long as 2^31 ticks before.
    pub(super) fn base(&self) -> u64 {
        let now = self.believed.checked_div(self.tick_ms).unwrap_or(0);
        now.saturating_sub(AGE_TICKS_MAX)
    }
}

/// Where the sections of fixed size lie, and where those of variable size begin.
#[derive(Clone, Debug)]
pub(super) struct Sections {
    pub(super) keys: Range<usize>,
    pub(super) far: Range<usize>,
    pub(super) contents: Range<usize>,
    pub(super) unsettled: Range<usize>,
    pub(super) rest: Range<usize>,
}

impl Sections {
    /// Finds the sections, whose counts must agree with the length of the bytes.
    pub(super) fn find(bytes: &[u8], counts: &Counts, start: usize) -> Result<Self, Error> {
        let end = bytes.len().saturating_sub(CHECKSUM_BYTES);
        let mut at = start;
        let mut section = |count: u32, size: usize| {
            let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(size));
            let next = length.and_then(|length| at.checked_add(length)).filter(|&next| next <= end);
            let next = next.ok_or(Error::corrupt("there are fewer records than are announced"))?;
            Ok(core::mem::replace(&mut at, next)..next)
        };
        let keys = section(counts.keys, KEY_BYTES)?;
        let far = section(counts.far, FAR_BYTES)?;
        let contents = section(counts.contents, CONTENT_BYTES)?;
        let unsettled = section(counts.unsettled, UNSETTLED_BYTES)?;
        Ok(Self { keys, far, contents, unsettled, rest: at..end })
    }
}
