//! How patient a guard is.

use std::time::Duration;

/// How patient a guard is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardSettings {
    /// A call that takes longer, retries included, has failed.
    pub timeout: Duration,
    /// How often a read is tried in all.
    pub attempts: u32,
    /// How often a commit of which nothing can have been written is tried in all.
    pub commit_attempts: u32,
    /// The pause before the first retry; each further one is twice as long. Every pause is shortened by chance, to half
    /// of it at most, so that many servers do not come back at once.
    pub delay: Duration,
    /// So many failures open the breaker.
    pub failure_threshold: u32,
    /// So long it stays open before one call is tried.
    pub recovery_timeout: Duration,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            attempts: 4,
            commit_attempts: 4,
            delay: Duration::from_secs(1),
            failure_threshold: 5,
            recovery_timeout: Duration::from_mins(1),
        }
    }
}
