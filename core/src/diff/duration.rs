//! The time between two times, for people.
use chrono::{DateTime, NaiveDateTime, TimeDelta};

use crate::schema::TimeText;

/// The time from `old` to `new`, signed: `+15 min`, `-1 d 2 h`, `+0.25 s`. Nothing unless both are times with a
/// zone: between clocks on a wall, on a night when one is put forward or back, any duration would be invented.
pub(super) fn between(old: &str, new: &str) -> Option<String> {
    if !like_a_time(old.as_bytes()) || !like_a_time(new.as_bytes()) {
        return None;
    }
    Some(spell(instant(new)?.signed_duration_since(instant(old)?)))
}

/// Whether two texts are one instant, told on one clock: only spelled differently, as with `Z` and `+00:00`.
pub(super) fn same_clock(old: &str, new: &str) -> bool {
    if !like_a_time(old.as_bytes()) || !like_a_time(new.as_bytes()) || old.get(..10) != new.get(..10) {
        return false;
    }
    // The same hour in the same instant is the same offset.
    old.get(11..13) == new.get(11..13)
        && old.get(14..16) == new.get(14..16)
        && matches!((instant(old), instant(new)), (Some(old), Some(new)) if old == new)
}

/// A look at the shape spares most texts the rest.
pub(super) fn like_a_time(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', _, _, _, b'-', ..])
}

/// The instant that a time with a zone is, in UTC.
pub(super) fn instant(text: &str) -> Option<NaiveDateTime> {
    if TimeText::of(text)? != TimeText::Zoned {
        return None;
    }
    let mut regular = text.to_ascii_uppercase().replacen(' ', "T", 1);
    let mut zone_at = regular.get(11..)?.find(['Z', '+', '-'])? + 11;
    if regular[..zone_at].matches(':').count() == 1 {
        regular.insert_str(zone_at, ":00");
        zone_at += 3;
    }
    let zone = regular.split_off(zone_at);
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let sign = if zone.starts_with('-') { '-' } else { '+' };
    let offset = format!("{sign}{digits:0<4}");
    let time = DateTime::parse_from_str(&(regular + &offset), "%Y-%m-%dT%H:%M:%S%.f%z").ok()?;
    Some(time.naive_utc())
}

/// Every unit that is not zero, largest first.
fn spell(delta: TimeDelta) -> String {
    let Ok(size) = delta.abs().to_std() else { return String::new() };
    if size.is_zero() {
        return "0 s".to_owned();
    }
    let seconds = size.as_secs();
    let mut words = String::from(if delta < TimeDelta::zero() { "-" } else { "+" });
    let mut say = |count: &str, unit: &str| {
        if count != "0" {
            words.push_str(if words.len() > 1 { " " } else { "" });
            words.extend([count, " ", unit]);
        }
    };
    say(&(seconds / 86_400).to_string(), "d");
    say(&(seconds / 3600 % 24).to_string(), "h");
    say(&(seconds / 60 % 60).to_string(), "min");
    let fraction = format!("{}.{:09}", seconds % 60, size.subsec_nanos());
    say(fraction.trim_end_matches('0').trim_end_matches('.'), "s");
    words
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn time_between_times() {
        for (old, new, expected) in [
            ("2025-03-01T09:30:00+00:00", "2025-03-01T09:45:00+00:00", Some("+15 min")),
            ("2025-03-01T09:45:00Z", "2025-03-01T09:30:00Z", Some("-15 min")),
            ("2025-03-01T09:30:00+02:00", "2025-03-01T09:30:00Z", Some("+2 h")),
            ("2025-03-01 09:30:00+0200", "2025-03-01T07:30:00Z", Some("0 s")),
            ("2025-03-01T09:30:00-05", "2025-03-01T14:30:01.25Z", Some("+1.25 s")),
            ("2025-03-01T09:30Z", "2025-03-02T11:31:05Z", Some("+1 d 2 h 1 min 5 s")),
            ("2025-03-01T10:00:00.123456Z", "2025-03-01T10:00:00.123457Z", Some("+0.000001 s")),
            ("2025-02-28T00:00:00Z", "2025-03-31T00:00:59Z", Some("+31 d 59 s")),
            ("2025-02-28T00:00:00Z", "2025-02-28T01:10:00.5Z", Some("+1 h 10 min 0.5 s")),
            ("2025-07-10T18:41:58", "2025-07-10T21:41:58Z", None),
            ("2025-07-10", "2025-07-11", None),
            ("hello", "2025-07-10T21:41:58Z", None),
        ] {
            assert_eq!(between(old, new).as_deref(), expected, "{old} {new}");
        }
    }

    #[test]
    fn no_duration_is_invented_for_times_without_a_zone() {
        for (old, new) in [
            // In New York the clock went from 2 to 3 that night, in London an hour back on the other.
            ("2025-03-09T01:30:00", "2025-03-09T03:30:00"),
            ("2025-10-26 01:50:00", "2025-10-26 01:00:00"),
            ("2025-07-10T18:41", "2025-07-10T21:41"),
            ("2025-03-01T10:00:00.123456", "2025-03-01T10:00:00.123457"),
            ("2025-03-09T01:30:00", "2025-03-09T03:30:00-04:00"),
        ] {
            assert_eq!(between(old, new), None, "{old} {new}");
        }
        let over_the_change = between("2025-03-09T01:30:00-05:00", "2025-03-09T03:30:00-04:00");
        assert_eq!(over_the_change.as_deref(), Some("+1 h"));
    }
}
