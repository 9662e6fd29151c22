//! The difference of two documents as data: it crosses HTTP and the browser's worker unchanged.

use serde::{Deserialize, Serialize};

use super::Counts;

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
    /// The same value is spelled differently, such as `0.8` and `0.80`, or a time with `Z` and with `+00:00`.
    Spelling,
    /// The keys of an object, or the elements of an array, stand in another order.
    Reordered,
    /// Elements of an array were taken out and put in at one place; with `series`: a series moved on.
    Splice,
}

/// One difference. Each can be applied without the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where, as an RFC 6901 pointer: into the old document if removed, else into the new one.
    pub path: String,
    /// Where, for people: elements with an identity are named by it, as in `/legs/[EURUSD]/volume`.
    pub display: String,
    /// The old value as JSON text; absent if there was none. For a splice: an array of what was taken out; for a
    /// series: an object of two arrays, `index` and `values`; for another order: the old order of the keys,
    /// or of what tells the elements apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new value as JSON text, likewise; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The exact difference of two numbers, or times with a zone, signed: `+0.0019`, `+15 min`. Absent for what only
    /// names something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// The difference in percent of the old number's size, signed, 2 places: `-0.72`. Absent if the old number is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
    /// The unit of the value, if the schema names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Noise by the schema: hidden unless asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// Not restored unless unlocked, for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<String>,
    /// The two values, or elements around them, were taken together for no better reason than that they stand at the same
    /// place of an array: they may be two things, and a difference between them may mean nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_place: bool,
    /// For a splice without `series`: how many elements went and came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splice: Option<SpliceCounts>,
    /// For a series that moved on: what came and went, and its points for drawing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesChange>,
    /// Where this belongs in the old document, for applying it.
    #[serde(default, skip_serializing_if = "Place::is_default")]
    pub place: Place,
}

/// Where a change belongs in the old document, as far as its path does not say so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// RFC 6901 pointer into the old document: to the value, or for what is added or spliced to the container.
    /// Absent if it is the change's path, or that path's parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// For what is added or spliced: how many of the old container's children stand before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u32>,
    /// For another order: the old positions of the children that stay, in their new order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<u32>>,
    /// For another order: it is of an array's elements, and not of an object's keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elements: bool,
    /// For another order of an array's elements: the member that tells them apart, or two, as `symbol, side`. Absent if
    /// they are told apart by all that they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The spelling of the key (JSON text), for an added member whose key is not spelled plainly; for a change of
    /// kind `spelling` that is of the key and not of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Place {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How many elements a splice took out and put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpliceCounts {
    /// Elements taken out.
    pub removed: u32,
    /// Elements put in.
    pub added: u32,
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
    /// The new series' values as the text of a JSON array, for the sparkline.
    pub values: String,
    /// The old series' last value as JSON text; absent if it had none. The change's delta is between the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_last: Option<String>,
    /// The new series' last value as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_last: Option<String>,
}

/// The difference of two documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diff {
    /// Every difference, in the order of the new document.
    pub changes: Vec<Change>,
    /// Totals.
    pub counts: Counts,
    /// How many leaves (scalars and empty containers) of the new document are as they were.
    pub equal_paths: u32,
}

impl Diff {
    /// Whether the two documents are the same, byte for byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
