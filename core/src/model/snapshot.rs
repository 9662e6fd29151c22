//! A name for a moment of the store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{KeyError, Seq, StateId, Timestamp};

/// The name of a snapshot; the same characters as a state id.
pub type SnapshotId = StateId;

/// Who made a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SnapshotKind {
    /// Somebody asked for it.
    #[default]
    Manual,
    /// Taken by the server right before a restore.
    BeforeRestore,
}

impl SnapshotKind {
    /// The name used in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::BeforeRestore => "before_restore",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Manual, Self::BeforeRestore].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A name for a `seq`. Making one costs the same at any store size, because nothing is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub id: SnapshotId,
    /// The moment it names: everything up to and including this version.
    pub seq: Seq,
    /// Why it was made.
    pub description: Option<Arc<str>>,
    /// Who made it.
    pub author: Option<Arc<str>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it came about.
    pub kind: SnapshotKind,
}

impl Snapshot {
    /// The name of the snapshot taken before a restore at this seq.
    pub fn before_restore_id(seq: Seq) -> Result<SnapshotId, KeyError> {
        StateId::new(&format!("before-restore-{seq}"))
    }
}
