//! State that survives: snapshots, changes, merging them, and the journal they are kept in.
//! Semantics, section 8; the bytes are described in `docs/state-format.md`.

mod frame;
mod journal;
mod merge;
mod read;
mod report;
mod restore;
mod stage;
mod write;

pub use journal::{Journal, Recovered};
pub use report::{DoubleRun, MergeReport, Run};
pub use restore::Restoration;
pub(crate) use stage::Stage;
pub use stage::Staged;
