//! Restores: planned, looked at, applied, undone.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

use super::origin::originated;
use super::{HandshakeTerms, HandshakeView, HeldBy, Moment, RestoredTo, VersionView};
use crate::hash::ContentHash;
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

impl Scope {
    /// Whether a state is in it.
    #[must_use]
    pub fn has(&self, key: &StateKey) -> bool {
        (self.states.is_empty() || self.states.contains(key)) && self.fits(key)
    }

    /// The same, ready to be asked of many states: what names thousands is not read through for each.
    #[must_use]
    pub fn within(&self) -> Within<'_> {
        Within { scope: self, named: self.states.iter().collect() }
    }

    fn fits(&self, key: &StateKey) -> bool {
        (self.types.is_empty() || self.types.contains(&key.state_type))
            && self.prefix.as_deref().is_none_or(|prefix| key.state_id.as_str().starts_with(prefix))
    }
}

/// A scope that is asked of many states.
#[derive(Debug, Clone)]
pub struct Within<'a> {
    scope: &'a Scope,
    named: HashSet<&'a StateKey>,
}

impl Within<'_> {
    /// Whether a state is in it.
    #[must_use]
    pub fn has(&self, key: &StateKey) -> bool {
        (self.named.is_empty() || self.named.contains(key)) && self.scope.fits(key)
    }
}

/// What of one state is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateSelection {
    /// Leave the state as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// Paths to leave as they are: as in the plan's changes (RFC 6901, or as shown, `/legs/[EURUSD]/volume`). A path at
    /// which nothing changed means everything inside it. An index is a position in the target; only what the target does not
    /// have is named by its position now.
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
    /// Restore byte for byte, noise and what is protected too: the selection may then only skip states, and the plan binds every
    /// head that it writes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
}

/// What a restore would do to one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Effect {
    /// It gets a new version.
    Changed,
    /// It is not there now, and comes back.
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
    /// Whether the result is the target, byte for byte. If not, it is a document that never existed: old values beside
    /// today's.
    #[serde(default)]
    pub exact: bool,
    /// SHA-256 of the text that would be written; absent if none would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub result_hash: Option<ContentHash>,
    /// SHA-256 of what the plan binds of this state: what would be written, in place of what, its existence and its verdict.
    /// Absent if nothing would be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
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
    /// States that get a version which is the target's, byte for byte, or a tombstone where the target has nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exact: u64,
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
    /// SHA-256 that binds target, scope, selection, and of every state that would be written what stands at its selected paths,
    /// its existence and its verdict; hand it back to apply.
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
    /// Whether it was asked for byte for byte.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
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
    /// The live runs that hold some of what would be written: applying asks them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<HeldBy>,
    /// What differs and is left as it is: sessions of live runs, as a run whose session is written has lost its lease, and what the
    /// server keeps of runs (pauses, handshakes, checkpoints, drift, reconciles). A scope that is to have one names it in `states`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<StateKey>,
}

/// What moved in one state between two looks at a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateMoved {
    /// Which state.
    #[serde(flatten)]
    pub key: StateKey,
    /// The version that was looked at; absent if there was none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub was: Option<VersionNumber>,
    /// Its last version now, without data: who moved it, and when.
    pub now: VersionView,
    /// Whether anything moved that the plan binds: if not, the plan stands as it was.
    pub counts: bool,
    /// Whether it was live when it was looked at, where it is not so any more; or the other way round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_live: Option<bool>,
    /// What today's rules said of the result then, where they say something else now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_was: Option<Verdict>,
    /// What they say of it now, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict_is: Option<Verdict>,
    /// The paths that moved, those that would be written first; at most 200.
    pub paths: Vec<PathMoved>,
    /// How many paths more moved.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
    /// How many volatile paths moved besides, which nothing is written to.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub volatile: u64,
}

/// A path that moved between two looks at a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PathMoved {
    /// Where, as an RFC 6901 pointer into the data now, or into what was looked at if it is gone.
    pub path: String,
    /// Where, for people.
    pub display: String,
    /// Whether the plan would write it: then it had to be looked at again.
    pub selected: bool,
    /// What was looked at, as JSON text; absent if there was nothing, or too much to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What is there now, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
    /// By how much two numbers or times differ, signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// What the plan would write there, likewise; absent if it writes no more than a part of it, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becomes: Option<String>,
}

originated! {
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
        /// As in the plan.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub exact: bool,
        /// The plan's seq: with it a refusal says what has moved since it was looked at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
        pub seq: Option<Seq>,
        /// Why; kept with every new version. Must not be empty.
        pub reason: String,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_id: Option<String>,
        /// Write states that break rules in mode warn all the same.
        #[serde(default)]
        pub accept_violations: bool,
        /// How live runs that hold what is written are asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub handshake: Option<HandshakeTerms>,
    }
}

originated! {
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
        /// How live runs that hold what is written are asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub handshake: Option<HandshakeTerms>,
    }
}

/// An applied restore, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreRecord {
    /// Its id: the batch id of the versions it wrote.
    pub restore_id: String,
    /// The plan's hash.
    pub plan: String,
    /// The target as asked for; `documents:NAME` where documents were given in place of a moment.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: RestoredTo,
    /// The target resolved; of documents, which are no place of the log, the store's seq when they were planned.
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
    /// How live runs were asked, where there were some, and who has not said yet that it has read what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handshake: Option<Box<HandshakeView>>,
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
