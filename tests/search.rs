//! Every interleaving of three workers, two keys and a clock, up to a length: claims keep their
//! promises in all of them, and the search finds each way of breaking one that is planted.
//!
//! ```text
//! ONCEWARD_DEPTH=10 cargo test --release --test search -- --nocapture
//! ```

#![allow(clippy::print_stdout, reason = "what was searched is for the reader of the test")]
#![allow(clippy::std_instead_of_alloc, reason = "a test has the whole standard library")]

mod interleavings;

use std::thread;

use interleavings::real::Real;
use interleavings::search::{Depth, Search, Tally};
use interleavings::tiny::{Bug, Tiny};
use interleavings::{Setting, Shape, World};

const SHAPES: [Shape; 4] = [Shape::Entity, Shape::Source, Shape::Window, Shape::Crossed];

/// Up to so many steps, unless `ONCEWARD_DEPTH` asks for more, paths to one state are merged.
const DEPTH_MIN: usize = 8;

/// Each of these must have happened, or the search has missed what it is for.
const EXPECTED: [&str; 10] = [
    "Claim: granted again, taking over",
    "Claim: granted first, taking over",
    "Check: fresh",
    "Check: in-doubt",
    "Commit: late",
    "Commit: lost",
    "Release: lost",
    "Extend: lost",
    "Doubt: lost",
    "Resolve: done",
];

#[test]
fn the_gate_keeps_its_promises_in_every_interleaving() {
    let depth = std::env::var("ONCEWARD_DEPTH").ok().and_then(|text| text.parse().ok());
    let depth = Depth { full: 4, merged: depth.unwrap_or(DEPTH_MIN).max(DEPTH_MIN) };
    let searched = thread::scope(|scope| {
        let runs =
            settings().map(|setting| scope.spawn(move || search(setting, &Real::new, depth)));
        let runs: Vec<_> = runs.collect();
        runs.into_iter().map(|run| run.join().expect("the search ends")).collect::<Vec<_>>()
    });
    for expected in EXPECTED {
        let count: u64 = searched.iter().filter_map(|tally| tally.answers.get(expected)).sum();
        assert!(count >= 100, "{expected} happened only {count} times");
    }
}

#[test]
fn a_world_that_is_right_is_found_right() {
    for setting in settings() {
        search(setting, &|setting| Tiny::new(setting, None), Depth { full: 3, merged: 6 });
    }
}

#[test]
fn the_search_finds_what_is_wrong() {
    check(Bug::TokenUnchecked, "a claim was used that is not current");
    check(Bug::ReleaseUncommits, "a claim was used that is not current");
    check(Bug::ExtendRevives, "a claim was used that is not current");
    check(Bug::CommitReplaces, "a claim was used that is not current");
    check(Bug::HoldForgotten, "a lapsed claim was taken over under hold");
    check(Bug::KeyLockedAlone, "two hold the same");
    check(Bug::LateRefused, "a current claim was refused");
    check(Bug::TokenReused, "the token");
    check(Bug::EndIncluded, "a claim was used that is not current");
    check(Bug::DoubtLapses, "a doubt was passed over");
    check(Bug::ClaimSwallowed, "a call that failed has changed something");
}

/// Checks that the promises alone, without the world that is right beside it, show the bug.
#[track_caller]
fn check(bug: Bug, broken: &str) {
    let open = |setting| Tiny::new(setting, Some(bug));
    let found = settings().find_map(|setting| {
        let search = Search { setting, open: &open, compares: false };
        search.run(Depth { full: 1, merged: 7 }).err()
    });
    let found = found.unwrap_or_else(|| panic!("{bug:?} was not found"));
    println!("{bug:?}: {}\n    {}", found.broken, found.trace.join("\n    "));
    assert!(found.broken.starts_with(broken), "{bug:?}: {}", found.broken);
}

fn settings() -> impl Iterator<Item = Setting> {
    SHAPES.into_iter().flat_map(|shape| [false, true].map(|hold| Setting { shape, hold }))
}

#[track_caller]
fn search<W: World>(setting: Setting, open: &dyn Fn(Setting) -> W, depth: Depth) -> Tally {
    let search = Search { setting, open, compares: true };
    let tally = search.run(depth).unwrap_or_else(|found| {
        panic!("{setting:?}: {}\n    {}", found.broken, found.trace.join("\n    "))
    });
    println!("{setting:?}: {} paths, {} states", tally.paths, tally.states);
    tally
}
