//! What a client asks of one state: to save it, to replace it, to bring it back.

use serde::{Deserialize, Serialize};

use super::origin::originated;
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

originated! {
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
        /// The version the client last saw; 0 if it must not have existed. The save is refused (409) if it moved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
        /// The number of the run that `run_id` names: with it nothing is written unless that run still holds its lease.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<u64>,
    }
}

originated! {
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
        /// The version the client last saw.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
        /// The number of the run that `run_id` names: with it nothing is written unless that run still holds its lease.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<u64>,
    }
}

originated! {
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
        /// The version last seen: the tombstone's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub expected_version: Option<u64>,
        /// The number of the run that `run_id` names: with it nothing is written unless that run still holds its lease.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub epoch: Option<u64>,
    }
}
