//! What is kept of a source, and what it says of a position.

use std::collections::BTreeSet;

use super::number::Number;
use super::options::Positions;
use super::{Judgement, Verdict};

/// A log, as far as it has been processed.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) epoch: Number,
    pub(crate) mark: Number,
    /// The settled positions of the window; unused by the other modes.
    settled: BTreeSet<Number>,
}

/// Returns what the position alone says, `source` being what is known of its log.
pub(crate) fn judge(
    positions: &Positions,
    source: Option<&Source>,
    epoch: &Number,
    position: &Number,
) -> Judgement {
    match source {
        Some(source) if *epoch < source.epoch => {
            let current = Some(source.epoch.clone());
            Judgement { current, ..Judgement::of(Verdict::Stale) }
        }
        Some(source) if *epoch == source.epoch => within(positions, source, position),
        _ => match positions {
            Positions::Next { first: Some(first) } => Judgement::of_first(first, position),
            Positions::Newer | Positions::Next { first: None } | Positions::Window(_) => {
                Judgement::of(Verdict::Fresh)
            }
        },
    }
}

/// Returns whether a position that was fresh is so no longer, since others went past it.
pub(crate) fn is_behind(
    positions: &Positions,
    source: Option<&Source>,
    epoch: &Number,
    position: &Number,
) -> bool {
    let verdict = judge(positions, source, epoch, position).verdict;
    [Verdict::Duplicate, Verdict::Stale, Verdict::Expired].contains(&verdict)
}

/// Returns what is known of the source once the position is settled, which was found to be fresh.
pub(crate) fn settle(
    positions: &Positions,
    source: Option<&Source>,
    epoch: &Number,
    position: &Number,
) -> Source {
    let same = source.filter(|source| source.epoch == *epoch);
    let mark = same.map_or(position, |source| position.max(&source.mark)).clone();
    let mut settled = same.map(|source| source.settled.clone()).unwrap_or_default();
    if let Positions::Window(width) = positions {
        settled.insert(position.clone());
        settled = settled.split_off(&lowest(&mark, *width));
    }
    Source { epoch: epoch.clone(), mark, settled }
}

fn within(positions: &Positions, source: &Source, position: &Number) -> Judgement {
    match positions {
        Positions::Next { .. } if *position > source.mark.next() => {
            let expected = Some(source.mark.next());
            Judgement { expected, ..Judgement::of(Verdict::Early) }
        }
        Positions::Newer | Positions::Next { .. } => {
            let newer = *position > source.mark;
            Judgement::of(if newer { Verdict::Fresh } else { Verdict::Duplicate })
        }
        Positions::Window(width) if *position < lowest(&source.mark, *width) => {
            Judgement::of(Verdict::Expired)
        }
        Positions::Window(_) => {
            let settled = source.settled.contains(position);
            Judgement::of(if settled { Verdict::Duplicate } else { Verdict::Fresh })
        }
    }
}

fn lowest(highest: &Number, width: u32) -> Number {
    highest.minus(&Number::small(u64::from(width)))
}
