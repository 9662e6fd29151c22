//! Ages, durations and clock times.

use stateloft_core::api::VersionView;
use stateloft_core::model::Timestamp;

use super::number;

const SECOND: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;

/// Whole seconds from `then` to `now`; never negative (clocks differ a little).
#[must_use]
pub fn seconds_between(then: Timestamp, now: Timestamp) -> i64 {
    ((now.micros() - then.micros()) / SECOND).max(0)
}

/// One rounded-down unit: `4 s`, `3 min`, `13 h`, `2 d`.
#[must_use]
pub fn short(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..DAY_SECONDS => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / DAY_SECONDS),
    }
}

/// One unit for a narrow column: `4 s`, `3 m`, `13 h`, `2 d`.
#[must_use]
pub fn narrow(seconds: i64) -> String {
    if (60..3600).contains(&seconds) { format!("{} m", seconds / 60) } else { short(seconds) }
}

/// `4 s ago`.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", short(seconds_between(then, now)))
}

/// A length of time in two units: `48 m`, `19 h 33 m`, `1 d 4 h`.
#[must_use]
pub fn long(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60 % 60, seconds / 3600 % 24, seconds / DAY_SECONDS);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} m"),
        3600..DAY_SECONDS => format!("{hours} h {minutes:02} m"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The time of day: `09:46:11`.
#[must_use]
pub fn clock(time: Timestamp) -> String {
    time.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// The minute of the day: `09:46`.
#[must_use]
pub fn minute(time: Timestamp) -> String {
    time.to_string().get(11..16).unwrap_or_default().to_owned()
}

/// The whole time to the microsecond: `2026-11-21 09:43:12.118402 UTC`.
#[must_use]
pub fn full(time: Timestamp) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..26)) {
        (Some(day), Some(clock)) => format!("{day} {clock} UTC"),
        _ => text,
    }
}

/// The whole time to the second: `2026-11-21 09:43:12 UTC`.
#[must_use]
pub fn to_second(time: Timestamp) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(day), Some(clock)) => format!("{day} {clock} UTC"),
        _ => text,
    }
}

/// When a version was there first, and where that was in an older system, when it was imported; and its seq.
#[must_use]
pub fn of_version(version: &VersionView) -> String {
    let (time, seq) = (full(version.effective_at()), number::count(version.seq.0));
    match imported(version) {
        Some(words) => format!("{time}\n{words}\nseq {seq}"),
        None => format!("{time}\nseq {seq}"),
    }
}

/// `imported 2026-11-21 09:43:12 UTC`, of what was.
#[must_use]
pub fn imported(version: &VersionView) -> Option<String> {
    version.saved_at.map(|_| format!("imported {}", to_second(version.timestamp)))
}

/// Days since the epoch (UTC).
#[must_use]
pub fn day_number(time: Timestamp) -> i64 {
    time.micros().div_euclid(DAY_SECONDS * SECOND)
}

/// A day's heading: `Today, 21 November`, `Yesterday, 20 November`, `2 March`, `2 March 2025` in another year.
#[must_use]
pub fn day(time: Timestamp, now: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (text, today) = (time.to_string(), now.to_string());
    let part = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<usize>().ok());
    let (Some(month), Some(date)) = (part(5, 7), part(8, 10)) else { return text };
    let name = format!("{date} {}", MONTHS.get(month.wrapping_sub(1)).unwrap_or(&""));
    match day_number(now) - day_number(time) {
        0 => format!("Today, {name}"),
        1 => format!("Yesterday, {name}"),
        _ if text.get(..4) == today.get(..4) => name,
        _ => format!("{name} {}", text.get(..4).unwrap_or_default()),
    }
}

/// A past moment in few words: `09:46` today, `09:46 yesterday`, `09:46 on 2 March` before.
#[must_use]
pub fn moment(time: Timestamp, now: Timestamp) -> String {
    match day_number(now) - day_number(time) {
        ..=0 => minute(time),
        1 => format!("{} yesterday", minute(time)),
        _ => format!("{} on {}", minute(time), day(time, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_imported_version_says_both_of_its_times() {
        use super::super::sample::Sample;
        let plain = Sample::at(1234, "2026-11-21T09:46:12.5Z");
        assert_eq!(of_version(&plain.0), "2026-11-21 09:46:12.500000 UTC\nseq 1,234");
        assert_eq!(imported(&plain.0), None);
        let old = plain.saved("2024-03-05T06:07:08.000009Z").0;
        let words = "2024-03-05 06:07:08.000009 UTC\nimported 2026-11-21 09:46:12 UTC\nseq 1,234";
        assert_eq!(of_version(&old), words);
        let ahead = Sample::at(1, "2026-11-21T09:46:12Z").saved("2031-01-01T00:00:00Z").0;
        assert!(
            of_version(&ahead).starts_with("2026-11-21 09:46:12"),
            "it was not saved after it was imported"
        );
    }

    #[test]
    fn ages_have_one_unit_and_are_never_negative() {
        let now = at("2026-11-21T09:46:12Z");
        let cases = [
            ("2026-11-21T09:46:11.5Z", "0 s ago"),
            ("2026-11-21T09:46:08Z", "4 s ago"),
            ("2026-11-21T09:43:12Z", "3 min ago"),
            ("2026-11-20T20:39:00Z", "13 h ago"),
            ("2026-11-20T09:46:12Z", "1 d ago"),
            ("2026-11-21T09:46:14Z", "0 s ago"),
        ];
        for (then, text) in cases {
            assert_eq!(ago(at(then), now), text);
        }
        assert_eq!(narrow(125), "2 m");
        assert_eq!(narrow(3600 * 13), "13 h");
    }

    #[test]
    fn lengths_have_two_units() {
        let cases = [
            (59, "59 s"),
            (2880, "48 m"),
            (70_380, "19 h 33 m"),
            (47_220, "13 h 07 m"),
            (100_800, "1 d 4 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(long(seconds), text);
        }
    }

    #[test]
    fn clock_times_are_cut_from_the_exact_text() {
        let time = at("2026-11-21T09:43:12.118402Z");
        assert_eq!(clock(time), "09:43:12");
        assert_eq!(minute(time), "09:43");
        assert_eq!(full(time), "2026-11-21 09:43:12.118402 UTC");
        assert_eq!(to_second(time), "2026-11-21 09:43:12 UTC");
    }

    #[test]
    fn days_have_names() {
        let now = at("2026-11-21T00:10:00Z");
        let cases = [
            ("2026-11-21T00:05:00Z", "Today, 21 November", "00:05"),
            ("2026-11-20T23:59:00Z", "Yesterday, 20 November", "23:59 yesterday"),
            ("2026-03-02T10:00:00Z", "2 March", "10:00 on 2 March"),
            ("2025-03-02T10:00:00Z", "2 March 2025", "10:00 on 2 March 2025"),
        ];
        for (time, heading, words) in cases {
            assert_eq!(day(at(time), now), heading);
            assert_eq!(moment(at(time), now), words);
        }
    }
}
