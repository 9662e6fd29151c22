//! Writes that are safe in the fallback journal and have no version yet, as readers see them.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::StateSummary;
use crate::json::Document;
use crate::model::{Seq, StateId, StateType, Timestamp, Verdict};

/// What a waiting write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ChangeKind {
    /// Creates or replaces.
    Save,
    /// Brings back older data.
    Restore,
    /// Deletes.
    Delete,
}

/// A state as a write has it that was answered 202 and waits in the fallback journal. It has no version, no seq and no entity
/// tag; those come with the replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingState {
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Always true: what is stored has no such member.
    pub pending: bool,
    /// The id that the writer was given. The version that comes of it carries it as `batch_id`.
    pub pending_id: String,
    /// When the write was accepted (UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub accepted_at: Timestamp,
    /// How many writes to the state wait, this one included.
    pub waiting: u64,
    /// What the write does.
    pub write: ChangeKind,
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<Arc<str>>,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Option<Arc<str>>,
    /// What validation said.
    pub verdict: Verdict,
    /// Bytes of data.
    pub size: usize,
    /// The exact data, where it was asked for; absent for a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
}

impl PendingState {
    /// Whether the write deletes the state.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        self.write == ChangeKind::Delete
    }
}

/// Which states a read or a list holds, as to what waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PendingFilter {
    /// What waits, in place of what is stored of the same states.
    #[default]
    Include,
    /// What is stored.
    Exclude,
    /// What waits, and nothing that is stored. The store is not asked.
    Only,
}

/// A row of a list of states.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StateRow {
    /// The last version.
    Stored(StateSummary),
    /// The last write, which waits.
    Pending(PendingState),
}

/// A row says itself which of the two it is. serde would read it through a buffer, which numbers do not come out of as they
/// are spelled.
impl<'de> Deserialize<'de> for StateRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Sort {
            #[serde(default)]
            pending: bool,
        }
        let row = Box::<RawValue>::deserialize(deserializer)?;
        let Sort { pending } = serde_json::from_str(row.get()).map_err(D::Error::custom)?;
        if pending {
            serde_json::from_str(row.get()).map(Self::Pending).map_err(D::Error::custom)
        } else {
            serde_json::from_str(row.get()).map(Self::Stored).map_err(D::Error::custom)
        }
    }
}

impl StateRow {
    /// The last version, if that is what the row is.
    #[must_use]
    pub fn stored(self) -> Option<StateSummary> {
        match self {
            Self::Stored(summary) => Some(summary),
            Self::Pending(_) => None,
        }
    }
}

/// Answer to `GET /states`. With `pending=exclude` every row is a version, and [`StateList`](super::StateList) reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateRows {
    /// This page.
    pub states: Vec<StateRow>,
    /// How many states match in all.
    pub total: u64,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What is stored is true as of this seq; absent with `pending=only`, and from what is only remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// Whether this is all there is. Not so only while the store is away and the fallback journal is on: then the list
    /// holds what the server remembers and what waits, and there may be other states.
    pub complete: bool,
    /// Where the list is not complete: each row was so at this time or later, and may have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub stale_since: Option<Timestamp>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl StateRows {
    /// A page of a list that is all there is.
    #[must_use]
    pub fn complete(
        states: Vec<StateRow>,
        total: u64,
        next_cursor: Option<String>,
        seq: Option<Seq>,
    ) -> Self {
        Self { states, total, next_cursor, seq, complete: true, stale_since: None, note: None }
    }
}

/// What a list does while the store is away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StaleFilter {
    /// With the fallback journal on it holds what the server remembers, and says that it is not complete.
    #[default]
    Allow,
    /// It is an error.
    Refuse,
}

/// Answer to `GET /fallback/pending`: what waits, in the order of its replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingList {
    /// One row for each state of each write; those of a batch have the same `pending_id` and stand together.
    pub writes: Vec<PendingState>,
    /// How many rows wait in all.
    pub total: u64,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
