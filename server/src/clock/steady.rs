//! A clock that is not believed at once when it jumps.
//!
//! A recorded time cannot be taken back, and times never go back: one moment in which the machine's clock is ten years ahead
//! would set the time of every later version. A clock that lags does no such harm. So what comes from the wall is held
//! against the time that has passed, and where both disagree, times go on as they did until there is reason to believe
//! the wall.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stateloft_core::model::Timestamp;

use super::{Clock, Machine, Sources};

/// Time servers correct by so much, and it is followed at once.
pub(crate) const STEP: Duration = Duration::from_secs(10);
/// A jump up to [`DAY`] is believed when it has stood for so long.
const STOOD: Duration = Duration::from_mins(15);
/// A longer one when it has stood for a day: that is time enough for somebody to see the alarm.
const DAY: Duration = Duration::from_hours(24);
/// A longer one only when somebody says that it is right. A store that nobody wrote to for so long is rarer than a clock
/// that is wrong by so much.
const FAR: Duration = Duration::from_hours(400 * 24);

/// The machine's clock disagrees with the time that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// What the machine's clock says.
    pub wall: Timestamp,
    /// What is recorded meanwhile.
    pub now: Timestamp,
    /// For how long it has been so.
    pub stood: Duration,
    /// When it will be believed if it goes on so; `None` if somebody must confirm it.
    pub believed_in: Option<Duration>,
}

/// A clock over two clocks.
#[derive(Debug, Default)]
pub struct Steady<S = Machine> {
    sources: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// At this time on the one clock it was that time, in microseconds. `None` before it was looked at.
    anchor: Option<(Duration, i64)>,
    /// The last recorded time, once it is known.
    last: Option<i64>,
    /// The clock was compared with the log.
    compared: bool,
    /// By how many microseconds the wall is ahead, and since when.
    jump: Option<(i64, Duration)>,
}

impl<S: Sources> Steady<S> {
    /// A clock over these.
    pub fn over(sources: S) -> Self {
        Self { sources, state: Mutex::default() }
    }

    fn look(&self) -> (i64, Duration, MutexGuard<'_, State>) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (self.sources.wall().micros(), self.sources.elapsed(), state)
    }
}

impl<S: Sources> Clock for Steady<S> {
    fn now(&self) -> Timestamp {
        let (wall, elapsed, mut state) = self.look();
        Timestamp::from_micros(state.now(wall, elapsed))
    }

    fn doubt(&self) -> Option<Doubt> {
        let (wall, elapsed, mut state) = self.look();
        let now = state.now(wall, elapsed);
        let (ahead, since) = state.jump?;
        let stood = elapsed.saturating_sub(since);
        let believed_in = patience(ahead).map(|patience| patience.saturating_sub(stood));
        let (wall, now) = (Timestamp::from_micros(wall), Timestamp::from_micros(now));
        Some(Doubt { wall, now, stood, believed_in })
    }

    fn compare(&self, last: Option<Timestamp>) {
        let (wall, elapsed, mut state) = self.look();
        state.now(wall, elapsed);
        state.compare(last.map(Timestamp::micros), wall, elapsed);
    }

    fn recorded(&self, last: Timestamp) {
        let (_, _, mut state) = self.look();
        state.last = state.last.max(Some(last.micros()));
    }

    fn confirm(&self) {
        let (wall, elapsed, mut state) = self.look();
        state.believe(wall, elapsed);
    }
}

impl State {
    fn believe(&mut self, wall: i64, elapsed: Duration) -> i64 {
        self.anchor = Some((elapsed, wall));
        self.jump = None;
        wall
    }

    fn now(&mut self, wall: i64, elapsed: Duration) -> i64 {
        let Some((then, time)) = self.anchor else { return self.believe(wall, elapsed) };
        let now = time.saturating_add(micros(elapsed.saturating_sub(then)));
        let ahead = wall.saturating_sub(now);
        if ahead.unsigned_abs() <= micros(STEP).unsigned_abs() || self.mends(now, wall) {
            return self.believe(wall, elapsed);
        }
        match self.jump {
            Some((before, since)) if before.abs_diff(ahead) <= micros(STEP).unsigned_abs() => {
                let stood = elapsed.saturating_sub(since);
                if patience(ahead).is_some_and(|patience| stood >= patience) {
                    return self.believe(wall, elapsed);
                }
            }
            _ => self.jump = Some((ahead, elapsed)),
        }
        now
    }

    /// Whether a jump brings a clock to where it may be that is certainly wrong: one that is behind what is recorded. So it is
    /// on a machine that starts without knowing the time, until a time server tells it.
    fn mends(&self, now: i64, wall: i64) -> bool {
        self.last.is_some_and(|last| {
            now.saturating_add(micros(STEP)) < last
                && wall >= last.saturating_sub(micros(STEP))
                && wall <= last.saturating_add(micros(FAR))
        })
    }

    /// Says whether the clock was right when the program started: if it was far ahead, times go on from the recorded one.
    fn compare(&mut self, last: Option<i64>, wall: i64, elapsed: Duration) {
        if std::mem::replace(&mut self.compared, true) {
            return;
        }
        self.last = self.last.max(last);
        if let Some(last) = last
            && wall.saturating_sub(last) > micros(FAR)
        {
            self.anchor = Some((elapsed, last));
            self.jump = Some((wall.saturating_sub(last), elapsed));
        }
    }
}

/// How long a jump must stand to be believed; `None` if that alone is not enough.
fn patience(ahead: i64) -> Option<Duration> {
    let by = Duration::from_micros(ahead.unsigned_abs());
    match by {
        _ if by > FAR => None,
        _ if by > DAY => Some(DAY),
        _ => Some(STOOD),
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "steady_tests.rs"]
mod tests;
