//! What a version did to its state.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a version did to its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Operation {
    /// The state had no data (never, or deleted) and now has.
    Create,
    /// The state's data was replaced.
    Update,
    /// The state was deleted: a tombstone without data; its history stays.
    Delete,
    /// The data of an earlier moment was written again.
    Restore,
}

impl Operation {
    /// The name used in the API, the database and the hash chain.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Restore => "restore",
        }
    }

    /// The operation of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Restore].into_iter().find(|op| op.as_str() == name)
    }

    /// Whether a version can have done this to a state that was live or not (`None`: not known), with data or without.
    #[must_use]
    pub fn fits(self, live: Option<bool>, has_data: bool) -> bool {
        match self {
            Self::Create => live != Some(true) && has_data,
            Self::Update => live != Some(false) && has_data,
            Self::Delete => live != Some(false) && !has_data,
            Self::Restore => has_data,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
