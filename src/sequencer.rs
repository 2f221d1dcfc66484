//! The reorder buffer: hands items out in order within their scope. Semantics, section 9.
//!
//! Order is only ever kept within a scope, such as an account or a feed; what needs no order at all
//! is better off without it.

mod lane;
mod room;
mod slots;
mod stored;
mod turn;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::ordinal::Ordinal;
use crate::time::{Clock, Millis, Reading, UnixMs};
use lane::Lane;
use slots::{Held, Slots};
pub use turn::{Dropped, Rejected, Release, SequencerOptions, Skipped, Turn};

/// What an item that is held is accounted with, besides its own bytes.
const ITEM_BYTES: u64 = 96;

/// Returns what an item is accounted with. No sum of them is ever cut off, so that what is added is what
/// is taken away.
const fn cost(bytes: u64) -> u128 {
    (ITEM_BYTES as u128).saturating_add(bytes as u128)
}

/// Hands items out in order, per scope.
///
/// ```
/// use onceward::{Ordinal, Release, Sequencer, SequencerOptions, UnixMs};
///
/// let release = Release::Next { first: Some(Ordinal::from(1_u64)), max_wait: None };
/// let now = UnixMs::new(1_790_000_000_000);
/// let mut sequencer = Sequencer::new(SequencerOptions::new(release), now);
/// let mut push = |order: u64, item| {
///     sequencer.push("account-7", &Ordinal::from(order), item, 0, now).unwrap().released
/// };
/// assert_eq!(push(2, "b"), Vec::<&str>::new());
/// assert_eq!(push(1, "a"), ["a", "b"]);
/// ```
#[derive(Clone, Debug)]
pub struct Sequencer<T> {
    options: SequencerOptions,
    clock: Clock,
    /// The scopes, by their numbers.
    lanes: Vec<Option<Lane>>,
    /// The numbers of the scopes, in the order of their names.
    names: VecDeque<usize>,
    vacant: Vec<usize>,
    held: Slots<T>,
    /// The slots of what is held, as it came. What has left since stays among it until it is found.
    waiting: VecDeque<usize>,
    arrivals: u64,
    bytes: u128,
    dropped: u64,
}

impl<T> Sequencer<T> {
    /// Returns an empty sequencer; that is its first reading of the clock.
    pub const fn new(options: SequencerOptions, now: UnixMs) -> Self {
        let clock = Clock::new(now, options.max_clock_jump);
        Self {
            options,
            clock,
            lanes: Vec::new(),
            names: VecDeque::new(),
            vacant: Vec::new(),
            held: Slots::new(),
            waiting: VecDeque::new(),
            arrivals: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    /// Returns how many items are held, over all scopes.
    pub const fn held(&self) -> u64 {
        self.held.count() as u64
    }

    /// Returns how many items were dropped.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns how many bytes items and scopes take, as accounted for.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }

    /// Takes an item, which is accounted with its `bytes`; returns what may come out now.
    ///
    /// # Errors
    /// `capacity` when it would have to be held and there is no room for it.
    pub fn push(
        &mut self,
        scope: &str,
        order: &Ordinal,
        item: T,
        bytes: u64,
        now: UnixMs,
    ) -> Result<Turn<T>, Rejected<T>> {
        let reading = self.clock.read(now);
        let found = self.find(scope);
        let mut turn = Turn::default();
        if let Some(why) = self.refuse(found.ok(), order) {
            self.settle(&reading);
            self.dropped = self.dropped.saturating_add(1);
            turn.dropped = Some((item, why));
            self.release_waiting(&mut turn);
            return Ok(turn);
        }
        let number = match self.prepare(found, scope, order, bytes, &reading) {
            Ok(number) => number,
            Err(error) => return Err(Rejected { item, error }),
        };
        self.settle(&reading);
        self.place(number, order, item, bytes, &mut turn);
        self.release_waiting(&mut turn);
        Ok(turn)
    }

    /// Returns what has waited long enough at that reading of the clock.
    pub fn flush(&mut self, now: UnixMs) -> Turn<T> {
        let mut turn = Turn::default();
        self.settle(&self.clock.read(now));
        self.release_waiting(&mut turn);
        turn
    }

    /// Returns everything that is held, in order, scope by scope in the order of their names. Gaps are
    /// skipped.
    pub fn drain(&mut self) -> Turn<T> {
        let mut turn = Turn::default();
        for index in 0..self.names.len() {
            let Some(&number) = self.names.get(index) else { break };
            let last = self.lane(number).and_then(|lane| lane.queue.back());
            let order = last.and_then(|&slot| self.held.get(slot)).map(|held| held.order.clone());
            if let Some(order) = order {
                self.release_through(number, &order, &mut turn);
            }
        }
        turn
    }

    /// Forgets a scope, which may then start anew; returns what was held of it, in order.
    pub fn forget(&mut self, scope: &str) -> Vec<T> {
        let mut items = Vec::new();
        let Ok(number) = self.find(scope) else { return items };
        // Without memory for the answer nothing is forgotten.
        let count = self.lane(number).map_or(0, |lane| lane.queue.len());
        if items.try_reserve_exact(count).is_err() {
            return items;
        }
        while let Some(held) = self.pop(number) {
            items.push(held.item);
        }
        self.names.retain(|&other| other != number);
        if let Some(lane) = self.lanes.get_mut(number).and_then(Option::take) {
            self.bytes = self.bytes.saturating_sub(u128::from(lane.bytes()));
        }
        self.vacant.push(number);
        items
    }

    fn lane(&self, number: usize) -> Option<&Lane> {
        self.lanes.get(number).and_then(Option::as_ref)
    }

    fn lane_mut(&mut self, number: usize) -> Option<&mut Lane> {
        self.lanes.get_mut(number).and_then(Option::as_mut)
    }

    /// Returns the number of a scope, or else where its name belongs.
    fn find(&self, scope: &str) -> Result<usize, usize> {
        let name = |&number: &usize| self.lane(number).map_or("", |lane| &*lane.name);
        let index = self.names.partition_point(|number| name(number) < scope);
        self.names.get(index).filter(|number| name(number) == scope).copied().ok_or(index)
    }

    /// Says why an item may not come out any more, nor be held.
    fn refuse(&self, number: Option<usize>, order: &Ordinal) -> Option<Dropped> {
        let Some(lane) = number.and_then(|number| self.lane(number)) else {
            let first = self.first().filter(|first| order < *first);
            return first.map(|_| Dropped::Late);
        };
        if let Some(why) = lane.refuse(order, &self.options.release) {
            return Some(why);
        }
        let at = self.held.index_of(&lane.queue, order, 0);
        let next = lane.queue.get(at).and_then(|&slot| self.held.get(slot));
        let is_known = self.is_next() && next.is_some_and(|held| held.order == *order);
        is_known.then_some(Dropped::Duplicate)
    }

    const fn is_next(&self) -> bool {
        matches!(self.options.release, Release::Next { .. })
    }

    fn first(&self) -> Option<&Ordinal> {
        match &self.options.release {
            Release::Next { first, .. } => first.as_ref(),
            Release::EventTime { .. } => None,
        }
    }

    /// Returns the first item of a scope.
    fn front(&self, number: usize) -> Option<&Held<T>> {
        self.held.get(*self.lane(number)?.queue.front()?)
    }

    /// Takes the first item of a scope.
    fn pop(&mut self, number: usize) -> Option<Held<T>> {
        let slot = self.lane_mut(number)?.queue.pop_front()?;
        let held = self.held.take(slot)?;
        if self.wait().is_none() {
            self.held.vacate(slot);
        }
        self.bytes = self.bytes.saturating_sub(cost(held.bytes));
        Some(held)
    }

    /// Holds an item, and releases what its coming allows.
    fn place(&mut self, lane: usize, order: &Ordinal, item: T, bytes: u64, turn: &mut Turn<T>) {
        let release = self.options.release.clone();
        let Some(scope) = self.lane_mut(lane) else { return };
        let through = match release {
            Release::Next { .. } if scope.expects(order) => {
                scope.pass(order);
                turn.released.push(item);
                return self.release_next(lane, turn);
            }
            Release::Next { .. } => None,
            Release::EventTime { lateness } => scope.see(order, lateness),
        };
        let (order, arrival, since) = (order.clone(), self.arrivals, self.clock.stamp());
        self.arrivals = self.arrivals.saturating_add(1);
        self.hold(Held { item, lane, order, arrival, since, bytes });
        if let Some(through) = through {
            self.release_through(lane, &through, turn);
        }
    }

    fn hold(&mut self, held: Held<T>) {
        self.bytes = self.bytes.saturating_add(cost(held.bytes));
        let Some(lane) = self.lanes.get_mut(held.lane).and_then(Option::as_mut) else { return };
        let at = self.held.index_of(&lane.queue, &held.order, held.arrival);
        let slot = self.held.insert(held);
        lane.queue.insert(at, slot);
        if self.wait().is_some() {
            self.waiting.push_back(slot);
        }
    }

    /// Releases the items of a scope up to an order, and what follows them without a gap.
    fn release_through(&mut self, number: usize, through: &Ordinal, turn: &mut Turn<T>) {
        while let Some(front) = self.front(number) {
            // Without memory for the answer the rest stays, and comes with the next call.
            if front.order > *through || turn.released.try_reserve(1).is_err() {
                break;
            }
            let Some(held) = self.pop(number) else { break };
            self.pass(number, &held.order, turn);
            turn.released.push(held.item);
        }
        self.release_next(number, turn);
    }

    /// Moves a scope on to an order; the gap before it is skipped.
    fn pass(&mut self, number: usize, order: &Ordinal, turn: &mut Turn<T>) {
        let is_next = self.is_next();
        let Some(lane) = self.lane_mut(number) else { return };
        if let Some(gap) = if is_next { lane.skip_to(order) } else { None } {
            let scope = String::from(&*lane.name);
            turn.skipped.push(Skipped { scope, from: gap.from, to: gap.to });
        }
        lane.pass(order);
    }

    /// Releases what follows without a gap.
    fn release_next(&mut self, number: usize, turn: &mut Turn<T>) {
        while let Some(front) = self.front(number).filter(|_| self.is_next()) {
            let is_next = self.lane(number).is_some_and(|lane| lane.expects(&front.order));
            if !is_next || turn.released.try_reserve(1).is_err() {
                break;
            }
            let Some(held) = self.pop(number) else { break };
            self.pass(number, &held.order, turn);
            turn.released.push(held.item);
        }
    }

    /// Returns how long items wait, or nothing when they wait for ever.
    const fn wait(&self) -> Option<Millis> {
        match self.options.release {
            Release::Next { max_wait, .. } => max_wait,
            Release::EventTime { lateness } => Some(lateness),
        }
    }

    /// Releases what has waited long enough, and all that is before it in its scope.
    fn release_waiting(&mut self, turn: &mut Turn<T>) {
        while let Some(&slot) = self.waiting.front() {
            if let Some(held) = self.held.get(slot) {
                let wait = self.wait().map_or(u64::MAX, Millis::as_u64);
                if held.since.saturating_add(wait) > self.clock.believed() {
                    break;
                }
                let (lane, order) = (held.lane, held.order.clone());
                self.release_through(lane, &order, turn);
            }
            if self.held.get(slot).is_some() {
                // There was no memory for it.
                break;
            }
            self.waiting.pop_front();
            self.held.vacate(slot);
        }
        // What has left otherwise is only found at the front, so it is looked for now and then.
        if self.waiting.len() / 2 > self.held.count().saturating_add(32) {
            let Self { waiting, held, .. } = self;
            waiting.retain(|&slot| {
                let is_held = held.get(slot).is_some();
                if !is_held {
                    held.vacate(slot);
                }
                is_held
            });
        }
    }

    /// Takes a reading of the clock.
    fn settle(&mut self, reading: &Reading) {
        let stamp = reading.clock.stamp();
        if stamp < self.clock.stamp() {
            // What came while the clock was ahead of itself did not come later than this.
            self.held.stamp_at_most(stamp);
        }
        self.clock = reading.clock;
    }
}
