//! What the breaker has been through: its changes of the last 24 hours, and when the store failed.

use std::collections::VecDeque;
use std::time::Duration;

use stateloft_core::api::BreakerState;

const DAY: Duration = Duration::from_hours(24);
/// Changes kept at most. One that opens and tries every minute makes 2,880 a day.
const TURNS: usize = 4_096;

/// The breaker changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How long ago.
    pub ago: Duration,
    /// What it has been since then.
    pub state: BreakerState,
    /// By hand.
    pub forced: bool,
}

/// When the store failed, and when it answered again, as far as calls have told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage {
    /// Calls fail, the first of them so long ago.
    pub failing: Option<Duration>,
    /// The last time that calls failed and then one did not: how long ago the first failed, and how long ago one
    /// succeeded.
    pub last: Option<(Duration, Duration)>,
}

#[derive(Debug)]
pub(super) struct Record {
    /// Times are those of the breaker's clock.
    turns: VecDeque<(Duration, BreakerState, bool)>,
    failing: Option<Duration>,
    last: Option<(Duration, Duration)>,
}

impl Record {
    pub(super) fn new(now: Duration) -> Self {
        Self { turns: VecDeque::from([(now, BreakerState::Closed, false)]), failing: None, last: None }
    }

    /// The breaker is so from now on.
    pub(super) fn turned(&mut self, now: Duration, state: BreakerState, forced: bool) {
        if self.turns.back().is_some_and(|(_, was, by_hand)| (*was, *by_hand) == (state, forced)) {
            return;
        }
        self.turns.push_back((now, state, forced));
        // The last one before the 24 hours says how it was when they began.
        while self.turns.len() > TURNS
            || self.turns.get(1).is_some_and(|(at, ..)| now.saturating_sub(*at) > DAY)
        {
            self.turns.pop_front();
        }
    }

    pub(super) fn failed(&mut self, now: Duration) {
        self.failing.get_or_insert(now);
    }

    pub(super) fn succeeded(&mut self, now: Duration) {
        if let Some(since) = self.failing.take() {
            self.last = Some((since, now));
        }
    }

    pub(super) fn turns(&self, now: Duration) -> Vec<Turn> {
        let turn = |(at, state, forced): &(Duration, BreakerState, bool)| Turn {
            ago: now.saturating_sub(*at),
            state: *state,
            forced: *forced,
        };
        self.turns.iter().map(turn).collect()
    }

    pub(super) fn outage(&self, now: Duration) -> Outage {
        let ago = |at: Duration| now.saturating_sub(at);
        Outage { failing: self.failing.map(ago), last: self.last.map(|(from, to)| (ago(from), ago(to))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_kept_for_a_day_and_the_one_before_that() {
        let hours = |n| Duration::from_hours(n);
        let mut record = Record::new(Duration::ZERO);
        record.turned(hours(1), BreakerState::Open, false);
        record.turned(hours(2), BreakerState::Open, false);
        record.turned(hours(2), BreakerState::Closed, false);
        record.turned(hours(27), BreakerState::Open, true);
        let turns: Vec<_> =
            record.turns(hours(28)).iter().map(|turn| (turn.ago, turn.state, turn.forced)).collect();
        assert_eq!(turns, [(hours(26), BreakerState::Closed, false), (hours(1), BreakerState::Open, true)]);
        for n in 0..20_000 {
            let state = if n % 2 == 0 { BreakerState::Closed } else { BreakerState::Open };
            record.turned(hours(30), state, false);
        }
        assert_eq!(record.turns(hours(30)).len(), TURNS);
    }

    #[test]
    fn an_outage_begins_with_its_first_failure() {
        let seconds = |n| Duration::from_secs(n);
        let mut record = Record::new(Duration::ZERO);
        record.succeeded(seconds(1));
        assert_eq!(record.outage(seconds(1)), Outage::default());
        record.failed(seconds(10));
        record.failed(seconds(20));
        assert_eq!(record.outage(seconds(30)).failing, Some(seconds(20)));
        record.succeeded(seconds(40));
        assert_eq!(
            record.outage(seconds(45)),
            Outage { failing: None, last: Some((seconds(35), seconds(5))) }
        );
    }
}
