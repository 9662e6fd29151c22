//! Live runs that are asked to pause, for a restore, for what is reconciled, or by an operator, and how far that is.

use serde::{Deserialize, Serialize};

use crate::json::Document;
use crate::model::{Seq, StateKey, Timestamp};

/// A live run that holds what a restore, or what is reconciled, would write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HeldBy {
    /// Which run.
    pub run_id: String,
    /// On which machine, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its process there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u64>,
    /// When it renewed its lease last; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_renewal: Option<Timestamp>,
    /// When its lease ends unless it renews; absent where the store cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// What of that it holds, by type and id: states that it has written, or was given when it began. At most 1,000.
    pub states: Vec<StateKey>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How live runs are asked: member `handshake` of what applies a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandshakeTerms {
    /// How long their word is waited for, in seconds: 1 to 600, 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
    /// Write all the same when the wait is over and some have not said a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_word: Option<WithoutWord>,
}

/// An operator's word that a plan is written though a live run has not said that it makes way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithoutWord {
    /// Why; not empty.
    pub reason: String,
    /// Who says so; not empty.
    pub by: String,
}

/// Body of `POST /runs/{run_id}/pause`: an operator asks a run to pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PauseRun {
    /// Why; not empty.
    pub reason: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How long its word is waited for, in seconds: 1 to 600, 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u64>,
}

/// Body of `POST /handshakes/{handshake}/stop`; it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopHandshake {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// How a handshake is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HandshakeStatus {
    /// Runs are asked; nothing is written yet.
    Asking,
    /// The run that an operator asked to pause has given its word, and writes nothing until it is let go.
    Paused,
    /// What they were asked for is written.
    Written,
    /// Somebody gave no word in time: nothing was written.
    NoWord,
    /// An operator stopped it: nothing was written.
    Stopped,
    /// It was refused after the runs had been asked, such as because the plan has moved: nothing was written.
    Refused,
    /// The server that led it is gone: nothing was written.
    Abandoned,
    /// The run that an operator asked to pause is not live any more.
    RunEnded,
}

impl HandshakeStatus {
    /// Whether it goes on, so that it may be stopped.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Asking | Self::Paused)
    }
}

/// How a run learned what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HeardBy {
    /// On its WebSocket.
    Socket,
    /// On its stream of events (SSE).
    Events,
    /// In the answer to a renewal.
    Renewal,
}

/// How far a handshake is with one run. Times are of the servers, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandshakeRun {
    /// Which run.
    pub run_id: String,
    /// On which machine, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it holds, the first 20.
    pub states: Vec<StateKey>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// When it was asked to pause.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    /// When that was first handed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub heard_at: Option<Timestamp>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_by: Option<HeardBy>,
    /// When it gave its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub paused_at: Option<Timestamp>,
    /// What it said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was found not to be live any more: it counts as free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// When it was told to reload, which is when they were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub told_at: Option<Timestamp>,
    /// When it said that it has read what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub reloaded_at: Option<Timestamp>,
    /// Up to where it has read, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub seq: Option<Seq>,
}

impl HandshakeRun {
    /// Whether it need not be waited for (any more).
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.paused_at.is_some() || self.ended_at.is_some()
    }
}

/// Live runs that are asked to pause, as it is kept: the data of a state of type `handshake`. If it is for a restore that was
/// written, the restore has the same id; the versions of what was reconciled have it as their `batch_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Handshake {
    /// Its id, which is that of the restore, or the `batch_id` of what was reconciled, once it is written.
    pub handshake: String,
    /// The plan that is applied; absent where an operator asked for the pause alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The target as asked for; absent where nothing is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The run whose positions are reconciled with its broker's; absent where it is for something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconciles: Option<String>,
    /// How many states the plan writes; 0 where there is none.
    pub writes: u64,
    /// Why.
    pub reason: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// How it is.
    pub status: HandshakeStatus,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    /// How long the runs' word is waited for.
    pub wait_seconds: u64,
    /// Until when, by the clock of the server that waits, for people.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub until: Timestamp,
    /// The operator's word that it is written all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_word: Option<WithoutWord>,
    /// The runs, by id.
    pub runs: Vec<HandshakeRun>,
    /// When it was written, or ended without; of a pause when the run was let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// Why it ended without being written, and by whom it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl Handshake {
    /// Whether an operator asked for a pause, and nothing is to be written.
    #[must_use]
    pub const fn is_only_a_pause(&self) -> bool {
        self.plan.is_none()
    }

    /// What the runs are asked for, in a word.
    #[must_use]
    pub const fn purpose(&self) -> &'static str {
        match (&self.plan, &self.reconciles) {
            (None, _) => "pause",
            (Some(_), None) => "restore",
            (Some(_), Some(_)) => "reconcile",
        }
    }

    /// The runs that have not said yet what is waited for: that they pause, or, once it is written, that they have reloaded.
    #[must_use]
    pub fn waits_for(&self) -> Vec<String> {
        let owes = |run: &&HandshakeRun| match self.status {
            HandshakeStatus::Asking => !run.is_in(),
            HandshakeStatus::Written => run.ended_at.is_none() && run.reloaded_at.is_none(),
            _ => false,
        };
        self.runs.iter().filter(owes).map(|run| run.run_id.clone()).collect()
    }
}

/// A handshake as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandshakeView {
    /// The handshake.
    #[serde(flatten)]
    pub handshake: Handshake,
    /// The runs that have not said yet what is waited for: that they pause, or, once it is written, that they have reloaded.
    pub waits_for: Vec<String>,
}

impl From<Handshake> for HandshakeView {
    fn from(handshake: Handshake) -> Self {
        Self { waits_for: handshake.waits_for(), handshake }
    }
}

/// Answer to `GET /handshakes`, the last changed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandshakeList {
    /// This page.
    pub handshakes: Vec<HandshakeView>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answer to `GET /handshakes/{handshake}/order`: the request for which live runs were asked. Sent again it asks again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HandshakeOrder {
    /// The handshake.
    pub handshake: String,
    /// Where it was sent, by POST: `/api/v1/restores/{plan}/apply`, `/api/v1/restores/documents/{plan}/apply`,
    /// `/api/v1/restores/{restore_id}/undo` or `/api/v1/reconciles/{plan}/apply`.
    pub path: String,
    /// Its body.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: Document,
}
