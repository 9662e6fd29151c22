//! What a save leaves for later, so that it costs no more than its version: the places of states in the lists by change,
//! the counters of activity, and the note of where the log ends. Whoever writes catches up with all of it at once, every
//! few thousand versions or every minute; what is behind the mark is exact, and what is after it is read from the log.

use stateloft_core::model::{Seq, Timestamp};

/// Versions at the end of the log that are not worth the work yet.
const LAG: u64 = 2_000;
/// Versions worked off in one go at most, so that after a large restore no save waits long.
const STEP: u64 = 10_000;
/// After so long there is little to do, and it is done to the end.
const PERIOD_MICROS: i64 = 60_000_000;

/// How far the upkeep is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upkeep {
    /// Up to here everything is done.
    pub(super) done: Seq,
    /// When it was last looked at.
    at: Timestamp,
}

impl Upkeep {
    /// Of a store that was just opened.
    pub(super) fn new(done: Seq) -> Self {
        Self { done, at: Timestamp::default() }
    }

    /// Up to which seq it should be done now, if it is time.
    pub(super) fn due(&self, tip: Seq, now: Timestamp) -> Option<Seq> {
        let behind = tip.0.saturating_sub(self.done.0);
        if behind >= 2 * LAG {
            return Some(Seq(self.done.0 + (behind - LAG).min(STEP)));
        }
        let long_ago = now.micros().saturating_sub(self.at.micros()) >= PERIOD_MICROS;
        (behind > 0 && long_ago).then_some(tip)
    }

    /// Up to which seq it should be done before the store is closed, if there is something to do.
    pub(super) fn rest(&self, tip: Seq) -> Option<Seq> {
        let behind = tip.0.saturating_sub(self.done.0);
        (behind > 0).then(|| Seq(self.done.0 + behind.min(STEP)))
    }

    /// Notes that it was done up to this seq.
    pub(super) fn note(&mut self, done: Seq, now: Timestamp) {
        *self = Self { done, at: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_micros(n * 1_000_000)
    }

    #[test]
    fn it_is_due_after_many_versions_and_after_a_while() {
        let mut upkeep = Upkeep::new(Seq(100));
        assert_eq!(upkeep.due(Seq(100), second(1_000)), None, "nothing to do");
        assert_eq!(upkeep.due(Seq(101), second(1_000)), Some(Seq(101)), "nobody knows since when");
        upkeep.note(Seq(101), second(1_000));
        assert_eq!(upkeep.due(Seq(4_100), second(1_059)), None);
        assert_eq!(upkeep.due(Seq(4_101), second(1_059)), Some(Seq(2_101)), "many: the last ones may wait");
        assert_eq!(upkeep.due(Seq(4_100), second(1_060)), Some(Seq(4_100)), "a minute: everything");
        assert_eq!(upkeep.due(Seq(100_000), second(1_060)), Some(Seq(10_101)), "very many: in steps");
    }

    #[test]
    fn before_the_end_nothing_waits() {
        let upkeep = Upkeep::new(Seq(5));
        assert_eq!(upkeep.rest(Seq(5)), None);
        assert_eq!(upkeep.rest(Seq(6)), Some(Seq(6)));
        assert_eq!(upkeep.rest(Seq(100_000)), Some(Seq(10_005)));
    }
}
