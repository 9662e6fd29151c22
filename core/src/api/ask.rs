//! What a run is asked, for a restore or by an operator, and what it answers.

use serde::{Deserialize, Serialize};

use crate::model::{Seq, StateKey, Timestamp};

/// What a run is asked to do for a restore, or when an operator has it pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AskKind {
    /// Finish what is under way, save it, and then say `paused`. Nothing that it saves afterwards is written, until it is asked to
    /// reload or to go on.
    Pause,
    /// The restore is written: read the states again, and say `reloaded`. Until then nothing that it saves is written, and where the
    /// answer says `paused`, not afterwards either: an operator has it paused.
    Reload,
    /// Nothing was written: go on. Saying `reloaded` ends that this is said.
    GoOn,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a run is asked, in the answer to a renewal and on the topic `run:<id>`. It is said again until it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ask {
    /// The handshake that it belongs to.
    pub handshake: String,
    /// What.
    pub kind: AskKind,
    /// What the restore writes of what the run holds, at most 1,000.
    pub states: Vec<StateKey>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// To pause: until when its word is waited for, by the server's clock, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// To reload: what must have been read at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub seq: Option<Seq>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Body of `POST /runs/{run_id}/handshakes/{handshake}/paused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SayPaused {
    /// The run's number.
    pub epoch: u64,
    /// What the operator should know, such as orders in flight; at most 1,024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Body of `POST /runs/{run_id}/handshakes/{handshake}/reloaded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SayReloaded {
    /// The run's number.
    pub epoch: u64,
    /// Up to where it has read.
    #[cfg_attr(feature = "openapi", schema(value_type = u64))]
    pub seq: Seq,
}

/// Answer to what a run says in a handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Heard {
    /// The run.
    pub run_id: String,
    /// The handshake.
    pub handshake: String,
    /// Whether what it saves is refused now.
    pub paused: bool,
    /// What it is asked now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Ask>,
}
