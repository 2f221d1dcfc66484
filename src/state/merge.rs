//! Merging state from elsewhere: all of it, or nothing.
//!
//! Records are read and taken over one after the other, in steps of any size, within one batch of the
//! gate: an error in any of them takes back those before it. Claims come last, are read in full
//! first, and have their memory set aside, so that nothing after them can fail.

use alloc::vec::Vec;

use super::frame::{
    self, CONTENT_BYTES, Check, FAR, FAR_BYTES, Head, KEY_BYTES, Modes, Sections, UNSETTLED_BYTES,
    is_time,
};
use super::read::{claim, commit, is_age, next_index, record};
use super::report::{DoubleRun, MergeReport, Run};
use crate::codec::Reader;
use crate::error::Error;
use crate::fingerprint::Print;
use crate::gate::{Gate, make_room};
use crate::keys::{Builder, Extra, First, StoredKey};
use crate::positions::StoredSource;
use crate::table::NoRoom;

/// How many bytes of the checksum are worth one record.
const BYTES_PER_RECORD: usize = 64;

const ORDER: Error = Error::corrupt("the records are not in their order");
const ENTITY: Error = Error::corrupt("an entity is malformed");
const SOURCE: Error = Error::corrupt("a source is malformed");
const AGE: Error = Error::corrupt("an age is no time");
const INDEX: Error = Error::corrupt("a record belongs to no key");

/// A merge that is under way.
#[derive(Debug)]
pub(super) struct Merger {
    check: Option<Check>,
    head: Head,
    at: Sections,
    /// How many of the keys, and of what lies beside them, were read.
    key: u32,
    last: Option<Print>,
    /// The tick from which ages count.
    base: u64,
    entities: u32,
    sources: u32,
    builder: Option<Builder>,
    has_answers: bool,
    has_begun: bool,
    is_opening: bool,
    report: MergeReport,
}

impl Merger {
    /// Reads the head of bytes that were written under this gate's secret.
    ///
    /// Into a gate that is only being opened most of them go much faster: it is thrown away when one
    /// of them fails, and nobody asks what has changed in it.
    pub(super) fn new(bytes: &[u8], gate: &Gate, is_opening: bool) -> Result<Self, Error> {
        let (prelude, _) = frame::prelude(bytes)?;
        prelude.check_secret(&gate.fingerprinter)?;
        let (head, start) = frame::head(bytes, &prelude)?;
        let at = Sections::find(bytes, &head.counts, start)?;
        Ok(Self {
            check: Some(Check::new(&gate.fingerprinter)),
            base: head.base(),
            head,
            at,
            key: 0,
            last: None,
            entities: 0,
            sources: 0,
            builder: None,
            has_answers: false,
            has_begun: false,
            is_opening,
            report: MergeReport::default(),
        })
    }

    pub(super) const fn head(&self) -> &Head {
        &self.head
    }

    /// Goes on with the checksum by the bytes of so many records; returns whether it is right.
    pub(super) fn check(&mut self, bytes: &[u8], budget: usize) -> Result<bool, Error> {
        if let Some(check) = &mut self.check
            && check.step(bytes, budget.saturating_mul(BYTES_PER_RECORD))?
        {
            self.check = None;
        }
        Ok(self.check.is_none())
    }

    /// Goes on by so many records, of bytes that were checked; returns whether all are there.
    pub(super) fn step(
        &mut self,
        bytes: &[u8],
        gate: &mut Gate,
        budget: usize,
    ) -> Result<bool, Error> {
        if !self.has_begun {
            self.has_begun = true;
            self.begin(gate)?;
        }
        if self.builder.is_some() && self.key < self.head.counts.keys {
            self.build_keys(bytes, gate, budget)?;
            return Ok(false);
        }
        for _ in 0..budget {
            let is_done = if self.key < self.head.counts.keys {
                self.next_key(bytes, gate)?;
                false
            } else if let Some(builder) = self.builder.take() {
                builder.finish(&mut gate.keys, &mut gate.room).map_err(|_| Error::capacity())?;
                false
            } else if self.entities < self.head.counts.entities {
                self.next_entity(bytes, gate)?;
                false
            } else if self.sources < self.head.counts.sources {
                self.next_source(bytes, gate)?;
                false
            } else {
                self.claims(bytes, gate)?;
                true
            };
            if is_done {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes over what is kept of the gate as a whole.
    fn begin(&mut self, gate: &mut Gate) -> Result<(), Error> {
        let head = &self.head;
        if head.modes != Modes::new(gate.entities.order(), gate.sources.order()) {
            let reason = "the bytes were written under another mode of revisions or positions";
            return Err(Error::option(reason));
        }
        let plain = head.counts.contents | head.counts.commits | head.counts.unsettled;
        let slot_bytes = u64::from(head.counts.keys).saturating_mul(28);
        // Each segment is filled once where nothing has to be looked up, forgotten or taken back.
        if self.is_opening && plain == 0 && slot_bytes <= gate.room.free() {
            let count = usize::try_from(head.counts.keys).unwrap_or(usize::MAX);
            self.builder = Some(Builder::new(count).map_err(|_| Error::capacity())?);
        }
        let first = head.first.map(|first| self.settled_first(first, gate));
        gate.keys.join(head.horizon, first, &gate.clock);
        Ok(())
    }

    /// Returns an age mark that may still be lowered as it is at this copy's clock, where that has
    /// passed the reading it was made at.
    fn settled_first(&self, first: First, gate: &Gate) -> First {
        let stamp = self.head.unconfirmed.filter(|_| !gate.clock.is_unconfirmed());
        match (first.unsettled, stamp) {
            (Some(time), Some(stamp)) => First { age: stamp.max(time), unsettled: None },
            (Some(_) | None, _) => first,
        }
    }

    /// Goes on by so many keys at most that have nothing but an age mark, one segment after another.
    fn build_keys(&mut self, bytes: &[u8], gate: &mut Gate, budget: usize) -> Result<(), Error> {
        let Some(mut builder) = self.builder.take() else { return Ok(()) };
        let Gate { keys, room, .. } = gate;
        let section = bytes.get(self.at.keys.clone()).unwrap_or_default();
        for slot in section.as_chunks::<KEY_BYTES>().0.iter().take(budget) {
            let (print, age) = self.slot(slot, bytes)?;
            if age >= keys.floor_of(print) {
                builder.push(print, age, keys, room).map_err(|_| Error::capacity())?;
                self.report.keys = self.report.keys.saturating_add(u64::from(!print.is_end()));
            }
        }
        self.builder = Some(builder);
        self.end_keys()
    }

    /// Reads the slot of the next key.
    #[inline]
    fn slot(&mut self, slot: &[u8; KEY_BYTES], bytes: &[u8]) -> Result<(Print, u64), Error> {
        let slot = u128::from_le_bytes(*slot);
        let print = Print { high: low64(slot), low: low32(slot.wrapping_shr(64)) };
        let offset = low32(slot.wrapping_shr(96));
        if self.last.is_some_and(|last| last >= print) || print.is_vacant() {
            return Err(ORDER);
        }
        self.last = Some(print);
        let age = if offset == FAR {
            self.far_age(bytes)?
        } else {
            let ticks = self.base.saturating_add(u64::from(offset));
            if self.head.tick_ms == 1 { ticks } else { ticks.saturating_mul(self.head.tick_ms) }
        };
        self.key = self.key.saturating_add(1);
        self.at.keys.start = self.at.keys.start.saturating_add(KEY_BYTES);
        if is_age(age) { Ok((print, age)) } else { Err(AGE) }
    }

    #[cold]
    fn far_age(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let age = record(bytes, &mut self.at.far, FAR_BYTES).u64();
        age.filter(|age| age.checked_rem(self.head.tick_ms) == Some(0)).ok_or(AGE)
    }

    fn next_key(&mut self, bytes: &[u8], gate: &mut Gate) -> Result<(), Error> {
        let index = self.key;
        let section = bytes.get(self.at.keys.clone()).unwrap_or_default();
        let (print, age) = self.slot(section.first_chunk().ok_or(INDEX)?, bytes)?;
        let extra = self.extra(bytes, index, print, gate)?;
        self.end_keys()?;
        let mut key = StoredKey { print, age, extra };
        let Gate { keys, clock, room, .. } = gate;
        if let Some(time) = extra.unsettled.filter(|_| !clock.is_unconfirmed()) {
            let stamp = self.head.unconfirmed.unwrap_or(0);
            key.age = key.age.max(stamp).max(time);
            key.extra.unsettled = None;
        }
        let merged = keys.merge(&key, clock, room).map_err(|_| Error::capacity())?;
        self.has_answers |= extra.commit.is_some_and(|commit| commit.answer.is_some());
        let is_new_key = merged.is_changed && !print.is_end();
        self.report.keys = self.report.keys.saturating_add(u64::from(is_new_key));
        if let Some((ours, commit)) = merged.double_run.zip(extra.commit) {
            let (token, result) = ours;
            let ours = Run::new(token, result);
            let theirs = Run::new(commit.token, commit.digest);
            let (winner, loser) = if merged.is_changed { (theirs, ours) } else { (ours, theirs) };
            self.report.double_runs.try_reserve(1).map_err(|_| Error::capacity())?;
            self.report.double_runs.push(DoubleRun { key: commit.fingerprint, winner, loser });
        }
        Ok(())
    }

    /// Reads what lies beside a key.
    fn extra<'b>(
        &mut self,
        bytes: &'b [u8],
        index: u32,
        print: Print,
        gate: &Gate,
    ) -> Result<Extra<'b>, Error> {
        let mut extra = Extra::default();
        let mut contents = self.at.contents.clone();
        if next_index(bytes, &contents) == Some(index) {
            let mut reader = record(bytes, &mut contents, CONTENT_BYTES);
            extra.content = reader.u32().and_then(|_| reader.digest());
            self.at.contents = contents;
        }
        let mut unsettled = self.at.unsettled.clone();
        if next_index(bytes, &unsettled) == Some(index) {
            let mut reader = record(bytes, &mut unsettled, UNSETTLED_BYTES);
            let time = reader.u32().and_then(|_| reader.u64());
            let time = time.filter(|&time| is_time(time) && self.head.unconfirmed.is_some());
            extra.unsettled = Some(time.ok_or(AGE)?);
            self.at.unsettled = unsettled;
        }
        if self.head.counts.commits > 0 && next_index(bytes, &self.at.rest) == Some(index) {
            self.head.counts.commits = self.head.counts.commits.saturating_sub(1);
            let mut reader = Reader::new(bytes.get(self.at.rest.clone()).unwrap_or_default());
            let read = reader.u32().and_then(|_| commit(&mut reader, print, gate));
            extra.commit = Some(read.ok_or(Error::corrupt("a commit is malformed"))?);
            self.at.rest.start = self.at.rest.end.saturating_sub(reader.remaining());
        }
        let is_plain =
            extra.content.is_none() && extra.unsettled.is_none() && extra.commit.is_none();
        if print.is_end() && !is_plain { Err(INDEX) } else { Ok(extra) }
    }

    /// After the last key: nothing may be left of what belongs to keys.
    fn end_keys(&mut self) -> Result<(), Error> {
        if self.key < self.head.counts.keys {
            return Ok(());
        }
        self.last = None;
        let Sections { far, contents, unsettled, .. } = &self.at;
        let is_empty = far.is_empty() && contents.is_empty() && unsettled.is_empty();
        if is_empty && self.head.counts.commits == 0 { Ok(()) } else { Err(INDEX) }
    }

    fn next_entity(&mut self, bytes: &[u8], gate: &mut Gate) -> Result<(), Error> {
        let mut reader = Reader::new(bytes.get(self.at.rest.clone()).unwrap_or_default());
        let mut read = || {
            let entity = reader.name()?;
            let (revision, has_content) = reader.ordinal()?;
            Some((entity, revision, reader.only_if(has_content, Reader::digest)?))
        };
        let (entity, revision, content) = read().ok_or(ENTITY)?;
        self.at.rest.start = self.at.rest.end.saturating_sub(reader.remaining());
        self.in_order(entity)?;
        self.entities = self.entities.saturating_add(1);
        if self.entities == self.head.counts.entities {
            self.last = None;
        }
        let Gate { entities, keys, clock, room, .. } = gate;
        let is_new = loop {
            match entities.merge(entity, &revision, content, room) {
                Ok(is_new) => break is_new,
                Err(NoRoom) => make_room(keys, clock, room, entities.growth_of(entity))
                    .map_err(|_| Error::capacity())?,
            }
        };
        self.report.entities = self.report.entities.saturating_add(u64::from(is_new));
        Ok(())
    }

    fn next_source(&mut self, bytes: &[u8], gate: &mut Gate) -> Result<(), Error> {
        let mut reader = Reader::new(bytes.get(self.at.rest.clone()).unwrap_or_default());
        let mut read = || {
            let source = reader.name()?;
            let (epoch, _) = reader.ordinal()?;
            let (mark, has_window) = reader.ordinal()?;
            Some((source, epoch, mark, reader.only_if(has_window, Reader::long)?))
        };
        let (source, epoch, mark, settled) = read().ok_or(SOURCE)?;
        self.at.rest.start = self.at.rest.end.saturating_sub(reader.remaining());
        self.in_order(source)?;
        self.sources = self.sources.saturating_add(1);
        if self.sources == self.head.counts.sources {
            self.last = None;
        }
        let theirs = StoredSource { epoch, mark, settled: settled.map(<[u8]>::to_vec) };
        let Gate { sources, keys, clock, room, .. } = gate;
        if !sources.is_sound(&theirs) {
            return Err(SOURCE);
        }
        let is_new = loop {
            match sources.merge(source, &theirs, room) {
                Ok(is_new) => break is_new,
                Err(NoRoom) => make_room(keys, clock, room, sources.growth_of(source))
                    .map_err(|_| Error::capacity())?,
            }
        };
        self.report.sources = self.report.sources.saturating_add(u64::from(is_new));
        Ok(())
    }

    /// Reads the claims, and takes them over; nothing may follow them.
    fn claims(&mut self, bytes: &[u8], gate: &mut Gate) -> Result<(), Error> {
        let mut reader = Reader::new(bytes.get(self.at.rest.clone()).unwrap_or_default());
        let mut records = Vec::new();
        for _ in 0..self.head.counts.claims {
            let record = claim(&mut reader, gate);
            let record = record.ok_or(Error::corrupt("a claim is malformed"))?;
            self.in_order(record.end)?;
            records.try_reserve(1).map_err(|_| Error::capacity())?;
            records.push(record);
        }
        if reader.remaining() > 0 {
            return Err(Error::corrupt("there are more bytes than records"));
        }
        gate.join_claims(records, self.head.token)?;
        if self.has_answers {
            gate.keys.sort_answers();
        }
        Ok(())
    }

    fn in_order(&mut self, print: Print) -> Result<(), Error> {
        let last = self.last.replace(print);
        if last.is_none_or(|last| last < print) { Ok(()) } else { Err(ORDER) }
    }

    pub(super) fn finish(self) -> MergeReport {
        self.report
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest bits are what is asked for")]
const fn low64(wide: u128) -> u64 {
    wide as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest bits are what is asked for")]
const fn low32(wide: u128) -> u32 {
    wide as u32
}
