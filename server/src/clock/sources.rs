//! The machine's two clocks: the one that people set, and the one that only counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stateloft_core::model::Timestamp;

/// Two clocks of one machine.
pub trait Sources: Send + Sync {
    /// The clock on the wall, which people and time servers set.
    fn wall(&self) -> Timestamp;

    /// The time since some fixed moment, also that in which the machine slept. Nobody sets it.
    fn elapsed(&self) -> Duration;
}

/// This machine's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Sources for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is where everybody else gets it from")]
    fn wall(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    /// Linux counts sleep only in this clock, so that a night's sleep is not a jump.
    #[cfg(target_os = "linux")]
    fn elapsed(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }

    /// Other systems have no such clock that all of them know: after a sleep the clock on the wall counts as one that jumped.
    #[cfg(not(target_os = "linux"))]
    fn elapsed(&self) -> Duration {
        static STARTED: std::sync::LazyLock<std::time::Instant> =
            std::sync::LazyLock::new(std::time::Instant::now);
        STARTED.elapsed()
    }
}
