//! Opening a gate from a snapshot, in one go or in slices; and merging into an open one.

use alloc::vec::Vec;

use super::frame;
use super::merge::Merger;
use super::report::MergeReport;
use crate::claims::{Held, Record};
use crate::error::{Error, ErrorCode};
use crate::fingerprint::{Print, Secret};
use crate::gate::{Before, Gate, Options};
use crate::time::{Clock, Reading, UnixMs};

/// How much is done at once where nobody waits.
const ALL_AT_ONCE: usize = usize::MAX / 1_024;

/// A gate that is being opened from a snapshot, slice by slice, so that a page stays responsive.
#[derive(Debug)]
pub struct Restoration {
    bytes: Vec<u8>,
    gate: Gate,
    merger: Merger,
    /// The batch in which it all happens.
    before: Option<Before>,
    is_done: bool,
}

impl Restoration {
    /// Starts from the bytes of a snapshot, or of changes. A secret that they carry is adopted; one
    /// that they do not has to be given.
    ///
    /// # Errors
    /// `corrupt`, `unsupported_version` and `wrong_secret` say what is wrong with the bytes;
    /// `invalid_option` when an option is out of its range.
    pub fn new(bytes: Vec<u8>, options: Options, secret: Option<Secret>) -> Result<Self, Error> {
        let (_, carried) = frame::prelude(&bytes)?;
        let wrong =
            Error::new(ErrorCode::WrongSecret, "the bytes were written under another secret");
        let secret = match (carried, secret) {
            (Some(carried), Some(given)) if !carried.is_same(&given) => return Err(wrong),
            (Some(carried), _) => carried,
            (None, Some(given)) => given,
            (None, None) => return Err(wrong),
        };
        let jump_max = options.max_clock_jump;
        let mut gate = Gate::new(options, secret, UnixMs::new(0))?;
        let merger = Merger::new(&bytes, &gate, true)?;
        let head = merger.head();
        gate.clock = Clock::restored(head.believed, head.unconfirmed, jump_max);
        Ok(Self { bytes, gate, merger, before: None, is_done: false })
    }

    /// Goes on by about so many records; returns whether it is done.
    ///
    /// # Errors
    /// `corrupt` when the bytes are damaged, `capacity` when they do not fit the memory,
    /// `invalid_option` when they were written under other modes. It cannot go on then.
    pub fn step(&mut self, records: usize) -> Result<bool, Error> {
        if self.is_done {
            return Ok(true);
        }
        if !self.merger.check(&self.bytes, records)? {
            return Ok(false);
        }
        if self.before.is_none() {
            let reading = Reading { clock: self.gate.clock, settled: None };
            self.before = Some(self.gate.begin(&reading));
        }
        self.is_done = self.merger.step(&self.bytes, &mut self.gate, records)?;
        Ok(self.is_done)
    }

    /// Returns the gate, after whatever is left to do. Its clock is the one of the bytes: what was
    /// recorded after them is merged next, and then [`Gate::read`] tells it the time.
    ///
    /// # Errors
    /// As [`Restoration::step`].
    pub fn finish(mut self) -> Result<Gate, Error> {
        while !self.step(ALL_AT_ONCE)? {}
        let Self { mut gate, before, .. } = self;
        if let Some(before) = before {
            gate.end(&before, true);
        }
        Ok(gate)
    }
}

impl Gate {
    /// Opens a gate from the bytes of a snapshot, at a reading of the clock; see [`Restoration`],
    /// which does it in slices.
    ///
    /// # Errors
    /// As [`Restoration::new`] and [`Restoration::step`].
    pub fn restore(
        bytes: &[u8],
        options: Options,
        secret: Option<Secret>,
        now: UnixMs,
    ) -> Result<Self, Error> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(bytes.len()).map_err(|_| Error::capacity())?;
        copy.extend_from_slice(bytes);
        let mut gate = Restoration::new(copy, options, secret)?.finish()?;
        gate.read(now);
        Ok(gate)
    }

    /// Takes a reading of the clock, and judges nothing.
    pub fn read(&mut self, now: UnixMs) {
        let before = self.begin(&self.clock.read(now));
        self.end(&before, true);
    }

    /// Takes over what another copy remembers: a snapshot, or changes.
    ///
    /// Merging is commutative, associative and idempotent; what is older changes nothing.
    ///
    /// # Errors
    /// `corrupt`, `unsupported_version`, `wrong_secret`, `invalid_option` for other modes, and
    /// `capacity`; the gate is as it was then.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<MergeReport, Error> {
        self.merge_from(bytes, false)
    }

    /// As [`Gate::merge`], for what the gate's own store holds, and need not be told again.
    ///
    /// # Errors
    /// As [`Gate::merge`].
    pub fn merge_stored(&mut self, bytes: &[u8]) -> Result<MergeReport, Error> {
        self.merge_from(bytes, true)
    }

    fn merge_from(&mut self, bytes: &[u8], is_from_store: bool) -> Result<MergeReport, Error> {
        let mut merger = Merger::new(bytes, self, false)?;
        while !merger.check(bytes, ALL_AT_ONCE)? {}
        let head = merger.head();
        let reading = self.clock.join(head.believed, head.unconfirmed);
        let before = self.begin(&reading);
        let outcome = loop {
            match merger.step(bytes, self, ALL_AT_ONCE) {
                Ok(false) => {}
                Ok(true) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.trails.is_from_store = is_from_store;
        self.end(&before, outcome.is_ok());
        self.trails.is_from_store = false;
        outcome.map(|()| merger.finish())
    }

    /// Takes over claims, and ends those of which it is now known that they have ended.
    pub(super) fn join_claims(&mut self, records: Vec<Record>, token: u64) -> Result<(), Error> {
        let Self { claims, keys, clock, room, .. } = self;
        let bytes = records.iter().fold(0_u64, |sum, record| {
            sum.saturating_add(claims.growth_of(&record.locks)).saturating_add(record.reserved)
        });
        if room.free() < bytes && !keys.make_room(bytes, clock, room) {
            return Err(Error::capacity());
        }
        let is_known = |print: Print| keys.get(print).is_some();
        let mut added = Vec::new();
        added.try_reserve_exact(records.len()).map_err(|_| Error::capacity())?;
        for mut record in records.into_iter().filter(|record| !is_known(record.end)) {
            let end = record.end;
            let is_accepted = record.locks.key.is_some_and(is_known);
            if is_accepted && record.held.has(Held::KEY) && !claims.lose_key(&mut record) {
                // Nothing is left of it here, either: what it still holds it has lost elsewhere.
                claims.undo(end, room);
                continue;
            }
            let is_new = claims.stored(end).is_none();
            if claims.join(record, room).is_err() {
                for end in added {
                    claims.undo(end, room);
                }
                return Err(Error::capacity());
            }
            if is_new {
                added.push(end);
            }
        }
        claims.join_token(token);
        claims.end_where(is_known, room);
        Ok(())
    }
}
