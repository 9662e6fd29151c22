//! Ids come in from outside, so that tests can say what they are.

use stateloft_core::model::Timestamp;

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
