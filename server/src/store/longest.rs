//! The longest of many durations within a window that moves with time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Two that are closer together than this count as one, so that the memory stays small.
const GRAIN: Duration = Duration::from_mins(1);

/// The longest duration of the last `window`, and what it was. Exact to a minute.
#[derive(Debug)]
pub(super) struct Longest<T> {
    window: Duration,
    /// Each is shorter than those before it: the first is the longest, and the next one when that is too old.
    kept: Mutex<VecDeque<Long<T>>>,
}

/// A duration that was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Long<T> {
    /// How long it took.
    pub(super) took: Duration,
    /// When it ended, as the caller counts time.
    pub(super) at: Duration,
    /// What it was.
    pub(super) what: T,
}

impl<T: Clone> Longest<T> {
    pub(super) fn of(window: Duration) -> Self {
        Self { window, kept: Mutex::default() }
    }

    /// Notes a duration that ends now.
    pub(super) fn note(&self, now: Duration, took: Duration, what: T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.back().is_some_and(|last| last.took <= took) {
            kept.pop_back();
        }
        if kept.back().is_none_or(|last| now.saturating_sub(last.at) >= GRAIN) {
            kept.push_back(Long { took, at: now, what });
        }
        while kept.front().is_some_and(|first| now.saturating_sub(first.at) > self.window) {
            kept.pop_front();
        }
    }

    /// The longest.
    pub(super) fn get(&self, now: Duration) -> Option<Long<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|long| now.saturating_sub(long.at) <= self.window).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn the_longest_is_forgotten_when_it_is_too_old_and_the_next_one_shows() {
        let longest = Longest::of(10 * MINUTE);
        assert_eq!(longest.get(Duration::ZERO), None);
        let millis = Duration::from_millis;
        for (minute, took) in [(0, 5), (1, 90), (2, 7), (4, 40), (5, 3)] {
            longest.note(minute * MINUTE, millis(took), took);
        }
        let at = |minute: u32| longest.get(minute * MINUTE).map(|long| long.what);
        assert_eq!((at(5), at(11), at(12), at(15), at(16)), (Some(90), Some(90), Some(40), Some(3), None));
    }

    #[test]
    fn however_many_come_few_are_kept() {
        let longest = Longest::of(10 * MINUTE);
        for n in 0..100_000_u64 {
            longest.note(Duration::from_millis(n * 10), Duration::from_micros(200_000 - n), ());
        }
        assert!(longest.kept.lock().unwrap().len() <= 17);
        let first = longest.get(Duration::from_secs(1_000)).unwrap();
        assert_eq!((first.at, first.took), (Duration::from_mins(7), Duration::from_millis(158)));
    }
}
