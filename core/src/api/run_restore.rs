//! Restores as they touched runs: which programs had written what a restore took back.

use serde::{Deserialize, Serialize};

use crate::model::{Seq, Timestamp};

/// A run of which a restore wrote states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TouchedRun {
    /// Which run: the last one that had written them, live or not.
    pub run_id: String,
    /// How many states.
    pub states: u64,
}

/// A restore that wrote what runs had written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRestore {
    /// Its id: more of it is `GET /restores/{restore_id}`.
    pub restore_id: String,
    /// When it was written.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// The last version that it wrote.
    pub seq: Seq,
    /// Why.
    pub reason: String,
    /// The runs whose states it wrote, by id.
    pub runs: Vec<TouchedRun>,
    /// How many of its versions were not looked at: they may be of further runs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_looked_at: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Answer to `GET /runs/restores`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRestores {
    /// Restores that wrote what runs had written, or of which not all was looked at, newest first.
    pub restores: Vec<RunRestore>,
    /// Restores before this time were not looked at, though they were asked for; absent where all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub before: Option<Timestamp>,
}
