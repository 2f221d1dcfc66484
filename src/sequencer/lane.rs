//! One scope of a sequencer: how far it has come, and what it has given up.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Dropped, Release};
use crate::ordinal::Ordinal;
use crate::time::Millis;

/// What a scope is accounted with, besides its name; that includes the gaps that it may have.
const LANE_BYTES: u64 = 512;

/// How many gaps are remembered. What lies before the oldest of them counts as late.
pub(super) const GAPS_MAX: usize = 8;

/// Orders that were skipped, from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: Ordinal,
    pub(super) to: Ordinal,
}

#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) name: Box<str>,
    /// Where it starts. What is before has not come out.
    pub(super) from: Ordinal,
    /// The order that came out last, or was skipped.
    pub(super) last: Option<Ordinal>,
    /// The latest event time.
    pub(super) highest: Option<Ordinal>,
    pub(super) gaps: Vec<Gap>,
    /// The slots of what is held, in the order in which it comes out.
    pub(super) queue: VecDeque<usize>,
}

impl Lane {
    pub(super) const fn new(name: Box<str>, from: Ordinal) -> Self {
        Self { name, from, last: None, highest: None, gaps: Vec::new(), queue: VecDeque::new() }
    }

    /// Returns what it is accounted with.
    pub(super) const fn bytes(&self) -> u64 {
        Self::bytes_of(&self.name)
    }

    /// Returns what one of that name is accounted with.
    pub(super) const fn bytes_of(name: &str) -> u64 {
        LANE_BYTES.saturating_add(name.len() as u64)
    }

    /// Whether that order is the next one.
    pub(super) fn expects(&self, order: &Ordinal) -> bool {
        match &self.last {
            Some(last) => last.successor().as_ref() == Some(order),
            None => self.from == *order,
        }
    }

    /// Says why what has that order cannot come out any more.
    pub(super) fn refuse(&self, order: &Ordinal, release: &Release) -> Option<Dropped> {
        match (release, &self.last) {
            (Release::Next { .. }, Some(last)) if order <= last => {
                let is_skipped = |gap: &Gap| *order >= gap.from && *order <= gap.to;
                let is_late = *order < self.from || self.gaps.iter().any(is_skipped);
                Some(if is_late { Dropped::Late } else { Dropped::Duplicate })
            }
            (Release::Next { .. }, None) if *order < self.from => Some(Dropped::Late),
            (Release::EventTime { .. }, Some(last)) if order < last => Some(Dropped::Late),
            (Release::Next { .. } | Release::EventTime { .. }, _) => None,
        }
    }

    /// Notes that an order comes out.
    pub(super) fn pass(&mut self, order: &Ordinal) {
        self.last = Some(order.clone());
    }

    /// Returns up to which event time everything comes out once that one is seen.
    pub(super) fn watermark(&self, order: &Ordinal, lateness: Millis) -> Option<Ordinal> {
        let highest = self.highest.as_ref().map_or(order, |highest| highest.max(order));
        highest.minus(&Ordinal::from(lateness.as_u64()))
    }

    /// Notes an event time, and returns up to which one everything comes out.
    pub(super) fn see(&mut self, order: &Ordinal, lateness: Millis) -> Option<Ordinal> {
        let through = self.watermark(order, lateness);
        if self.highest.as_ref().is_none_or(|highest| highest < order) {
            self.highest = Some(order.clone());
        }
        through
    }

    /// Gives up what is missing before an order.
    pub(super) fn skip_to(&mut self, order: &Ordinal) -> Option<Gap> {
        let from = match &self.last {
            Some(last) => last.successor()?,
            None => self.from.clone(),
        };
        let to = order.minus(&Ordinal::from(1_u64)).filter(|to| from <= *to)?;
        let gap = Gap { from, to };
        if self.gaps.try_reserve(1).is_err() {
            self.gaps.clear();
            self.from = order.clone();
            return Some(gap);
        }
        self.gaps.push(gap.clone());
        if self.gaps.len() > GAPS_MAX {
            // What lies before it counts as late from now on: it may have been skipped, and what was
            // lost must not pass for a duplicate.
            self.from = self.gaps.remove(0).to.successor()?;
        }
        Some(gap)
    }
}
