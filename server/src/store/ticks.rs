//! Time that only goes forward, for ages and time-outs. It is never recorded, and setting the machine's clock does not
//! move it.

use std::time::{Duration, Instant};

/// Says how much time has passed since some fixed moment.
pub trait Ticks: Send + Sync {
    /// The time passed.
    fn now(&self) -> Duration;
}

/// The machine's steady clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemTicks(Instant);

impl Default for SystemTicks {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Ticks for SystemTicks {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}
