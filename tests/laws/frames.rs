//! What a copy tells bit by bit is what it is: all of its changes, in any order and doubled, are its
//! snapshot; and what is older than a copy changes nothing in it.

use onceward::{Gate, UnixMs};

use crate::KINDS;
use crate::copies::shown::{believed, is_unconfirmed, lines};
use crate::copies::{Copy, Kind, World, has_old_claims, same, seeds};

const HISTORIES: u64 = 12_000;

/// The past of a copy.
#[derive(Default)]
struct Past {
    snapshots: Vec<Vec<u8>>,
    frames: Vec<Vec<u8>>,
}

/// Has a copy live and meet others, and writes its past down.
fn past(world: &mut World, copy: &mut Copy) -> Past {
    let mut other = world.open();
    let mut past = Past::default();
    for _ in 0..world.random.up_to(25) {
        if world.random.chance(10) {
            world.live(&mut other, 4);
            let theirs = other.gate.snapshot().unwrap();
            let ours = copy.gate.snapshot().unwrap();
            if believed(&theirs) <= believed(&ours) + world.settings.jump() {
                copy.gate.merge(&theirs).unwrap();
            }
        } else {
            world.step(copy);
        }
        let now = copy.gate.snapshot().unwrap();
        // What is told while a reading is unconfirmed may have to be told again.
        if is_unconfirmed(&now) {
            continue;
        }
        past.snapshots.push(now);
        if world.random.chance(30) {
            past.frames.push(copy.gate.changes().unwrap());
        }
    }
    // Twice, so that the last reading is confirmed, or refuted.
    for _ in 0..2 {
        copy.gate.read(UnixMs::new(copy.now));
    }
    past.frames.push(copy.gate.changes().unwrap());
    past
}

fn shuffle(world: &mut World, order: &mut [usize]) {
    for last in (1..order.len()).rev() {
        order.swap(last, world.random.up_to(last as u64) as usize);
    }
}

#[test]
fn changes_in_any_order_are_the_snapshot() {
    let (mut told, mut merged) = (0, 0);
    for seed in seeds(HISTORIES) {
        let mut world = World::new(seed.0, &KINDS);
        // To forget is not told: older bytes bring it back.
        world.settings.forgets = 0;
        let mut copy = world.open();
        let Past { snapshots, frames } = past(&mut world, &mut copy);
        let end = copy.gate.snapshot().unwrap();
        let all: Vec<&[u8]> = snapshots.iter().chain(&frames).map(Vec::as_slice).collect();
        let retention = world.settings.options.retention.as_u64();
        // Nor is it known of a claim that the acceptance of its key has ended it, once that is
        // forgotten: so no claims where keys are.
        let is_open = world.settings.kind == Kind::Together
            && (has_old_claims(&all, retention) || !lines(&end).contains(&"horizon 0".to_owned()));
        if is_open || is_unconfirmed(&end) {
            continue;
        }
        told += 1;
        for older in &snapshots {
            copy.gate.merge(older).unwrap();
            same("an older snapshot", &copy.gate.snapshot().unwrap(), &end);
        }
        let opened = all.iter().map(|state| believed(state)).min().unwrap();
        if opened + world.settings.jump() < believed(&end) {
            continue;
        }
        let mut order: Vec<usize> = (0..frames.len()).chain(0..frames.len()).collect();
        for _ in 0..2 {
            shuffle(&mut world, &mut order);
            let opened = UnixMs::new(opened);
            let mut gate = Gate::new(world.options(), World::secret(), opened).unwrap();
            for &index in &order {
                gate.merge(&frames[index]).unwrap();
            }
            same("changes in any order", &gate.snapshot().unwrap(), &end);
            merged += 1;
        }
    }
    println!("{told} histories, {merged} orders");
    assert!(told <= 1 || merged > told, "most clocks are near each other");
}
