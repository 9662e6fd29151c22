//! Restores: planned, looked at, applied, undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Moment, VersionView};
use crate::model::{Seq, SnapshotId, StateKey, StateType, Timestamp, Verdict, VersionNumber};

/// Which states a restore is about. Empty lists mean everything; several conditions must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    /// Only these states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateKey>,
    /// Only these types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub types: Vec<StateType>,
    /// Only ids that start with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// What of one state is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateSelection {
    /// Leave the state as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// Paths (RFC 6901, as in the plan's changes) to leave as they are. A path at which nothing changed means
    /// everything inside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// Protected or volatile paths that are to be written all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlocked: Vec<String>,
}

/// The ticks on the plan: what differs from "everything that is neither protected nor volatile", by `<type>/<id>`.
pub type Selection = BTreeMap<String, StateSelection>;

/// Body of `POST /restores`: makes a plan, writes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanRequest {
    /// Where to go back to: a time, `seq:N` or `snapshot:NAME`. For one version of one state use that version's seq.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: Moment,
    /// Which states.
    #[serde(default)]
    pub scope: Scope,
    /// Which parts of them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub selection: Selection,
}

/// What a restore would do to one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Effect {
    /// It gets a new version.
    Changed,
    /// It is deleted now and comes back.
    Recreated,
    /// It did not exist at the target and gets a tombstone.
    Deleted,
    /// It is as it was at the target, or its differences are all left out: nothing is written.
    Equal,
    /// What is stored of it at the target is damaged: nothing is written, whatever is ticked.
    Damaged,
}

/// One state of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedState {
    /// Which state.
    #[serde(flatten)]
    pub key: StateKey,
    /// What would happen to it.
    pub effect: Effect,
    /// Its last version now, without data.
    pub now: VersionView,
    /// Its version at the target; absent if it did not exist then.
    pub target: Option<VersionView>,
    /// The version number it would get.
    pub next_version: VersionNumber,
    /// How many paths differ between now and the target.
    pub paths: u32,
    /// How many of them would be written.
    pub selected: u32,
    /// What today's rules say of the result.
    pub verdict: Verdict,
}

/// How many states a plan would write, by effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanCounts {
    /// States that get a new version.
    pub changed: u64,
    /// Deleted states that come back.
    pub recreated: u64,
    /// States that get a tombstone.
    pub deleted: u64,
    /// States that are not written.
    pub equal: u64,
    /// States whose result breaks a rule.
    pub invalid: u64,
    /// States that cannot be restored, because what is stored of them at the target is damaged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub damaged: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl PlanCounts {
    /// How many states would be written.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.changed + self.recreated + self.deleted
    }
}

/// A plan: what a restore would write, bound by its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// SHA-256 that binds target, scope, selection and every head; hand it back to apply.
    pub plan: String,
    /// The target as asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: Moment,
    /// The target resolved.
    pub target_seq: Seq,
    /// When the last version at the target was recorded; absent for the empty store, and where that version is damaged.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub target_time: Option<Timestamp>,
    /// Which states.
    pub scope: Scope,
    /// Which parts of them.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub selection: Selection,
    /// The store's last seq when the plan was made.
    pub seq: Seq,
    /// Totals.
    pub counts: PlanCounts,
    /// Every state that differs, then those that are equal, each group by type and id.
    pub states: Vec<PlannedState>,
    /// Equal states are counted above; only this many of them are listed.
    pub equal_listed: u64,
    /// The snapshot that applying would take first.
    pub snapshot_before: String,
}

/// Body of `POST /restores/{plan}/apply`: the same request again, so that the server can work out the same plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplyRequest {
    /// As in the plan.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: Moment,
    /// As in the plan.
    #[serde(default)]
    pub scope: Scope,
    /// As in the plan.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub selection: Selection,
    /// Why; kept with every new version. Must not be empty.
    pub reason: String,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Write states that break rules in mode warn all the same.
    #[serde(default)]
    pub accept_violations: bool,
}

/// Body of `POST /restores/{restore_id}/undo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UndoRequest {
    /// Why; a sentence that names the restore is used where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// An applied restore, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreRecord {
    /// Its id: the batch id of the versions it wrote.
    pub restore_id: String,
    /// The plan's hash.
    pub plan: String,
    /// The target as asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: Moment,
    /// The target resolved.
    pub target_seq: Seq,
    /// Which states.
    pub scope: Scope,
    /// What was written.
    pub counts: PlanCounts,
    /// First version it wrote.
    pub first_seq: Seq,
    /// Last version it wrote.
    pub last_seq: Seq,
    /// The snapshot taken right before.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot_before: SnapshotId,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// Who.
    pub user_id: Option<String>,
    /// Why.
    pub reason: String,
    /// The restore that this one undid, if it is an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

/// Answer to apply and undo, and to `GET /restores/{restore_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppliedRestore {
    /// The record.
    #[serde(flatten)]
    pub record: RestoreRecord,
    /// The versions it wrote, without data.
    pub versions: Vec<VersionView>,
}

/// Answer to `GET /restores`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreList {
    /// This page.
    pub restores: Vec<RestoreRecord>,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
