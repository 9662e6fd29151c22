//! What a client asks of one state: to save it, to replace it, to bring it back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::json::Document;
use crate::model::{StateId, StateType};

/// What a client may say it is doing; the server decides what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ClientOperation {
    /// The state must not exist (409 if it does).
    Create,
    /// Create or replace.
    #[default]
    Update,
}

/// Body of `POST /states`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaveRequest {
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// The data; an object. Kept exactly.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Document,
    /// What the client means to do.
    #[serde(default)]
    pub operation: ClientOperation,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which start of a program writes: up to 128 bytes, like the two that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What this belongs to, together with others. Where it is absent, the trace of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made the writer write. Where it is absent, the span of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
    /// The version the client last saw; 0 if it must not have existed. The save is refused (409) if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
}

/// Body of `PUT /states/{state_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutRequest {
    /// The data; an object. Kept exactly.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Document,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which start of a program writes: up to 128 bytes, like the two that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What this belongs to, together with others. Where it is absent, the trace of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made the writer write. Where it is absent, the span of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
    /// The version the client last saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
}

/// Body of `POST /states/{state_id}/undelete`; it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UndeleteRequest {
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which start of a program writes: up to 128 bytes, like the two that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What this belongs to, together with others. Where it is absent, the trace of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made the writer write. Where it is absent, the span of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
    /// The version last seen: the tombstone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
}
