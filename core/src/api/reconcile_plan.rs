//! What is to be done about what a broker's list says: a plan, bound by its hash, and what it wrote.

use serde::{Deserialize, Serialize};

use super::reconcile::given;
use super::{
    Agreement, AgreementCounts, BrokerShape, HandshakeTerms, HandshakeView, HeldBy, ReconcileOptions,
    ReconcileRow, Scope, Unread,
};
use crate::diff::Change;
use crate::json::Document;
use crate::model::{StateId, StateKey, StateType, Timestamp};

/// What is done with what differs and nobody has chosen of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReconcilePolicy {
    /// Nothing is chosen, and the program opens nothing new while something differs.
    #[default]
    Halt,
    /// What the broker says: its numbers are adopted, what it has and we have not becomes a lot, and what it does not have is closed as
    /// `recovered_closed`. What is unknown stays as it is.
    Adopt,
    /// Nothing is chosen, and the program goes on.
    Ignore,
}

/// What may be done about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RowChoice {
    /// Write what the broker says.
    AdoptTheirs,
    /// Write nothing: that was looked at, and ours stays.
    KeepOurs,
    /// Close what is open here, for a reason.
    Close,
    /// Share what the broker has over several lots.
    Split,
}

/// Why a lot was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CloseReason {
    /// Its stop was hit.
    StopLossHit,
    /// Its target was hit.
    TakeProfitHit,
    /// Somebody closed it.
    Manual,
    /// The session ended.
    SessionEnd,
    /// It was found closed.
    RecoveredClosed,
    /// Another order of its bracket closed it.
    BracketClosed,
    /// Nobody knows.
    Unknown,
}

impl CloseReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::StopLossHit,
        Self::TakeProfitHit,
        Self::Manual,
        Self::SessionEnd,
        Self::RecoveredClosed,
        Self::BracketClosed,
        Self::Unknown,
    ];
}

/// A part of what is split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    /// How much, a decimal not below zero.
    pub quantity: String,
    /// Of a lot that there is: where it stands, as in the row's `ours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub state_type: Option<StateType>,
    /// Its state's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub state_id: Option<StateId>,
    /// Where it stands in its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Of a lot that is new: what it is called here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What is chosen of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChosenRow {
    /// The row, as it was looked at.
    pub row: String,
    /// What.
    pub choice: RowChoice,
    /// Of a close: at which price, a decimal. Left out, no exit price is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// Of a close when; of a lot that is adopted since when it is held. Left out, no time is written: none is made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub time: Option<Timestamp>,
    /// Of a close: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<CloseReason>,
    /// Of a close: what was won or lost, a decimal. It is not worked out, as nobody here knows what a unit is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pnl: Option<String>,
    /// Of a lot that is adopted: what it is called here; where that is left out the broker's id, or else its state, its side and `as_of`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of a lot that is adopted: the state that gets it, one with lots or one that there is not yet. Left out, it is the state of its symbol
    /// in the book of the run: `PROGRAM/SYMBOL`, of another instance than `main` `PROGRAM.INSTANCE/SYMBOL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub state_id: Option<StateId>,
    /// Of a split: all of it, in parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<Share>,
}

/// A row of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedRow {
    /// Its name: which it is and, behind the point, what both sides said of it. A row that moved has another behind the point.
    pub row: String,
    /// How both sides stand.
    #[serde(flatten)]
    pub said: ReconcileRow,
    /// What may be chosen; nothing of what is unknown, and nothing of what agrees.
    pub choices: Vec<RowChoice>,
    /// What is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<RowChoice>,
    /// What both sides said when they last agreed; absent where that was never recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
    /// Since when it differs, as far as that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub since: Option<Timestamp>,
}

/// What both sides said of a row when they last agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agreed {
    /// When the broker was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// How much, as it is spelled here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// At which price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// What a plan would write to a state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedWrite {
    /// Which.
    #[serde(flatten)]
    pub key: StateKey,
    /// The version that was looked at; absent where the state is new. A later one does not matter where the same lots are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What changes of it. Everything else keeps every byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub changes: Vec<Change>,
    /// What a state gets that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
    /// The rows that it is about.
    pub rows: Vec<String>,
}

/// A report, what may be done about it, and what that would write. It has written nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcilePlan {
    /// Its hash: of the broker's list and how it was read, of the choices, of what both sides say of each chosen row, and of what would be
    /// written in place of what.
    pub plan: String,
    /// The run that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// What was done with rows that nobody chose of.
    pub policy: ReconcilePolicy,
    /// The report's hash.
    pub hash: String,
    /// SHA-256 of the broker's list as it was read; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_hash: Option<String>,
    /// In whose words the list was; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<BrokerShape>,
    /// When the broker was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub as_of: Timestamp,
    /// What it failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many rows there are of each kind.
    pub counts: AgreementCounts,
    /// The worst first.
    pub rows: Vec<PlannedRow>,
    /// What of the list is not understood; because of it the list does not count as whole.
    pub unread: Vec<Unread>,
    /// What is chosen, by the request or by its policy: what applying takes.
    pub choices: Vec<ChosenRow>,
    /// What that would write.
    pub writes: Vec<PlannedWrite>,
    /// The live runs that hold some of that: applying the plan asks them first. It is not bound by the plan's hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<HeldBy>,
    /// The version of the instance's state of type `drift` that keeps what this says, where that was asked; absent where nothing was kept,
    /// as what is kept is of a later list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<u64>,
    /// What the run was asked and has answered with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<String>,
}

/// A row that is not what was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowMoved {
    /// As it was looked at.
    pub row: String,
    /// As it is; absent where there is no such row any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Box<PlannedRow>>,
}

/// A fresh plan in place of the one that was looked at, and what has moved between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileOutdated {
    /// The hash of the plan as it is now, without what was chosen of rows that moved.
    pub plan: String,
    /// The choices of that plan.
    pub choices: Vec<ChosenRow>,
    /// The rows that moved.
    pub moved: Vec<RowMoved>,
}

/// Body of `POST /runs/{run_id}/reconcile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanReconcile {
    /// Which of our states hold the positions. Where it says nothing: those of type `position` that a run of this program's instance wrote
    /// last, not counting what was written without a run, such as a restore.
    #[serde(default)]
    pub scope: Scope,
    /// The broker's answer, as it came; left out where the call failed.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub list: Option<Document>,
    /// How it is to be read.
    pub options: ReconcileOptions,
    /// What is done with what differs and is not among the choices.
    #[serde(default)]
    pub policy: ReconcilePolicy,
    /// What is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ChosenRow>,
    /// Keep what this report says of drift, as a version of the run's state of type `drift`. Without it nothing is written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
    /// The ask of an operator that this answers, with `epoch`. What the run itself records of a broker that it asked later than it was asked
    /// answers that, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// The run's number, with `record` or `answers`: nothing is kept for a run that has lost its lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

/// Body of `POST /reconciles/{plan}/apply`: what was asked, with the choices, and who and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplyReconcile {
    /// The run.
    pub run_id: String,
    /// As in the plan's request.
    #[serde(default)]
    pub scope: Scope,
    /// As in the plan's request.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub list: Option<Document>,
    /// As in the plan's request.
    pub options: ReconcileOptions,
    /// The plan's choices.
    pub choices: Vec<ChosenRow>,
    /// Why.
    pub reason: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The run's number: nothing is written for a run that has lost its lease, and that run is not asked, as it knows. Left out by people,
    /// who write for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// How the live runs are asked that hold what is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<HandshakeTerms>,
}

/// What applying a plan wrote, in one commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppliedReconcile {
    /// The plan.
    pub plan: String,
    /// The run.
    pub run_id: String,
    /// The moment right before, which undoes it: the target of a restore of these states.
    pub before: String,
    /// The versions, in the order of the plan; the record (type `reconcile`) and what is kept of drift (type `drift`) come last.
    pub versions: Vec<super::VersionView>,
    /// How live runs were asked, where there were some, and who has not said yet that it has read what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Box<HandshakeView>>,
}

/// What was done about a row that differed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ResolvedHow {
    /// The broker's was written here, whole or in parts.
    Adopted,
    /// Ours was closed.
    Closed,
    /// It was looked at, and ours stayed.
    Kept,
    /// Both sides agreed later, or neither has it any more.
    ByItself,
    /// It had been unknown, and a list came that says it.
    ListCame,
}

/// A row that differs, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drift {
    /// The row, as it was seen last while it differed.
    pub row: String,
    /// How it stood.
    pub verdict: Agreement,
    /// Its symbol, where one is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// Tickets, orders and trades.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// When the broker was asked that first said so.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// When it was found otherwise, or something was done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub until: Option<Timestamp>,
    /// What became of it; absent while it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ResolvedHow>,
}

/// What is kept of how a run and its broker stood: `GET /runs/{run_id}/drifts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DriftList {
    /// The run.
    pub run_id: String,
    /// When the broker was asked last of what is kept; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub as_of: Option<Timestamp>,
    /// What differs.
    pub open: Vec<Drift>,
    /// What did, the latest first; the oldest are dropped (earlier versions of the state have them).
    pub resolved: Vec<Drift>,
}
