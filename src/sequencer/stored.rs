//! A sequencer as bytes: what it has come to in each scope, and what it holds. The format is described
//! in `docs/state-format.md`.

use alloc::vec::Vec;
use core::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};

use super::lane::{GAPS_MAX, Gap, Lane};
use super::room::boxed;
use super::slots::Held;
use super::{Release, Sequencer, SequencerOptions};
use crate::codec::{Reader, Writer, count};
use crate::error::{Error, ErrorCode};
use crate::ordinal::Ordinal;
use crate::sort::{Words, sort};
use crate::time::{Clock, UnixMs};

const MAGIC: [u8; 4] = *b"ONWQ";
const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 16;
/// The key of what only guards against accidents, and so is no secret.
const CHECKSUM_KEY: &[u8; 16] = b"onceward in turn";

const HAS_LAST: u8 = 1;
const HAS_HIGHEST: u8 = 1 << 1;

/// Whether bytes have to agree with their checks: always, but where a fuzzer is to get behind them.
const IS_CHECKED: bool = !cfg!(onceward_unchecked);

const MALFORMED: Error = Error::corrupt("the bytes of the sequencer are malformed");

impl Release {
    const fn mode(&self) -> u8 {
        match self {
            Self::Next { .. } => 0,
            Self::EventTime { .. } => 1,
        }
    }
}

impl<T> Sequencer<T> {
    /// Returns the state as bytes, each item as `encode` writes it: equal states give equal bytes.
    ///
    /// # Errors
    /// `capacity` when the machine has no memory for them.
    pub fn snapshot<'a, 'b>(
        &'a self,
        mut encode: impl FnMut(&'a T) -> &'b [u8],
    ) -> Result<Vec<u8>, Error> {
        let mut writer = Writer::default();
        writer.put(&MAGIC);
        writer.u8(VERSION);
        writer.u8(self.options.release.mode());
        writer.u16(0);
        writer.u64(self.clock.believed());
        writer.maybe(self.clock.unconfirmed());
        writer.u32(count(self.names.len()));
        let ranks = self.arrivals()?;
        for lane in self.names.iter().filter_map(|&number| self.lane(number)) {
            write_lane(&mut writer, lane);
            writer.u32(count(lane.queue.len()));
            for held in lane.queue.iter().filter_map(|&slot| self.held.get(slot)) {
                let rank = ranks.partition_point(|[arrival, ..]| *arrival < held.arrival);
                writer.ordinal(&held.order, false);
                writer.u32(count(rank));
                writer.u64(held.since);
                writer.u64(held.bytes);
                writer.long(encode(&held.item));
            }
        }
        let checksum = checksum(writer.written());
        writer.put(&checksum);
        writer.finish()
    }

    /// Returns a sequencer as it was, each item as `decode` reads it; that is a reading of the clock.
    ///
    /// # Errors
    /// `corrupt` and `unsupported_version` for the bytes, `invalid_option` when they are of another
    /// kind of order, `capacity` when they hold more than the options allow; and what `decode` says.
    pub fn restore(
        options: SequencerOptions,
        bytes: &[u8],
        now: UnixMs,
        mut decode: impl FnMut(&[u8]) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let mut reader = open(bytes)?;
        let mode = reader.u8().ok_or(MALFORMED)?;
        if mode != options.release.mode() {
            return Err(Error::option("the bytes are of a sequencer that orders otherwise"));
        }
        let mut sequencer = Self::new(options, now);
        sequencer.clock = read_clock(&mut reader, &sequencer.options).ok_or(MALFORMED)?;
        let lanes = reader.count().ok_or(MALFORMED)?;
        for _ in 0..lanes {
            sequencer.read_lane(&mut reader, &mut decode)?;
        }
        if reader.remaining() > 0 {
            return Err(MALFORMED);
        }
        sequencer.line_up()?;
        let is_within = sequencer.held() <= sequencer.options.max_held
            && sequencer.bytes <= u128::from(sequencer.options.max_bytes);
        if !is_within {
            let reason = "the bytes hold more than the limits of the sequencer allow";
            return Err(Error::new(ErrorCode::Capacity, reason));
        }
        sequencer.settle(&sequencer.clock.read(now));
        Ok(sequencer)
    }

    /// Returns all that is held, as it came: the number of its push, since when, and its slot.
    fn arrivals(&self) -> Result<Vec<Words>, Error> {
        let mut arrivals = Vec::new();
        arrivals.try_reserve_exact(self.held.count()).map_err(|_| Error::capacity())?;
        arrivals
            .extend(self.held.iter().map(|(slot, held)| [held.arrival, held.since, slot as u64]));
        sort(&mut arrivals);
        Ok(arrivals)
    }

    fn read_lane(
        &mut self,
        reader: &mut Reader<'_>,
        decode: &mut impl FnMut(&[u8]) -> Result<T, Error>,
    ) -> Result<(), Error> {
        let name = reader.long().and_then(|name| str::from_utf8(name).ok()).ok_or(MALFORMED)?;
        let index = self.find(name).err().filter(|&index| index == self.names.len());
        let lane = read_lane(reader, name)?.filter(|lane| self.is_sound(lane));
        let (index, lane) = index.zip(lane).ok_or(MALFORMED)?;
        let number = self.open_lane(index, lane)?;
        for _ in 0..reader.count().ok_or(MALFORMED)? {
            let (order, arrival) = read_place(reader).ok_or(MALFORMED)?;
            let [since, bytes] = [reader.u64().ok_or(MALFORMED)?, reader.u64().ok_or(MALFORMED)?];
            let item = decode(reader.long().ok_or(MALFORMED)?)?;
            if !self.may_follow(number, &order, arrival) || since > self.clock.stamp() {
                return Err(MALFORMED);
            }
            self.held.reserve()?;
            self.waiting.try_reserve(1).map_err(|_| Error::capacity())?;
            let lane = self.lane_mut(number).ok_or(MALFORMED)?;
            lane.queue.try_reserve(1).map_err(|_| Error::capacity())?;
            self.hold(Held { item, lane: number, order, arrival, since, bytes });
        }
        // What is next has come out: held, it would wait for itself.
        let waits = self.front(number).zip(self.lane(number));
        let is_next = waits.is_some_and(|(front, lane)| lane.expects(&front.order));
        if is_next && self.is_next() { Err(MALFORMED) } else { Ok(()) }
    }

    /// Whether an item may be the last one that a scope holds.
    fn may_follow(&self, number: usize, order: &Ordinal, arrival: u64) -> bool {
        let Some(lane) = self.lane(number) else { return false };
        let last = lane.queue.back().and_then(|&slot| self.held.get(slot));
        let is_seen = self.is_next() || lane.highest.as_ref() >= Some(order);
        lane.refuse(order, &self.options.release).is_none()
            && is_seen
            && last.is_none_or(|last| {
                let is_tie = last.order == *order && last.arrival < arrival && !self.is_next();
                last.order < *order || is_tie
            })
    }

    /// Whether such a scope can be.
    fn is_sound(&self, lane: &Lane) -> bool {
        let is_next = self.is_next();
        let mut at = Some(lane.from.clone());
        let are_ordered = lane.gaps.iter().all(|gap| {
            let is_ordered = at.as_ref().is_some_and(|at| *at <= gap.from) && gap.from <= gap.to;
            at = gap.to.successor();
            is_ordered && lane.last.as_ref().is_some_and(|last| gap.to < *last)
        });
        let is_behind = if is_next {
            lane.last.as_ref().is_none_or(|last| *last >= lane.from)
        } else {
            lane.last <= lane.highest && lane.from == Ordinal::ZERO
        };
        let has_highest = lane.highest.is_some() != is_next;
        let gaps_max = if is_next { GAPS_MAX } else { 0 };
        are_ordered && is_behind && has_highest && lane.gaps.len() <= gaps_max
    }

    /// Puts the items in the order in which they came: each has a rank of its own, and none came
    /// before one of a lower rank.
    fn line_up(&mut self) -> Result<(), Error> {
        let arrivals = self.arrivals()?;
        self.waiting.clear();
        let waits = self.wait().is_some();
        let mut last = 0;
        for (rank, &[arrival, since, slot]) in (0..).zip(&arrivals) {
            if arrival != rank || since < last {
                return Err(MALFORMED);
            }
            last = since;
            if waits {
                self.waiting.try_reserve(1).map_err(|_| Error::capacity())?;
                self.waiting.push_back(usize::try_from(slot).map_err(|_| MALFORMED)?);
            }
        }
        self.arrivals = arrivals.len() as u64;
        Ok(())
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = SipHasher13::new_with_key(CHECKSUM_KEY);
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

/// Checks that the bytes are whole, and returns what comes after the version.
fn open(bytes: &[u8]) -> Result<Reader<'_>, Error> {
    const DAMAGED: Error = Error::corrupt("these are no bytes of a sequencer, or damaged ones");
    let (body, check) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(DAMAGED)?;
    if (*check != checksum(body) && IS_CHECKED) || !body.starts_with(&MAGIC) {
        return Err(DAMAGED);
    }
    let mut reader = Reader::new(body);
    let [.., version] = reader.array::<5>().ok_or(DAMAGED)?;
    if version != VERSION {
        let reason = "the bytes were written by a newer version";
        return Err(Error::new(ErrorCode::UnsupportedVersion, reason));
    }
    Ok(reader)
}

fn read_clock(reader: &mut Reader<'_>, options: &SequencerOptions) -> Option<Clock> {
    reader.u16().filter(|&reserved| reserved == 0)?;
    let believed = reader.u64()?;
    let unconfirmed = reader.maybe()?;
    let is_time = |ms: u64| UnixMs::new(ms).as_u64() == ms;
    let is_sound =
        is_time(believed) && unconfirmed.is_none_or(|ahead| ahead > believed && is_time(ahead));
    is_sound.then(|| Clock::restored(believed, unconfirmed, options.max_clock_jump))
}

/// Reads the order of an item, and its place among those that came.
fn read_place(reader: &mut Reader<'_>) -> Option<(Ordinal, u64)> {
    let (order, _) = reader.ordinal().filter(|(_, flag)| !flag)?;
    Some((order, u64::from(reader.u32()?)))
}

fn write_lane(writer: &mut Writer, lane: &Lane) {
    writer.long(lane.name.as_bytes());
    let flag = |is_set, flag| if is_set { flag } else { 0 };
    let flags = flag(lane.last.is_some(), HAS_LAST) | flag(lane.highest.is_some(), HAS_HIGHEST);
    writer.u8(flags);
    writer.ordinal(&lane.from, false);
    for ordinal in [&lane.last, &lane.highest].into_iter().flatten() {
        writer.ordinal(ordinal, false);
    }
    writer.u8(u8::try_from(lane.gaps.len()).unwrap_or(u8::MAX));
    for Gap { from, to } in &lane.gaps {
        writer.ordinal(from, false);
        writer.ordinal(to, false);
    }
}

/// Reads a scope; nothing when it is malformed.
fn read_lane(reader: &mut Reader<'_>, name: &str) -> Result<Option<Lane>, Error> {
    fn ordinal(reader: &mut Reader<'_>) -> Option<Ordinal> {
        reader.ordinal().filter(|(_, flag)| !flag).map(|(ordinal, _)| ordinal)
    }
    let mut lane = Lane::new(boxed(name)?, Ordinal::ZERO);
    let mut read = || {
        let flags = reader.u8().filter(|flags| flags & !(HAS_LAST | HAS_HIGHEST) == 0)?;
        lane.from = ordinal(reader)?;
        lane.last = reader.only_if(flags & HAS_LAST != 0, ordinal)?;
        lane.highest = reader.only_if(flags & HAS_HIGHEST != 0, ordinal)?;
        for _ in 0..usize::from(reader.u8()?) {
            lane.gaps.push(Gap { from: ordinal(reader)?, to: ordinal(reader)? });
        }
        Some(())
    };
    Ok(read().map(|()| lane))
}
