//! Writing snapshots and changes.

use alloc::vec::Vec;

use super::frame::{self, Counts, FAR, Head, KEY_BYTES, Kind, Modes};
use crate::claims::{Locks, Record};
use crate::codec::{Writer, count};
use crate::error::Error;
use crate::fingerprint::{Digest, Print};
use crate::gate::{Gate, Reader, Touched};
use crate::keys::{Extra, StoredKey};
use crate::ordinal::Ordinal;
use crate::positions::StoredSource;
use crate::sort::Words;

/// What the head, the checksum and a few records take.
const START_BYTES: usize = 512;

/// What a field of a claim or a commit says is there.
pub(super) mod flags {
    pub(in crate::state) const DIGEST: u8 = 1;
    pub(in crate::state) const ANSWER: u8 = 1 << 1;
    pub(in crate::state) const JSON: u8 = 1 << 2;

    pub(in crate::state) const KEY: u8 = 1;
    pub(in crate::state) const REVISION: u8 = 1 << 1;
    pub(in crate::state) const PLACE: u8 = 1 << 2;
    pub(in crate::state) const CONTENT: u8 = 1 << 3;
}

impl Gate {
    /// Returns all that is remembered, as bytes: the same state gives the same bytes.
    ///
    /// It takes time proportional to what is remembered, and does not advance the clock.
    ///
    /// # Errors
    /// `capacity` when the machine has no memory for the bytes.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        let bytes = self.keys.visited_max().saturating_mul(KEY_BYTES);
        let mut frame = FrameWriter::new(self, Kind::Snapshot, bytes);
        self.keys.visit(&self.clock, |print, age, extra| frame.key(print, age, extra));
        self.entities.visit(|entity, revision, content| frame.entity(entity, &revision, content));
        self.sources.visit(|source, stored| frame.source(source, &stored));
        self.claims.visit(self.clock.believed()).for_each(|record| frame.claim(record));
        frame.finish()
    }

    /// Returns what was recorded since the last time, as bytes for other copies to merge.
    ///
    /// The first time, and when more has changed than a snapshot holds, that is a snapshot. It takes
    /// time proportional to what has changed.
    ///
    /// # Errors
    /// `capacity` when there is no memory for the bytes or, the first time, for keeping track: a
    /// sixteenth of `max_bytes` is set aside for that.
    pub fn changes(&mut self) -> Result<Vec<u8>, Error> {
        self.changes_for(Reader::Copies).map(|(bytes, _)| bytes)
    }

    /// As [`Gate::changes`], for a store, which has a cursor of its own. Tells whether it is a
    /// snapshot, which is to replace what the store has.
    ///
    /// # Errors
    /// As [`Gate::changes`].
    pub fn store_changes(&mut self) -> Result<(Vec<u8>, bool), Error> {
        self.changes_for(Reader::Store)
    }

    /// Says that a store has everything already, or has to be told everything the next time.
    ///
    /// # Errors
    /// `capacity` when there is no memory for keeping track.
    pub fn follow_store(&mut self, is_told: bool) -> Result<(), Error> {
        self.start_trail(is_told)
    }

    /// Whether nothing was recorded since the last [`Gate::store_changes`].
    pub fn is_stored(&mut self) -> bool {
        self.is_trail_empty(Reader::Store)
    }

    /// Has the next [`Gate::store_changes`] be a snapshot: the store could not keep the last ones.
    pub fn restore_store(&mut self) {
        self.trails.lose_store();
    }

    fn changes_for(&mut self, reader: Reader) -> Result<(Vec<u8>, bool), Error> {
        match self.take_trail(reader)? {
            Some(touched) => Ok((self.write_touched(&touched)?, false)),
            None => Ok((self.snapshot()?, true)),
        }
    }

    /// Writes what is remembered of the records that were touched, in their order.
    pub(super) fn write_touched(&self, touched: &[Words]) -> Result<Vec<u8>, Error> {
        let bytes = touched.len().saturating_mul(KEY_BYTES);
        let mut frame = FrameWriter::new(self, Kind::Changes, bytes);
        for words in touched {
            match Touched::from_words(*words) {
                Touched::Key(print) => {
                    if let Some(key) = self.keys.stored(print, &self.clock) {
                        let StoredKey { print, age, extra } = key;
                        frame.key(print, age, Some(&extra));
                    }
                }
                Touched::Entity(entity) => {
                    if let Some((revision, content)) = self.entities.stored(entity) {
                        frame.entity(entity, &revision, content);
                    }
                }
                Touched::Source(source) => {
                    if let Some(stored) = self.sources.stored(source) {
                        frame.source(source, &stored);
                    }
                }
                Touched::Claim(end) => {
                    if let Some(record) = self.claims.stored(end) {
                        frame.claim(record);
                    }
                }
            }
        }
        frame.finish()
    }

    pub(super) fn head(&self) -> Head {
        Head {
            modes: Modes::new(self.entities.order(), self.sources.order()),
            tick_ms: self.keys.tick_ms(),
            believed: self.clock.believed(),
            unconfirmed: self.clock.unconfirmed(),
            token: self.claims.last_token(),
            horizon: self.keys.horizon(),
            first: self.keys.stored_first(&self.clock),
            counts: Counts::default(),
        }
    }
}

/// A frame that is being written: records come in the order of their prints.
struct FrameWriter<'g> {
    gate: &'g Gate,
    counts: Counts,
    tick_ms: u64,
    base: u64,
    /// Where the sections begin.
    body: usize,
    main: Writer,
    far: Writer,
    contents: Writer,
    unsettled: Writer,
    rest: Writer,
    /// What follows the commits.
    others: Writer,
}

impl<'g> FrameWriter<'g> {
    fn new(gate: &'g Gate, kind: Kind, bytes: usize) -> Self {
        let head = gate.head();
        let mut main = Writer::with_capacity(bytes.saturating_add(START_BYTES));
        frame::start(&mut main, kind, &gate.fingerprinter, &head);
        Self {
            gate,
            counts: Counts::default(),
            tick_ms: head.tick_ms,
            base: head.base(),
            body: main.len(),
            main,
            far: Writer::default(),
            contents: Writer::default(),
            unsettled: Writer::default(),
            rest: Writer::default(),
            others: Writer::default(),
        }
    }

    #[inline]
    fn key(&mut self, print: Print, age: u64, extra: Option<&Extra<'_>>) {
        let ticks = if self.tick_ms == 1 { age } else { age / 1_000 };
        let offset = ticks.checked_sub(self.base).and_then(|offset| u32::try_from(offset).ok());
        let offset = offset.unwrap_or(FAR);
        let slot = u128::from(print.high)
            | u128::from(print.low).wrapping_shl(64)
            | u128::from(offset).wrapping_shl(96);
        self.main.put(&slot.to_le_bytes());
        if offset == FAR {
            self.far.u64(age);
            self.counts.far = self.counts.far.saturating_add(1);
        }
        if let Some(extra) = extra {
            self.extra(extra);
        }
        self.counts.keys = self.counts.keys.saturating_add(1);
    }

    fn extra(&mut self, extra: &Extra<'_>) {
        let index = self.counts.keys;
        if let Some(content) = extra.content {
            self.contents.u32(index);
            self.contents.digest(content);
            self.counts.contents = self.counts.contents.saturating_add(1);
        }
        if let Some(time) = extra.unsettled {
            self.unsettled.u32(index);
            self.unsettled.u64(time);
            self.counts.unsettled = self.counts.unsettled.saturating_add(1);
        }
        if let Some(commit) = extra.commit {
            let is_json = commit.answer.is_some_and(|(is_json, _)| is_json);
            self.rest.u32(index);
            self.rest.u64(commit.fingerprint.low);
            self.rest.u64(commit.token);
            self.rest.u64(commit.stamp);
            self.rest.u8(set(commit.digest.is_some(), flags::DIGEST)
                | set(commit.answer.is_some(), flags::ANSWER)
                | set(is_json, flags::JSON));
            if let Some(digest) = commit.digest {
                self.rest.digest(digest);
            }
            if let Some((_, bytes)) = commit.answer {
                self.rest.long(bytes);
            }
            self.counts.commits = self.counts.commits.saturating_add(1);
        }
    }

    fn entity(&mut self, entity: Print, revision: &Ordinal, content: Option<Digest>) {
        self.others.print(entity);
        self.others.ordinal(revision, content.is_some());
        if let Some(content) = content {
            self.others.digest(content);
        }
        self.counts.entities = self.counts.entities.saturating_add(1);
    }

    fn source(&mut self, source: Print, stored: &StoredSource) {
        self.others.print(source);
        self.others.ordinal(&stored.epoch, false);
        self.others.ordinal(&stored.mark, stored.settled.is_some());
        if let Some(settled) = &stored.settled {
            self.others.long(settled);
        }
        self.counts.sources = self.counts.sources.saturating_add(1);
    }

    fn claim(&mut self, record: &Record) {
        let Locks { key, revision, place } = &record.locks;
        let w = &mut self.others;
        w.u64(record.fingerprint.high);
        w.u64(record.fingerprint.low);
        w.u64(record.token);
        w.u32(record.attempt);
        w.u32(record.edits);
        w.u8(set(key.is_some(), flags::KEY)
            | set(revision.is_some(), flags::REVISION)
            | set(place.is_some(), flags::PLACE)
            | set(record.content.is_some(), flags::CONTENT));
        w.u8(record.held.0);
        w.maybe(record.time);
        w.u64(record.stamp);
        w.u64(record.lease_from);
        w.u64(record.lease_until);
        w.u64(record.lease_least);
        w.maybe(record.doubt);
        if let Some(content) = record.content {
            w.digest(content);
        }
        if let Some((entity, revision)) = revision {
            w.print(*entity);
            w.ordinal(revision, false);
        }
        if let Some((place, _)) = place {
            w.print(place.source);
            w.ordinal(&place.epoch, false);
            w.ordinal(&place.position, false);
        }
        self.counts.claims = self.counts.claims.saturating_add(1);
    }

    fn finish(mut self) -> Result<Vec<u8>, Error> {
        if self.counts.keys != count(self.main.len().saturating_sub(self.body) / KEY_BYTES) {
            return Err(Error::capacity());
        }
        for section in [&self.far, &self.contents, &self.unsettled, &self.rest, &self.others] {
            self.main.append(section);
        }
        frame::end(&mut self.main, &self.counts, self.body, &self.gate.fingerprinter);
        self.main.finish()
    }
}

const fn set(is_set: bool, flag: u8) -> u8 {
    if is_set { flag } else { 0 }
}
