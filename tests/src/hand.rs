//! A clock that stands until it is turned.

use std::sync::Mutex;
use std::time::Duration;

use stateloft_core::model::Timestamp;
use stateloft_server::clock::Clock;
use stateloft_server::store::Ticks;

/// The first moment of 2030, in microseconds.
const BEGAN: i64 = 1_893_456_000_000_000;

/// The clock.
#[derive(Debug, Default)]
pub struct Hand(Mutex<Duration>);

impl Hand {
    /// Lets time pass.
    pub fn turn(&self, time: Duration) {
        *self.0.lock().expect("nobody panics with it") += time;
    }
}

impl Ticks for Hand {
    fn now(&self) -> Duration {
        *self.0.lock().expect("nobody panics with it")
    }
}

/// The same as a clock that is recorded by: it began in 2030.
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(Ticks::now(self).as_micros()).expect("not so much time");
        Timestamp::from_micros(BEGAN + passed)
    }
}
