//! What a store is told is all there is to know.

use onceward::{Event, Gate, Target, UnixMs, Verdict};

use crate::copies::plain::{at, copy, gate};
use crate::copies::shown::believed;
use crate::copies::{Copy, Kind, World, same, seeds};
use crate::{HONEST, KINDS};

const HISTORIES: u64 = 4_000;

/// Opens what a store holds: a gate that knows nothing else.
fn opened(world: &World, state: &[u8]) -> Gate {
    let now = UnixMs::new(believed(state));
    let mut gate = Gate::new(world.options(), World::secret(), now).unwrap();
    gate.merge_stored(state).unwrap();
    gate
}

/// Has a copy go on: by a call, or by what another one remembers.
fn go_on(world: &mut World, copy: &mut Copy, other: &mut Copy) {
    if !world.random.chance(8) {
        world.step(copy);
        return;
    }
    world.live(other, 4);
    let theirs = other.gate.snapshot().unwrap();
    if believed(&theirs) <= believed(&copy.gate.snapshot().unwrap()) + world.settings.jump() {
        copy.gate.merge(&theirs).unwrap();
    }
}

#[test]
fn what_a_store_was_told_is_the_gate_at_every_step() {
    let (mut steps, mut snapshots) = (0, 0);
    for seed in seeds(HISTORIES) {
        let mut world = World::new(seed.0, &HONEST);
        let (mut copy, mut other) = (world.open(), world.open());
        world.live(&mut copy, 6);
        let mut store: Option<Gate> = None;
        for _ in 0..world.random.up_to(30) {
            go_on(&mut world, &mut copy, &mut other);
            // Another cursor is drained in between, or is not.
            if world.random.chance(10) {
                drop(copy.gate.changes().unwrap());
            }
            let (bytes, is_snapshot) = copy.gate.store_changes().unwrap();
            assert!(copy.gate.is_stored());
            let gate = match store {
                Some(mut gate) if !is_snapshot => {
                    gate.merge_stored(&bytes).unwrap();
                    gate
                }
                None if !is_snapshot => panic!("the first that is told is everything"),
                _ => opened(&world, &bytes),
            };
            same("the store", &gate.snapshot().unwrap(), &copy.gate.snapshot().unwrap());
            store = Some(gate);
            steps += 1;
            snapshots += u64::from(is_snapshot);
        }
    }
    println!("{steps} steps, {snapshots} of them snapshots");
}

#[test]
fn a_store_and_other_copies_are_told_apart_from_each_other() {
    for seed in seeds(1_500) {
        // Where nobody drains for longer than the retention, ends of claims are forgotten untold.
        let mut world = World::new(seed.0, &[Kind::Claims, Kind::Forgetting]);
        world.settings.forgets = 0;
        let (mut copy, mut other) = (world.open(), world.open());
        let mut told = [opened(&world, &copy.gate.changes().unwrap()), {
            let (bytes, _) = copy.gate.store_changes().unwrap();
            opened(&world, &bytes)
        }];
        for _ in 0..world.random.up_to(20) {
            go_on(&mut world, &mut copy, &mut other);
            if world.random.chance(30) {
                told[0].merge(&copy.gate.changes().unwrap()).unwrap();
            }
            if world.random.chance(30) {
                told[1].merge(&copy.gate.store_changes().unwrap().0).unwrap();
            }
        }
        let rest = [copy.gate.changes().unwrap(), copy.gate.store_changes().unwrap().0];
        for (gate, rest) in told.iter_mut().zip(rest) {
            gate.merge(&rest).unwrap();
            same("told", &gate.snapshot().unwrap(), &copy.gate.snapshot().unwrap());
        }
    }
}

#[test]
fn what_was_forgotten_by_hand_is_written_anew() {
    for seed in seeds(1_000) {
        let mut world = World::new(seed.0, &KINDS);
        let mut copy = world.open();
        world.live(&mut copy, 12);
        drop(copy.gate.store_changes().unwrap());
        drop(copy.gate.changes().unwrap());
        let target = Target::Key { scope: "", id: "a" };
        copy.gate.forget(&target).unwrap();
        assert!(!copy.gate.is_stored());
        let (bytes, is_snapshot) = copy.gate.store_changes().unwrap();
        assert!(is_snapshot, "changes cannot tell what is gone");
        same("the store", &bytes, &copy.gate.snapshot().unwrap());
        // Other copies keep it: to forget is local.
        let mut follower = world.open().gate;
        let empty = follower.snapshot().unwrap();
        follower.merge(&copy.gate.changes().unwrap()).unwrap();
        assert_eq!(follower.stats().keys, 0);
        assert_eq!(follower.snapshot().unwrap().len(), empty.len());
    }
}

#[test]
fn a_store_is_told_what_has_changed_and_nothing_else() {
    let event = Event::new().id("k");
    let mut gate = gate();
    assert!(!gate.is_stored(), "nobody was told anything yet");
    drop(gate.store_changes().unwrap());
    assert!(gate.is_stored());
    assert_eq!(gate.check(&event, at(0)).unwrap(), Verdict::Fresh);
    assert!(!gate.is_stored());
    drop(gate.store_changes().unwrap());
    assert_eq!(gate.check(&event, at(1)).unwrap(), Verdict::Duplicate);
    assert!(gate.is_stored(), "a duplicate changes nothing");
    drop(gate.changes().unwrap());
    assert!(gate.is_stored());
    gate.restore_store();
    assert!(gate.store_changes().unwrap().1, "the store lost something");
}

#[test]
fn what_came_from_the_store_is_told_to_copies_only() {
    let mut origin = gate();
    let mut reopened = gate();
    drop(reopened.changes().unwrap());
    reopened.follow_store(true).unwrap();
    assert!(reopened.is_stored());
    assert_eq!(origin.check(&Event::new().id("k"), at(0)).unwrap(), Verdict::Fresh);
    let bytes = origin.snapshot().unwrap();
    assert_eq!(reopened.merge_stored(&bytes).unwrap().keys, 1);
    assert!(reopened.is_stored());
    let mut told =
        [reopened.changes().unwrap(), reopened.store_changes().unwrap().0].map(|bytes| {
            let mut gate = gate();
            gate.merge(&bytes).unwrap();
            gate
        });
    same("copies", &told[0].snapshot().unwrap(), &bytes);
    assert_eq!(told[1].check(&Event::new().id("k"), at(0)).unwrap(), Verdict::Fresh);
    // What another copy remembers is news to the store.
    let mut other = copy(&reopened, onceward::Options::default());
    assert_eq!(other.check(&Event::new().id("l"), at(0)).unwrap(), Verdict::Fresh);
    reopened.merge(&other.snapshot().unwrap()).unwrap();
    assert!(!reopened.is_stored());
}

#[test]
fn a_store_that_has_nothing_is_told_everything() {
    let mut gate = gate();
    gate.follow_store(false).unwrap();
    assert!(!gate.is_stored());
    assert!(gate.store_changes().unwrap().1);
}
