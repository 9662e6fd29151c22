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
pub enum TimestampError {
    /// A space stands where the `+` of the zone was: a query string means a space by it.
    #[error("{0:?} has a space where the + of its zone was")]
    LostPlus(String),
    /// There is everything but a zone.
    #[error("{0:?} has no zone: end it with Z (UTC) or an offset such as +02:00")]
    NoZone(String),
    /// A day is not a moment of it.
    #[error("{0:?} is a day: write a moment of it, such as 2026-11-21T00:00:00Z")]
    Day(String),
    /// Seconds or milliseconds since 1970.
    #[error("{0:?} is a number: write a time as 2026-11-21T09:46:11Z")]
    Number(String),
    /// Something else.
    #[error("{0:?} is not a time such as 2026-11-21T09:46:11Z (a zone is needed)")]
    Other(String),
}

impl TimestampError {
    fn of(text: &str) -> Self {
        let is_time = |text: &str| DateTime::parse_from_rfc3339(text).is_ok();
        let shown = text.chars().take(80).collect();
        let with_plus = text.rsplit_once(' ').map(|(time, zone)| format!("{time}+{zone}"));
        if with_plus.is_some_and(|text| is_time(&text)) {
            Self::LostPlus(shown)
        } else if is_time(&format!("{text}Z")) {
            Self::NoZone(shown)
        } else if is_time(&format!("{text}T00:00:00Z")) {
            Self::Day(shown)
        } else if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            Self::Number(shown)
        } else {
            Self::Other(shown)
        }
    }
}

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
            .map_err(|_| TimestampError::of(text))
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
    fn what_is_not_a_time_is_refused_and_what_was_meant_is_said() {
        use TimestampError::{Day, LostPlus, NoZone, Number, Other};
        let refused = |text: &str| Timestamp::parse(text).unwrap_err();
        let is =
            |text: &str, kind: fn(String) -> TimestampError| assert_eq!(refused(text), kind(text.into()));
        for text in
            ["2026-11-21T09:46:11 02:00", "2026-11-21T09:46:11.118402 00:00", "2026-11-21 09:46:11 05:30"]
        {
            is(text, LostPlus);
        }
        is("2026-11-21T09:46:11", NoZone);
        is("2026-11-21 09:46:11.5", NoZone);
        is("2026-11-21", Day);
        is("1700000000", Number);
        is("1700000000.25", Number);
        is("2026-11-21T09:46:11 Z", Other);
        is("", Other);
    }

    #[test]
    fn recorded_time_never_goes_back() {
        let last = Timestamp::from_micros(100);
        assert_eq!(last.not_before(Timestamp::from_micros(50)).micros(), 101);
        assert_eq!(last.not_before(Timestamp::from_micros(100)).micros(), 101);
        assert_eq!(last.not_before(Timestamp::from_micros(200)).micros(), 200);
    }
}
