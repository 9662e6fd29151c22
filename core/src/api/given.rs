//! Restores to documents that are given with the request: the states of a file.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use super::origin::originated;
use super::{Effect, HandshakeTerms, HeldBy, Moment, MomentError, PlanCounts, Scope, Selection, VersionView};
use crate::hash::ContentHash;
use crate::json::Document;
use crate::model::{Seq, StateId, StateKey, StateType, Verdict, VersionNumber};

/// A state as it is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenState {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// Its data.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Document,
}

impl GivenState {
    /// Which state.
    #[must_use]
    pub fn key(&self) -> StateKey {
        StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() }
    }
}

/// Body of `POST /restores/documents`: makes a plan, writes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenRequest {
    /// What the documents come from, such as the name of a file: up to 256 bytes, kept with the restore.
    pub name: String,
    /// The states, each once.
    pub states: Vec<GivenState>,
    /// Which of them, and with `delete_others` which states of the store.
    #[serde(default)]
    pub scope: Scope,
    /// Which parts of them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub selection: Selection,
    /// Byte for byte, noise and what is protected too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Delete the live states of the scope that are not among them. They stay, when left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_others: bool,
}

originated! {
    /// Body of `POST /restores/documents/{plan}/apply`: the same request again, with who and why.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub struct ApplyGiven {
        /// As in the plan.
        pub name: String,
        /// As in the plan.
        pub states: Vec<GivenState>,
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
        /// As in the plan.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub delete_others: bool,
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

/// One state of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenPlanned {
    /// Which state.
    #[serde(flatten)]
    pub key: StateKey,
    /// What would happen to it; one that never existed is recreated.
    pub effect: Effect,
    /// Its last version now, without data; absent if it never existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<VersionView>,
    /// SHA-256 of the text that is given; absent if it goes because it is not among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub content_hash: Option<ContentHash>,
    /// The version number it would get.
    pub next_version: VersionNumber,
    /// How many paths differ.
    pub paths: u32,
    /// How many of them would be written.
    pub selected: u32,
    /// What today's rules say of the result.
    pub verdict: Verdict,
    /// Whether the result is what is given, byte for byte.
    pub exact: bool,
    /// SHA-256 of the text that would be written; absent if none would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub result_hash: Option<ContentHash>,
    /// SHA-256 of what the plan binds of this state. Absent if nothing would be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
}

/// What a restore to given documents would write, bound by its hash.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GivenPlan {
    /// Binds scope, selection, and of every state that would be written what is written in place of what; hand it back to apply.
    pub plan: String,
    /// What the documents come from.
    pub name: String,
    /// Which states.
    pub scope: Scope,
    /// Which parts of them.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub selection: Selection,
    /// Whether it was asked for byte for byte.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exact: bool,
    /// Whether states of the scope go that are not given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delete_others: bool,
    /// The store's last seq when the plan was made.
    pub seq: Seq,
    /// Totals, of what is given and what goes.
    pub counts: PlanCounts,
    /// Every state that differs, then those that are equal, each group by type and id.
    pub states: Vec<GivenPlanned>,
    /// Equal states are counted above; only this many of them are listed.
    pub equal_listed: u64,
    /// The snapshot that applying would take first.
    pub snapshot_before: String,
    /// The live runs that hold some of what would be written: applying asks them first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<HeldBy>,
    /// What differs and is left as it is, as of a [`Plan`](super::Plan).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<StateKey>,
}

/// What a restore went back to, as its record keeps it: a [`Moment`], or `documents:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RestoredTo {
    /// A moment of the store.
    Moment(Moment),
    /// Documents that were given, and what they came from.
    Documents(String),
}

/// How the text of documents begins.
const DOCUMENTS: &str = "documents:";

impl From<Moment> for RestoredTo {
    fn from(moment: Moment) -> Self {
        Self::Moment(moment)
    }
}

impl FromStr for RestoredTo {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        match text.strip_prefix(DOCUMENTS) {
            Some(name) => Ok(Self::Documents(name.to_owned())),
            None => text.parse().map(Self::Moment),
        }
    }
}

impl fmt::Display for RestoredTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moment(moment) => moment.fmt(f),
            Self::Documents(name) => write!(f, "{DOCUMENTS}{name}"),
        }
    }
}

impl TryFrom<String> for RestoredTo {
    type Error = MomentError;
    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<RestoredTo> for String {
    fn from(target: RestoredTo) -> Self {
        target.to_string()
    }
}
