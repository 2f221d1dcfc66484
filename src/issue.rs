//! The producer's half: revisions that only go up, and ids that are told apart. Semantics, section 9.

mod clock;
mod content_id;
mod ids;

pub use clock::RevisionClock;
pub use content_id::content_id;
pub use ids::IdSource;
