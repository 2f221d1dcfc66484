//! Where a sequencer keeps what it holds. Queues of slots are quick to keep in order: what has to be
//! moved for an item that comes between others is a word each.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::error::Error;
use crate::ordinal::Ordinal;

/// An item that is held.
#[derive(Clone, Debug)]
pub(super) struct Held<T> {
    pub(super) item: T,
    /// The number of its scope.
    pub(super) lane: usize,
    pub(super) order: Ordinal,
    /// The number of its push: what has the same event time comes out as it came.
    pub(super) arrival: u64,
    pub(super) since: u64,
    pub(super) bytes: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Slots<T> {
    places: Vec<Option<Held<T>>>,
    vacant: Vec<usize>,
    count: usize,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), vacant: Vec::new(), count: 0 }
    }

    /// Returns how many items are held.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn get(&self, slot: usize) -> Option<&Held<T>> {
        self.places.get(slot).and_then(Option::as_ref)
    }

    /// Returns all that is held, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Held<T>)> {
        self.places.iter().enumerate().filter_map(|(slot, place)| Some((slot, place.as_ref()?)))
    }

    /// Makes room for one more, so that inserting it cannot fail.
    pub(super) fn reserve(&mut self) -> Result<(), Error> {
        let count = self.places.len().saturating_add(1);
        let vacant = self.vacant.try_reserve(count.saturating_sub(self.vacant.len()));
        self.places.try_reserve(1).and(vacant).map_err(|_| Error::capacity())
    }

    pub(super) fn insert(&mut self, held: Held<T>) -> usize {
        self.count = self.count.saturating_add(1);
        let slot = self.vacant.pop().unwrap_or(self.places.len());
        match self.places.get_mut(slot) {
            Some(place) => *place = Some(held),
            None => self.places.push(Some(held)),
        }
        slot
    }

    /// Takes an item; its slot is used again once it is vacated.
    pub(super) fn take(&mut self, slot: usize) -> Option<Held<T>> {
        let held = self.places.get_mut(slot)?.take()?;
        self.count = self.count.saturating_sub(1);
        Some(held)
    }

    /// Allows a slot to be used again.
    pub(super) fn vacate(&mut self, slot: usize) {
        self.vacant.push(slot);
    }

    /// Returns where in a queue an order, of a push of that number, is or belongs.
    pub(super) fn index_of(&self, queue: &VecDeque<usize>, order: &Ordinal, arrival: u64) -> usize {
        let is_before = |held: &Held<T>| (&held.order, held.arrival) < (order, arrival);
        queue.partition_point(|&slot| self.get(slot).is_some_and(is_before))
    }

    /// Has nothing be held since later than that.
    pub(super) fn stamp_at_most(&mut self, stamp: u64) {
        for held in self.places.iter_mut().flatten() {
            held.since = held.since.min(stamp);
        }
    }
}
