//! What an answer says besides: nothing is wrong with the request, and its sender will want to know.

use serde::{Deserialize, Serialize};

/// Something worth knowing about what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// The stable word.
    pub code: NoticeCode,
    /// For people.
    pub message: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NoticeCode {
    /// This is the first state of its type, which nobody has named.
    NewStateType,
}
