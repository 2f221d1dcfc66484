//! Whether a sequencer has room for one more item, found out before anything changes.
//!
//! The item is taken first, and what is due comes out after it: an item that comes before one that is
//! due comes out before it, too, however full it is.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::lane::Lane;
use super::{Release, Sequencer, cost};
use crate::error::{Error, ErrorCode};
use crate::ordinal::Ordinal;
use crate::time::{Millis, Reading};

/// Items, and the bytes that they are accounted with.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    items: u64,
    bytes: u128,
}

impl Load {
    const fn of(bytes: u64) -> Self {
        Self { items: 1, bytes: cost(bytes) }
    }

    const fn and(self, other: Self) -> Self {
        let bytes = self.bytes.saturating_add(other.bytes);
        Self { items: self.items.saturating_add(other.items), bytes }
    }
}

/// An item that would be held.
#[derive(Clone, Copy, Debug)]
struct Coming<'a> {
    /// The number of its scope, unless that is new.
    lane: Option<usize>,
    order: &'a Ordinal,
    load: Load,
    /// Up to which event time everything comes out once it is there.
    watermark: Option<&'a Ordinal>,
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
    ) -> Result<usize, Error> {
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
        let load = if is_held { Load::of(bytes) } else { Load::default() };
        let opening = if lane.is_some() { 0 } else { u128::from(Lane::bytes_of(scope)) };
        let watermark = watermark.as_ref();
        self.find_room(&Coming { lane: found.ok(), order, load, watermark }, opening, reading)?;
        self.held.reserve()?;
        self.waiting.try_reserve(1).map_err(|_| Error::capacity())?;
        match found {
            Ok(number) => {
                let queue = self.lane_mut(number).map(|lane| lane.queue.try_reserve(1));
                queue.unwrap_or(Ok(())).map_err(|_| Error::capacity())?;
                Ok(number)
            }
            Err(index) => {
                // By event time it is of no consequence where a scope starts.
                let from =
                    if self.is_next() { self.first().unwrap_or(order) } else { &Ordinal::ZERO };
                let mut lane = Lane::new(boxed(scope)?, from.clone());
                lane.queue.try_reserve(1).map_err(|_| Error::capacity())?;
                self.open_lane(index, lane)
            }
        }
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
        coming: &Coming<'_>,
        opening: u128,
        reading: &Reading,
    ) -> Result<(), Error> {
        let more = coming.load.and(Load { items: 0, bytes: opening });
        let fits = |freed: Load| {
            let items = self.held().saturating_add(more.items).saturating_sub(freed.items);
            let bytes = self.bytes.saturating_add(more.bytes).saturating_sub(freed.bytes);
            // What is not held needs no room, however full it is.
            let has_items = more.items == 0 || items <= self.options.max_held;
            has_items && (more.bytes == 0 || bytes <= u128::from(self.options.max_bytes))
        };
        if fits(Load::default()) || fits(self.freed(coming, reading)?) {
            return Ok(());
        }
        let reason = "the sequencer holds as much as it may, and what is missing has not come";
        Err(Error::new(ErrorCode::Capacity, reason))
    }

    /// Returns what comes out once an item has come, which may be among it: what has waited long enough,
    /// what the watermark has passed, and what follows that without a gap.
    fn freed(&self, coming: &Coming<'_>, reading: &Reading) -> Result<Load, Error> {
        let mut through: Vec<Option<&Ordinal>> = Vec::new();
        through.try_reserve_exact(self.lanes.len()).map_err(|_| Error::capacity())?;
        through.resize(self.lanes.len(), None);
        let mut raise = |lane: usize, order| {
            if let Some(place) = through.get_mut(lane) {
                *place = (*place).max(Some(order));
            }
        };
        if let Some((lane, order)) = coming.lane.zip(coming.watermark) {
            raise(lane, order);
        }
        let wait = self.wait().map_or(u64::MAX, Millis::as_u64);
        let stamp = reading.clock.stamp();
        for held in self.waiting.iter().filter_map(|&slot| self.held.get(slot)) {
            if held.since.min(stamp).saturating_add(wait) > reading.clock.believed() {
                break;
            }
            raise(held.lane, &held.order);
        }
        // Who does not wait at all is due on coming.
        let mut load = Load::default();
        if stamp.saturating_add(wait) <= reading.clock.believed() {
            match coming.lane {
                Some(lane) => raise(lane, coming.order),
                None => load = coming.load,
            }
        }
        let lanes = through.into_iter().enumerate();
        let lanes = lanes.filter_map(|(number, through)| Some((number, through?)));
        Ok(lanes
            .fold(load, |load, (number, through)| load.and(self.freed_of(number, through, coming))))
    }

    /// Returns what comes out of a scope when everything up to an order does.
    fn freed_of(&self, number: usize, through: &Ordinal, coming: &Coming<'_>) -> Load {
        let Some(lane) = self.lane(number) else { return Load::default() };
        let own = (coming.lane == Some(number)).then_some((coming.order, coming.load));
        let own = own.filter(|(_, load)| load.items > 0);
        let at = self.held.index_of(&lane.queue, coming.order, self.arrivals);
        let place = |&slot: &usize| {
            let held = self.held.get(slot)?;
            Some((&held.order, Load::of(held.bytes)))
        };
        let before = lane.queue.iter().take(at).filter_map(place);
        let after = lane.queue.iter().skip(at).filter_map(place);
        let mut load = Load::default();
        let mut last: Option<&Ordinal> = None;
        for (order, each) in before.chain(own).chain(after) {
            let follows = || last.and_then(Ordinal::successor).as_ref() == Some(order);
            if order > through && !(self.is_next() && follows()) {
                break;
            }
            load = load.and(each);
            last = Some(order);
        }
        load
    }

    /// Puts a scope at a vacant number, or at a new one, and its name where it belongs.
    pub(super) fn open_lane(&mut self, index: usize, lane: Lane) -> Result<usize, Error> {
        let count = self.lanes.len().saturating_add(1);
        // Then forgetting it needs no memory.
        let vacant = self.vacant.try_reserve(count.saturating_sub(self.vacant.len()));
        let lanes = self.lanes.try_reserve(1);
        vacant.and(lanes).and(self.names.try_reserve(1)).map_err(|_| Error::capacity())?;
        self.bytes = self.bytes.saturating_add(u128::from(lane.bytes()));
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
