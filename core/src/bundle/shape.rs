//! The lines of a bundle.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::{RestoreRecord, Scope};
use crate::hash::ChainHash;
use crate::model::{Seq, Snapshot, SnapshotId, SnapshotKind, Timestamp, Version};

/// The name of the format.
pub const FORMAT: &str = "stateloft-bundle";
/// The newest form of it that this program writes and reads.
pub const FORMAT_VERSION: u32 = 1;

/// The first line: what the bundle is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// When it was made.
    pub made_at: Timestamp,
    /// By which program.
    pub made_by: String,
    /// The first seq that it is about.
    pub from: Seq,
    /// The last one.
    pub to: Seq,
    /// Which states it is about.
    pub scope: Scope,
    /// Whether it has every version of them in that range, or of each only the last.
    pub history: bool,
    /// The chain hash right before `from`, where every version of the range is there ([`Self::is_complete`]). Absent also where
    /// the store could not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_hash_before: Option<ChainHash>,
}

impl Header {
    /// Whether every version of the range belongs into the bundle: it is a stretch of a log, and can become one again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.history && self.scope == Scope::default()
    }
}

/// In the place of a version that the store could not give as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DamagedLine {
    /// Its seq.
    pub seq: Seq,
    /// What is wrong with it.
    pub reason: String,
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// Lines before it.
    pub lines: u64,
    /// Versions among them.
    pub versions: u64,
    /// Snapshots among them.
    pub snapshots: u64,
    /// Restores among them.
    pub restores: u64,
    /// Versions that could not be given.
    pub damaged: u64,
    /// Whether there is none of those.
    pub whole: bool,
    /// The seq of the last version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<Seq>,
    /// Its chain hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_chain_hash: Option<ChainHash>,
    /// SHA-256 of all lines before this one, each with its line break.
    pub sha256: String,
}

/// A line that was read and is as it was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The first one.
    Header(Box<Header>),
    /// A version.
    Version(Box<Version>),
    /// The place of one.
    Damaged(DamagedLine),
    /// A snapshot.
    Snapshot(Snapshot),
    /// An applied restore.
    Restore(Box<RestoreRecord>),
    /// The last one.
    Trailer(Trailer),
}

/// A snapshot as its line has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotLine {
    id: SnapshotId,
    seq: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<Arc<str>>,
    created_at: Timestamp,
    kind: SnapshotKind,
}

impl From<&Snapshot> for SnapshotLine {
    fn from(snapshot: &Snapshot) -> Self {
        let Snapshot { id, seq, description, author, created_at, kind } = snapshot.clone();
        Self { id, seq, description, author, created_at, kind }
    }
}

impl From<SnapshotLine> for Snapshot {
    fn from(line: SnapshotLine) -> Self {
        let SnapshotLine { id, seq, description, author, created_at, kind } = line;
        Self { id, seq, description, author, created_at, kind }
    }
}

/// How a line of each kind begins, up to its first member.
pub(super) mod starts {
    pub(in super::super) const HEADER: &str =
        "{\"line\":\"header\",\"format\":\"stateloft-bundle\",\"format_version\":";
    pub(in super::super) const VERSION: &str = "{\"line\":\"version\",";
    pub(in super::super) const DAMAGED: &str = "{\"line\":\"damaged\",";
    pub(in super::super) const SNAPSHOT: &str = "{\"line\":\"snapshot\",";
    pub(in super::super) const RESTORE: &str = "{\"line\":\"restore\",\"record\":";
    pub(in super::super) const TRAILER: &str = "{\"line\":\"trailer\",";
}
