//! How a pool of connections is used: how many at once, and how long somebody waited for one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::PoolFacts;
use super::longest::{Long, Longest};

const DAY: Duration = Duration::from_hours(24);

/// Watches a pool. Noting costs little.
#[derive(Debug)]
pub(super) struct PoolWatch {
    started: Instant,
    waits: Longest<()>,
    /// The most connections in use at once since it was asked last.
    peak: AtomicU32,
}

impl Default for PoolWatch {
    fn default() -> Self {
        Self { started: Instant::now(), waits: Longest::of(DAY), peak: AtomicU32::new(0) }
    }
}

impl PoolWatch {
    /// Somebody has got a connection for which they waited since then; so many are in use now.
    pub(super) fn got(&self, since: Instant, busy: u32) {
        self.waits.note(self.started.elapsed(), since.elapsed(), ());
        self.peak.fetch_max(busy, Ordering::Relaxed);
    }

    /// The most in use at once since this was asked last.
    pub(super) fn take_peak(&self, busy: u32) -> u32 {
        self.peak.swap(0, Ordering::Relaxed).max(busy)
    }

    /// How the pool is, of which so many connections are open and idle.
    pub(super) fn facts(&self, open: u32, idle: usize, max: u32) -> PoolFacts {
        let idle = u32::try_from(idle).unwrap_or(open).min(open);
        let now = self.started.elapsed();
        let longest = self.waits.get(now).map(|Long { took, at, .. }| (took, now.saturating_sub(at)));
        PoolFacts { busy: open - idle, idle, max, longest_wait: longest }
    }
}
