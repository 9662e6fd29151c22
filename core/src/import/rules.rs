//! What the request says of the files, understood.

use chrono::FixedOffset;

use crate::api::ImportOptions;
use crate::json::Pointer;
use crate::model::StateType;

/// An option that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {why}")]
pub struct OptionError {
    /// Which: `assume_tz`, `each`, `id_from` or `state_type`.
    pub option: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// Where a state's id stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdFrom {
    /// It is the key of the member, or the name of the file.
    Key,
    /// It is a value within.
    Member(Pointer),
}

/// Which parts of documents are states, as the request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) state_type: StateType,
    pub(super) each: Option<Pointer>,
    pub(super) id_from: IdFrom,
}

/// The options of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) zone: Option<FixedOffset>,
    pub(super) chosen: Option<Chosen>,
}

impl Rules {
    pub(super) fn of(options: &ImportOptions) -> Result<Self, OptionError> {
        let zone = options.assume_tz.as_deref().map(zone).transpose()?;
        let pointer = |option, text: &String| {
            Pointer::parse(text).map_err(|error| OptionError { option, why: error.to_string() })
        };
        let each = options.each.as_ref().map(|text| pointer("each", text)).transpose()?;
        let id_from = match options.id_from.as_deref() {
            None | Some("key") => IdFrom::Key,
            Some(text) if text.starts_with('/') => IdFrom::Member(pointer("id_from", &text.to_owned())?),
            Some(other) => {
                let why = format!("{other:?} is neither key nor a pointer such as /symbol");
                return Err(OptionError { option: "id_from", why });
            }
        };
        let chosen = match &options.state_type {
            Some(state_type) => Some(Chosen { state_type: state_type.clone(), each, id_from }),
            None if each.is_some() || options.id_from.is_some() => {
                let why = "each and id_from need the type of the states".to_owned();
                return Err(OptionError { option: "state_type", why });
            }
            None => None,
        };
        Ok(Self { zone, chosen })
    }
}

/// Checks the name of a zone before there are files.
///
/// # Errors
/// It is neither UTC nor an offset.
pub fn check_zone(text: &str) -> Result<(), OptionError> {
    zone(text).map(|_| ())
}

/// `UTC`, `Z`, `+03:00`, `-0500`, `+3`.
fn zone(text: &str) -> Result<FixedOffset, OptionError> {
    let wrong = || OptionError {
        option: "assume_tz",
        why: format!(
            "{text:?} is not UTC or an offset such as +03:00; the name of a place has more than one offset in a year"
        ),
    };
    if matches!(text, "Z" | "z") || text.eq_ignore_ascii_case("utc") {
        return FixedOffset::east_opt(0).ok_or_else(wrong);
    }
    let (sign, rest) = match text.as_bytes().first() {
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        _ => return Err(wrong()),
    };
    let (hours, minutes) = match rest.split_once(':') {
        Some(parts) => parts,
        None if rest.len() == 4 && rest.is_ascii() => rest.split_at(2),
        None => (rest, "0"),
    };
    let number = |digits: &str, below: i32| {
        let plain = matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|number: &i32| plain && *number < below)
    };
    let offset = number(hours, 24)
        .zip(number(minutes, 60))
        .map(|(hours, minutes)| sign * (hours * 3600 + minutes * 60));
    offset.and_then(FixedOffset::east_opt).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_offsets_and_nothing_is_guessed_from_a_place() {
        for (text, seconds) in
            [("UTC", 0), ("z", 0), ("+03:00", 10_800), ("-0530", -19_800), ("+3", 10_800), ("-00:00", 0)]
        {
            assert_eq!(zone(text).unwrap().local_minus_utc(), seconds, "{text}");
        }
        for text in ["", "Europe/Berlin", "3", "+", "+24:00", "+03:60", "+003", "+é:00", "+0é0", "local"] {
            assert_eq!(zone(text).unwrap_err().option, "assume_tz", "{text}");
        }
    }

    #[test]
    fn a_pointer_without_a_type_is_refused() {
        let each = ImportOptions { each: Some("/positions".into()), ..ImportOptions::default() };
        assert_eq!(Rules::of(&each).unwrap_err().option, "state_type");
        let typed = |id_from: &str, each: &str| ImportOptions {
            state_type: StateType::new("position").ok(),
            id_from: Some(id_from.into()),
            each: Some(each.into()),
            ..ImportOptions::default()
        };
        assert_eq!(Rules::of(&typed("symbol", "/a")).unwrap_err().option, "id_from");
        assert_eq!(Rules::of(&typed("/a~2", "/a")).unwrap_err().option, "id_from");
        assert_eq!(Rules::of(&typed("key", "a")).unwrap_err().option, "each");
        let chosen = Rules::of(&typed("/symbol", "")).unwrap().chosen.unwrap();
        assert_eq!(chosen.id_from, IdFrom::Member(Pointer::parse("/symbol").unwrap()));
    }
}
