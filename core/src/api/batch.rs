//! Several writes, all or none.

use serde::{Deserialize, Serialize};

use super::StateView;
use super::origin::originated;
use crate::json::Document;
use crate::model::{Seq, StateId, StateType};

/// What one write of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BatchOperation {
    /// Create or replace; needs `data`.
    Save,
    /// Write a tombstone; takes no `data`.
    Delete,
}

/// One write of a batch.
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
}

originated! {
    /// Body of `POST /batch`.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub struct BatchRequest {
        /// The writes, each state at most once.
        pub items: Vec<BatchItem>,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_id: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
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
    /// In the order of the request.
    pub results: Vec<BatchResult>,
}
