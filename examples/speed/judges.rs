//! What is measured, and its rivals from the standard library, behind one face.

use std::collections::{HashMap, HashSet};

use onceward::{Event, Gate, Options, Ordinal, Secret, UnixMs, Verdict};

use super::clock::now;
use super::names::{CHUNK, Names};

/// How long a key is remembered.
const RETENTION_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Something that remembers.
pub(crate) trait Memory: Default {
    /// Returns how much memory it says it uses.
    fn bytes(&self) -> Option<u64> {
        None
    }
}

/// Something that tells new keys from known ones.
pub(crate) trait Judge: Memory {
    /// Judges names in their order, and returns how many of them are new.
    fn judge(&mut self, names: &Names) -> Result<u64, onceward::Error>;
}

/// Something that tells revisions that are ahead from overtaken ones.
pub(crate) trait Follow: Memory {
    /// Judges revisions in their order, and returns how many of them are overtaken.
    fn follow(&mut self, names: &Names, revisions: &[u64]) -> Result<u64, onceward::Error>;
}

/// A gate that is asked about one event at a time, and given the time with each.
#[derive(Debug)]
pub(crate) struct Single(pub(crate) Gate);

/// A gate that is asked about many at once.
#[derive(Debug)]
pub(crate) struct Batch(pub(crate) Gate);

/// A set, which never forgets.
#[derive(Debug, Default)]
pub(crate) struct Set(HashSet<String>);

/// A map with the time of each key, which knows what is over.
#[derive(Debug, Default)]
pub(crate) struct Map(HashMap<String, u64>);

/// Opens a gate that never runs out of room.
pub(crate) fn open(options: Options, now: UnixMs) -> Result<Gate, onceward::Error> {
    let options = Options { max_bytes: 1 << 40, ..options };
    Gate::new(options, Secret::new(b"not a secret at all")?, now)
}

fn open_default() -> Gate {
    open(Options::default(), now()).expect("the options are in their ranges")
}

impl Default for Single {
    fn default() -> Self {
        Self(open_default())
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self(open_default())
    }
}

impl Memory for Single {
    fn bytes(&self) -> Option<u64> {
        Some(self.0.stats().bytes)
    }
}

impl Memory for Batch {
    fn bytes(&self) -> Option<u64> {
        Some(self.0.stats().bytes)
    }
}

impl Memory for Set {}

impl Memory for Map {}

impl Judge for Single {
    fn judge(&mut self, names: &Names) -> Result<u64, onceward::Error> {
        let mut fresh = 0;
        for name in names.iter() {
            let verdict = self.0.check(&Event::new().id(name), now())?;
            fresh += u64::from(verdict == Verdict::Fresh);
        }
        Ok(fresh)
    }
}

impl Judge for Batch {
    fn judge(&mut self, names: &Names) -> Result<u64, onceward::Error> {
        // Setting up the column is part of the price of a batch.
        let mut ids: Vec<(&str, Option<UnixMs>)> = Vec::with_capacity(CHUNK);
        ids.extend(names.iter().map(|name| (name, None)));
        Ok(count(&self.0.check_ids("", &ids, now())?, Verdict::Fresh))
    }
}

impl Judge for Set {
    fn judge(&mut self, names: &Names) -> Result<u64, onceward::Error> {
        let mut fresh = 0;
        for name in names.iter() {
            // Asked first, so that only a new name is copied.
            if !self.0.contains(name) {
                self.0.insert(name.to_owned());
                fresh += 1;
            }
        }
        Ok(fresh)
    }
}

impl Judge for Map {
    fn judge(&mut self, names: &Names) -> Result<u64, onceward::Error> {
        let mut fresh = 0;
        for name in names.iter() {
            let now = now().as_u64();
            if self.0.get(name).is_none_or(|accepted| now - accepted >= RETENTION_MS) {
                self.0.insert(name.to_owned(), now);
                fresh += 1;
            }
        }
        Ok(fresh)
    }
}

impl Follow for Single {
    fn follow(&mut self, names: &Names, revisions: &[u64]) -> Result<u64, onceward::Error> {
        let mut stale = 0;
        for (name, &revision) in names.iter().zip(revisions) {
            let event = Event::new().entity(name).revision(Ordinal::from(revision));
            stale += u64::from(self.0.check(&event, now())? == Verdict::Stale);
        }
        Ok(stale)
    }
}

impl Follow for Batch {
    fn follow(&mut self, names: &Names, revisions: &[u64]) -> Result<u64, onceward::Error> {
        let mut column: Vec<(&str, Ordinal)> = Vec::with_capacity(CHUNK);
        let ordinals = revisions.iter().map(|&revision| Ordinal::from(revision));
        column.extend(names.iter().zip(ordinals));
        Ok(count(&self.0.check_revisions("", &column, now())?, Verdict::Stale))
    }
}

impl Follow for Map {
    fn follow(&mut self, names: &Names, revisions: &[u64]) -> Result<u64, onceward::Error> {
        let mut stale = 0;
        for (name, &revision) in names.iter().zip(revisions) {
            if let Some(last) = self.0.get_mut(name) {
                stale += u64::from(revision < *last);
                *last = revision.max(*last);
            } else {
                self.0.insert(name.to_owned(), revision);
            }
        }
        Ok(stale)
    }
}

pub(crate) fn count(verdicts: &[Verdict], wanted: Verdict) -> u64 {
    verdicts.iter().filter(|&&verdict| verdict == wanted).count() as u64
}
