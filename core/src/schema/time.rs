//! Times as programs write them inside data.

use chrono::NaiveDate;

/// How a text tells a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeText {
    /// With its zone: an instant, as RFC 3339 has it.
    Zoned,
    /// Without a zone: which instant it is cannot be known, and is not guessed.
    Naive,
}

impl TimeText {
    /// Reads `2026-11-21T09:46:11.118402Z` and its relatives: a space or `t` in place of `T`, `+02:00`, `+0200` or
    /// nothing in place of `Z`, seconds and their fraction left out. `None` if the text is no such time.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let clock = rest.strip_prefix(['T', 't', ' '])?;
        is_date(date).then_some(())?;
        let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
        let (clock, zone) = clock.split_at(zone_at);
        is_clock(clock).then_some(())?;
        match zone {
            "" => Some(Self::Naive),
            "Z" | "z" => Some(Self::Zoned),
            offset => is_offset(&offset[1..]).then_some(Self::Zoned),
        }
    }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let date = (number(year, 4), number(month, 2), number(day, 2));
    let (Some(year), Some(month), Some(day)) = date else { return false };
    parts.next().is_none()
        && i32::try_from(year).is_ok_and(|y| NaiveDate::from_ymd_opt(y, month, day).is_some())
}

fn is_clock(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (number(parts.next(), 2), number(parts.next(), 2), parts.next());
    let second = match second {
        // A fraction is of seconds.
        None if fraction.is_some() => return false,
        None => Some(0),
        given => number(given, 2),
    };
    let fraction_reads =
        fraction.is_none_or(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    // Second 60 is a leap second.
    fraction_reads
        && parts.next().is_none()
        && hour.is_some_and(|hour| hour < 24)
        && minute.is_some_and(|minute| minute < 60)
        && second.is_some_and(|second| second <= 60)
}

fn is_offset(text: &str) -> bool {
    let (hours, minutes) = match text.split_once(':') {
        Some((hours, minutes)) => (hours, Some(minutes)),
        None => (text.get(..2).unwrap_or(text), text.get(2..).filter(|minutes| !minutes.is_empty())),
    };
    number(Some(hours), 2).is_some_and(|hours| hours < 24)
        && minutes.is_none_or(|minutes| number(Some(minutes), 2).is_some_and(|minutes| minutes < 60))
}

/// The number that exactly so many digits spell.
fn number(text: Option<&str>, digits: usize) -> Option<u32> {
    let text = text.filter(|text| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_programs_write_them() {
        for zoned in [
            "2026-11-21T09:46:11.118402Z",
            "2025-03-01T09:30:00+00:00",
            "2025-03-01 09:30:00+0000",
            "2025-03-01t09:30:00-05",
            "2025-12-31T23:59:60z",
            "2025-03-01T09:30Z",
        ] {
            assert_eq!(TimeText::of(zoned), Some(TimeText::Zoned), "{zoned}");
        }
        for naive in
            ["2025-04-01 00:00:00", "2025-03-01T10:00:00.123456", "2025-04-01T00:00:00.1", "2024-02-29T00:00"]
        {
            assert_eq!(TimeText::of(naive), Some(TimeText::Naive), "{naive}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for wrong in [
            "",
            "yesterday",
            "2025-04-01",
            "20250401T000000Z",
            "2025-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-04-01T24:00:00Z",
            "2025-04-01T00:60:00Z",
            "2025-04-01T00:00:61Z",
            "2025-04-01T00:00:00.Z",
            "2025-04-01T00:00.5Z",
            "2025-04-01T00:00:00+24:00",
            "2025-04-01T00:00:00+1",
            "2025-04-01T00:00:00Zulu",
            "2025-04-01T00:00:00 ",
            "2025-04-01Tnoon",
            "2025-04-0éT00:00:00Z",
            "+025-04-01T00:00:00Z",
            "1743465600",
        ] {
            assert_eq!(TimeText::of(wrong), None, "{wrong}");
        }
    }
}
