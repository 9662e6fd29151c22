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
    /// The pause before a commit's first retry; each further one is twice as long. The pauses before a read's retries
    /// double, too, but are all together shorter than this. Every pause is shortened by chance, to half of it at most, so
    /// that many servers do not come back at once.
    pub delay: Duration,
    /// A commit that finds the breaker open, which reads may have opened, waits until the store has failed for so long.
    pub bridge: Duration,
    /// So many failures open the breaker.
    pub failure_threshold: u32,
    /// So long it stays open before one call is tried.
    pub recovery_timeout: Duration,
}

impl GuardSettings {
    /// The pause before the next retry of a read that was tried so often.
    pub(super) fn pause_of_read(&self, attempt: u32) -> Duration {
        self.delay / (1 << self.attempts.saturating_sub(attempt).min(16))
    }

    /// The pause before the next retry of a commit that was tried so often.
    pub(super) fn pause_of_commit(&self, attempt: u32) -> Duration {
        self.delay.saturating_mul(1 << (attempt - 1).min(16))
    }

    /// How long all pauses of a commit are that is tried so often in all.
    #[must_use]
    pub fn bridged_by(&self, attempts: u32) -> Duration {
        self.delay.saturating_mul((1 << attempts.saturating_sub(1).min(16)) - 1)
    }
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            attempts: 4,
            commit_attempts: 4,
            delay: Duration::from_secs(1),
            bridge: Duration::ZERO,
            failure_threshold: 5,
            recovery_timeout: Duration::from_mins(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_of_a_read_are_together_shorter_than_one_of_a_commit() {
        let settings = GuardSettings::default();
        let reads: Duration = (1..settings.attempts).map(|attempt| settings.pause_of_read(attempt)).sum();
        let commits: Duration = (1..settings.attempts).map(|attempt| settings.pause_of_commit(attempt)).sum();
        assert_eq!((reads.as_millis(), commits.as_secs()), (875, 7));
        assert_eq!(settings.bridged_by(settings.attempts), commits);
        assert_eq!(settings.bridged_by(1), Duration::ZERO);
    }
}
