//! Snapshots.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::AppliedRestore;
use crate::model::{Seq, Snapshot, SnapshotId, SnapshotKind, Timestamp};

/// Body of `POST /snapshots`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateSnapshot {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot_id: SnapshotId,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The moment to name: any seq of the log; the present one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub seq: Option<Seq>,
}

/// A snapshot; also the answer to `POST /snapshots`, with the fields that old clients read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotView {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot_id: SnapshotId,
    /// Always true: a failure is an error status.
    pub success: bool,
    /// A sentence, as old clients expect it.
    pub message: String,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// The moment it names.
    pub seq: Seq,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Option<Arc<str>>,
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<Arc<str>>,
    /// How it came about.
    pub kind: SnapshotKind,
}

impl SnapshotView {
    /// Describes a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            snapshot_id: snapshot.id.clone(),
            success: true,
            message: format!("Snapshot of everything up to seq {}", snapshot.seq),
            timestamp: snapshot.created_at,
            seq: snapshot.seq,
            description: snapshot.description.clone(),
            user_id: snapshot.author.clone(),
            kind: snapshot.kind,
        }
    }
}

/// Answer to `GET /snapshots`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotList {
    /// This page.
    pub snapshots: Vec<SnapshotView>,
    /// How many there are in all.
    pub total: u64,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answer to `POST /snapshots/{snapshot_id}/restore`: the old clients' fields, and what really happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnapshotRestored {
    /// Which snapshot.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub snapshot_id: SnapshotId,
    /// Always true: a failure is an error status.
    pub success: bool,
    /// A sentence that states the counts.
    pub message: String,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// What was written; absent when every state already equalled the snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<AppliedRestore>,
}
