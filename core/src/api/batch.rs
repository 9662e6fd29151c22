//! Several writes, all or none.

use serde::{Deserialize, Deserializer, Serialize};

use super::close_missing::CloseMissing;
use super::origin::originated;
use super::{StateView, VersionView};
use crate::hash::ContentHash;
use crate::json::{Document, Pointer};
use crate::model::{Seq, StateId, StateType};

/// What one item of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BatchOperation {
    /// Create or replace; needs `data`.
    Save,
    /// Write a tombstone; takes no `data`.
    Delete,
    /// Write nothing, and let nothing be written unless something is true of the state: exactly one of `version`,
    /// `content_hash`, `exists`, or `pointer` with `equals` or `exists`.
    Check,
}

/// One write of a batch, or one thing that must be true.
// A struct and not a tagged enum: serde reads tagged enums through a buffer that cannot carry exact text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchItem {
    /// What to do.
    pub op: BatchOperation,
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// The data; an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
    /// The version last seen; 0 if it must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// Of a check: the number of the head, tombstones included; 0 if there never was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Of a check: the hash of the head's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub content_hash: Option<ContentHash>,
    /// Of a check: whether the state is there and not deleted; with `pointer`, whether its data has a value there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Of a check: a place in the data (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub pointer: Option<Pointer>,
    /// Of a check: the value there, compared as a value and not as a text.
    #[serde(default, deserialize_with = "any_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub equals: Option<Document>,
}

impl BatchItem {
    /// An item that says nothing yet but what it does to which state.
    #[must_use]
    pub fn new(op: BatchOperation, state_type: StateType, state_id: StateId) -> Self {
        Self {
            op,
            state_type,
            state_id,
            data: None,
            expected_version: None,
            version: None,
            content_hash: None,
            exists: None,
            pointer: None,
            equals: None,
        }
    }
}

/// A value that may be `null`, which is another thing than none.
fn any_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Document>, D::Error> {
    Document::deserialize(deserializer).map(Some)
}

originated! {
    /// Body of `POST /batch`.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub struct BatchRequest {
        /// The writes, each state at most once, and what is checked before them.
        pub items: Vec<BatchItem>,
        /// Living states that are deleted because the batch does not name them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub close_missing: Option<CloseMissing>,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_id: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        /// The number of the run that `run_id` names: with it nothing is written unless that run still holds its lease.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<u64>,
    }
}

/// What became of one write.
pub type BatchResult = StateView;

/// Answer to `POST /batch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BatchResponse {
    /// The batch's id, carried by each version it made.
    pub batch_id: String,
    /// The store's last seq after the batch.
    pub seq: Seq,
    /// Of each save and delete, in the order of the request; a check has none.
    pub results: Vec<BatchResult>,
    /// The tombstones of what was closed, in the order of types and ids; absent where `close_missing` was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Vec<BatchResult>>,
}

/// A check of a batch that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FailedCheck {
    /// RFC 6901 pointer to the item in the request's body.
    pub item: String,
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// What was to be true and what is, for people.
    pub message: String,
    /// The head as it is; absent if the state never existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<VersionView>,
    /// The value at the pointer; absent if there is none, and if it is longer than 1 KiB.
    #[serde(default, deserialize_with = "any_value", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub found: Option<Document>,
}
