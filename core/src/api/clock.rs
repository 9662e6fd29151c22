//! The server's clock, and whether it is believed.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Answer to `GET /clock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClockStatus {
    /// What is recorded now.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub now: Timestamp,
    /// What the machine's clock says.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub machine: Timestamp,
    /// Whether the machine's clock is believed. It is not after a jump, until that has stood for a while or was confirmed.
    pub believed: bool,
    /// For how many seconds it has not been believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood_seconds: Option<u64>,
    /// In how many seconds it will be, if it stays so; absent where somebody must confirm it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_in_seconds: Option<u64>,
    /// The last recorded time, if it is ahead of the clock: moments between now and then say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub times_ahead_until: Option<Timestamp>,
}

/// Body of `POST /clock/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmClock {
    /// Why the machine's clock is right. Must not be empty; it is kept in the server's log.
    pub reason: String,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}
