//! How the HTTP side behaves; everything a deployment or a test may want otherwise.

use std::time::Duration;

use crate::config::{ApiConfig, ApiKey, Origins, Quotas};

/// Bytes of a request's body at most.
pub const BODY_MAX: usize = 16 << 20;
/// Bytes of an import's body at most: its files as texts.
pub const IMPORT_MAX: usize = 48 << 20;

/// How the HTTP side behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What requests must present.
    pub key: Option<ApiKey>,
    /// Pages of other origins that may use the API.
    pub origins: Origins,
    /// Time and size limits.
    pub limits: Limits,
}

impl Options {
    /// What a configuration says, with the usual limits.
    #[must_use]
    pub fn from_config(api: &ApiConfig) -> Self {
        let limits = Limits { sessions: api.quotas.sessions, ..Limits::default() };
        Self { key: api.key.clone(), origins: api.origins.clone(), limits }
    }
}

/// Time and size limits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// A connection on which nothing is asked for this long is closed.
    pub idle_head_timeout: Duration,
    /// A request head that has not come whole so long after its first byte is given up, and so is a new connection that
    /// sends nothing.
    pub head_timeout: Duration,
    /// A body may take this long, and longer only as far as it keeps up [`body_rate`](Self::body_rate).
    pub body_timeout: Duration,
    /// Bytes a second that a body must bring on average after that.
    pub body_rate: u32,
    /// A connection that takes none of what is written to it for this long is closed.
    pub write_timeout: Duration,
    /// What is under way when the server is stopped gets this long to finish.
    pub stop_timeout: Duration,
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// WebSocket and SSE sessions at a time; more are refused (429).
    pub sessions: u64,
    /// Wrong keys that an address may present at once (then 429).
    pub wrong_keys: u32,
    /// And one more after each of these.
    pub wrong_key_every: Duration,
    /// Subscriptions of one WebSocket session.
    pub subscriptions: usize,
    /// A session is pinged this often.
    pub ping_every: Duration,
    /// A session that has sent nothing, not even a pong, for this long is closed.
    pub idle_timeout: Duration,
    /// A session that is behind and takes nothing for this long is closed (1013).
    pub slow_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle_head_timeout: Duration::from_mins(1),
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            body_rate: 16 << 10,
            write_timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(10),
            connections: 10_000,
            sessions: Quotas::default().sessions,
            wrong_keys: 10,
            wrong_key_every: Duration::from_secs(6),
            subscriptions: 100,
            ping_every: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(1),
            slow_timeout: Duration::from_secs(30),
        }
    }
}
