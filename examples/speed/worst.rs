//! How long a single call takes at worst.

use core::error::Error;
use std::time::Instant;

use onceward::{Event, Options, Verdict};

use super::clock::{now, resident_bytes};
use super::judges::open;
use super::line::{Line, ensure, per};
use super::names::{Fill, Names};

/// So often the same is done. What hits a call every time is its own; the rest is the machine.
const RUNS: usize = 3;

pub(crate) fn run(size: u64, seed: u64, line: &mut Line) -> Result<(), Box<dyn Error>> {
    let mut names = Names::default();
    let mut least_ns = vec![u32::MAX; usize::try_from(size * 2)?];
    // Kept until the end: a gate that gets the memory of the one before it has an easier time.
    let mut gates = Vec::with_capacity(RUNS);
    let resident = resident_bytes();
    let mut grown = None;
    for _ in 0..RUNS {
        let mut gate = open(Options::default(), now())?;
        let mut fill = Fill::new(size, seed);
        let mut calls = least_ns.iter_mut();
        while let Some(expected) = fill.write(&mut names) {
            let mut fresh = 0;
            for (name, least) in names.iter().zip(calls.by_ref()) {
                let event = Event::new().id(name);
                let start = Instant::now();
                let verdict = gate.check(&event, now())?;
                let ns = u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX);
                *least = ns.min(*least);
                fresh += u64::from(verdict == Verdict::Fresh);
            }
            ensure("new keys", fresh, expected)?;
        }
        let after = resident_bytes();
        grown = grown.or(resident.zip(after).map(|(before, after)| after.saturating_sub(before)));
        gates.push(gate);
    }
    let worst = least_ns.iter().enumerate().max_by_key(|&(_, ns)| ns);
    line.integer("worstAt", worst.map(|(index, _)| index as u64));
    least_ns.sort_unstable();
    for (name, per_100_000) in
        [("worst", 100_000), ("p9999", 99_990), ("p999", 99_900), ("median", 50_000)]
    {
        let rank = (least_ns.len() * per_100_000).div_ceil(100_000);
        let ns = rank.checked_sub(1).and_then(|index| least_ns.get(index));
        line.number(name, ns.map(|&ns| f64::from(ns) / 1000.0));
    }
    line.integer("bytes", gates.first().map(|gate| gate.stats().bytes));
    line.number("rss", grown.map(|grown| per(grown, size)));
    line.text("clock", "wall");
    Ok(())
}
