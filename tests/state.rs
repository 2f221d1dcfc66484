//! State that leaves a gate and comes back: what a store is told, what is refused, what is staged.
//!
//! ```text
//! ONCEWARD_SEED=7 cargo test --test state             # replays what one seed draws
//! ONCEWARD_ROUNDS=20 cargo test --release --test state
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
#[path = "state/damage.rs"]
mod damage;
#[path = "state/slices.rs"]
mod slices;
#[path = "state/stages.rs"]
mod stages;
#[path = "state/stores.rs"]
mod stores;

use copies::Kind;

/// Worlds in which no reading of the clock is refuted.
const HONEST: [Kind; 3] = [Kind::Claims, Kind::Forgetting, Kind::Together];
const KINDS: [Kind; 4] = [Kind::Claims, Kind::Forgetting, Kind::Together, Kind::Wild];
