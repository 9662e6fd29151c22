//! The last 24 hours in steps, in memory: of a fixed size, with gaps where nothing was measured.

use std::collections::VecDeque;
use std::time::Duration;

use stateloft_core::api::StatusSeries;
use stateloft_core::model::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// What only grows while the server runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) saves: u64,
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) too_slow: u64,
    pub(super) replays: u64,
    pub(super) impossible: u64,
}

impl Totals {
    /// What has come since an earlier moment.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            saves: self.saves.saturating_sub(earlier.saves),
            hits: self.hits.saturating_sub(earlier.hits),
            misses: self.misses.saturating_sub(earlier.misses),
            too_slow: self.too_slow.saturating_sub(earlier.too_slow),
            replays: self.replays.saturating_sub(earlier.replays),
            impossible: self.impossible.saturating_sub(earlier.impossible),
        }
    }
}

/// What is measured for one step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measured {
    pub(super) totals: Totals,
    pub(super) commit_p99_ms: Option<f64>,
    pub(super) event_lag_p99_ms: Option<f64>,
    pub(super) pool_in_use: Option<u32>,
    pub(super) fallback_pending: Option<u64>,
}

/// One step that is over.
#[derive(Debug, Clone, Copy)]
struct Step {
    number: u64,
    measured: Measured,
    /// What came within it.
    came: Totals,
}

#[derive(Debug)]
pub(super) struct Series {
    started: Timestamp,
    step: Duration,
    steps: VecDeque<Step>,
    /// As it was before the first step that is kept, and after the last one.
    before: Totals,
    after: Totals,
}

impl Series {
    pub(super) fn new(started: Timestamp, step: Duration) -> Self {
        let (before, after) = Default::default();
        Self { started, step, steps: VecDeque::new(), before, after }
    }

    /// Ends a step. After a pause of the machine or of the process the steps in between stay empty.
    pub(super) fn end_step(&mut self, now: Timestamp, measured: Measured) {
        // Whoever rings for the end of a step may be a little early or late.
        let over = (self.steps_until(now) + 0.5).floor();
        let number = whole(over - 1.0).max(self.next());
        let came = measured.totals.since(self.after);
        self.after = measured.totals;
        self.steps.push_back(Step { number, measured, came });
        while self.steps.front().is_some_and(|first| number - first.number >= self.window()) {
            if let Some(gone) = self.steps.pop_front() {
                self.before = gone.measured.totals;
            }
        }
    }

    /// What has come in the last 24 hours.
    pub(super) fn came(&self, now: Totals) -> Totals {
        now.since(self.before)
    }

    /// The steps up to now; the last one is still running.
    pub(super) fn answer(&self, now: Timestamp, running: Measured) -> StatusSeries {
        let last = whole(self.steps_until(now)).max(self.next());
        let first = (last + 1).saturating_sub(self.window());
        let mut answer = StatusSeries {
            now,
            since: after(self.started, self.step.mul_f64(as_float(first))),
            step_seconds: self.step.as_secs_f64(),
            ..StatusSeries::default()
        };
        let running = Step { number: last, measured: running, came: running.totals.since(self.after) };
        let mut steps = self.steps.iter().chain([&running]).filter(|step| step.number >= first).peekable();
        for number in first..=last {
            push(&mut answer, steps.next_if(|step| step.number == number));
        }
        answer
    }

    fn next(&self) -> u64 {
        self.steps.back().map_or(0, |last| last.number + 1)
    }

    fn window(&self) -> u64 {
        whole((DAY.as_secs_f64() / self.step.as_secs_f64()).ceil()).max(1)
    }

    fn steps_until(&self, now: Timestamp) -> f64 {
        let micros = u64::try_from(now.micros() - self.started.micros()).unwrap_or_default();
        Duration::from_micros(micros).as_secs_f64() / self.step.as_secs_f64()
    }
}

fn push(answer: &mut StatusSeries, step: Option<&Step>) {
    let measured = step.map(|step| &step.measured);
    let rate = step.and_then(|step| {
        let reads = step.came.hits + step.came.misses;
        (reads > 0).then(|| (as_float(step.came.hits) / as_float(reads) * 10_000.0).round() / 100.0)
    });
    answer.commit_p99_ms.push(measured.and_then(|m| m.commit_p99_ms));
    answer.saves.push(step.map(|step| step.came.saves));
    answer.pool_in_use.push(measured.and_then(|m| m.pool_in_use));
    answer.cache_hit_rate.push(rate);
    answer.event_lag_p99_ms.push(measured.and_then(|m| m.event_lag_p99_ms));
    answer.fallback_pending.push(measured.and_then(|m| m.fallback_pending));
}

pub(super) fn after(time: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.micros().saturating_add(micros))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of steps, floored at 0")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52, for drawing")]
fn as_float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: f64) -> Timestamp {
        after(Timestamp::from_micros(1_000_000), Duration::from_mins(1).mul_f64(number))
    }

    fn series() -> Series {
        Series::new(minute(0.0), Duration::from_mins(1))
    }

    fn with(saves: u64, hits: u64, misses: u64) -> Measured {
        Measured {
            totals: Totals { saves, hits, misses, too_slow: saves, ..Totals::default() },
            commit_p99_ms: Some(as_float(saves)),
            ..Measured::default()
        }
    }

    #[test]
    fn it_begins_with_the_server_and_ends_with_the_running_step() {
        let mut series = series();
        let answer = series.answer(minute(0.5), with(3, 0, 0));
        assert_eq!((answer.since, answer.saves), (minute(0.0), vec![Some(3)]));
        series.end_step(minute(1.001), with(10, 3, 1));
        series.end_step(minute(1.999), with(10, 3, 1));
        let answer = series.answer(minute(2.2), with(14, 4, 1));
        assert_eq!(answer.saves, [Some(10), Some(0), Some(4)]);
        assert_eq!(answer.cache_hit_rate, [Some(75.0), None, Some(100.0)]);
        assert_eq!(answer.pool_in_use, [None; 3]);
        assert_eq!(answer.commit_p99_ms, [Some(10.0), Some(10.0), Some(14.0)]);
    }

    #[test]
    fn a_pause_is_a_gap_and_a_clock_that_goes_back_does_not_undo_anything() {
        let mut series = series();
        series.end_step(minute(1.0), with(1, 0, 0));
        series.end_step(minute(5.0), with(2, 0, 0));
        assert_eq!(
            series.answer(minute(5.5), with(2, 0, 0)).saves,
            [Some(1), None, None, None, Some(1), Some(0)]
        );
        series.end_step(minute(3.0), with(4, 0, 0));
        let answer = series.answer(minute(3.5), with(4, 0, 0));
        assert_eq!(answer.saves[4..], [Some(1), Some(2), Some(0)]);
    }

    #[test]
    fn a_day_is_kept_and_no_more() {
        let mut series = series();
        for n in 1..=3_000_u32 {
            series.end_step(minute(f64::from(n)), with(u64::from(n), 0, 0));
        }
        let answer = series.answer(minute(3_000.5), with(3_001, 0, 0));
        assert_eq!((answer.saves.len(), answer.since), (1_440, minute(1_561.0)));
        assert!(answer.saves.iter().all(|saves| *saves == Some(1)), "{:?}", answer.saves);
        assert_eq!(series.came(with(3_001, 0, 0).totals).too_slow, 1_441);
    }
}
