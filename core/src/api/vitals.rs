//! How the server has been over the last day, who listens to it, and what its store knows of itself.

use serde::{Deserialize, Serialize};

use super::BreakerState;
use crate::model::{Seq, Timestamp};

/// Answer to `GET /status/series`: the last 24 hours in steps, kept in memory since the server started. All lists have
/// the same length, one element a step, the oldest first, the last one still running; null where nothing was measured,
/// also for a step that the server slept through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusSeries {
    /// The server's time.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub now: Timestamp,
    /// When the first step begins: 24 hours ago, or when the server started.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// How long a step is.
    pub step_seconds: f64,
    /// 99 of 100 commits were faster, in ms.
    pub commit_p99_ms: Vec<Option<f64>>,
    /// Versions that this server made durable.
    pub saves: Vec<Option<u64>>,
    /// The most connections to the store in use at once.
    pub pool_in_use: Vec<Option<u32>>,
    /// Hits of all reads of the cache, in percent.
    pub cache_hit_rate: Vec<Option<f64>>,
    /// 99 of 100 messages were sent sooner after their commit, in ms.
    pub event_lag_p99_ms: Vec<Option<f64>>,
    /// Writes that waited in the fallback journal at the end of the step.
    pub fallback_pending: Vec<Option<u64>>,
    /// Every change of the circuit breaker in that time, the oldest first; the first element says how it was at `since`.
    pub breaker: Vec<BreakerTurn>,
}

/// The circuit breaker changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BreakerTurn {
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// What it has been since then.
    pub state: BreakerState,
    /// By hand.
    pub forced: bool,
}

/// Answer to `GET /status/details`: what `GET /status` leaves out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatusDetails {
    /// The server's time.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub now: Timestamp,
    /// Since when the server knows what it says here: its start.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub known_since: Timestamp,
    /// Since when everything works; absent while something does not.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub working_since: Option<Timestamp>,
    /// The last time that the store was away, or still is; absent if it never was since `known_since`.
    pub incident: Option<Incident>,
    /// How many incidents there were since `known_since`.
    pub incidents: u64,
    /// Versions of everything.
    pub versions: Versions,
    /// Bytes on disk, where the store can tell.
    pub sizes: Option<StoreSizes>,
    /// Connections to the store, where it has a pool.
    pub pool: Option<PoolStatus>,
    /// The read that took the store longest in the last hour, waiting for a connection included.
    pub slowest_read: Option<SlowestRead>,
    /// Free bytes where the fallback journal is, if there is one.
    pub journal_disk_free_bytes: Option<u64>,
    /// WebSocket and SSE sessions, the furthest behind first; at most 200 of them.
    pub listeners: Vec<ListenerStatus>,
    /// How many there are in all.
    pub listeners_total: u64,
    /// What became of sessions in the last 24 hours, or since `known_since`.
    pub sessions: SessionCounts,
}

/// The store was away, or was kept away by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// The first call that failed; for what was done by hand, when it was done.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub began_at: Timestamp,
    /// When the store answered again; absent while it does not.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub answered_at: Option<Timestamp>,
    /// When everything was as it should be again: the breaker closed, the journal empty.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ended_at: Option<Timestamp>,
    /// The engine, with its version.
    pub engine: String,
    /// It began with the breaker opened by hand; nothing need have failed.
    pub by_hand: bool,
    /// How often the breaker opened.
    pub opened: u64,
    /// Writes that went to the fallback journal.
    pub journaled: u64,
    /// Those of them that were replayed.
    pub replayed: u64,
    /// Those that were set aside as conflicts.
    pub conflicts: u64,
    /// Those that are neither written, nor set aside, nor waiting: always 0, or this program has a fault. Counted from
    /// what was accepted and what was done; absent while writes wait.
    pub lost: Option<u64>,
    /// Writes that were refused with 503; nothing of them was written.
    pub refused: u64,
    /// Writes that were answered with 503 `outcome_unknown`.
    pub unknown: u64,
    /// The first version that a replay made.
    pub first_seq: Option<Seq>,
    /// The last one.
    pub last_seq: Option<Seq>,
}

/// Versions of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Versions {
    /// The program.
    pub program: String,
    /// The store's engine.
    pub engine: String,
    /// The layout of the store's tables.
    pub layout: Option<i64>,
    /// The console in the program: the first digits of its page's SHA-256; absent where the program was built without.
    pub console: Option<String>,
    /// The API.
    pub api: String,
}

/// Bytes on disk, indexes included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoreSizes {
    /// The states: their keys and where their heads are.
    pub heads_bytes: u64,
    /// Every version with its data, the heads' included.
    pub history_bytes: u64,
    /// Snapshots, restores, counters.
    pub other_bytes: u64,
    /// How long ago this was measured, in seconds.
    pub age_seconds: u64,
}

/// Connections to the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PoolStatus {
    /// In use now.
    pub busy: u32,
    /// Open and not in use.
    pub idle: u32,
    /// Open at most.
    pub max: u32,
    /// The longest that anybody waited for one in the last 24 hours, in ms.
    pub longest_wait_ms: Option<f64>,
    /// When that was.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub longest_wait_at: Option<Timestamp>,
}

/// A read that took long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlowestRead {
    /// What was read.
    pub what: String,
    /// How long it took.
    pub took_ms: f64,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
}

/// One session that listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ListenerStatus {
    /// `websocket` or `sse`.
    pub kind: String,
    /// The name that the client gave itself (`client=` in the address), if it did.
    pub client: Option<String>,
    /// The address it comes from.
    pub address: Option<String>,
    /// What it listens to; empty if it has not subscribed yet.
    pub topics: Vec<String>,
    /// It was sent everything up to here.
    pub seq: Seq,
    /// Versions after that.
    pub behind: u64,
    /// Versions sent to it in the last hour.
    pub sent_last_hour: u64,
    /// When it connected.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub connected_at: Timestamp,
}

/// What became of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionCounts {
    /// Closed because they took nothing.
    pub too_slow: u64,
    /// The name or address of the last of these.
    pub last_too_slow: Option<String>,
    /// Subscriptions that began with what was missed before.
    pub replays: u64,
    /// Those that could not.
    pub impossible: u64,
}
