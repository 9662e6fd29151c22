//! How numbers of states become series in an InfluxDB.

use serde::{Deserialize, Serialize};

use crate::model::Seq;

/// What the mirror does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MirrorState {
    /// It has not yet heard from InfluxDB where to go on.
    #[default]
    Starting,
    /// It writes what is committed.
    Following,
    /// InfluxDB, or the store that the mirror reads, does not answer or does not let it in; it tries again.
    Away,
}

/// The mirror of numeric fields. The counts are since the server started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MirrorStatus {
    /// Where the series are: server, organisation and bucket.
    pub target: String,
    /// What it does.
    pub state: MirrorState,
    /// Types of which numbers are mirrored.
    pub types: u64,
    /// Numbers that are mirrored, of all types.
    pub fields: u64,
    /// Every version up to here was dealt with; absent before the mirror knows where to go on.
    pub seq: Option<Seq>,
    /// Versions after that one.
    pub behind: u64,
    /// So far behind it may be; what is older is left out.
    pub queue_size: u64,
    /// Points that InfluxDB has stored: one for each version with numbers.
    pub points: u64,
    /// Points that are missing: left out because the mirror was too far behind, or refused by InfluxDB.
    pub lost: u64,
    /// Values that were not there, or `null`.
    pub absent: u64,
    /// Values that are no numbers, or larger than InfluxDB can hold (1.8e308).
    pub not_numbers: u64,
    /// Why it is away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Why InfluxDB refused points, the last time that it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}
