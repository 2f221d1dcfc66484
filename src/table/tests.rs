//! The table against a sorted map, through every change of its shape.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair {
    print: Print,
    value: u32,
}

impl Default for Pair {
    fn default() -> Self {
        Self { print: Print::VACANT, value: 0 }
    }
}

impl Slot for Pair {
    const BYTES: u64 = 24;

    fn print(&self) -> Print {
        self.print
    }
}

/// A step of xorshift64*, so that runs can be repeated.
fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D)
}

fn agree(table: &Table<Pair>, map: &BTreeMap<(u64, u32), u32>) {
    assert_eq!(table.len(), map.len());
    let listed: Vec<_> =
        table.iter().map(|(s, _)| ((s.print.high, s.print.low), s.value)).collect();
    let expected: Vec<_> = map.iter().map(|(&print, &value)| (print, value)).collect();
    assert_eq!(listed, expected);
}

#[test]
fn agrees_with_a_sorted_map() {
    for seed in 1..=20_u64 {
        let mut state = seed;
        let mut table = Table::<Pair>::new();
        let mut map = BTreeMap::new();
        let mut room = Room::new(u64::MAX);
        // Few leading bits in the odd seeds: long runs, deep directories.
        let mask = if seed % 2 == 0 { u64::MAX } else { 0x000F_00FF_0000_3FFF };
        for step in 0..8_000_u32 {
            let print = Print { high: random(&mut state) & mask, low: 1 + step % 3 };
            let id = (print.high, print.low);
            match random(&mut state) % 5 {
                0..3 if map.contains_key(&id) => {
                    table.get_mut(print).unwrap().value = step;
                    map.insert(id, step);
                }
                0..3 => {
                    table.insert(Pair { print, value: step }, 0, &mut room).unwrap();
                    map.insert(id, step);
                }
                3 => {
                    let some = map.range(id..).next().map_or(id, |(&id, _)| id);
                    let print = Print { high: some.0, low: some.1 };
                    assert_eq!(table.remove(print).map(|s| s.value), map.remove(&some));
                }
                _ => assert_eq!(table.get(print).map(|(s, _)| s.value), map.get(&id).copied()),
            }
            if step % 1_000 == 999 {
                let index =
                    usize::try_from(random(&mut state) >> 32).unwrap() % table.segment_count();
                table.retain(index, |slot, _| {
                    let kept = slot.value % 4 != 0;
                    if !kept {
                        let id = (slot.print.high, slot.print.low);
                        assert_eq!(map.remove(&id), Some(slot.value));
                    }
                    kept
                });
                table.fit(index, &mut room);
                agree(&table, &map);
            }
        }
        agree(&table, &map);
        let slots: u64 = table.segments.iter().map(Segment::bytes).sum();
        let segments = table.segments.len() as u64 * SEGMENT_BYTES;
        assert_eq!(room.used(), slots + segments, "accounting, seed {seed}");
    }
}

#[test]
fn memory_follows_the_number_of_slots() {
    let mut state = 7;
    let mut table = Table::new();
    let mut room = Room::new(u64::MAX);
    for count in 1..=200_000_u64 {
        let print = Print { high: random(&mut state), low: 0 };
        table.insert(Pair { print, value: 0 }, 0, &mut room).unwrap();
        if count >= 2_000 {
            // 24-byte slots at no less than two thirds full, and the segments' own share.
            assert!(room.used() < count * 37, "{} bytes for {count}", room.used());
        }
    }
}

#[test]
fn a_full_room_refuses_and_changes_nothing() {
    let mut state = 7;
    let mut table = Table::new();
    let mut room = Room::new(10_000);
    let mut count = 0;
    loop {
        let print = Print { high: random(&mut state), low: 0 };
        let used = room.used();
        if table.insert(Pair { print, value: 0 }, 0, &mut room).is_err() {
            assert_eq!((room.used(), table.len(), table.iter().count()), (used, count, count));
            assert!(table.get(print).is_none());
            break;
        }
        count += 1;
    }
    assert!(count > 200, "{count}");
}
