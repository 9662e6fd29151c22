//! How long something took over the last minutes, as a distribution that forgets.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stateloft_core::api::LatencyStatus;

const SLICES: usize = 10;
const SLICE: Duration = Duration::from_secs(30);
/// Eight steps to a power of two: a bucket is at most 12.5 % wide.
const STEPS: u32 = 8;
const BUCKETS: usize = 256;

/// Durations over the last 5 minutes, in buckets of growing width: recording is a few instructions and the size is
/// fixed, however many there are.
#[derive(Debug)]
pub struct Latency {
    started: Instant,
    recorded: Mutex<Recorded>,
}

#[derive(Debug)]
struct Recorded {
    slices: [Slice; SLICES],
    /// Everything since it was taken last.
    untaken: Slice,
}

#[derive(Debug, Clone)]
struct Slice {
    number: u64,
    counts: [u64; BUCKETS],
    max: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        let slices = std::array::from_fn(|_| Slice::of(0));
        Self { started: Instant::now(), recorded: Mutex::new(Recorded { slices, untaken: Slice::of(0) }) }
    }
}

impl Latency {
    /// Counts one duration.
    pub fn record(&self, took: Duration) {
        self.record_at(took, self.started.elapsed());
    }

    /// The distribution of what was recorded in the last 5 minutes.
    #[must_use]
    pub fn status(&self) -> LatencyStatus {
        self.status_at(self.started.elapsed())
    }

    /// The distribution of what was recorded since it was taken last; it begins anew.
    pub(crate) fn take(&self) -> LatencyStatus {
        std::mem::replace(&mut self.recorded().untaken, Slice::of(0)).status()
    }

    /// The same, without beginning anew.
    pub(crate) fn untaken(&self) -> LatencyStatus {
        self.recorded().untaken.status()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_at(&self, took: Duration, age: Duration) {
        let number = slice_number(age);
        let mut recorded = self.recorded();
        recorded.untaken.add(took);
        let place = usize::try_from(number).unwrap_or_default() % SLICES;
        let slice = &mut recorded.slices[place];
        if slice.number != number {
            *slice = Slice::of(number);
        }
        slice.add(took);
    }

    fn status_at(&self, age: Duration) -> LatencyStatus {
        let newest = slice_number(age);
        let recorded = self.recorded();
        let mut all = Slice::of(newest);
        for slice in recorded.slices.iter().filter(|s| s.number + SLICES as u64 > newest) {
            all.counts.iter_mut().zip(slice.counts).for_each(|(sum, count)| *sum += count);
            all.max = all.max.max(slice.max);
        }
        all.status()
    }
}

impl Slice {
    fn of(number: u64) -> Self {
        Self { number, counts: [0; BUCKETS], max: Duration::ZERO }
    }

    fn add(&mut self, took: Duration) {
        self.counts[bucket_of(took)] += 1;
        self.max = self.max.max(took);
    }

    fn status(&self) -> LatencyStatus {
        let count = self.counts.iter().sum();
        // A bucket's upper edge may lie above the slowest duration that was really seen.
        let quantile = |percent: u64| milliseconds(upper_edge(&self.counts, count, percent).min(self.max));
        LatencyStatus { count, p50_ms: quantile(50), p99_ms: quantile(99), max_ms: milliseconds(self.max) }
    }
}

fn slice_number(age: Duration) -> u64 {
    age.as_secs() / SLICE.as_secs()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Below 8 µs a bucket a microsecond, then eight buckets to a power of two.
fn bucket_of(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let power = micros.ilog2();
    let bucket = if power < 3 {
        micros
    } else {
        u64::from((power - 2) * STEPS) + ((micros >> (power - 3)) - u64::from(STEPS))
    };
    usize::try_from(bucket).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn edge_of(bucket: usize) -> Duration {
    let bucket = bucket as u64;
    let steps = u64::from(STEPS);
    let micros = if bucket < steps {
        bucket + 1
    } else {
        let power = bucket / steps + 2;
        (steps + bucket % steps + 1).saturating_mul(1 << (power - 3))
    };
    Duration::from_micros(micros)
}

fn upper_edge(counts: &[u64; BUCKETS], total: u64, percent: u64) -> Duration {
    let rank = (total * percent).div_ceil(100).max(1);
    let mut seen = 0;
    let found = counts.iter().position(|count| {
        seen += count;
        seen >= rank
    });
    found.map_or(Duration::ZERO, edge_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_and_cover_what_falls_into_them() {
        let mut last = 0;
        for micros in (1..5_000).chain((1..1_000).map(|n| n * 100_003)) {
            let took = Duration::from_micros(micros);
            let bucket = bucket_of(took);
            assert!(bucket >= last || micros == 100_003, "{micros}");
            last = bucket;
            assert!(edge_of(bucket) > took, "{micros}");
            assert!(edge_of(bucket).as_secs_f64() <= took.as_secs_f64() * 1.13 + 2e-6, "{micros}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_window() {
        let latency = Latency::default();
        assert_eq!(latency.status(), LatencyStatus::default());
        for micros in 1..=1000 {
            latency.record_at(Duration::from_micros(micros), Duration::from_secs(10));
        }
        let status = latency.status_at(Duration::from_secs(299));
        assert_eq!(status.count, 1000);
        assert!((0.49..0.58).contains(&status.p50_ms), "{status:?}");
        assert!((0.98..=1.0).contains(&status.p99_ms), "{status:?}");
        assert!((status.max_ms - 1.0).abs() < 1e-9, "{status:?}");
        assert_eq!(latency.status_at(Duration::from_secs(330)).count, 0);
        assert_eq!(latency.untaken(), status);
        assert_eq!(latency.take(), status);
        assert_eq!(latency.take(), LatencyStatus::default());
    }
}
