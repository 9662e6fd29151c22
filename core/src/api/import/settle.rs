//! What is in quarantine, settled.

use serde::{Deserialize, Serialize};

use crate::api::VersionView;
use crate::api::origin::originated;
use crate::model::{StateId, StateType};

/// Which state something in quarantine is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettleAs {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// The version that it follows; 0, as when left out, if there must be none.
    #[serde(default)]
    pub expected_version: u64,
}

originated! {
    /// Body of `POST /imports/settle`: something in quarantine is named, or dropped.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub struct SettleQuarantine {
        /// Which: the id of the state of type `quarantine`.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        pub state_id: StateId,
        /// The version of it that was looked at.
        pub expected_version: u64,
        /// The state that it is: what is in quarantine is saved as that. It is dropped when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub save_as: Option<SettleAs>,
        /// Why; it is kept with both versions.
        pub reason: String,
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub user_id: Option<String>,
    }
}

/// Answer to `POST /imports/settle`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettledQuarantine {
    /// The tombstone in quarantine; its history has the bytes.
    pub settled: VersionView,
    /// The version that was saved, if it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<VersionView>,
}
