//! Revisions of entities, a fifth of them overtaken.

use core::error::Error;

use super::clock::{WORK_CLOCK, resident_bytes, work_ns};
use super::judges::Follow;
use super::line::{Line, ensure, per};
use super::names::{CHUNK, Names, Updates};

pub(crate) fn run<F: Follow>(size: u64, seed: u64, line: &mut Line) -> Result<(), Box<dyn Error>> {
    let mut follower = F::default();
    let mut names = Names::default();
    names.write(0..CHUNK as u64);
    let mut revisions = Vec::with_capacity(CHUNK);
    let mut updates = Updates::new(usize::try_from(size)?, seed);
    let resident = resident_bytes();
    let mut spent = 0;
    let mut events = 0;
    let mut stale = 0;
    while let Some(expected) = updates.write(&mut names, &mut revisions) {
        let start = work_ns();
        let overtaken = follower.follow(&names, &revisions)?;
        spent += work_ns() - start;
        ensure("overtaken revisions", overtaken, expected)?;
        events += names.len() as u64;
        stale += overtaken;
    }
    let grown = resident.zip(resident_bytes()).map(|(before, after)| after.saturating_sub(before));
    line.integer("events", Some(events));
    line.number("ns", Some(per(spent, events)));
    line.integer("bytes", follower.bytes());
    line.number("rss", grown.map(|grown| per(grown, size)));
    line.integer("stale", Some(stale));
    line.text("clock", WORK_CLOCK);
    Ok(())
}
