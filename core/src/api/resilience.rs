//! What stands between the server and its store: circuit breaker, cache, fallback journal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::VersionView;
use crate::json::Document;
use crate::model::{Origin, Seq, StateKey, Timestamp};

/// Whether calls reach the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BreakerState {
    /// They do.
    Closed,
    /// They are refused at once.
    Open,
    /// One at a time does, to try whether the store is back.
    HalfOpen,
}

/// The circuit breaker in front of the store. Answer to `GET /breaker`, `POST /breaker/reset` and `POST /breaker/force`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakerStatus {
    /// Whether calls reach the store.
    pub state: BreakerState,
    /// Set by hand; stays so until `POST /breaker/reset`.
    pub forced: bool,
    /// Failures that count today: each loses half its weight in one recovery time, a success takes one away.
    pub failure_count: f64,
    /// So many open the breaker.
    pub failure_threshold: u32,
    /// Seconds that an open breaker stays open before one call is tried.
    pub recovery_timeout_seconds: f64,
    /// Seconds until a call is tried again, while it is open and not forced.
    pub retry_after_seconds: Option<f64>,
    /// How often it has opened since the server started.
    pub opened: u64,
    /// Calls it has refused since then.
    pub refused: u64,
}

/// What `POST /breaker/force` may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ForcedState {
    /// Let every call through, whatever fails.
    Closed,
    /// Refuse every call.
    Open,
}

/// Body of `POST /breaker/force`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ForceBreaker {
    /// What it is to be until it is reset.
    pub state: ForcedState,
}

/// One cache, since the server started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CacheStatus {
    /// What it holds.
    pub name: String,
    /// Entries now.
    pub size: u64,
    /// Entries at most.
    pub max_size: u64,
    /// Seconds after which an entry is read again.
    pub ttl_seconds: f64,
    /// Reads answered from it.
    pub hits: u64,
    /// Reads that went to the store.
    pub misses: u64,
    /// Hits of all reads, in percent with two decimals; 0 before the first read.
    pub hit_rate: f64,
    /// Entries that made room for others.
    pub evictions: u64,
    /// Entries that became too old.
    pub expirations: u64,
    /// How often old entries were looked for.
    pub cleanup_runs: u64,
}

/// The fallback journal. Answer to `GET /fallback`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FallbackStatus {
    /// Whether writes go to the journal now.
    pub active: bool,
    /// Writes that wait to be replayed.
    pub pending: u64,
    /// When the oldest of them was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub oldest: Option<Timestamp>,
    /// Bytes of the journal.
    pub size_bytes: u64,
    /// Writes replayed since the server started.
    pub replayed: u64,
    /// Conflicts that wait for a decision.
    pub conflicts: u64,
    /// Bytes of a torn end that were set aside when the journal was opened.
    pub torn_bytes: u64,
    /// Why the journal accepts nothing, if it does not.
    pub fault: Option<String>,
    /// Files of the journal's folder in which torn ends and what could not be read were set aside, by name.
    #[serde(default)]
    pub set_aside: Vec<SetAside>,
}

/// A file in which a part of the journal was set aside. `stateloft journal list` shows what can be read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAside {
    /// Its name: `torn-N`, `damaged-N` or `heads-damaged-N`.
    pub file: String,
    /// How long it is.
    pub bytes: u64,
    /// How many records of the journal it holds that were acknowledged and cannot be read, at least.
    pub lost: u64,
}

/// A write that is safe in the fallback journal and not yet in the store: the body of a 202.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingWrite {
    /// Its id. The version that comes of it carries it as `batch_id`.
    pub pending_id: String,
    /// Where it is safe: always `fallback`.
    pub durable: String,
    /// When it was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub accepted_at: Timestamp,
    /// Writes that are replayed before it.
    pub ahead: u64,
}

/// One change of a write that could not be replayed, with the three sides of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConflictSide {
    /// Which state.
    pub key: StateKey,
    /// `save`, `restore` or `delete`.
    pub change: String,
    /// The version that the writer saw or named, if that is known.
    pub base_version: Option<u64>,
    /// The data of that version; absent where it is not known, did not exist or was deleted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub base: Option<Document>,
    /// The head when the write was to be replayed; absent where the state never existed.
    pub theirs_version: Option<VersionView>,
    /// The head's data; absent for a tombstone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub theirs: Option<Document>,
    /// The data that was to be written; absent for a delete.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub mine: Option<Document>,
}

/// A write of the journal that could not be replayed. It is kept until somebody settles it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FallbackConflict {
    /// The pending id that the writer was given.
    pub pending_id: String,
    /// When it was accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub accepted_at: Timestamp,
    /// When it could not be replayed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub refused_at: Timestamp,
    /// The store's last seq then.
    pub seq: Seq,
    /// Why, for people.
    pub reason: String,
    /// Who wrote.
    pub user_id: Option<String>,
    /// Why it was written.
    pub description: Option<String>,
    /// Where it comes from; absent where the writer said nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Origin>))]
    pub origin: Option<Arc<Origin>>,
    /// Each change of the write.
    pub sides: Vec<ConflictSide>,
}

/// Answer to `GET /fallback/conflicts`, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FallbackConflicts {
    /// Those that wait for a decision.
    pub conflicts: Vec<FallbackConflict>,
    /// Files of the journal's folder that hold a conflict and cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<DamagedFile>,
}

/// A file that cannot be read, though it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DamagedFile {
    /// Its name.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// Which side of a conflict is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeepSide {
    /// The write of the journal: it is written now, onto the head that the conflict shows.
    Mine,
    /// What is in the store: nothing is written.
    Theirs,
}

/// Body of `POST /fallback/conflicts/{pending_id}/settle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SettleConflict {
    /// Which side is kept.
    pub keep: KeepSide,
    /// Who decides; the writer of the conflict when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why; the writer's reason when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
