//! A merge never makes anything fresh that a copy knew to be over.

use onceward::{UnixMs, Verdict};

use crate::copies::shown::believed;
use crate::copies::{Kind, Sent, World, seeds, told};
use crate::{KINDS, copies_of};

const HISTORIES: u64 = 10_000;

#[test]
fn a_duplicate_stays_one_whatever_is_merged() {
    let mut counts = [0_u64; 2];
    for seed in seeds(HISTORIES) {
        let mut world = World::new(seed.0, &KINDS);
        let mut copies = copies_of(&mut world);
        let states = [0, 1, 2].map(|index| copies[index].gate.snapshot().unwrap());
        let now = states.iter().map(|state| believed(state)).max().unwrap();
        // Of a key without a time it may be forgotten that it was accepted.
        let is_kept = matches!(world.settings.kind, Kind::Claims | Kind::Wild);
        let events: Vec<Sent> = (0..12)
            .map(|_| world.sent(UnixMs::new(now)))
            .filter(|sent| is_kept || sent.id.is_none())
            .collect();
        let gate = &mut copies[0].gate;
        let before: Vec<_> = events.iter().map(|sent| told(gate, &sent.event(), now)).collect();
        for state in &states[1..] {
            gate.merge(state).unwrap();
        }
        for (sent, before) in events.iter().zip(before) {
            let after = told(gate, &sent.event(), now);
            let is_over = matches!(before, Some(Verdict::Duplicate | Verdict::Stale));
            counts[usize::from(is_over)] += 1;
            assert!(
                !is_over || after != Some(Verdict::Fresh),
                "{sent:?} was {before:?}, and is fresh after a merge"
            );
        }
    }
    println!("{} verdicts that must stay, {} others", counts[1], counts[0]);
}
