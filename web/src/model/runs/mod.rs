//! Runs as the console shows them: lanes over time, a list, leases, and what one run has found and left.

pub mod alive;
pub mod between;
pub mod book;
pub mod checkpoints;
pub mod ended;
pub mod equity;
pub mod filter;
pub mod lanes;
pub mod lease;
pub mod lines;
pub mod looked;
pub mod marks;
#[cfg(test)]
mod sample;
pub mod statistics;
pub mod walk;
pub mod window;

use stateloft_core::api::{RunStatus, Session};
use stateloft_core::model::Timestamp;

use super::age;

/// Digits of a commit that are shown, and of the hash of settings.
const CODE: usize = 7;
const CONFIG: usize = 4;

/// `btc-grid`, or `btc-grid.eu` where the instance is not the usual one.
#[must_use]
pub fn instance(run: &Session) -> String {
    match run.instance.as_str() {
        "main" => run.program.to_string(),
        other => format!("{}.{other}", run.program),
    }
}

/// Of which code it is, shortly.
#[must_use]
pub fn code(run: &Session) -> Option<String> {
    run.code.as_deref().map(|code| code.chars().take(CODE).collect())
}

/// Which settings it has, shortly.
#[must_use]
pub fn config(run: &Session) -> Option<String> {
    run.config_hash.map(|hash| hash.to_string().chars().take(CONFIG).collect())
}

/// For how long it was there, in seconds: until its end, or until now.
#[must_use]
pub fn lasted(run: &Session, now: Timestamp) -> i64 {
    age::seconds_between(run.started_at, run.ended_at.unwrap_or(now))
}

/// The word for how it is: `live`, `crashed`.
#[must_use]
pub fn word(run: &Session, live: bool) -> &'static str {
    match run.status {
        RunStatus::Active if live => "live",
        // Its session was written by hand: it cannot write any more, and is ended within seconds.
        RunStatus::Active => "not live",
        other => other.as_str(),
    }
}

/// What differs between a run and the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fresh {
    /// Its code is another.
    pub code: bool,
    /// Its settings are others.
    pub config: bool,
}

impl Fresh {
    /// Compares two runs; where one did not say, nothing is called new.
    #[must_use]
    pub fn of(run: &Session, before: Option<&Session>) -> Self {
        let differ =
            |now: Option<&str>, then: Option<&str>| now.zip(then).is_some_and(|(now, then)| now != then);
        let before_code = before.and_then(|before| before.code.as_deref());
        let hashes = run.config_hash.zip(before.and_then(|before| before.config_hash));
        Self {
            code: differ(run.code.as_deref(), before_code),
            config: hashes.is_some_and(|(now, then)| now != then),
        }
    }
}
