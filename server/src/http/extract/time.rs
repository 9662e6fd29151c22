//! Times out of queries, where a bare `+` means a space.

use stateloft_core::api::{Moment, MomentError};
use stateloft_core::model::{Timestamp, TimestampError};

use crate::http::failure::{Answer, Failure};

/// Reads a moment.
pub(crate) fn moment(text: &str) -> Answer<Moment> {
    text.parse().map_err(|error: MomentError| {
        let hint = match &error {
            MomentError::Time(time) => hint(time),
            MomentError::Other(text) => encoded_again(text),
        };
        Failure::parameter(error.to_string()).with_hint(hint)
    })
}

/// Reads a time, which has a zone.
pub(crate) fn time(text: &str) -> Answer<Timestamp> {
    Timestamp::parse(text).map_err(|error| Failure::parameter(error.to_string()).with_hint(hint(&error)))
}

/// Reads a time; older clients leave the zone out and mean UTC.
pub(crate) fn time_or_naive(text: &str) -> Answer<Timestamp> {
    Timestamp::parse(text)
        .or_else(|error| Timestamp::parse(&format!("{text}Z")).map_err(|_| error))
        .map_err(|error| Failure::parameter(error.to_string()).with_hint(hint(&error)))
}

fn hint(error: &TimestampError) -> Option<&'static str> {
    match error {
        TimestampError::LostPlus(_) => Some(
            "in an address a + means a space: send the + of a zone as %2B (2026-11-21T09:46:11%2B02:00), or the time in UTC \
             with Z",
        ),
        TimestampError::Other(text) => encoded_again(text),
        TimestampError::NoZone(_) | TimestampError::Day(_) | TimestampError::Number(_) => None,
    }
}

/// What was encoded once too often arrives with its escapes.
fn encoded_again(text: &str) -> Option<&'static str> {
    let escapes = ["%2B", "%2b", "%3A", "%3a", "%20"];
    escapes
        .iter()
        .any(|escape| text.contains(escape))
        .then_some("it was percent-encoded twice: encode it once")
}
