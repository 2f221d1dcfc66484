//! What a crash leaves of a journal: every cut, every flipped bit, every way in which records can be
//! lost or mixed up. What is read back is an exact prefix of what was written, or refused.
//!
//! ```text
//! ONCEWARD_SEED=7 cargo test --test journal -- --nocapture    # one journal
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic is how a test fails"
)]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

mod copies;
#[path = "journal/made.rs"]
mod made;

use std::collections::BTreeMap;

use copies::{same, seeds};
use made::Made;
use onceward::{ErrorCode, Journal, Restoration};

/// So many journals are damaged in every way.
const JOURNALS: u64 = 20;

/// What a record begins with.
const HEADER_BYTES: usize = 32;

/// What may come of reading a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// So many records, whatever is behind them.
    Exactly(usize),
    /// Any number of records, or `corrupt`.
    Prefix,
    Corrupt,
}

/// Cases by what was done to the journal.
type Cases = BTreeMap<&'static str, u64>;

struct Matrix<'a> {
    made: &'a Made,
    cases: &'a mut Cases,
}

impl Matrix<'_> {
    fn case(&mut self, name: &'static str, bytes: &[u8], expect: Expect) {
        let made = self.made;
        *self.cases.entry(name).or_default() += 1;
        let place = || format!("{name}, {} of {} bytes", bytes.len(), made.bytes.len());
        let salvaged = Journal::salvage(&made.snapshot, made.generation, bytes);
        let count = salvaged.records.len();
        let is_prefix = salvaged.records.iter().zip(&made.records).all(|(a, b)| a == b);
        assert!(is_prefix && count <= made.records.len(), "a phantom or a hole: {}", place());
        assert_eq!(salvaged.kept_bytes, made.end_of(count), "{}", place());
        assert_eq!(salvaged.kept_bytes + salvaged.lost_bytes, bytes.len(), "{}", place());
        match Journal::read(&made.snapshot, made.generation, bytes) {
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Corrupt, "{}", place());
                assert!(!matches!(expect, Expect::Exactly(_)), "refused: {}", place());
            }
            Ok(read) => {
                assert_ne!(expect, Expect::Corrupt, "taken for good: {}", place());
                assert_eq!(read.records, salvaged.records, "{}", place());
                if let Expect::Exactly(exact) = expect {
                    assert_eq!(count, exact, "{}", place());
                }
                goes_on(made, &bytes[..read.kept_bytes], read.journal, count);
            }
        }
    }

    /// Cut, zeroed, overwritten with ones, or with what the generation before had there.
    fn tails(&mut self) {
        let made = self.made;
        for at in 0..=made.bytes.len() {
            let whole = made.whole_before(at);
            self.case("cut", &made.bytes[..at], Expect::Exactly(whole));
            for (name, fill) in [("zeroed", 0x00), ("ones", 0xff)] {
                let mut bytes = made.bytes.clone();
                bytes[at..].fill(fill);
                let expect = if bytes == made.bytes {
                    Expect::Exactly(made.records.len())
                } else {
                    Expect::Prefix
                };
                self.case(name, &bytes, expect);
            }
            let older = made.previous.get(at..).unwrap_or_default();
            let bytes = [&made.bytes[..at], older].concat();
            self.case("an older tail", &bytes, Expect::Prefix);
        }
    }

    fn flips(&mut self) {
        let made = self.made;
        let mut bytes = made.bytes.clone();
        let last = made.end_of(made.records.len() - 1);
        for at in 0..bytes.len() {
            // A damaged record that is not the last was confirmed: it is not merely torn.
            let expect = match at {
                _ if at < last => Expect::Corrupt,
                // Without its header nobody knows that what looks like a record is a result.
                _ if at < last + HEADER_BYTES => Expect::Prefix,
                _ => Expect::Exactly(made.records.len() - 1),
            };
            for bit in 0..8 {
                bytes[at] ^= 1 << bit;
                self.case("a flipped bit", &bytes, expect);
                bytes[at] ^= 1 << bit;
            }
        }
    }

    fn records(&mut self) {
        let made = self.made;
        let parts = made.parts();
        self.case("whole", &made.bytes, Expect::Exactly(parts.len()));
        let older = [&made.bytes[..], &made.previous].concat();
        self.case("an older journal behind it", &older, Expect::Corrupt);
        for index in 0..parts.len() {
            let (before, after) = (parts[..index].concat(), parts[index + 1..].concat());
            // Without the last one nothing tells that it was there.
            let is_last = index + 1 == parts.len();
            let expect = if is_last { Expect::Exactly(index) } else { Expect::Corrupt };
            self.case("missing", &[&before[..], &after].concat(), expect);
            let twice = [&before[..], parts[index], parts[index], &after].concat();
            self.case("repeated", &twice, Expect::Corrupt);
            for other in index + 1..parts.len() {
                let mut exchanged = parts.clone();
                exchanged.swap(index, other);
                self.case("exchanged", &exchanged.concat(), Expect::Corrupt);
            }
            for half in [1, 33, parts[index].len() - 1] {
                let torn = [&before[..], &parts[index][..half], &after].concat();
                let expect = if is_last { Expect::Exactly(index) } else { Expect::Corrupt };
                self.case("torn, and written on", &torn, expect);
            }
        }
    }

    /// A journal that hangs on something else is refused as a whole.
    fn foreign(&mut self) {
        let made = self.made;
        let mut other = made.snapshot.clone();
        other.push(0);
        for (snapshot, generation) in [
            (&other[..], made.generation),
            (&made.snapshot, made.generation + 1),
            (&made.snapshot, made.generation - 1),
            (b"", made.generation),
            (&made.previous_snapshot, made.generation),
        ] {
            *self.cases.entry("behind another snapshot").or_default() += 1;
            let read = Journal::read(snapshot, generation, &made.bytes);
            assert_eq!(read.unwrap_err().code(), ErrorCode::Corrupt);
            let salvaged = Journal::salvage(snapshot, generation, &made.bytes);
            assert!(salvaged.records.is_empty(), "a phantom");
        }
    }

    /// The gate that is opened again is the one that wrote so many records.
    fn gates(&mut self) {
        let made = self.made;
        for (count, state) in made.states.iter().enumerate() {
            *self.cases.entry("opened").or_default() += 1;
            let bytes = &made.bytes[..made.end_of(count)];
            let read = Journal::read(&made.snapshot, made.generation, bytes).unwrap();
            let secret = Some(copies::World::secret());
            let restoration = Restoration::new(made.snapshot.clone(), made.options(), secret);
            let mut gate = restoration.unwrap().finish().unwrap();
            for record in read.records.iter().filter(|record| !record.is_empty()) {
                gate.merge_stored(record).unwrap();
            }
            same("after a crash", &gate.snapshot().unwrap(), state);
        }
    }
}

/// What was lost is cut off, and the journal goes on.
fn goes_on(made: &Made, kept: &[u8], mut journal: Journal, count: usize) {
    let mut bytes = kept.to_vec();
    bytes.extend(journal.append(b"one more").unwrap());
    bytes.extend(journal.append(b"").unwrap());
    let again = Journal::read(&made.snapshot, made.generation, &bytes).unwrap();
    let is_prefix = again.records.iter().zip(&made.records[..count]).all(|(a, b)| a == b);
    assert!(is_prefix, "what was kept has changed");
    assert_eq!(again.records[count..], [&b"one more"[..], b""]);
    assert_eq!(again.lost_bytes, 0);
}

#[test]
fn a_journal_is_read_back_as_a_prefix_or_refused() {
    let mut cases = Cases::new();
    let mut sizes = Vec::new();
    for seed in seeds(JOURNALS) {
        let made = Made::new(seed.0);
        sizes.push(made.bytes.len());
        let mut matrix = Matrix { made: &made, cases: &mut cases };
        matrix.tails();
        matrix.flips();
        matrix.records();
        matrix.foreign();
        matrix.gates();
    }
    sizes.sort_unstable();
    println!("journals of {sizes:?} bytes: {} cases, {cases:?}", cases.values().sum::<u64>());
    assert!(cases.values().all(|&count| count > 0));
}
