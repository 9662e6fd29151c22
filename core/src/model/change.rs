//! What changed, in brief, as lists show it; the whole difference is [`crate::diff`]'s.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How a version differs from the one before it, kept with the version so that lists need no documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSummary {
    /// Paths added, and elements of arrays that came.
    pub added: u32,
    /// Paths whose value changed.
    pub changed: u32,
    /// Paths removed, and elements of arrays that went.
    pub removed: u32,
    /// Paths spelled differently, such as `0.8` and `0.80`. Absent if none, as the counts below; versions that were written
    /// before these were counted have none.
    #[serde(default, skip_serializing_if = "none")]
    pub spelling: u32,
    /// Objects and arrays in another order.
    #[serde(default, skip_serializing_if = "none")]
    pub reordered: u32,
    /// Changes of what is noise by the schema; these are not among the counts above.
    #[serde(default, skip_serializing_if = "none")]
    pub volatile: u32,
    /// The first change worth reading, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<FirstChange>))]
    pub first: Option<Arc<FirstChange>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn none(count: &u32) -> bool {
    *count == 0
}

/// One change, short enough for a table row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstChange {
    /// The path as people read it, such as `/legs/[EURUSD]/volume`.
    pub path: String,
    /// The old value as JSON text, of more than 80 characters only what is around the differences; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new value as JSON text, likewise; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The exact difference of two numbers, or times with a zone, signed, such as `+0.0019` or `+15 min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// A sentence in place of values, for a sliding series or a spliced array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
