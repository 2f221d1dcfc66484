//! Whether a sequencer has room for one more item, found out before anything changes.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::lane::Lane;
use super::{ITEM_BYTES, Release, Sequencer};
use crate::error::{Error, ErrorCode};
use crate::ordinal::Ordinal;
use crate::time::{Millis, Reading};

/// Whether there is room for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Now,
    /// As soon as what has waited long enough is out.
    AfterOthers,
}

/// Items, and the bytes that they are accounted with.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    items: u64,
    bytes: u64,
}

impl<T> Sequencer<T> {
    /// Finds room for an item, and opens its scope where it is new; returns the number of the scope.
    /// An error changes nothing.
    pub(super) fn prepare(
        &mut self,
        found: Result<usize, usize>,
        scope: &str,
        order: &Ordinal,
        bytes: u64,
        reading: &Reading,
    ) -> Result<(usize, Room), Error> {
        let lane = found.ok().and_then(|number| self.lane(number));
        let watermark = self.watermark(lane, order);
        let is_held = match &self.options.release {
            Release::Next { first, .. } => match (lane, first) {
                (Some(lane), _) => !lane.expects(order),
                (None, Some(first)) => first != order,
                (None, None) => false,
            },
            Release::EventTime { .. } => watermark.as_ref().is_none_or(|through| order > through),
        };
        let mut more = Load::default();
        if is_held {
            more = Load { items: 1, bytes: ITEM_BYTES.saturating_add(bytes) };
        }
        if lane.is_none() {
            more.bytes = more.bytes.saturating_add(Lane::bytes_of(scope));
        }
        let room = self.find_room(more, found.ok(), watermark.as_ref(), reading)?;
        self.held.reserve()?;
        self.waiting.try_reserve(1).map_err(|_| Error::capacity())?;
        let number = match found {
            Ok(number) => number,
            Err(index) => {
                let from = self.first().unwrap_or(order).clone();
                self.open_lane(index, Lane::new(boxed(scope)?, from))?
            }
        };
        if let Some(lane) = self.lane_mut(number) {
            lane.queue.try_reserve(1).map_err(|_| Error::capacity())?;
        }
        Ok((number, room))
    }

    /// Returns up to which event time everything comes out once that one is seen.
    fn watermark(&self, lane: Option<&Lane>, order: &Ordinal) -> Option<Ordinal> {
        let Release::EventTime { lateness } = self.options.release else { return None };
        match lane {
            Some(lane) => lane.watermark(order, lateness),
            None => order.minus(&Ordinal::from(lateness.as_u64())),
        }
    }

    fn find_room(
        &self,
        more: Load,
        number: Option<usize>,
        watermark: Option<&Ordinal>,
        reading: &Reading,
    ) -> Result<Room, Error> {
        let fits = |freed: Load| {
            let items = self.held().saturating_add(more.items).saturating_sub(freed.items);
            let bytes = self.bytes.saturating_add(more.bytes).saturating_sub(freed.bytes);
            // What is not held needs no room, however full it is.
            let has_items = more.items == 0 || items <= self.options.max_held;
            has_items && (more.bytes == 0 || bytes <= self.options.max_bytes)
        };
        if fits(Load::default()) {
            return Ok(Room::Now);
        }
        let freed = self.freed(number, watermark, reading.clock.believed())?;
        let reason = "the sequencer holds as much as it may, and what is missing has not come";
        fits(freed).then_some(Room::AfterOthers).ok_or(Error::new(ErrorCode::Capacity, reason))
    }

    /// Returns what comes out at the least: all that has waited long enough, and in one scope what the
    /// watermark has passed.
    fn freed(
        &self,
        number: Option<usize>,
        watermark: Option<&Ordinal>,
        now: u64,
    ) -> Result<Load, Error> {
        let mut through: Vec<Option<&Ordinal>> = Vec::new();
        through.try_reserve_exact(self.lanes.len()).map_err(|_| Error::capacity())?;
        through.resize(self.lanes.len(), None);
        let mut raise = |lane: usize, order| {
            if let Some(place) = through.get_mut(lane) {
                *place = (*place).max(Some(order));
            }
        };
        if let Some((lane, order)) = number.zip(watermark) {
            raise(lane, order);
        }
        let wait = self.wait().map_or(u64::MAX, Millis::as_u64);
        for held in self.waiting.iter().filter_map(|&slot| self.held.get(slot)) {
            if held.since.saturating_add(wait) > now {
                break;
            }
            raise(held.lane, &held.order);
        }
        let mut load = Load::default();
        for (_, held) in self.held.iter() {
            let through = through.get(held.lane).copied().flatten();
            if through.is_some_and(|through| held.order <= *through) {
                load.items = load.items.saturating_add(1);
                load.bytes = load.bytes.saturating_add(ITEM_BYTES).saturating_add(held.bytes);
            }
        }
        Ok(load)
    }

    /// Puts a scope at a vacant number, or at a new one, and its name where it belongs.
    pub(super) fn open_lane(&mut self, index: usize, lane: Lane) -> Result<usize, Error> {
        let count = self.lanes.len().saturating_add(1);
        // Then forgetting it needs no memory.
        let vacant = self.vacant.try_reserve(count.saturating_sub(self.vacant.len()));
        let lanes = self.lanes.try_reserve(1);
        vacant.and(lanes).and(self.names.try_reserve(1)).map_err(|_| Error::capacity())?;
        self.bytes = self.bytes.saturating_add(lane.bytes());
        let number = self.vacant.pop().unwrap_or(self.lanes.len());
        match self.lanes.get_mut(number) {
            Some(place) => *place = Some(lane),
            None => self.lanes.push(Some(lane)),
        }
        self.names.insert(index, number);
        Ok(number)
    }
}

pub(super) fn boxed(name: &str) -> Result<Box<str>, Error> {
    let mut text = String::new();
    text.try_reserve_exact(name.len()).map_err(|_| Error::capacity())?;
    text.push_str(name);
    Ok(text.into_boxed_str())
}
