//! Instants of the server's own: UTC, to the microsecond.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

/// Microseconds since 1970-01-01T00:00:00Z. Spelled `2026-11-21T09:46:11.118402Z`.
///
/// It never orders versions ([`super::Seq`] does); it says when one was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time with a zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time such as 2026-11-21T09:46:11Z (a zone is needed)")]
pub struct TimestampError(String);

impl Timestamp {
    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 time. A time without a zone is refused, not guessed.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_micros()))
            .map_err(|_| TimestampError(text.chars().take(80).collect()))
    }

    /// The time to record next: `now`, but always after `self` so that recorded times never go back.
    #[must_use]
    pub fn not_before(self, now: Self) -> Self {
        Self(now.0.max(self.0 + 1))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        Self::parse(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_to_the_microsecond() {
        let text = "2026-11-21T09:46:11.118402Z";
        assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        assert_eq!(Timestamp::parse("2026-11-21T11:46:11.118402+02:00").unwrap().to_string(), text);
    }

    #[test]
    fn a_naive_time_is_refused() {
        assert!(Timestamp::parse("2026-11-21T09:46:11").is_err());
        assert!(Timestamp::parse("2026-11-21").is_err());
    }

    #[test]
    fn recorded_time_never_goes_back() {
        let last = Timestamp::from_micros(100);
        assert_eq!(last.not_before(Timestamp::from_micros(50)).micros(), 101);
        assert_eq!(last.not_before(Timestamp::from_micros(100)).micros(), 101);
        assert_eq!(last.not_before(Timestamp::from_micros(200)).micros(), 200);
    }
}
