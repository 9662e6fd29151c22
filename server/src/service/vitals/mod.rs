//! How the server has been: measured once a step for the series of the last 24 hours, looked at more often for incidents.
//! Nothing here asks the store anything, so that looking changes nothing.

mod details;
mod incident;
mod series;

use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use stateloft_core::api::{BreakerState, BreakerTurn, LatencyStatus, StatusSeries};
use stateloft_core::model::{Timestamp, Version};
use tokio::time::{MissedTickBehavior, interval};

use super::Service;
use crate::store::guarded::Outage;
use incident::{Incidents, Sight};
use series::{Measured, Series, Totals};

/// How often it is looked whether something is wrong.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What is kept in memory about the past.
#[derive(Debug)]
pub(super) struct Vitals {
    started: Timestamp,
    series: Mutex<Series>,
    incidents: Mutex<Incidents>,
    /// The store's engine as it last said it.
    engine: Mutex<String>,
    /// The most connections in use at once in the step that runs.
    pool_peak: Mutex<Option<u32>>,
}

impl Vitals {
    pub(super) fn new(started: Timestamp, step: Duration) -> Self {
        Self {
            started,
            series: Mutex::new(Series::new(started, step)),
            incidents: Mutex::new(Incidents::new(started)),
            engine: Mutex::default(),
            pool_peak: Mutex::default(),
        }
    }

    /// The store has said what it is.
    pub(super) fn met(&self, engine: &str) {
        engine.clone_into(&mut lock(&self.engine));
    }

    /// Versions came of a replay.
    pub(super) fn replayed(&self, versions: &[Version]) {
        if let (Some(first), Some(last)) = (versions.first(), versions.last()) {
            lock(&self.incidents).replayed(first.seq, last.seq);
        }
    }
}

/// Measures and looks until the service is gone.
pub(super) async fn keep_measuring(service: Weak<Service>, step: Duration) {
    let step = step.max(Duration::from_millis(1));
    let (mut ends, mut looks) = (interval(step), interval(LOOK_EVERY.min(step)));
    for ticks in [&mut ends, &mut looks] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
    }
    loop {
        let step_ends = tokio::select! {
            _ = ends.tick() => true,
            _ = looks.tick() => false,
        };
        let Some(service) = service.upgrade() else { return };
        service.look();
        if step_ends {
            service.end_step();
        }
    }
}

impl Service {
    /// The last 24 hours in steps.
    #[must_use]
    pub fn series(&self) -> StatusSeries {
        let now = self.now();
        self.look();
        let measured = self.measured(self.writer.latency().untaken(), self.events.lag_untaken());
        let mut answer = lock(&self.vitals.series).answer(now, measured);
        answer.breaker = self.turns_since(answer.since, now);
        answer
    }

    fn turns_since(&self, since: Timestamp, now: Timestamp) -> Vec<BreakerTurn> {
        let guard = self.settings.resilience.guard.as_ref();
        let turns = guard.map(|guard| guard.breaker_turns()).unwrap_or_default();
        let mut turns: Vec<_> = turns
            .into_iter()
            .map(|turn| BreakerTurn {
                at: before(now, turn.ago).max(since),
                state: turn.state,
                forced: turn.forced,
            })
            .collect();
        // Of those from before, the last one says how it was then.
        let earlier = turns.iter().take_while(|turn| turn.at <= since).count();
        turns.drain(..earlier.saturating_sub(1));
        turns
    }

    fn end_step(&self) {
        let measured = self.measured(self.writer.latency().take(), self.events.lag_take());
        *lock(&self.vitals.pool_peak) = None;
        lock(&self.vitals.series).end_step(self.now(), measured);
    }

    fn measured(&self, commit: LatencyStatus, lag: LatencyStatus) -> Measured {
        let p99 = |status: LatencyStatus| (status.count > 0).then_some(status.p99_ms);
        Measured {
            totals: self.totals(),
            commit_p99_ms: p99(commit),
            event_lag_p99_ms: p99(lag),
            pool_in_use: *lock(&self.vitals.pool_peak),
            fallback_pending: self.settings.resilience.fallback.as_ref().map(|f| f.counts().pending),
        }
    }

    fn totals(&self) -> Totals {
        let cache = self.settings.resilience.cache.as_ref().map(|cache| cache.cache_status());
        let sessions = self.events.listeners().totals();
        Totals {
            saves: self.writer.counts().saved(),
            hits: cache.as_ref().map_or(0, |cache| cache.hits),
            misses: cache.as_ref().map_or(0, |cache| cache.misses),
            too_slow: sessions.too_slow,
            replays: sessions.replays,
            impossible: sessions.impossible,
        }
    }

    /// Looks whether something is wrong. Costs a few locks.
    fn look(&self) {
        let peak = self.store.take_pool_peak();
        {
            let mut highest = lock(&self.vitals.pool_peak);
            *highest = (*highest).max(peak);
        }
        let now = self.now();
        let sight = self.sight(now);
        let engine = lock(&self.vitals.engine).clone();
        lock(&self.vitals.incidents).see(sight, now, &engine);
    }

    fn sight(&self, now: Timestamp) -> Sight {
        let resilience = &self.settings.resilience;
        let guard = resilience.guard.as_ref();
        let breaker = guard.map(|guard| guard.breaker());
        let Outage { failing, last } = guard.map(|guard| guard.outage()).unwrap_or_default();
        let open = breaker.as_ref().filter(|breaker| breaker.state != BreakerState::Closed);
        Sight {
            closed: open.is_none(),
            by_hand: open.is_some_and(|breaker| breaker.forced),
            opened: breaker.as_ref().map_or(0, |breaker| breaker.opened),
            failing_since: failing.map(|ago| before(now, ago)),
            failed_last: last.map(|(from, to)| (before(now, from), before(now, to))),
            journal: resilience.fallback.as_ref().map(|f| f.counts()).unwrap_or_default(),
            refused: self.writer.counts().refused(),
            unknown: self.writer.counts().unknown(),
        }
    }
}

/// A moment so long before another.
fn before(now: Timestamp, ago: Duration) -> Timestamp {
    let micros = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_sub(micros))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
