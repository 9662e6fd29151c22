//! The time as the server has it: ages must not depend on how this machine's clock is set.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::model::Timestamp;

/// The present, second by second.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The server's time; changes every second.
    pub(crate) now: RwSignal<Timestamp>,
    /// Server's time less this machine's, in microseconds.
    ahead: RwSignal<i64>,
    /// Whether the server's time is known at all.
    is_set: StoredValue<bool>,
}

/// An answer that took longer does not set the clock, in microseconds.
const ON_ITS_WAY: i64 = 3_000_000;

/// The clock.
pub(crate) fn clock() -> Clock {
    expect_context()
}

fn local_micros() -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
    let millis = js_sys::Date::now() as i64;
    millis * 1000
}

impl Clock {
    /// Starts the clock.
    pub(crate) fn install() -> Self {
        let clock = Self {
            now: RwSignal::new(Timestamp::from_micros(local_micros())),
            ahead: RwSignal::new(0),
            is_set: StoredValue::new(false),
        };
        set_interval(move || clock.tick(), Duration::from_secs(1));
        provide_context(clock);
        clock
    }

    /// Takes the server's time from an answer to a request that was sent at `asked`, by this clock. One that was long on
    /// its way, or waited while the page slept, says little of the present: it is taken only if there is nothing better.
    /// Returns by how much the clock was set, in microseconds.
    pub(crate) fn set(self, server: Timestamp, asked: Timestamp) -> i64 {
        let took = self.read().micros() - asked.micros();
        let first = !self.is_set.get_value();
        if !first && !(0..ON_ITS_WAY).contains(&took) {
            return 0;
        }
        self.is_set.set_value(true);
        let before = self.ahead.get_untracked();
        self.ahead.set(server.micros() - local_micros());
        self.tick();
        self.ahead.get_untracked() - before
    }

    /// The server's time at a moment of this machine's clock, in milliseconds since 1970.
    pub(crate) fn at(self, local: f64) -> Timestamp {
        #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are far below 2^53")]
        let millis = local as i64;
        Timestamp::from_micros(millis * 1000 + self.ahead.try_get_untracked().unwrap_or(0))
    }

    /// The present; does not follow the clock.
    pub(crate) fn read(self) -> Timestamp {
        Timestamp::from_micros(local_micros() + self.ahead.try_get_untracked().unwrap_or(0))
    }

    /// Shows the present at once.
    pub(crate) fn tick(self) {
        self.now.try_set(self.read());
    }
}
