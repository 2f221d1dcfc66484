//! A journal: changes one after the other behind a snapshot, so that a crash costs at most the last.
//!
//! Each record has a header with a check of its own, and a checksum that is chained: it is keyed with
//! the checksum before it, and the first one with what the snapshot ends with. Records of another
//! generation, out of order, or damaged are therefore never taken for good ones.

use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::frame::IS_CHECKED;
use crate::codec::Reader;
use crate::error::Error;

const MAGIC: [u8; 4] = *b"OWJR";
const HEADER_BYTES: usize = 32;
/// What the check covers that only records of this journal pass, and what the one that all do.
const OWN_BYTES: usize = 24;
const ANY_BYTES: usize = 28;
const CHAIN_BYTES: usize = 16;

/// The end of a snapshot by which a journal knows it: its checksum, and a little before that.
const END_BYTES: usize = 64;

/// The end of a journal, from which it goes on.
#[derive(Clone, Debug)]
pub struct Journal {
    seed: [u8; CHAIN_BYTES],
    chain: [u8; CHAIN_BYTES],
    generation: u64,
    index: u64,
}

/// What was read of a journal.
#[derive(Clone, Debug)]
pub struct Recovered<'a> {
    /// Its end, from which it goes on once what was lost is cut off.
    pub journal: Journal,
    /// The changes, oldest first.
    pub records: Vec<&'a [u8]>,
    /// How many bytes the records take.
    pub kept_bytes: usize,
    /// How many bytes come after them.
    pub lost_bytes: usize,
}

/// The key of the check by which any whole header is known, and so no secret.
const ANY_KEY: &[u8; 16] = b"onceward header\0";

/// A header that is whole, of this journal or of another one.
struct Header<'a> {
    length: usize,
    generation: u64,
    index: u64,
    own_check: [u8; 4],
    checked: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        if !bytes.starts_with(&MAGIC) {
            return None;
        }
        let (any, rest) = bytes.split_at_checked(ANY_BYTES)?;
        if (IS_CHECKED && !rest.starts_with(&check(ANY_KEY, any))) || rest.len() < CHECK_BYTES {
            return None;
        }
        let (checked, own) = any.split_at_checked(OWN_BYTES)?;
        let mut reader = Reader::new(checked.get(MAGIC.len()..)?);
        let (length, generation, index) = (reader.count()?, reader.u64()?, reader.u64()?);
        let own_check = own.try_into().ok()?;
        Some(Self { length, generation, index, own_check, checked })
    }
}

const CHECK_BYTES: usize = 4;

fn check(key: &[u8; 16], bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    let [a, b, c, d, ..] = hasher.finish128().as_bytes();
    [a, b, c, d]
}

impl Journal {
    /// Starts a journal behind a snapshot, which may be empty. The generation sets it apart from
    /// others behind the same bytes.
    pub fn new(snapshot: &[u8], generation: u64) -> Self {
        let end = snapshot.len().saturating_sub(END_BYTES);
        let mut hasher = SipHasher13::new_with_key(b"onceward journal");
        hasher.write(&generation.to_le_bytes());
        hasher.write(&(snapshot.len() as u64).to_le_bytes());
        hasher.write(snapshot.get(end..).unwrap_or_default());
        let seed = hasher.finish128().as_bytes();
        Self { seed, chain: seed, generation, index: 0 }
    }

    /// Returns changes as the next record.
    ///
    /// # Errors
    /// `capacity` when there is no memory for it, or the changes have 4 GiB or more.
    pub fn append(&mut self, changes: &[u8]) -> Result<Vec<u8>, Error> {
        let length = u32::try_from(changes.len()).map_err(|_| Error::capacity())?;
        let mut record = Vec::new();
        let bytes = changes.len().saturating_add(HEADER_BYTES + CHAIN_BYTES);
        record.try_reserve_exact(bytes).map_err(|_| Error::capacity())?;
        record.extend_from_slice(&MAGIC);
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&self.generation.to_le_bytes());
        record.extend_from_slice(&self.index.to_le_bytes());
        record.extend_from_slice(&check(&self.seed, &record));
        record.extend_from_slice(&check(ANY_KEY, &record));
        record.extend_from_slice(changes);
        self.chain = self.chain_over(&record);
        record.extend_from_slice(&self.chain);
        self.index = self.index.saturating_add(1);
        Ok(record)
    }

    /// Reads a journal back.
    ///
    /// A damaged record with nothing whole behind it is a write that was interrupted: it was never
    /// confirmed, and is left out; [`Recovered::lost_bytes`] tells.
    ///
    /// # Errors
    /// `corrupt` when damage lies anywhere else, or a record is not this journal's, or not the next
    /// one; [`Journal::salvage`] returns what is before it.
    pub fn read<'a>(
        snapshot: &[u8],
        generation: u64,
        bytes: &'a [u8],
    ) -> Result<Recovered<'a>, Error> {
        let recovered = Self::salvage(snapshot, generation, bytes);
        let lost = bytes.get(recovered.kept_bytes..).unwrap_or_default();
        let header = Header::read(lost);
        let is_next = header.as_ref().is_none_or(|header| recovered.journal.expects(header));
        // What a record that was begun holds may look like any other record, but not like a later one.
        let length = header.map_or(0, |header| header.length.saturating_add(HEADER_BYTES));
        let behind = lost.windows(HEADER_BYTES).enumerate().skip(1);
        let is_any_behind = behind
            .filter_map(|(at, bytes)| Some((at, Header::read(bytes)?)))
            .any(|(at, header)| at >= length || recovered.journal.is_before(&header));
        if recovered.journal.clone().next(lost).is_some() {
            // It is sound, so there was no memory to note it.
            return Err(Error::capacity());
        }
        if is_next && !is_any_behind {
            return Ok(recovered);
        }
        Err(Error::corrupt("a record of the journal is damaged, missing or foreign"))
    }

    /// Reads a journal up to the first damage, whatever is behind that.
    pub fn salvage<'a>(snapshot: &[u8], generation: u64, bytes: &'a [u8]) -> Recovered<'a> {
        let mut journal = Self::new(snapshot, generation);
        let mut records = Vec::new();
        let mut rest = bytes;
        // Without memory for another record it counts as damaged, and nothing is cut off silently.
        while records.try_reserve(1).is_ok()
            && let Some((changes, behind)) = journal.next(rest)
        {
            records.push(changes);
            rest = behind;
        }
        let kept_bytes = bytes.len().saturating_sub(rest.len());
        Recovered { journal, records, kept_bytes, lost_bytes: rest.len() }
    }

    /// Takes the next record off, if it is sound: its changes, and what is behind it.
    fn next<'a>(&mut self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let header = Header::read(bytes).filter(|header| self.expects(header))?;
        let (checked, behind) = bytes.split_at_checked(header.length.checked_add(HEADER_BYTES)?)?;
        let (chain, behind) = behind.split_at_checked(CHAIN_BYTES)?;
        let expected = self.chain_over(checked);
        if chain != expected && IS_CHECKED {
            return None;
        }
        self.chain = expected;
        self.index = self.index.saturating_add(1);
        Some((checked.get(HEADER_BYTES..)?, behind))
    }

    /// Whether that is the header of this journal's next record.
    fn expects(&self, header: &Header<'_>) -> bool {
        let is_own = header.own_check == check(&self.seed, header.checked) || !IS_CHECKED;
        is_own && header.generation == self.generation && header.index == self.index
    }

    /// Whether that is the header of a later record of this journal.
    fn is_before(&self, header: &Header<'_>) -> bool {
        let is_own = header.own_check == check(&self.seed, header.checked);
        is_own && header.generation == self.generation && header.index > self.index
    }

    fn chain_over(&self, record: &[u8]) -> [u8; CHAIN_BYTES] {
        let mut hasher = SipHasher13::new_with_key(&self.chain);
        hasher.write(record);
        hasher.finish128().as_bytes()
    }

    /// Returns the end of the journal as bytes, to go on from there later.
    #[cfg(feature = "wasm")]
    pub(crate) fn to_tip(&self) -> [u8; TIP_BYTES] {
        let mut tip = [0; TIP_BYTES];
        let parts: [&[u8]; 4] =
            [&self.seed, &self.chain, &self.generation.to_le_bytes(), &self.index.to_le_bytes()];
        for (place, byte) in tip.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *byte;
        }
        tip
    }

    /// Reads the end of a journal back.
    ///
    /// # Errors
    /// `internal` when these are other bytes, which only a defect can cause.
    #[cfg(feature = "wasm")]
    pub(crate) fn from_tip(tip: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(tip);
        let mut read = || {
            let (seed, chain) = (reader.array()?, reader.array()?);
            Some(Self { seed, chain, generation: reader.u64()?, index: reader.u64()? })
        };
        let internal = Error::new(crate::ErrorCode::Internal, "the tip of a journal is malformed");
        read().ok_or(internal)
    }
}

/// How many bytes [`Journal::to_tip`] returns.
#[cfg(feature = "wasm")]
const TIP_BYTES: usize = CHAIN_BYTES * 2 + 16;
