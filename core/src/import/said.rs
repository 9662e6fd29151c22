//! When something was saved, as a file says it.

use chrono::{DateTime, FixedOffset, NaiveDateTime};

use super::rules::Rules;
use crate::json::Node;
use crate::model::Timestamp;
use crate::schema::TimeText;

/// A time that a file gives: its words, and the instant if that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: Option<String>,
    pub(super) at: Option<Timestamp>,
}

impl Said {
    /// The first of these values that is a time.
    pub(super) fn first<'a>(values: impl IntoIterator<Item = Option<Node<'a>>>, rules: &Rules) -> Self {
        let texts = values.into_iter().flatten().filter_map(Node::as_str);
        texts.map(|text| Self::of(&text, rules)).find(|said| said.text.is_some()).unwrap_or_default()
    }

    /// A text as a time; nothing if it is none.
    pub(super) fn of(text: &str, rules: &Rules) -> Self {
        let Some(time) = TimeText::of(text) else { return Self::default() };
        let at = match time {
            TimeText::Zoned => zoned(text),
            TimeText::Naive => rules.zone.and_then(|zone| naive(text, zone)),
        };
        Self { text: Some(text.to_owned()), at: at.filter(|at| is_writable(*at)) }
    }

    /// Whether there is a time of which no instant is known.
    pub(super) fn lacks_zone(&self) -> bool {
        self.text.is_some() && self.at.is_none()
    }
}

/// Only times of four-digit years are written as all others read them.
fn is_writable(time: Timestamp) -> bool {
    const YEAR_1: i64 = -62_135_596_800_000_000;
    const YEAR_9999_END: i64 = 253_402_300_799_999_999;
    (YEAR_1..=YEAR_9999_END).contains(&time.micros())
}

fn zoned(text: &str) -> Option<Timestamp> {
    let text = canonical(text);
    let text = text.strip_suffix(['Z', 'z']).map_or_else(|| text.clone(), |time| format!("{time}+00:00"));
    let formats = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    let time = formats.into_iter().find_map(|format| DateTime::parse_from_str(&text, format).ok())?;
    Some(Timestamp::from_micros(time.timestamp_micros()))
}

fn naive(text: &str, zone: FixedOffset) -> Option<Timestamp> {
    let text = canonical(text);
    let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
    let time = formats.into_iter().find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok())?;
    let time = time.and_local_timezone(zone).single()?;
    Some(Timestamp::from_micros(time.timestamp_micros()))
}

/// With `T` between day and clock. The text is a time, so its first ten bytes are the day.
fn canonical(text: &str) -> String {
    format!("{}T{}", &text[..10], &text[11..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ImportOptions;

    fn said(text: &str, zone: Option<&str>) -> Said {
        let options = ImportOptions { assume_tz: zone.map(str::to_owned), ..ImportOptions::default() };
        Said::of(text, &Rules::of(&options).unwrap())
    }

    fn at(text: &str) -> Option<String> {
        said(text, Some("+03:00")).at.map(|at| at.to_string())
    }

    #[test]
    fn instants_are_known_where_a_zone_is() {
        assert_eq!(at("2025-03-01T10:00:00+00:00").as_deref(), Some("2025-03-01T10:00:00.000000Z"));
        assert_eq!(at("2025-03-01 10:00:00.5-0130").as_deref(), Some("2025-03-01T11:30:00.500000Z"));
        assert_eq!(at("2025-03-01t10:00z").as_deref(), Some("2025-03-01T10:00:00.000000Z"));
        assert_eq!(at("2025-03-01T10:00:00+02").as_deref(), Some("2025-03-01T08:00:00.000000Z"));
        assert_eq!(at("2025-03-01T10:00:00.123456").as_deref(), Some("2025-03-01T07:00:00.123456Z"));
        assert_eq!(at("2025-03-01 10:00").as_deref(), Some("2025-03-01T07:00:00.000000Z"));
    }

    #[test]
    fn without_a_zone_only_the_words_are_known_and_other_texts_are_no_time() {
        let naive = said("2025-03-01T10:00:00", None);
        assert!(naive.lacks_zone() && naive.text.as_deref() == Some("2025-03-01T10:00:00"));
        for text in ["20250301", "2025-03-01", "yesterday", "", "2025-02-30T00:00:00Z"] {
            assert_eq!(said(text, Some("UTC")), Said::default(), "{text}");
        }
    }
}
