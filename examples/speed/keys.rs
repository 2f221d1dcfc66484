//! Keys from nothing to many, half of what comes being repeated, and then only known ones.

use core::error::Error;

use super::clock::{WORK_CLOCK, resident_bytes, work_ns};
use super::judges::Judge;
use super::line::{Line, ensure, per};
use super::names::{Fill, Names, Probe};

/// So many known keys are asked about at most.
const PROBES: u64 = 1_000_000;

/// Up to this size filling takes no time to speak of: what is measured then is a gate in use.
const SMALL_MAX: u64 = 1000;

/// So many known keys are asked about beforehand when the size is small.
const WARM_UP: u64 = 200_000;

pub(crate) fn run<J: Judge>(size: u64, seed: u64, line: &mut Line) -> Result<(), Box<dyn Error>> {
    let is_small = size <= SMALL_MAX;
    let mut judge = J::default();
    let mut names = Names::default();
    // So that the memory of the names is there before it is looked at.
    Probe::new(size, size, seed).write(&mut names);
    let resident = resident_bytes();
    let (fill_ns, fresh) = fill(&mut judge, size, seed, &mut names)?;
    let grown = resident.zip(resident_bytes()).map(|(before, after)| after.saturating_sub(before));
    if is_small {
        probe(&mut judge, Probe::new(size, WARM_UP, seed), &mut names)?;
    }
    let probes = if is_small { PROBES } else { size.min(PROBES) };
    let probe_ns = probe(&mut judge, Probe::new(size, probes, seed), &mut names)?;
    line.number("fill", (!is_small).then(|| per(fill_ns, size * 2)));
    line.number("probe", Some(per(probe_ns, probes)));
    line.integer("bytes", judge.bytes());
    line.number("rss", grown.filter(|_| !is_small).map(|grown| per(grown, size)));
    line.integer("fresh", Some(fresh));
    line.text("clock", WORK_CLOCK);
    Ok(())
}

/// Fills from empty; returns the time it took, and how many keys were new.
fn fill(
    judge: &mut impl Judge,
    size: u64,
    seed: u64,
    names: &mut Names,
) -> Result<(u64, u64), Box<dyn Error>> {
    let mut fill = Fill::new(size, seed);
    let mut spent = 0;
    let mut total = 0;
    while let Some(expected) = fill.write(names) {
        let start = work_ns();
        let fresh = judge.judge(names)?;
        spent += work_ns() - start;
        ensure("new keys", fresh, expected)?;
        total += fresh;
    }
    ensure("new keys in all", total, size)?;
    Ok((spent, total))
}

fn probe(
    judge: &mut impl Judge,
    mut probe: Probe,
    names: &mut Names,
) -> Result<u64, Box<dyn Error>> {
    let mut spent = 0;
    while probe.write(names) {
        let start = work_ns();
        let fresh = judge.judge(names)?;
        spent += work_ns() - start;
        ensure("new keys among known ones", fresh, 0)?;
    }
    Ok(spent)
}
