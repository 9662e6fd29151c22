//! Runs as they are kept.

use serde::{Deserialize, Serialize};

use crate::hash::ContentHash;
use crate::json::Document;
use crate::model::{RunName, Timestamp};

/// How a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunStatus {
    /// It holds its lease.
    Active,
    /// It has done what it was to do.
    Completed,
    /// Its lease ran out, or an operator says that it is gone.
    Crashed,
    /// It was told to stop, and has.
    Stopped,
    /// An operator let another one take its place.
    Replaced,
}

impl RunStatus {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Crashed => "crashed",
            Self::Stopped => "stopped",
            Self::Replaced => "replaced",
        }
    }
}

/// What a start found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunOutcome {
    /// The instance never ran before.
    Fresh,
    /// The run before ended by itself.
    Resumed,
    /// The run before did not: it crashed, or was replaced while it was live.
    AfterCrash,
}

/// A run as it is kept: the data of a state of type `session` whose id is the run's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Its id: `PROGRAM.INSTANCE.EPOCH`.
    pub run_id: String,
    /// The program.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub program: RunName,
    /// Which of those that run side by side.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub instance: RunName,
    /// The how manieth start of the instance it is.
    pub epoch: u64,
    /// How it is, or how it ended.
    pub status: RunStatus,
    /// What it found when it began.
    pub outcome: RunOutcome,
    /// The run of the instance before it, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When it began, by the server's clock.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// How long it counts as live after a renewal, in seconds.
    pub lease_seconds: u64,
    /// Of which code it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Its settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub config: Option<Document>,
    /// SHA-256 of the settings' text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub config_hash: Option<ContentHash>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its process there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u64>,
    /// What it trades.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symbols: Vec<String>,
    /// By which strategy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How often it looks at the market, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub interval_seconds: Option<Document>,
    /// How long it means to run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub planned_seconds: Option<Document>,
    /// The value of what it began with, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub capital: Option<Document>,
    /// Whatever else was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Document>,
    /// When it ended, or was found to have ended, by the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// Of one that crashed or was replaced: when its lease was renewed last, by the clock of the store (PostgreSQL) or of the
    /// server; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_renewal: Option<Timestamp>,
    /// Of one that crashed: for a while after its last renewal no server was there to renew it. It was given a full term after
    /// that, and did not come back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub servers_were_away: bool,
    /// The value of what it ended with, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub final_value: Option<Document>,
    /// What it won or lost: the final value less the capital, exactly; absent where one of them was not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub pnl: Option<Document>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The run that took its place while it was live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}
