//! Opening a gate slice by slice, into less memory, and with or without its secret.

use onceward::{Error, ErrorCode, Event, Gate, Options, Restoration, Secret, Verdict};

use crate::KINDS;
use crate::copies::plain::{at, open};
use crate::copies::{World, same, seeds};

fn in_slices(bytes: &[u8], options: Options, secret: Secret, size: usize) -> Vec<u8> {
    let mut restoration = Restoration::new(bytes.to_vec(), options, Some(secret)).unwrap();
    let mut steps = 0;
    while !restoration.step(size).unwrap() {
        steps += 1;
        assert!(steps <= bytes.len() + 16, "it never ends");
    }
    restoration.finish().unwrap().snapshot().unwrap()
}

#[test]
fn slices_of_any_size_open_the_same_gate() {
    for seed in seeds(2_000) {
        let mut world = World::new(seed.0, &KINDS);
        let mut copy = world.open();
        world.live(&mut copy, 60);
        let bytes = copy.gate.snapshot().unwrap();
        for size in [1, 7, 1_000] {
            same("slices", &in_slices(&bytes, world.options(), World::secret(), size), &bytes);
        }
    }
}

/// Remembers keys, each at a time of its own.
fn with_keys(count: u64) -> Gate {
    let mut gate = open(Options::default());
    for index in 0..count {
        assert_eq!(check(&mut gate, index, index), Verdict::Fresh);
    }
    gate
}

fn check(gate: &mut Gate, key: u64, ms: u64) -> Verdict {
    gate.check(&Event::new().id(&format!("k{key}")), at(ms)).unwrap()
}

#[test]
fn many_keys_are_opened_in_slices() {
    let bytes = with_keys(5_000).snapshot().unwrap();
    let secret = || Secret::new(b"any").unwrap();
    for size in [1, 7, 1_000] {
        same("slices", &in_slices(&bytes, Options::default(), secret(), size), &bytes);
    }
}

#[test]
fn less_memory_holds_the_newest_keys() {
    let count = 5_000;
    let bytes = with_keys(count).snapshot().unwrap();
    for max_bytes in [5_000, 20_000, 60_000, 90_000] {
        let options = Options { max_bytes, ..Options::default() };
        let secret = Some(Secret::new(b"any").unwrap());
        let mut gate = Gate::restore(&bytes, options, secret, at(count)).unwrap();
        let stats = gate.stats();
        assert!(stats.bytes <= max_bytes && stats.keys < count, "{stats:?}");
        let first = stats.horizon.as_u64() - at(0).as_u64();
        assert_eq!(stats.keys, count - first, "all that is older is gone, and nothing else");
        assert!(stats.keys * 40 > max_bytes / 2, "{stats:?}");
        for index in [first, first + 1, count - 1] {
            assert_eq!(check(&mut gate, index, count), Verdict::Duplicate, "key {index}");
        }
        let name = format!("k{}", first - 1);
        let late = Event::new().id(&name).time(at(first - 1));
        assert_eq!(gate.check(&late, at(count)).unwrap(), Verdict::Expired);
    }
}

#[test]
fn a_drawn_secret_travels_with_snapshots_and_a_given_one_does_not() {
    let options = Options::default;
    let wrong = |opened: Result<Gate, Error>| opened.unwrap_err().code() == ErrorCode::WrongSecret;
    let restore = |bytes: &[u8], secret| Gate::restore(bytes, options(), secret, at(0));
    let drawn = || Secret::drawn(b"sixteen bytes or more").unwrap();
    let given = || Secret::new(b"given").unwrap();
    let event = Event::new().id("k");
    let mut gate = Gate::new(options(), drawn(), at(0)).unwrap();
    drop(gate.changes().unwrap());
    assert_eq!(gate.check(&event, at(0)).unwrap(), Verdict::Fresh);
    let (bytes, changes) = (gate.snapshot().unwrap(), gate.changes().unwrap());
    let mut opened = restore(&bytes, None).unwrap();
    assert_eq!(opened.check(&event, at(0)).unwrap(), Verdict::Duplicate);
    same("adopted", &opened.snapshot().unwrap(), &bytes);
    same("given as well", &restore(&bytes, Some(drawn())).unwrap().snapshot().unwrap(), &bytes);
    assert!(wrong(restore(&bytes, Some(given()))), "it is another one");
    assert!(wrong(restore(&changes, None)), "changes carry none");
    assert!(restore(&changes, Some(drawn())).is_ok());
    let kept = Gate::new(options(), given(), at(0)).unwrap().snapshot().unwrap();
    assert!(wrong(restore(&kept, None)));
    assert!(wrong(restore(&kept, Some(drawn()))));
    assert!(restore(&kept, Some(given())).is_ok());
}
