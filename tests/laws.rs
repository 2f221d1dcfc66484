//! Merging is a join on canonical bytes: whatever copies exchange, in whatever order and however
//! often, they end with the same bytes.
//!
//! ```text
//! ONCEWARD_SEED=7 cargo test --test laws              # replays what one seed draws
//! ONCEWARD_TRIPLES=10000000 cargo test --release --test laws
//! ONCEWARD_ROUNDS=20 cargo test --release --test laws
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the numbers are small, and a panic is how a test fails"
)]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

mod copies;
#[path = "laws/double_runs.rs"]
mod double_runs;
#[path = "laws/exceptions.rs"]
mod exceptions;
#[path = "laws/found.rs"]
mod found;
#[path = "laws/frames.rs"]
mod frames;
#[path = "laws/small.rs"]
mod small;
#[path = "laws/strength.rs"]
mod strength;

use copies::shown::believed;
use copies::{Copy, Kind, World, has_old_claims, number_from, same, seeds};
use onceward::{Restoration, UnixMs};

pub(crate) const KINDS: [Kind; 4] = [Kind::Claims, Kind::Forgetting, Kind::Together, Kind::Wild];

/// So many triples of states are joined in a run, unless `ONCEWARD_TRIPLES` asks for another number.
const TRIPLES: u64 = 100_000;

/// Draws three copies that may have a past in common.
fn copies_of(world: &mut World) -> Vec<Copy> {
    let mut copies = vec![world.open()];
    let steps = if world.random.chance(3) { 120 } else { 8 };
    if world.random.chance(60) {
        world.live(&mut copies[0], steps);
    }
    while copies.len() < 3 {
        let copy = if world.random.chance(60) {
            let from = world.random.up_to(copies.len() as u64 - 1) as usize;
            world.copy_of(&copies[from])
        } else {
            world.open()
        };
        copies.push(copy);
        for copy in &mut copies {
            world.live(copy, steps);
        }
        if world.random.chance(20) {
            world.meet(&mut copies);
        }
    }
    bring_together(world, &mut copies);
    copies
}

/// The clocks of copies are near each other, as long as they are honest; where claims meet a short
/// retention they agree.
fn bring_together(world: &World, copies: &mut [Copy]) {
    let clock = |copy: &Copy| believed(&copy.gate.snapshot().unwrap());
    let latest = copies.iter().map(clock).max().unwrap();
    let near = match world.settings.kind {
        Kind::Together => latest,
        Kind::Claims | Kind::Forgetting | Kind::Wild => {
            latest.saturating_sub(world.settings.jump())
        }
    };
    for copy in copies {
        let mut now = clock(copy);
        while now < near {
            now = near.min(now + world.settings.jump());
            copy.gate.read(UnixMs::new(now));
        }
    }
}

/// Opens a gate from a state, and returns its state: no time has passed.
fn restored(world: &World, state: &[u8]) -> Vec<u8> {
    let secret = Some(World::secret());
    let restoration = Restoration::new(state.to_vec(), world.options(), secret).unwrap();
    restoration.finish().unwrap().snapshot().unwrap()
}

#[test]
fn merging_is_a_join() {
    let count = number_from("ONCEWARD_TRIPLES").unwrap_or(TRIPLES);
    let (mut joined, mut left_open, mut ahead) = (0_u64, 0_u64, 0_u64);
    for seed in seeds(count * 2) {
        let mut world = World::new(seed.0, &KINDS);
        let mut copies = copies_of(&mut world);
        let [a, b, c] = [0, 1, 2].map(|index| copies[index].gate.snapshot().unwrap());
        let retention = world.settings.options.retention.as_u64();
        if world.settings.kind == Kind::Together && has_old_claims(&[&a, &b, &c], retention) {
            left_open += 1;
            continue;
        }
        let ab = world.join(&[&a, &b]);
        let bc = world.join(&[&b, &c]);
        for state in [&a, &b, &c, &ab] {
            same("restored", &restored(&world, state), state);
        }
        copies[0].gate.merge(&b).unwrap();
        same("merged into a copy that lives", &copies[0].gate.snapshot().unwrap(), &ab);
        let mut check = |law: &str, left: &[&[u8]], right: &[u8]| {
            let left = world.join(left);
            // After a reading that was refuted tokens are ahead of the clock, and a claim may have
            // ended before it was made.
            if left != right && world.settings.kind == Kind::Wild {
                let lines = [&left[..], right].map(copies::shown::lines_without_end_ages);
                assert_eq!(lines[0], lines[1], "{law}");
                ahead += 1;
                return;
            }
            same(law, &left, right);
        };
        check("idempotent", &[&a, &a], &a);
        check("commutative", &[&b, &a], &ab);
        check("associative", &[&ab, &c], &world.join(&[&a, &bc]));
        check("absorbing", &[&a, &ab], &ab);
        check("absorbed", &[&ab, &a], &ab);
        joined += 1;
        if joined == count {
            break;
        }
    }
    println!("{joined} triples, {ahead} with an end ahead of time; {left_open} more are left open");
    assert!(ahead * 10_000 <= joined.max(10_000), "{ahead} of {joined} ended ahead of time");
    assert!(joined + left_open == 1 || left_open < joined / 4, "most triples are decided");
}
