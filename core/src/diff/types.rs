//! The difference of two documents as data: it crosses HTTP and the browser's worker unchanged.

use serde::{Deserialize, Serialize};

/// What happened at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its value changed.
    Changed,
    /// The same value is spelled differently, such as `0.8` and `0.80`.
    Spelling,
    /// The keys of an object, or the identified elements of an array, stand in another order.
    Reordered,
    /// Elements of an array were taken out and put in.
    Splice,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where, as an RFC 6901 pointer: into the old document if removed, else into the new one.
    pub path: String,
    /// Where, for people: elements with an identity are named by it, as in `/legs/[EURUSD]/volume`.
    pub display: String,
    /// The old value as JSON text; absent if there was none.
    pub old: Option<String>,
    /// The new value as JSON text; absent if there is none.
    pub new: Option<String>,
    /// The exact difference, signed: `+0.0019`, or `+15 min` between two times.
    pub delta: Option<String>,
    /// The difference in percent of the old value's magnitude, 2 places: `-0.72`.
    pub percent: Option<String>,
    /// Noise by the schema: hidden unless asked for.
    pub volatile: bool,
    /// Not restored unless unlocked.
    pub protected: bool,
    /// For a series that slid: what came and went, and its points for drawing.
    pub series: Option<SeriesChange>,
}

/// How a series moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesChange {
    /// Points taken off the head.
    pub removed_head: u32,
    /// Points put on the head.
    pub added_head: u32,
    /// Points taken off the tail.
    pub removed_tail: u32,
    /// Points put on the tail.
    pub added_tail: u32,
    /// How many points the new series has.
    pub points: u32,
    /// The new series' values as number texts (`null` where it holds none), for the sparkline.
    pub values: Vec<String>,
    /// The old series' last value, where it is a number.
    pub old_last: Option<String>,
    /// The new series' last value, where it is a number.
    pub new_last: Option<String>,
}

/// How many paths differ, volatile ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Paths that are new.
    pub added: u32,
    /// Paths whose value changed.
    pub changed: u32,
    /// Paths that are gone.
    pub removed: u32,
    /// Paths spelled differently.
    pub spelling: u32,
    /// Objects and arrays in another order.
    pub reordered: u32,
}

/// The difference of two documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Every difference, in the order of the new document.
    pub changes: Vec<Change>,
    /// Totals.
    pub counts: Counts,
    /// How many paths to leaves are equal.
    pub equal_paths: u32,
}
