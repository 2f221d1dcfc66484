//! A sequencer as section 9 of the semantics has it, and as slow as that: a list of what is held, which
//! is searched from its beginning for what may come out.

use std::collections::{BTreeMap, BTreeSet};

/// So many gaps are remembered.
const GAPS_MAX: usize = 8;

/// When items come out. Orders are counted from a base that is of no consequence here.
#[derive(Clone, Debug)]
pub(crate) enum Mode {
    Next { first: Option<i128>, max_wait: Option<u64> },
    EventTime { lateness: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) held: u64,
    pub(crate) bytes: u64,
    pub(crate) jump: u64,
}

#[derive(Clone, Debug)]
struct Held {
    scope: String,
    order: i128,
    id: u64,
    arrival: u64,
    since: u64,
    bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    start: i128,
    pub(crate) last: Option<i128>,
    highest: Option<i128>,
    out: BTreeSet<i128>,
    gaps: Vec<(i128, i128)>,
}

/// What a call has brought about, scope by scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) released: BTreeMap<String, Vec<u64>>,
    pub(crate) skipped: BTreeMap<String, Vec<(i128, i128)>>,
    pub(crate) dropped: Option<(u64, bool)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    believed: u64,
    ahead: Option<u64>,
    held: Vec<Held>,
    pub(crate) scopes: BTreeMap<String, Scope>,
    arrivals: u64,
    pub(crate) dropped: u64,
}

impl Oracle {
    pub(crate) fn new(mode: Mode, limits: Limits, now: u64) -> Self {
        Self {
            mode,
            limits,
            believed: now,
            ahead: None,
            held: Vec::new(),
            scopes: BTreeMap::new(),
            arrivals: 0,
            dropped: 0,
        }
    }

    pub(crate) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    pub(crate) fn bytes(&self) -> u64 {
        let items: u64 = self.held.iter().map(|held| 96 + held.bytes).sum();
        let scopes: u64 = self.scopes.keys().map(|name| 512 + name.len() as u64).sum();
        items + scopes
    }

    /// Takes an item, or refuses it because more would be left than may be: then nothing has happened.
    pub(crate) fn push(
        &mut self,
        scope: &str,
        order: i128,
        id: u64,
        bytes: u64,
        now: u64,
    ) -> Option<Outcome> {
        let before = self.clone();
        self.read(now);
        let mut outcome = Outcome::default();
        if let Some(is_late) = self.refuse(scope, order) {
            self.dropped += 1;
            outcome.dropped = Some((id, is_late));
        } else {
            let since = self.stamp();
            let first = if let Mode::Next { first, .. } = self.mode { first } else { None };
            let start = first.unwrap_or(order);
            let found = self.scopes.entry(scope.to_owned());
            let found = found.or_insert_with(|| Scope { start, ..Scope::default() });
            found.highest = found.highest.max(Some(order));
            let (scope, arrival) = (scope.to_owned(), self.arrivals);
            self.arrivals += 1;
            self.held.push(Held { scope, order, id, arrival, since, bytes });
        }
        self.release(&mut outcome);
        if self.held() > self.limits.held || self.bytes() > self.limits.bytes {
            *self = before;
            return None;
        }
        Some(outcome)
    }

    pub(crate) fn flush(&mut self, now: u64) -> Outcome {
        let mut outcome = Outcome::default();
        self.read(now);
        self.release(&mut outcome);
        outcome
    }

    pub(crate) fn drain(&mut self) -> Outcome {
        let mut outcome = Outcome::default();
        for name in self.scopes.keys().cloned().collect::<Vec<_>>() {
            while let Some(index) = self.first_of(&name) {
                self.take(index, &mut outcome);
            }
        }
        outcome
    }

    pub(crate) fn forget(&mut self, scope: &str) -> Vec<u64> {
        let mut ids = Vec::new();
        while let Some(index) = self.first_of(scope) {
            ids.push(self.held.remove(index).id);
        }
        self.scopes.remove(scope);
        ids
    }

    /// Goes on in another process: what was counted is not part of the state.
    pub(crate) fn reopen(&mut self, now: u64) {
        self.dropped = 0;
        self.read(now);
    }

    pub(crate) fn read(&mut self, now: u64) {
        if let Some(ahead) = self.ahead.take().filter(|&ahead| now >= ahead) {
            self.believed = ahead;
        }
        if now > self.believed + self.limits.jump {
            self.ahead = Some(now);
        } else {
            self.believed = self.believed.max(now);
        }
        let stamp = self.stamp();
        for held in &mut self.held {
            held.since = held.since.min(stamp);
        }
    }

    fn stamp(&self) -> u64 {
        self.ahead.unwrap_or(self.believed)
    }

    /// Whether an item may not come out any more, and then whether it is late.
    fn refuse(&self, name: &str, order: i128) -> Option<bool> {
        let Some(scope) = self.scopes.get(name) else {
            let Mode::Next { first: Some(first), .. } = self.mode else { return None };
            return (order < first).then_some(true);
        };
        if matches!(self.mode, Mode::EventTime { .. }) {
            return scope.last.is_some_and(|last| order < last).then_some(true);
        }
        // What lies before the gaps that are remembered may have been in one.
        let known = scope.gaps.len().saturating_sub(GAPS_MAX);
        let floor = if known == 0 { scope.start } else { scope.gaps[known - 1].1 + 1 };
        if order < floor {
            return Some(true);
        }
        let is_held = self.held.iter().any(|held| held.scope == name && held.order == order);
        if is_held || scope.out.contains(&order) {
            return Some(false);
        }
        scope.last.is_some_and(|last| order < last).then_some(true)
    }

    fn release(&mut self, outcome: &mut Outcome) {
        for name in self.scopes.keys().cloned().collect::<Vec<_>>() {
            // With what has waited long enough comes all that is not after it.
            let due = self.held.iter().filter(|held| held.scope == name && self.is_due(held));
            let due = due.map(|held| held.order).max();
            while let Some(index) = self.first_of(&name).filter(|&index| {
                due.is_some_and(|due| self.held[index].order <= due) || self.may_go(index)
            }) {
                self.take(index, outcome);
            }
        }
    }

    fn first_of(&self, name: &str) -> Option<usize> {
        let own = self.held.iter().enumerate().filter(|(_, held)| held.scope == name);
        own.min_by_key(|(_, held)| (held.order, held.arrival)).map(|(index, _)| index)
    }

    fn is_due(&self, held: &Held) -> bool {
        let wait = match self.mode {
            Mode::Next { max_wait, .. } => max_wait,
            Mode::EventTime { lateness } => Some(lateness),
        };
        wait.is_some_and(|wait| held.since + wait <= self.believed)
    }

    fn may_go(&self, index: usize) -> bool {
        let held = &self.held[index];
        let scope = &self.scopes[&held.scope];
        match self.mode {
            Mode::Next { .. } => held.order == scope.last.map_or(scope.start, |last| last + 1),
            Mode::EventTime { lateness } => {
                held.order <= scope.highest.unwrap() - i128::from(lateness)
            }
        }
    }

    fn take(&mut self, index: usize, outcome: &mut Outcome) {
        let Held { scope: name, order, id, .. } = self.held.remove(index);
        let scope = self.scopes.get_mut(&name).unwrap();
        let expected = scope.last.map_or(scope.start, |last| last + 1);
        if matches!(self.mode, Mode::Next { .. }) && order > expected {
            scope.gaps.push((expected, order - 1));
            outcome.skipped.entry(name.clone()).or_default().push((expected, order - 1));
        }
        scope.last = Some(order);
        scope.out.insert(order);
        outcome.released.entry(name).or_default().push(id);
    }
}
