//! Runs as they are answered.

use serde::{Deserialize, Serialize};

use super::{Ask, CheckpointView, ReconcileAsk, RunOutcome, Session, VersionView};
use crate::diff::Diff;
use crate::model::{Seq, StateId, StateType, Timestamp, VersionNumber};

/// A lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeaseView {
    /// How long it is from a renewal on, in seconds.
    pub seconds: u64,
    /// When it ends unless it is renewed, by the server's clock, for people. A program counts `seconds` from before it asked, by a
    /// clock of its own that nobody sets.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub until: Timestamp,
}

/// Who holds the lease of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunHolder {
    /// Which run.
    pub run_id: String,
    /// On which machine, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its process there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u64>,
    /// Since when.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// Until when, unless it renews; absent where the store cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// When it renewed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last_renewal: Option<Timestamp>,
}

/// A state of which a run wrote versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunState {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// How many of its versions the run wrote.
    pub versions: u64,
    /// The last of them.
    pub version: VersionNumber,
    /// Its place in the store.
    pub seq: Seq,
    /// The state's last version now.
    pub head_version: VersionNumber,
    /// Whether the state is there now, and not deleted.
    pub live: bool,
    /// Whether something else has written it since.
    pub changed_since: bool,
}

/// What was left to a run: by the run before, or, where that wrote nothing, by the last one before it that did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunLeft {
    /// The run.
    pub run: Session,
    /// The first 100 states of which it wrote versions, by type and id.
    pub states: Vec<RunState>,
    /// Whether there are more: `GET /runs/{run_id}/states` has all.
    pub more: bool,
    /// How many of all states that it wrote are of type `position`, live, and have a lot that is not closed. Absent where that is not
    /// known: it wrote more than 10,000 states, or they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_positions: Option<u64>,
    /// How many of them are of type `order`, live, and not known to be done; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_orders: Option<u64>,
    /// How many of them something else has written since; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<u64>,
    /// The last checkpoint that it took; absent where it took none, and, with `left_unknown`, where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointView>,
}

/// Answer to `POST /runs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStarted {
    /// The run's id, for its writes.
    pub run_id: String,
    /// Its number, for its writes.
    pub epoch: u64,
    /// What it found.
    pub outcome: RunOutcome,
    /// Its lease.
    pub lease: LeaseView,
    /// The end of the log when it had begun.
    pub seq: Seq,
    /// The run itself.
    pub run: Session,
    /// What the run before has left; absent for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<RunLeft>,
    /// What the run before has left could not be read, or something of it is damaged: whatever is absent in `left`, or all of it, is
    /// unknown, and not nothing. `GET /runs/{run_id}/states` of the run before has it once it can be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_unknown: bool,
}

/// Answer to `POST /runs/{run_id}/renew`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRenewed {
    /// The run.
    pub run_id: String,
    /// Its number.
    pub epoch: u64,
    /// Its lease.
    pub lease: LeaseView,
    /// What it is asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<Ask>,
    /// It is asked to ask its broker, and has not reported yet. This stands beside `asks`, as a program that knows only those takes
    /// whatever is no `pause` there for the end of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_reconcile: Option<ReconcileAsk>,
}

/// A run of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRow {
    /// The run.
    pub run: Session,
    /// Whether it holds its lease: nothing has ended it, and nobody has written its session by hand.
    pub live: bool,
    /// Its lease, while it is live; without `until` where the store cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<RunHolder>,
    /// The last version of its session.
    pub version: VersionView,
}

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunList {
    /// The runs, the last changed first.
    pub runs: Vec<RunRow>,
    /// The end of the log.
    pub seq: Seq,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answer to `GET /runs/{run_id}`, and to what ends one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunView {
    /// The run.
    pub run: Session,
    /// Whether it holds its lease.
    pub live: bool,
    /// Its lease, while it is live and the store can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<RunHolder>,
    /// The last version of its session.
    pub version: VersionView,
    /// Of how many states it wrote versions; 10,000 where there are `more`.
    pub states: u64,
    /// How many versions it wrote of them.
    pub versions: u64,
    /// Whether it wrote more states than are counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// How many of these states are of type `position`, live, and have a lot that is not closed. Absent where there are `more`, or
    /// where they cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_positions: Option<u64>,
    /// How many of these states are of type `order`, live, and not known to be done; absent as `open_positions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_orders: Option<u64>,
    /// How many checkpoints it took.
    pub checkpoints: u64,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_checkpoint: Option<CheckpointView>,
    /// That it is asked to ask its broker, or was asked last: open while it is live and there is no `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_reconcile: Option<ReconcileAsk>,
    /// What is stored of its last checkpoint, or of which are pinned, is damaged: `last_checkpoint` is absent, and that is not none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checkpoint_unknown: bool,
}

/// Answer to `POST /runs/mark-crashed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarkedCrashed {
    /// The runs that were active, as they are now.
    pub runs: Vec<Session>,
}

/// A page of the states of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStates {
    /// The states, by type and id.
    pub states: Vec<RunState>,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A state that one run left otherwise than another found it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDifference {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// The last version that the first run wrote.
    pub left: VersionView,
    /// The state's last version when the second run began.
    pub found: VersionView,
}

/// Answer to `GET /runs/compare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunComparison {
    /// The first run.
    pub a: Session,
    /// The second one.
    pub b: Session,
    /// Whether both are of the same code; absent where one of them did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_code: Option<bool>,
    /// How the settings differ, from the first to the second; absent where one of them gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub config: Option<Diff>,
    /// What the second found otherwise than the first left it, by type and id: a state's differences are
    /// `GET /states/{state_id}/diff?from=&to=` with the two versions.
    pub found_different: Vec<RunDifference>,
    /// How many states the first wrote.
    pub states: u64,
}
