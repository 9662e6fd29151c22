//! Taking in a bundle.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::hash::{ChainHash, ContentHash};
use crate::model::{Seq, StateId, StateKey, StateType, Timestamp, Version, VersionNumber};

/// Answer to `POST /import/bundle`: the whole bundle is in, or with `merge=true` what of it could be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BundleImported {
    /// Versions that were written.
    pub versions: u64,
    /// Versions that were there already, and are the same.
    pub passed_over: u64,
    /// Snapshots that were written.
    pub snapshots: u64,
    /// Records of restores that were written.
    pub restores: u64,
    /// The seq of the bundle's last version; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>))]
    pub last_seq: Option<Seq>,
    /// Its chain hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub chain_hash: Option<ChainHash>,
    /// What became of its states, where it was merged. Absent where the store has become the very same, seq for seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<BundleMerged>,
}

/// What became of the states of a bundle in a store that has versions of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BundleMerged {
    /// The store's seq when the merge began.
    pub before: Seq,
    /// And when it ended.
    pub seq: Seq,
    /// States that the store never had: they came in with the history that the bundle has of them.
    pub new: u64,
    /// States whose history the bundle continues: what came later was written behind it.
    pub continued: u64,
    /// States of which the store has everything that the bundle has.
    pub unchanged: u64,
    /// States that went on differently here and there: nothing of them was written.
    pub conflicts: u64,
    /// Those, by type and id, as many as one answer holds.
    pub conflicting: Vec<MergeConflict>,
    /// Snapshots and restores that are not carried over: they name places of another log. As many as one answer holds.
    pub left_out: Vec<LeftOut>,
    /// Conflicts, snapshots and restores beyond these.
    pub unlisted: u64,
}

/// Why a state is not merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ConflictReason {
    /// Up to some version both are the same, and then each goes on in its own way.
    Diverged,
    /// No version that the bundle has of it is one that the store has where its history begins.
    Unrelated,
    /// The store's last version is one that the bundle goes on from, but was saved here after what would follow it.
    LaterHere,
    /// What the store has of it cannot be read.
    Damaged,
    /// Nobody has named its type, and the server refuses such.
    UnknownType,
}

/// A state that both have and that is not merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeConflict {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// Why.
    pub reason: ConflictReason,
    /// Its last version in the store; absent if there is none, or it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<MergeSide>,
    /// Its last version in the bundle.
    pub there: MergeSide,
    /// Somebody saved it here while it was merged: versions of the bundle were written before that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partly: bool,
}

impl MergeConflict {
    /// The state.
    #[must_use]
    pub fn key(&self) -> StateKey {
        StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() }
    }
}

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MergeSide {
    /// Place in its store.
    pub seq: Seq,
    /// Place in the state there.
    pub version: VersionNumber,
    /// SHA-256 of the data's text; absent for a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub content_hash: Option<ContentHash>,
    /// When it was saved first (UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub saved_at: Timestamp,
    /// Who saved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<Arc<str>>,
}

impl MergeSide {
    /// Describes a version.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        Self {
            seq: version.seq,
            version: version.version,
            content_hash: version.content_hash,
            saved_at: version.effective_at(),
            user_id: version.author.clone(),
        }
    }
}

/// What a line of a bundle names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Named {
    /// A snapshot.
    Snapshot,
    /// An applied restore.
    Restore,
}

/// A snapshot or a restore of the bundle that is not carried over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// Which of both.
    pub kind: Named,
    /// Its name.
    pub id: String,
    /// The place that it names in the bundle's log; of a restore the last version that it wrote.
    pub seq: Seq,
    /// The store has another of that name. If not, its log is not the bundle's up to there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub name_taken: bool,
}
