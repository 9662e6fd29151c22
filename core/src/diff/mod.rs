//! What changed between two documents.

mod types;

pub use types::{Change, ChangeKind, Counts, Diff, Place, SeriesChange, SpliceCounts};
