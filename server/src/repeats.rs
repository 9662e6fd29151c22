//! What would fill a log: something that fails again and again is said when it begins, then once a minute with how often
//! it happened, and when it has ended.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines about one thing.
const PAUSE: Duration = Duration::from_mins(1);

/// One thing that may happen often. Nothing is lost: what is not said is counted.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Mutex<Option<Counted>>);

#[derive(Debug)]
struct Counted {
    said: Instant,
    unsaid: u64,
    total: u64,
}

impl Repeats {
    /// Nothing has happened yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// It has happened. Answers how often since it was last said, if it is to be said now.
    pub(crate) fn happened(&self) -> Option<u64> {
        self.happened_at(Instant::now())
    }

    fn happened_at(&self, now: Instant) -> Option<u64> {
        let mut counted = self.counted();
        let Some(known) = counted.as_mut() else {
            *counted = Some(Counted { said: now, unsaid: 0, total: 1 });
            return Some(1);
        };
        known.unsaid += 1;
        known.total += 1;
        if now.saturating_duration_since(known.said) < PAUSE {
            return None;
        }
        known.said = now;
        Some(std::mem::take(&mut known.unsaid))
    }

    /// It has ended. Answers how often it happened, if it did.
    pub(crate) fn ended(&self) -> Option<u64> {
        self.counted().take().map(|counted| counted.total)
    }

    fn counted(&self) -> MutexGuard<'_, Option<Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_when_it_begins_once_a_minute_and_when_it_ends() {
        let (repeats, start) = (Repeats::new(), Instant::now());
        let after = |seconds| repeats.happened_at(start + Duration::from_secs(seconds));
        assert_eq!(repeats.ended(), None);
        assert_eq!(after(0), Some(1));
        let said: Vec<_> = (1..150).filter_map(after).collect();
        assert_eq!(said, [60, 60]);
        assert_eq!(repeats.ended(), Some(150));
        assert_eq!(repeats.ended(), None);
        assert_eq!(after(150), Some(1), "it begins again");
    }
}
