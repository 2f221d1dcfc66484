//! Reading journals that may be anything.

use onceward::{ErrorCode, Journal};

use super::repair;
use super::script::Script;

/// What a record has beside the changes.
const RECORD_BYTES: usize = 48;

/// Takes an input apart: a generation, the snapshot that the journal is behind, and the journal.
fn parts(input: &[u8]) -> (u64, &[u8], u8, &[u8]) {
    let mut script = Script::new(input);
    let (generation, length) = (script.number(8), usize::from(script.byte()));
    (generation, script.take(length), script.byte(), script.rest())
}

/// Reads a journal as it is.
pub fn raw(input: &[u8]) {
    let (generation, snapshot, _, bytes) = parts(input);
    read(snapshot, generation, bytes);
}

/// Reads a journal whose records were put right, but for one of them.
pub fn repaired(input: &[u8]) {
    let (generation, snapshot, but, bytes) = parts(input);
    let mut bytes = bytes.to_vec();
    repair::journal(snapshot, generation, &mut bytes, usize::from(but));
    read(snapshot, generation, &bytes);
}

fn read(snapshot: &[u8], generation: u64, bytes: &[u8]) {
    let salvaged = Journal::salvage(snapshot, generation, bytes);
    let (kept, lost) = (salvaged.kept_bytes, salvaged.lost_bytes);
    assert_eq!(kept + lost, bytes.len(), "every byte is kept or lost");
    let mut at = 0;
    for record in &salvaged.records {
        assert_eq!(
            bytes.get(at + 32..at + 32 + record.len()),
            Some(*record),
            "a record as it lies"
        );
        at += record.len() + RECORD_BYTES;
    }
    assert_eq!(at, kept, "nothing lies between the records");
    match Journal::read(snapshot, generation, bytes) {
        Ok(read) => {
            assert_eq!(read.records, salvaged.records);
            assert_eq!((read.kept_bytes, read.lost_bytes), (kept, lost));
        }
        Err(error) => assert_eq!(error.code(), ErrorCode::Corrupt),
    }
    // Whatever is behind them, whole records are whole, and any cut leaves the first of them.
    let whole = Journal::read(snapshot, generation, &bytes[..kept]).expect("whole records");
    assert_eq!((whole.records.len(), whole.lost_bytes), (salvaged.records.len(), 0));
    let cut = Journal::salvage(snapshot, generation, &bytes[..kept / 2]);
    assert!(salvaged.records.starts_with(&cut.records), "a cut leaves a prefix");
    // It goes on where it ends.
    let mut journal = whole.journal;
    let mut longer = bytes[..kept].to_vec();
    longer.extend(journal.append(b"more").unwrap());
    let read = Journal::read(snapshot, generation, &longer).expect("one more record");
    assert_eq!(read.records.len(), salvaged.records.len() + 1);
    assert_eq!(read.records.last(), Some(&b"more".as_slice()));
    if !cfg!(onceward_unchecked) {
        let mut journal = Journal::new(snapshot, generation);
        let again = salvaged.records.iter().flat_map(|record| journal.append(record).unwrap());
        assert!(again.eq(bytes[..kept].iter().copied()), "written again they are the same bytes");
    }
}
