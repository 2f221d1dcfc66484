//! The real sequencer, asked in the words of the naive one.

use std::collections::BTreeMap;

use onceward::{
    Dropped, ErrorCode, Millis, Ordinal, Release, Sequencer, SequencerOptions, Turn, UnixMs,
};

use super::history::World;
use super::oracle::{Mode, Outcome};

/// An item knows where it belongs, so that what comes out can be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    scope: String,
    id: u64,
    bytes: Vec<u8>,
}

impl Item {
    fn new(scope: &str, id: u64) -> Self {
        let bytes = format!("{id} {scope}").into_bytes();
        Self { scope: scope.to_owned(), id, bytes }
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = str::from_utf8(bytes).unwrap();
        let (id, scope) = text.split_once(' ').unwrap();
        Self::new(scope, id.parse().unwrap())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Subject {
    base: &'static str,
    options: SequencerOptions,
    sequencer: Sequencer<Item>,
}

/// Returns a decimal text and a number added up.
pub(crate) fn sum(base: &str, number: i128) -> String {
    let mut carry = u128::try_from(number).unwrap();
    let mut digits: Vec<char> = Vec::new();
    for digit in base.chars().rev() {
        let value = carry + u128::from(digit.to_digit(10).unwrap());
        digits.push(char::from_digit((value % 10) as u32, 10).unwrap());
        carry = value / 10;
    }
    let text: String = digits.into_iter().rev().collect();
    let whole = if carry > 0 { format!("{carry}{text}") } else { text };
    let canonical = whole.trim_start_matches('0');
    if canonical.is_empty() { "0".to_owned() } else { canonical.to_owned() }
}

impl Subject {
    pub(crate) fn new(world: &World) -> Self {
        let release = match world.mode {
            Mode::Next { first, max_wait } => Release::Next {
                first: first.map(|first| ordinal(world.base, first)),
                max_wait: max_wait.map(Millis::new),
            },
            Mode::EventTime { lateness } => Release::EventTime { lateness: Millis::new(lateness) },
        };
        let options = SequencerOptions {
            release,
            max_held: world.limits.held,
            max_bytes: world.limits.bytes,
            max_clock_jump: Millis::new(world.limits.jump),
        };
        let sequencer = Sequencer::new(options.clone(), UnixMs::new(world.opened));
        Self { base: world.base, options, sequencer }
    }

    pub(crate) fn held(&self) -> u64 {
        self.sequencer.held()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.sequencer.dropped()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.sequencer.bytes()
    }

    pub(crate) fn push(
        &mut self,
        scope: &str,
        order: i128,
        id: u64,
        bytes: u64,
        now: u64,
    ) -> Option<Outcome> {
        let (item, order) = (Item::new(scope, id), ordinal(self.base, order));
        match self.sequencer.push(scope, &order, item.clone(), bytes, UnixMs::new(now)) {
            Ok(turn) => Some(self.told(turn)),
            Err(rejected) => {
                assert_eq!((rejected.item, rejected.error.code()), (item, ErrorCode::Capacity));
                None
            }
        }
    }

    pub(crate) fn flush(&mut self, now: u64) -> Outcome {
        let turn = self.sequencer.flush(UnixMs::new(now));
        self.told(turn)
    }

    pub(crate) fn drain(&mut self) -> Outcome {
        let turn = self.sequencer.drain();
        let scopes: Vec<_> = turn.released.iter().map(|item| item.scope.clone()).collect();
        assert!(scopes.is_sorted(), "drained scopes are not in the order of their names");
        self.told(turn)
    }

    pub(crate) fn forget(&mut self, scope: &str) -> Vec<u64> {
        self.sequencer.forget(scope).into_iter().map(|item| item.id).collect()
    }

    pub(crate) fn snapshot(&self) -> Vec<u8> {
        self.sequencer.snapshot(|item| &item.bytes).unwrap()
    }

    /// Goes on from the state, and checks that it says all there is: the sequencer that goes on from it
    /// does what the one that it was taken from does.
    pub(crate) fn reopen(&mut self, now: u64) {
        let state = self.snapshot();
        let restored = Sequencer::restore(self.options.clone(), &state, UnixMs::new(now), |item| {
            Ok(Item::parse(item))
        });
        let restored = Self { sequencer: restored.unwrap(), ..self.clone() };
        let mut copy = restored.clone();
        let mut twin = self.clone();
        let first = twin.flush(now);
        let outcomes = [join(first, twin.flush(now)), copy.flush(now)];
        assert_eq!(outcomes[0], outcomes[1], "after it was opened again");
        assert_eq!(twin.snapshot(), copy.snapshot(), "after it was opened again");
        assert_eq!(twin.drain(), copy.drain(), "after it was opened again");
        assert_eq!(twin.snapshot(), copy.snapshot(), "after it was opened again");
        *self = restored;
    }

    /// Groups what came out by scope; the orders of gaps are counted from the base.
    fn told(&self, turn: Turn<Item>) -> Outcome {
        let mut outcome = Outcome::default();
        for item in turn.released {
            outcome.released.entry(item.scope).or_default().push(item.id);
        }
        for gap in turn.skipped {
            let ends = (self.offset(&gap.from), self.offset(&gap.to));
            outcome.skipped.entry(gap.scope).or_default().push(ends);
        }
        outcome.dropped = turn.dropped.map(|(item, why)| (item.id, why == Dropped::Late));
        outcome
    }

    fn offset(&self, order: &Ordinal) -> i128 {
        (0..100_000).find(|&offset| ordinal(self.base, offset) == *order).unwrap()
    }
}

fn ordinal(base: &str, order: i128) -> Ordinal {
    sum(base, order).parse().unwrap()
}

fn join(mut first: Outcome, second: Outcome) -> Outcome {
    fn extend<T>(to: &mut BTreeMap<String, Vec<T>>, from: BTreeMap<String, Vec<T>>) {
        for (scope, more) in from {
            to.entry(scope).or_default().extend(more);
        }
    }
    extend(&mut first.released, second.released);
    extend(&mut first.skipped, second.skipped);
    first
}
