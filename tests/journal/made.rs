//! Journals of what a gate really tells its store.

use onceward::{Claimed, Content, Event, Journal, Options, UnixMs};

use crate::copies::{Copy, Kind, World};

/// A journal that was written, and the one of the generation before.
pub(crate) struct Made {
    world: World,
    pub(crate) snapshot: Vec<u8>,
    pub(crate) generation: u64,
    pub(crate) records: Vec<Vec<u8>>,
    /// All records as they are written.
    pub(crate) bytes: Vec<u8>,
    /// Where each record ends.
    ends: Vec<usize>,
    /// What the gate was before the first record, and after each.
    pub(crate) states: Vec<Vec<u8>>,
    pub(crate) previous_snapshot: Vec<u8>,
    pub(crate) previous: Vec<u8>,
}

/// A journal that is being written.
struct Written {
    snapshot: Vec<u8>,
    journal: Journal,
    records: Vec<Vec<u8>>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    states: Vec<Vec<u8>>,
}

impl Written {
    /// Starts behind a snapshot of a copy.
    fn new(copy: &mut Copy, generation: u64) -> Self {
        copy.gate.restore_store();
        let (snapshot, is_snapshot) = copy.gate.store_changes().unwrap();
        assert!(is_snapshot, "a generation starts with everything");
        let journal = Journal::new(&snapshot, generation);
        let states = vec![copy.gate.snapshot().unwrap()];
        let (records, bytes, ends) = (Vec::new(), Vec::new(), Vec::new());
        Self { snapshot, journal, records, bytes, ends, states }
    }

    fn append(&mut self, record: Vec<u8>, copy: &Copy) {
        self.bytes.extend(self.journal.append(&record).unwrap());
        self.ends.push(self.bytes.len());
        self.records.push(record);
        self.states.push(copy.gate.snapshot().unwrap());
    }

    /// Writes what has changed in a copy.
    fn flush(&mut self, copy: &mut Copy) {
        let (changes, is_snapshot) = copy.gate.store_changes().unwrap();
        assert!(!is_snapshot, "a journal takes changes only");
        self.append(changes, copy);
    }
}

impl Made {
    pub(crate) fn new(seed: u64) -> Self {
        // A refuted reading may come back with older bytes, so there are none.
        // Nor is any claim over for longer than anything is remembered.
        let mut world = World::new(seed, &[Kind::Claims, Kind::Forgetting]);
        // What is forgotten by hand is in no record.
        world.settings.forgets = 0;
        world.settings.options.max_result_bytes = 1_000;
        let mut copy = world.open();
        drop(copy.gate.store_changes().unwrap());
        world.live(&mut copy, 12);
        let generation = 1 + world.random.up_to(1) * 255;
        let mut previous = Written::new(&mut copy, generation);
        for _ in 0..4 {
            world.live(&mut copy, 8);
            previous.flush(&mut copy);
        }
        let mut written = Written::new(&mut copy, generation + 1);
        let count = if seed % 5 == 1 { 1 } else { 1 + world.random.up_to(8) };
        for _ in 0..count {
            world.live(&mut copy, 6);
            if world.random.chance(40) {
                deceive(&mut copy, &written.bytes, &previous.bytes);
            }
            written.flush(&mut copy);
            if world.random.chance(10) {
                written.append(Vec::new(), &copy);
            }
        }
        let Written { snapshot, records, bytes, ends, states, .. } = written;
        Self {
            world,
            snapshot,
            generation: generation + 1,
            records,
            bytes,
            ends,
            states,
            previous_snapshot: previous.snapshot,
            previous: previous.bytes,
        }
    }

    pub(crate) fn options(&self) -> Options {
        self.world.options()
    }

    /// Returns where so many records end.
    pub(crate) fn end_of(&self, count: usize) -> usize {
        count.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    /// Returns how many records are whole in so many bytes.
    pub(crate) fn whole_before(&self, at: usize) -> usize {
        self.ends.iter().filter(|&&end| end <= at).count()
    }

    /// Returns the records as they are written.
    pub(crate) fn parts(&self) -> Vec<&[u8]> {
        (0..self.ends.len())
            .map(|index| &self.bytes[self.end_of(index)..self.ends[index]])
            .collect()
    }
}

/// Has a result recorded that looks like a part of a journal: of this one, or of the one before.
fn deceive(copy: &mut Copy, own: &[u8], previous: &[u8]) {
    let now = UnixMs::new(copy.now);
    let name = format!("result {}", own.len());
    let Ok(Claimed::Fresh(claim)) = copy.gate.claim(&Event::new().id(&name), None, now) else {
        return;
    };
    let result = [&own[..own.len().min(100)], &previous[..100]].concat();
    copy.gate.commit(&claim, Some(&Content::bytes(&result)), now).unwrap();
}
