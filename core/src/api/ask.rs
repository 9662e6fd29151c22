//! What a run is asked for a restore, and what it answers.

use serde::{Deserialize, Serialize};

use crate::model::{Seq, StateKey, Timestamp};

/// What a run is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AskKind {
    /// Finish what is under way, save it, and then say `paused`. Nothing that it saves afterwards is written.
    Pause,
    /// The restore is written: read the states again, and say `reloaded`. Until then nothing that it saves is written.
    Reload,
    /// Nothing was written: go on. Saying `reloaded` ends that this is said.
    GoOn,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
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
    /// Why the restore is made.
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

/// How a run stands to the last handshake that it was asked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseStatus {
    /// It is asked to pause. It may still write.
    Asked,
    /// It has given its word, and writes nothing.
    Paused,
    /// The restore is written; it writes nothing before it has read that.
    Written,
    /// It has read what was written.
    Reloaded,
    /// Nothing was written; it may write.
    GoneOn,
}

/// What a run is asked, as it is kept: the data of a state of type `pause` whose id is the run's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The handshake.
    pub handshake: String,
    /// How the run stands to it.
    pub status: PauseStatus,
    /// What it holds, at most 1,000.
    pub states: Vec<StateKey>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// Until when its word is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why the restore is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// An earlier restore that was written, and that it has not read yet, while it is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<UnreadRestore>,
}

/// A restore that was written and that a run has not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadRestore {
    /// Its handshake.
    pub handshake: String,
    /// What must have been read.
    pub seq: Seq,
}

impl Pause {
    /// What the run is asked, where this is written at a seq.
    #[must_use]
    pub fn ask(&self, at: Seq) -> Option<Ask> {
        let ask = |kind| Ask {
            handshake: self.handshake.clone(),
            kind,
            states: self.states.clone(),
            more: self.more,
            until: None,
            seq: None,
            reason: self.reason.clone(),
        };
        match self.status {
            PauseStatus::Asked => Some(Ask { until: self.until, ..ask(AskKind::Pause) }),
            PauseStatus::Written => Some(match &self.unread {
                Some(unread) => {
                    Ask { handshake: unread.handshake.clone(), seq: Some(unread.seq), ..ask(AskKind::Reload) }
                }
                None => Ask { seq: Some(at), ..ask(AskKind::Reload) },
            }),
            PauseStatus::GoneOn => Some(ask(AskKind::GoOn)),
            PauseStatus::Paused | PauseStatus::Reloaded => None,
        }
    }
}
