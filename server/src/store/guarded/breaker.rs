//! The circuit breaker: after too many failures the store is left alone for a while, then tried with one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stateloft_core::api::{BreakerState, BreakerStatus, ForcedState};

use super::record::{Outage, Record, Turn};
use crate::store::{StoreError, Ticks};

/// How long a store that answers others is left alone after a first try that failed.
const FIRST_REST: Duration = Duration::from_secs(2);

/// Counts failures and says whether calls may go through. No lock is held while a call runs.
pub(super) struct Breaker {
    clock: Arc<dyn Ticks>,
    threshold: u32,
    recovery: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    forced: Option<ForcedState>,
    /// Failures that count: each success since takes one away, and time does not.
    failures: u32,
    /// Tries in a row that failed: a store may answer others and still not do what it is asked.
    failed_tries: u32,
    /// Grows whenever the phase changes, so that calls from before say nothing about now.
    epoch: u64,
    opened: u64,
    refused: u64,
    record: Record,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { since: Duration },
    HalfOpen { probing: bool },
}

/// A call that may go through. Dropped without a verdict it counts as nothing.
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    epoch: u64,
}

impl Breaker {
    pub(super) fn new(threshold: u32, recovery: Duration, clock: Arc<dyn Ticks>) -> Self {
        let inner = Inner {
            phase: Phase::Closed,
            forced: None,
            failures: 0,
            failed_tries: 0,
            epoch: 0,
            opened: 0,
            refused: 0,
            record: Record::new(clock.now()),
        };
        Self { clock, threshold: threshold.max(1), recovery, inner: Mutex::new(inner) }
    }

    /// Lets a call through, or refuses it at once.
    pub(super) fn enter(&self) -> Result<Pass<'_>, StoreError> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let retry_after = match (inner.forced, inner.phase) {
            (Some(ForcedState::Closed), _) | (None, Phase::Closed) => None,
            (Some(ForcedState::Open), _) => Some(self.recovery),
            (None, Phase::Open { since }) => {
                let left = (since + self.recovery).saturating_sub(now);
                if left.is_zero() {
                    inner.turn(Phase::HalfOpen { probing: true }, now);
                    None
                } else {
                    Some(left)
                }
            }
            (None, Phase::HalfOpen { probing: false }) => {
                inner.phase = Phase::HalfOpen { probing: true };
                None
            }
            // Somebody tries it right now.
            (None, Phase::HalfOpen { probing: true }) => Some(Duration::from_secs(1)),
        };
        match retry_after {
            None => Ok(Pass { breaker: self, epoch: inner.epoch }),
            Some(retry_after) => {
                inner.refused += 1;
                Err(StoreError::NotAsked { retry_after })
            }
        }
    }

    /// Somebody else has heard from the store: the next call may try it, though it would have been left alone for longer.
    /// Where tries have failed all the same it is left alone twice as long each time.
    pub(super) fn heard_from(&self) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let Phase::Open { since } = inner.phase else { return };
        let rest = match inner.failed_tries {
            0 => Duration::ZERO,
            tries => FIRST_REST.saturating_mul(1 << (tries - 1).min(16)),
        };
        if inner.forced.is_none() && now >= since + rest {
            inner.turn(Phase::HalfOpen { probing: false }, now);
        }
    }

    /// As if nothing had ever failed.
    pub(super) fn reset(&self) {
        let now = self.clock.now();
        let mut inner = self.lock();
        inner.forced = None;
        inner.failures = 0;
        inner.failed_tries = 0;
        inner.turn(Phase::Closed, now);
    }

    /// Keeps it open or closed until it is reset.
    pub(super) fn force(&self, state: ForcedState) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let phase = inner.phase;
        if state == ForcedState::Open && inner.state() != BreakerState::Open {
            inner.opened += 1;
        }
        inner.forced = Some(state);
        inner.turn(phase, now);
    }

    pub(super) fn status(&self) -> BreakerStatus {
        let now = self.clock.now();
        let inner = self.lock();
        let retry_after_seconds = match (inner.forced, inner.phase) {
            (None, Phase::Open { since }) => Some((since + self.recovery).saturating_sub(now).as_secs_f64()),
            _ => None,
        };
        BreakerStatus {
            state: inner.state(),
            forced: inner.forced.is_some(),
            failure_count: f64::from(inner.failures),
            failure_threshold: self.threshold,
            recovery_timeout_seconds: self.recovery.as_secs_f64(),
            retry_after_seconds,
            opened: inner.opened,
            refused: inner.refused,
        }
    }

    /// Its changes of the last 24 hours, the oldest first; the first says how it was before.
    pub(super) fn turns(&self) -> Vec<Turn> {
        let now = self.clock.now();
        self.lock().record.turns(now)
    }

    /// When the store failed.
    pub(super) fn outage(&self) -> Outage {
        let now = self.clock.now();
        self.lock().record.outage(now)
    }

    /// Whether calls are refused, not by hand, and the store began to fail less than so long ago.
    pub(super) fn is_shut_and_failing_for_less_than(&self, age: Duration) -> bool {
        let now = self.clock.now();
        let inner = self.lock();
        let shut = match (inner.forced, inner.phase) {
            (None, Phase::Open { since }) => since + self.recovery > now,
            (None, Phase::HalfOpen { probing }) => probing,
            (None, Phase::Closed) | (Some(_), _) => false,
        };
        shut && inner.record.outage(now).failing.is_some_and(|failing| failing < age)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn state(&self) -> BreakerState {
        match (self.forced, self.phase) {
            (Some(ForcedState::Closed), _) | (None, Phase::Closed) => BreakerState::Closed,
            (Some(ForcedState::Open), _) | (None, Phase::Open { .. }) => BreakerState::Open,
            (None, Phase::HalfOpen { .. }) => BreakerState::HalfOpen,
        }
    }

    fn turn(&mut self, phase: Phase, now: Duration) {
        self.phase = match phase {
            // Whoever was trying is from before.
            Phase::HalfOpen { .. } if self.forced.is_some() => Phase::HalfOpen { probing: false },
            other => other,
        };
        self.epoch += 1;
        self.record.turned(now, self.state(), self.forced.is_some());
    }
}

impl Pass<'_> {
    /// The store answered.
    pub(super) fn succeeded(self) {
        let now = self.breaker.clock.now();
        let mut inner = self.breaker.lock();
        if inner.epoch != self.epoch {
            return;
        }
        inner.record.succeeded(now);
        inner.failures = inner.failures.saturating_sub(1);
        if matches!(inner.phase, Phase::HalfOpen { .. }) {
            inner.failures = 0;
            inner.failed_tries = 0;
            inner.turn(Phase::Closed, now);
        }
    }

    /// The store has not come yet. It is an outage, but no failure that opens anything: nobody keeps it from coming.
    pub(super) fn was_not_there(self) {
        let now = self.breaker.clock.now();
        self.breaker.lock().record.failed(now);
    }

    /// The store failed, or did not answer in time.
    pub(super) fn failed(self) {
        let now = self.breaker.clock.now();
        let mut inner = self.breaker.lock();
        if inner.epoch != self.epoch {
            return;
        }
        inner.record.failed(now);
        inner.failures = inner.failures.saturating_add(1);
        let enough = inner.failures >= self.breaker.threshold;
        let was_a_try = matches!(inner.phase, Phase::HalfOpen { .. });
        inner.failed_tries = inner.failed_tries.saturating_add(u32::from(was_a_try));
        if inner.forced.is_none() && (enough || was_a_try) {
            inner.opened += 1;
            inner.turn(Phase::Open { since: now }, now);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut inner = self.breaker.lock();
        // Still the same phase: the call ended without a verdict, so that the next one may try.
        if inner.epoch == self.epoch && inner.phase == (Phase::HalfOpen { probing: true }) {
            inner.phase = Phase::HalfOpen { probing: false };
        }
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
