//! What must hold of a gate, wherever it came from.

use onceward::{Error, Gate, MergeReport, Options, Stats};

use super::frame::Frame;
use super::mutate::Random;
use super::ops::World;
use super::script::Script;
use super::settings::{assert_typed, open};

/// So many choices make up what a gate that was opened from bytes is used for.
const LATER: usize = 120;

/// Returns the bytes of a gate.
pub fn snapshot(gate: &Gate) -> Vec<u8> {
    gate.snapshot().expect("a snapshot")
}

/// Fails unless a gate that is opened from a gate's bytes has the same bytes again.
pub fn assert_restorable(gate: &Gate, options: &Options) {
    let bytes = snapshot(gate);
    let again = open(&bytes, options, usize::MAX).expect("a gate's own bytes");
    assert_same("restored", &snapshot(&again), &bytes);
}

/// Fails unless merging a gate's own bytes changes nothing.
pub fn assert_idempotent(gate: &mut Gate) {
    let bytes = snapshot(gate);
    let report = gate.merge(&bytes).expect("a gate's own bytes");
    assert_same("merged with itself", &snapshot(gate), &bytes);
    assert_eq!(report, MergeReport::default(), "nothing is new");
}

/// Merges bytes; after an error everything must be as it was.
pub fn merge(gate: &mut Gate, bytes: &[u8]) -> Result<MergeReport, Error> {
    let (before, stats) = (snapshot(gate), gate.stats());
    let merged = gate.merge(bytes);
    if let Err(error) = &merged {
        assert_typed(error);
        assert_same("after an error", &snapshot(gate), &before);
        // The same may lie less or more densely.
        assert_eq!(Stats { bytes: stats.bytes, ..gate.stats() }, stats, "after an error");
    }
    merged
}

/// Has a gate live on, and fails if that goes wrong.
pub fn assert_alive(gate: Gate, options: &Options) {
    // A bit of everything; for the same state always the same.
    let mut random =
        Random(snapshot(&gate).iter().fold(0, |sum, byte| sum * 31 % 1_009 + u64::from(*byte)));
    let mut world = World::around(gate, options);
    let later: Vec<u8> = (0..LATER).map(|_| random.bits() as u8).collect();
    world.run(&mut Script::new(&later));
}

/// Fails unless two states are the same, byte by byte.
pub fn assert_same(what: &str, left: &[u8], right: &[u8]) {
    if left != right {
        let (left, right) = (lines(left), lines(right));
        let only = |lines: &[String], others: &[String]| {
            let only: Vec<_> =
                lines.iter().filter(|line| !others.contains(line)).cloned().collect();
            only.join("\n  ")
        };
        let (left, right) = (only(&left, &right), only(&right, &left));
        panic!("{what}: the bytes differ\nleft:\n  {left}\nright:\n  {right}");
    }
}

/// Shows what is in a frame.
pub fn show(bytes: &[u8]) -> String {
    lines(bytes).join("\n")
}

/// Returns the records of a frame, one a line.
fn lines(bytes: &[u8]) -> Vec<String> {
    let Some(frame) = Frame::read(bytes) else { return vec![format!("{bytes:?}")] };
    let Frame { kind, secret, head, keys, entities, sources, claims } = frame;
    let mut lines = vec![format!("{kind:?} {secret:?} {head:?}")];
    lines.extend(keys.iter().map(|key| format!("{key:?}")));
    lines.extend(entities.iter().map(|entity| format!("{entity:?}")));
    lines.extend(sources.iter().map(|source| format!("{source:?}")));
    lines.extend(claims.iter().map(|claim| format!("{claim:?}")));
    lines
}
