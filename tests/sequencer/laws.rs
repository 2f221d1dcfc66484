//! What holds for every order of arrival, told without any model.

use onceward::{Millis, Ordinal, Release, Sequencer, SequencerOptions, UnixMs};

use super::number_from;
use super::random::Random;

const LIVES: u64 = 300;

const NOW: UnixMs = UnixMs::new(1_790_000_000_000);

fn seeds() -> impl Iterator<Item = u64> {
    number_from("ONCEWARD_SEED").map_or(1..=LIVES, |seed| seed..=seed)
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for index in (1..items.len()).rev() {
        items.swap(index, random.up_to(index as u64) as usize);
    }
}

fn next(first: Option<u64>) -> SequencerOptions {
    let first = first.map(Ordinal::from);
    SequencerOptions::new(Release::Next { first, max_wait: None })
}

/// Deliveries of 1 to n in each scope, each one to three times, in any order at all.
fn deliveries(counts: &[u64], random: &mut Random) -> Vec<(usize, u64)> {
    let mut deliveries = Vec::new();
    for (scope, &count) in counts.iter().enumerate() {
        for order in 1..=count {
            for _ in 0..=random.up_to(2) {
                deliveries.push((scope, order));
            }
        }
    }
    shuffle(&mut deliveries, random);
    deliveries
}

#[test]
fn whatever_comes_in_whatever_order_comes_out_from_first_to_last_once() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let counts: Vec<u64> = (0..=random.up_to(4)).map(|_| random.up_to(60)).collect();
        let deliveries = deliveries(&counts, &mut random);
        let mut sequencer = Sequencer::new(next(Some(1)), NOW);
        let mut out = vec![Vec::new(); counts.len()];
        let mut dropped = 0;
        for (scope, order) in &deliveries {
            let name = format!("scope {scope}");
            let item = (*scope, *order);
            let turn = sequencer.push(&name, &Ordinal::from(*order), item, 1, NOW).unwrap();
            for (scope, order) in turn.released {
                out[scope].push(order);
            }
            assert!(turn.skipped.is_empty(), "seed {seed}");
            dropped += turn.dropped.iter().count();
        }
        for (scope, &count) in counts.iter().enumerate() {
            assert_eq!(out[scope], (1..=count).collect::<Vec<_>>(), "seed {seed}");
        }
        let issued: u64 = counts.iter().sum();
        assert_eq!(dropped as u64, deliveries.len() as u64 - issued, "seed {seed}");
        assert_eq!((sequencer.held(), sequencer.dropped()), (0, dropped as u64), "seed {seed}");
    }
}

#[test]
fn event_time_never_goes_back_and_what_is_in_time_is_never_dropped() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let lateness = random.up_to(30);
        let release = Release::EventTime { lateness: Millis::new(lateness) };
        let mut sequencer = Sequencer::new(SequencerOptions::new(release), NOW);
        let (mut out, mut highest, mut pushed, mut dropped) = (Vec::new(), 0, 0, 0);
        for _ in 0..400 {
            let time = (highest + random.up_to(6)).saturating_sub(random.up_to(40));
            highest = highest.max(time);
            // The clock stands still, so that nothing comes out for having waited.
            let turn = sequencer.push("", &Ordinal::from(time), time, 0, NOW).unwrap();
            pushed += 1;
            out.extend(turn.released);
            if let Some((time, _)) = turn.dropped {
                assert!(time + lateness < highest, "{time} was in time, seed {seed}");
                dropped += 1;
            }
        }
        out.extend(sequencer.drain().released);
        assert!(out.is_sorted(), "seed {seed}");
        assert_eq!(out.len() + dropped, pushed, "seed {seed}");
    }
}

/// The same state, whatever way it was reached by.
#[test]
fn equal_states_have_equal_bytes() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let release = Release::EventTime { lateness: Millis::new(1_000) };
        for options in [next(Some(1)), SequencerOptions::new(release)] {
            let mut states = Vec::new();
            for _ in 0..2 {
                let mut sequencer = Sequencer::new(options.clone(), NOW);
                // Others come and go.
                for order in 0..random.up_to(5) {
                    let _ = sequencer.push("gone", &Ordinal::from(order), vec![], 7, NOW).unwrap();
                }
                for (scope, order) in deliveries(&[20, 9, 14], &mut random) {
                    let order = Ordinal::from(order);
                    let name = format!("scope {scope}");
                    // At the same event time all would come out as they came, each of them.
                    let known = sequencer.clone().push(&name, &order, vec![], 0, NOW).unwrap();
                    if known.dropped.is_none() {
                        let _ = sequencer.push(&name, &order, vec![], 0, NOW).unwrap();
                    }
                }
                let _ = sequencer.drain();
                let _ = sequencer.forget("gone");
                states.push(sequencer.snapshot(|item: &Vec<u8>| item).unwrap());
            }
            assert_eq!(states[0], states[1], "seed {seed}");
        }
    }
}

/// What was taken away is found at the front alone, so it has to be looked for elsewhere.
#[test]
fn memory_does_not_grow_behind_one_that_waits() {
    let release = Release::EventTime { lateness: Millis::days(1) };
    let options = SequencerOptions { max_held: 8, ..SequencerOptions::new(release) };
    let mut sequencer = Sequencer::new(options, NOW);
    let last = Ordinal::from(u64::MAX);
    let _ = sequencer.push("slow", &last, 0, 0, NOW).unwrap();
    for time in 0..200_000_u64 {
        let order = Ordinal::from(time * 86_400_000);
        let turn = sequencer.push("fast", &order, time, 0, NOW).unwrap();
        assert_eq!(turn.released.len(), usize::from(time > 0));
    }
    assert_eq!(sequencer.held(), 2);
    let debugged = format!("{sequencer:?}").len();
    assert!(debugged < 100_000, "{debugged} characters to show two items");
}

/// What an item is said to take is added and taken away as it is, however much that is.
#[test]
fn sizes_beyond_all_bounds_are_accounted_for_exactly() {
    let release = Release::EventTime { lateness: Millis::new(0) };
    for max_bytes in [10_000, u64::MAX] {
        let options = SequencerOptions { max_bytes, ..SequencerOptions::new(release.clone()) };
        let mut sequencer = Sequencer::new(options, NOW);
        let _ = sequencer.push("a", &Ordinal::from(1_u64), (), 1, NOW).unwrap();
        let before = sequencer.bytes();
        let turn = sequencer.push("a", &Ordinal::from(2_u64), (), u64::MAX, NOW).unwrap();
        assert_eq!((turn.released.len(), sequencer.bytes()), (1, before));
        let hold = SequencerOptions { max_bytes, ..next(Some(1)) };
        let mut sequencer = Sequencer::new(hold, NOW);
        let refused = sequencer.push("a", &Ordinal::from(2_u64), (), u64::MAX, NOW);
        assert!(refused.is_err() && sequencer.bytes() == 0);
    }
}
