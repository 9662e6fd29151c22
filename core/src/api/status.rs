//! How the server and its store are.

use serde::{Deserialize, Serialize};

use super::{Alarm, AlarmCode, BreakerStatus, CacheStatus, FallbackStatus, MirrorStatus, Unreadable};
use crate::model::{Mode, Seq, Timestamp};

/// Answer to `GET /health`: the fields old clients read, made honest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `healthy`, or `degraded` with status 503.
    pub status: String,
    /// The server's time (UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// Whether the store answers.
    pub database_connected: bool,
    /// `sqlite`, `postgresql`, ...
    pub database_type: String,
}

/// Answer to `GET /readyz`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ready {
    /// `ready`; a server that is not answers 503 with a problem document.
    pub status: String,
    /// What is wrong all the same: none of it keeps the server from reading and writing. Only the kinds, as no key is
    /// asked for here; `GET /status` says more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmCode>,
}

/// A duration's distribution over the last minutes, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LatencyStatus {
    /// How many were measured.
    pub count: u64,
    /// Half were faster, in ms.
    pub p50_ms: f64,
    /// 99 of 100 were faster, in ms.
    pub p99_ms: f64,
    /// The slowest, in ms.
    pub max_ms: f64,
}

/// The store, as it describes itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreStatus {
    /// `sqlite`, `memory`, ...
    pub kind: String,
    /// Name and version of the engine, such as `SQLite 3.51.3`.
    pub engine: String,
    /// Whether it answered just now.
    pub up: bool,
    /// Bytes on disk, where the store knows.
    pub size_bytes: Option<u64>,
    /// Connections in use and in all, where the store has a pool.
    pub pool: Option<(u32, u32)>,
    /// What is promised, as sentences for people: durability, atomicity, order.
    pub promises: Vec<String>,
}

/// What the server holds in memory for requests and sessions, and how much it may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryStatus {
    /// Bytes that it may hold in all; caches have bounds of their own.
    pub limit: u64,
    /// Bytes held of the part that is kept for small things alone.
    pub small_held: u64,
    /// What it is held for. The shares are together more than the limit: what one does not need is there for another.
    pub classes: Vec<MemoryClass>,
}

/// One thing that memory is held for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryClass {
    /// `bodies`, `reads`, `streams` or `work`.
    pub name: String,
    /// Bytes held now.
    pub held: u64,
    /// Bytes at most.
    pub limit: u64,
    /// Requests refused (503 `overloaded`) since the server started.
    pub refused: u64,
}

/// How much there is of what is limited, in `GET /status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quotas {
    /// Snapshots. Those that restores take count, but are never refused.
    pub snapshots: Quota,
    /// WebSocket and SSE sessions.
    pub sessions: Quota,
}

/// How much there is of one thing, and may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quota {
    /// So many are there; null as long as that is not known.
    pub used: Option<u64>,
    /// More are refused.
    pub limit: u64,
}

/// Answer to `GET /status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// Name and version of the program.
    pub version: String,
    /// When it started.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// The server's time.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub now: Timestamp,
    /// The store.
    pub store: StoreStatus,
    /// The last seq. Like the counts below null as long as the store has not been reached since the server started.
    pub seq: Option<Seq>,
    /// Live states.
    pub states_live: Option<u64>,
    /// Deleted states.
    pub states_deleted: Option<u64>,
    /// Live states whose last version breaks a rule.
    pub states_invalid: Option<u64>,
    /// Snapshots.
    pub snapshots: Option<u64>,
    /// Runs that held their lease when leases were looked at last, less than a second ago; null where they cannot be looked at.
    pub runs_live: Option<u64>,
    /// Commit latency as callers saw it, over the last 5 minutes.
    pub commit: LatencyStatus,
    /// Commit to message sent, over the last 5 minutes. What is replayed for who comes later is not in it.
    pub event_lag: LatencyStatus,
    /// Open WebSocket and SSE connections.
    pub listeners: u64,
    /// The chain was verified from the start up to here, since the server started.
    pub verified_seq: Option<Seq>,
    /// What is wrong with the version after that, if something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_fault: Option<String>,
    /// Whether requests need a key.
    pub key_required: bool,
    /// How much there is of what is limited.
    #[serde(default)]
    pub quotas: Quotas,
    /// The store does not answer: seq and counts are what was last known, at this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub counts_as_of: Option<Timestamp>,
    /// The circuit breaker, if the store has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerStatus>,
    /// What is held in memory; absent from servers that do not count it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryStatus>,
    /// The caches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caches: Vec<CacheStatus>,
    /// The fallback journal, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FallbackStatus>,
    /// The mirror of numeric fields in an InfluxDB, if fields are named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<MirrorStatus>,
    /// What is wrong now; empty while all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
}

impl Status {
    /// States, live and deleted.
    #[must_use]
    pub fn states(&self) -> Option<u64> {
        Some(self.states_live? + self.states_deleted?)
    }
}

/// Answer to `GET /overview`: what the console's first page draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// The last seq.
    pub seq: Seq,
    /// Start of the window.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// End of the window.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub until: Timestamp,
    /// Seconds that one bucket spans.
    pub bucket_seconds: u64,
    /// Versions by bucket and author; a bucket without versions is absent.
    pub buckets: Vec<ActivityBucket>,
    /// Snapshots and restores in the window, oldest first.
    pub marks: Vec<Mark>,
    /// Authors that wrote in the window, the busiest first.
    pub authors: Vec<AuthorActivity>,
    /// Every type that has states, the built-in ones first.
    pub types: Vec<TypeCount>,
}

/// Versions of one author in one bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActivityBucket {
    /// Which bucket, from 0 at `since`.
    pub index: u32,
    /// Who; absent where no author was given.
    pub author: Option<String>,
    /// How many versions.
    pub count: u64,
    /// The last seq in the bucket by this author.
    pub last_seq: Seq,
}

/// What a mark on the time strip stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum MarkKind {
    /// A snapshot.
    Snapshot,
    /// An applied restore.
    Restore,
}

/// A snapshot or restore on the time strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mark {
    /// Which kind.
    pub kind: MarkKind,
    /// Its id.
    pub id: String,
    /// Its seq.
    pub seq: Seq,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
}

/// How busy an author was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthorActivity {
    /// Who; absent where no author was given.
    pub author: Option<String>,
    /// Versions in the window.
    pub count: u64,
    /// Their last version.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub last_at: Timestamp,
}

/// How many states a type has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TypeCount {
    /// Which type.
    pub state_type: String,
    /// Live states.
    pub live: u64,
    /// Deleted states.
    pub deleted: u64,
    /// Live states that break a rule.
    pub invalid: u64,
    /// Versions in the window.
    pub versions: u64,
    /// How strictly it is validated.
    pub mode: Mode,
}

/// Answer to `GET /verify?after=SEQ&limit=N`: one stretch of the chain, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyReport {
    /// Whether every version in the stretch has the hashes it should have, and no seq or version number is missing.
    pub ok: bool,
    /// The stretch starts after this seq.
    pub after: Seq,
    /// Everything in the stretch up to here is as it was written.
    pub verified_to: Seq,
    /// How far the stretch was looked at: the `after` of the next request, behind damage too.
    #[serde(default)]
    pub checked_to: Seq,
    /// The store's last seq; verification is complete when both are equal.
    pub seq: Seq,
    /// What is wrong with the first bad version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Every bad version of the stretch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Unreadable>,
}
