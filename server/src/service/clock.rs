//! Time and ids come in from outside, so that tests can say what they are.

use std::time::{SystemTime, UNIX_EPOCH};

use statehouse_core::model::Timestamp;

/// Says what time it is.
pub trait Clock: Send + Sync {
    /// The present time (UTC).
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the only place of the program that reads it for a recorded time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Gives out ids that were never given out before.
pub trait IdSource: Send + Sync {
    /// A new id, sortable by `now`.
    fn new_id(&self, now: Timestamp) -> String;
}

/// Ids of UUID version 7, which say when they were made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Uuids;

impl IdSource for Uuids {
    fn new_id(&self, now: Timestamp) -> String {
        crate::ids::timed_id(now)
    }
}
