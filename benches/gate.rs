//! How fast a gate is, in small pieces and beside what the standard library has for the same job.
//!
//! ```text
//! cargo bench --bench gate                  everything, in about a minute
//! cargo bench --bench gate -- probe         what has `probe` in its name
//! cargo bench --bench gate -- --sample-count 100 --max-time 10 fill
//! ```
//!
//! `cargo run --release --example speed` runs the same work once and whole, in time of its own
//! process, and looks at memory and at the worst call, too.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "this is a tool for measuring: a panic is its way to fail"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "it does what an application does: read the clock, or use the standard library's maps"
)]

#[path = "../examples/speed/clock.rs"]
#[allow(dead_code, reason = "only the time is read here")]
mod clock;
#[path = "../examples/speed/judges.rs"]
#[allow(dead_code, reason = "nobody is asked about memory here")]
mod judges;
#[path = "../examples/speed/names.rs"]
mod names;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use judges::{Batch, Follow, Judge, Map, Set, Single, open};
use names::{CHUNK, Fill, Names, Probe, Updates};
use onceward::{Claimed, Event, Gate, Options, Ordinal, Positions, UnixMs, Verdict};

fn main() {
    divan::main();
}

/// How many keys are remembered where it depends on the caches.
const SIZES: [u64; 3] = [1_000, 100_000, 1_000_000];

const SEED: u64 = 1;

/// Returns everything that a fill judges.
fn fill_of(size: u64) -> Vec<Names> {
    let mut fill = Fill::new(size, SEED);
    let chunks = core::iter::from_fn(|| {
        let mut names = Names::default();
        fill.write(&mut names).map(|_| names)
    });
    chunks.collect()
}

fn fill_all<J: Judge>(chunks: &[Names]) -> J {
    let mut judge = J::default();
    for names in chunks {
        judge.judge(names).expect("every name can be judged");
    }
    judge
}

/// From empty to so many keys, half of what comes being repeated.
#[divan::bench(
    types = [Single, Batch, Set, Map],
    args = SIZES,
    sample_count = 10,
    max_time = 4,
)]
fn fill<J: Judge>(bencher: Bencher<'_, '_>, size: u64) {
    let chunks = fill_of(size);
    // What is returned is dropped when the time is over.
    bencher.counter(ItemsCount::new(size * 2)).bench_local(|| fill_all::<J>(black_box(&chunks)));
}

/// Known keys, drawn at random, the time being read for each or for each batch.
#[divan::bench(
    types = [Single, Batch, Set, Map],
    args = SIZES,
    sample_count = 200,
    max_time = 1,
)]
fn probe<J: Judge>(bencher: Bencher<'_, '_>, size: u64) {
    let mut judge = fill_all::<J>(&fill_of(size));
    // Always other ones: the way to those of the last round would be known to the processor.
    let mut probe = Probe::new(size, u64::MAX, SEED);
    bencher
        .counter(ItemsCount::new(CHUNK))
        .with_inputs(|| {
            let mut names = Names::default();
            probe.write(&mut names);
            names
        })
        .bench_local_values(|names| {
            let fresh = judge.judge(&names);
            assert_eq!(fresh.expect("every name can be judged"), 0, "all of them are known");
            names
        });
}

/// One known key of a thousand, at a time that is given: the call and nothing else.
#[divan::bench(sample_size = 1000)]
fn check(bencher: Bencher<'_, '_>) {
    let Single(mut gate) = fill_all(&fill_of(1_000));
    let now = clock::now();
    let mut known = Names::default();
    Probe::new(1_000, 1_000, SEED).write(&mut known);
    let known: Vec<&str> = known.iter().collect();
    let mut names = known.iter().cycle();
    bencher.bench_local(|| {
        let event = Event::new().id(names.next().copied().unwrap_or_default());
        gate.check(black_box(&event), now)
    });
}

/// Revisions of 100,000 entities, four of each, a fifth of them overtaken.
#[divan::bench(types = [Single, Batch, Map], sample_count = 10, max_time = 2)]
fn revisions<F: Follow>(bencher: Bencher<'_, '_>) {
    let mut updates = Updates::new(100_000, SEED);
    let mut chunks = Vec::new();
    let (mut names, mut revisions) = (Names::default(), Vec::new());
    while updates.write(&mut names, &mut revisions).is_some() {
        chunks.push((core::mem::take(&mut names), core::mem::take(&mut revisions)));
    }
    let events: usize = chunks.iter().map(|(names, _)| names.len()).sum();
    bencher.counter(ItemsCount::new(events)).bench_local(|| {
        let mut follower = F::default();
        for (names, revisions) in black_box(&chunks) {
            follower.follow(names, revisions).expect("every revision can be judged");
        }
        follower
    });
}

mod positions {
    use super::{
        Bencher, CHUNK, Gate, ItemsCount, Options, Ordinal, Positions, Verdict, clock, open,
    };

    /// A log in batches, each of its positions later than the one before.
    #[divan::bench]
    fn newer(bencher: Bencher<'_, '_>) {
        run(bencher, Positions::Newer, 0);
    }

    /// The same, where none may be missing.
    #[divan::bench]
    fn next(bencher: Bencher<'_, '_>) {
        run(bencher, Positions::Next { first: None }, 0);
    }

    /// The same in a window, where every 512 positions come backwards.
    #[divan::bench]
    fn window(bencher: Bencher<'_, '_>) {
        run(bencher, Positions::Window(1024), 511);
    }

    fn run(bencher: Bencher<'_, '_>, positions: Positions, turned: u64) {
        let options = Options { positions, ..Options::default() };
        let mut gate = open(options, clock::now()).expect("the options are in their ranges");
        let mut numbers = 0_u64..;
        bencher
            .counter(ItemsCount::new(CHUNK))
            .with_inputs(|| -> Vec<Ordinal> {
                let positions = numbers.by_ref().take(CHUNK);
                positions.map(|number| Ordinal::from(number ^ turned)).collect()
            })
            .bench_local_values(|positions| {
                judge(&mut gate, &positions);
                positions
            });
    }

    fn judge(gate: &mut Gate, positions: &[Ordinal]) {
        let verdicts = gate.check_positions("", "log", &Ordinal::ZERO, positions, clock::now());
        let verdicts = verdicts.expect("every position can be judged");
        assert!(verdicts.iter().all(|&verdict| verdict == Verdict::Fresh), "each comes once");
    }
}

/// Claims of new keys, each committed at once, by a gate that starts empty.
#[divan::bench(sample_count = 20)]
fn claim_and_commit(bencher: Bencher<'_, '_>) {
    let mut names = Names::default();
    names.write(0..CHUNK as u64);
    let now = clock::now();
    bencher.counter(ItemsCount::new(CHUNK)).bench_local(|| {
        let Single(mut gate) = Single::default();
        for name in black_box(&names).iter() {
            act(&mut gate, name, now);
        }
        gate
    });
}

fn act(gate: &mut Gate, name: &str, now: UnixMs) {
    let claimed = gate.claim(&Event::new().id(name), None, now).expect("every key can be claimed");
    let Claimed::Fresh(claim) = claimed else { panic!("each comes once") };
    gate.commit(&claim, None, now).expect("no claim is lost");
}
