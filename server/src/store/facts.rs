//! What a store can tell of itself besides its status.

use std::time::{Duration, Instant};

use stateloft_core::api::StoreSizes;
use stateloft_core::model::Timestamp;

/// What a store can tell of itself; nothing where it cannot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFacts {
    /// The layout of its tables.
    pub layout: Option<i64>,
    /// Bytes on disk.
    pub sizes: Option<StoreSizes>,
    /// Its connections.
    pub pool: Option<PoolFacts>,
    /// What time it is to the database, where that has a clock of its own, and when it said so.
    pub time: Option<(Timestamp, Instant)>,
}

/// Connections to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolFacts {
    /// In use now.
    pub busy: u32,
    /// Open and not in use.
    pub idle: u32,
    /// Open at most.
    pub max: u32,
    /// The longest that anybody waited for one in the last 24 hours, and how long ago that was.
    pub longest_wait: Option<(Duration, Duration)>,
}
