//! The time as the server has it: ages must not depend on how this machine's clock is set.

use std::time::Duration;

use leptos::prelude::*;
use statehouse_core::model::Timestamp;

/// The present, second by second.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    /// The server's time; changes every second.
    pub(crate) now: RwSignal<Timestamp>,
    /// Server's time less this machine's, in microseconds.
    ahead: RwSignal<i64>,
}

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
        let clock =
            Self { now: RwSignal::new(Timestamp::from_micros(local_micros())), ahead: RwSignal::new(0) };
        set_interval(move || clock.tick(), Duration::from_secs(1));
        provide_context(clock);
        clock
    }

    /// Takes the server's time from an answer that has just come.
    pub(crate) fn set(self, server: Timestamp) {
        self.ahead.set(server.micros() - local_micros());
        self.tick();
    }

    /// The present; does not follow the clock.
    pub(crate) fn read(self) -> Timestamp {
        Timestamp::from_micros(local_micros() + self.ahead.try_get_untracked().unwrap_or(0))
    }

    fn tick(self) {
        self.now.try_set(self.read());
    }
}
