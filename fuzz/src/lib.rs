//! What the fuzz targets do with their inputs, and what must hold whatever those are.
//!
//! The targets in `fuzz_targets` only hand bytes over to here, so that `tests/corpus.rs` of the crate
//! can replay the corpus through the very same code, with any compiler. A panic is a find.

pub mod events;
pub mod frame;
pub mod held;
pub mod journals;
pub mod merges;
pub mod mutate;
pub mod notations;
pub mod ops;
pub mod repair;
pub mod restores;
pub mod script;
pub mod sequencers;
pub mod settings;
pub mod states;
pub mod write;

/// What is done with an input.
pub type Target = fn(&[u8]);

/// The targets, by the names of their folders in the corpus.
pub const TARGETS: [(&str, Target); 8] = [
    ("restore", restores::raw),
    ("merge", merges::raw),
    ("repaired", restores::repaired),
    ("journal", journals::raw),
    ("journal_repaired", journals::repaired),
    ("ops", ops::run),
    ("notations", notations::run),
    ("sequencer", sequencers::run),
];
