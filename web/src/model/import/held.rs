//! What waits in quarantine: its bytes, and what is still missing before it is settled.

use serde::Deserialize;
use stateloft_core::api::StateSummary;
use stateloft_core::import::kept;
use stateloft_core::json::Document;
use stateloft_core::model::{StateId, StateType};

/// Characters of the bytes that are shown.
const SHOWN: usize = 4_000;

/// The bytes as a text, as far as they are shown, and how many there are; `None` where it is not as an import wrote it.
#[must_use]
pub fn bytes_words(data: &Document) -> Option<(String, usize)> {
    let bytes = kept::bytes_of(data).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('\u{2026}');
    }
    Some((shown, bytes.len()))
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Why it could not be placed.
    pub reason: String,
    /// Its bytes as a text, as far as they are shown; `None` where it is not as an import wrote it.
    pub text: Option<String>,
    /// How many there are.
    pub bytes: Option<usize>,
}

impl Waiting {
    /// From the state that it is.
    #[must_use]
    pub fn of(row: &StateSummary) -> Self {
        #[derive(Deserialize)]
        struct Said {
            reason: String,
        }
        let said = row.data.as_ref().and_then(|data| data.to::<Said>().ok());
        let bytes = row.data.as_ref().and_then(bytes_words);
        let (text, bytes) = bytes.map(|(text, bytes)| (Some(text), Some(bytes))).unwrap_or_default();
        Self { reason: said.map_or_else(|| "no data".to_owned(), |said| said.reason), text, bytes }
    }
}

/// The next of these names, or the one before; the first where none is chosen.
#[must_use]
pub fn step<'a>(names: &'a [String], here: Option<&str>, on: bool) -> Option<&'a str> {
    let at = here.and_then(|here| names.iter().position(|name| name == here));
    let next = match at {
        None => 0,
        Some(at) if on => (at + 1).min(names.len() - 1),
        Some(at) => at.saturating_sub(1),
    };
    names.get(next).map(String::as_str)
}

/// What is typed to settle something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// The type that it is given.
    pub state_type: String,
    /// The name that it is given.
    pub state_id: String,
    /// Why.
    pub reason: String,
}

/// What is still missing; `drop` needs no name.
#[must_use]
pub fn named_missing(naming: &Naming, drop: bool) -> Option<String> {
    let reason = naming.reason.trim().is_empty().then(|| "Say why: the reason is kept with it.".to_owned());
    if drop {
        return reason;
    }
    if naming.state_type.trim().is_empty() || naming.state_id.trim().is_empty() {
        return Some("Say which state it is: a type and an id.".to_owned());
    }
    let wrong_type = StateType::new(naming.state_type.trim()).err().map(|error| format!("{error}."));
    let wrong_id = StateId::new(naming.state_id.trim()).err().map(|error| format!("{error}."));
    wrong_type.or(wrong_id).or(reason)
}

#[cfg(test)]
mod tests {
    use stateloft_core::json::Limits;

    use super::*;

    #[test]
    fn the_bytes_are_shown_as_they_were() {
        let read = |text: &str| Document::parse(text, &Limits::default()).unwrap();
        assert_eq!(
            bytes_words(&read(r#"{"text":"{ \"a\": NaN }\r\n"}"#)),
            Some(("{ \"a\": NaN }\r\n".to_owned(), 14))
        );
        let long = format!(r#"{{"text":"{}"}}"#, "é".repeat(5_000));
        let (shown, bytes) = bytes_words(&read(&long)).unwrap();
        assert_eq!((shown.chars().count(), bytes), (4_001, 10_000));
        assert_eq!(bytes_words(&read("{}")), None);
    }

    #[test]
    fn the_keys_stop_at_the_ends() {
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!((step(&names, None, true), step(&names, Some("gone"), false)), (Some("a"), Some("a")));
        assert_eq!((step(&names, Some("a"), true), step(&names, Some("b"), true)), (Some("b"), Some("b")));
        assert_eq!((step(&names, Some("a"), false), step(&[], None, true)), (Some("a"), None));
    }

    #[test]
    fn what_is_missing_is_said_one_thing_at_a_time() {
        let naming = |state_type: &str, state_id: &str, reason: &str| Naming {
            state_type: state_type.into(),
            state_id: state_id.into(),
            reason: reason.into(),
        };
        let said = |naming: &Naming, drop| named_missing(naming, drop).unwrap_or_default();
        assert!(said(&naming("", "", ""), false).starts_with("Say which state"));
        assert!(!said(&naming("Position", "A", "x"), false).is_empty(), "no type is spelled so");
        assert!(said(&naming("position", "A", " "), false).starts_with("Say why"));
        assert!(said(&naming("", "", ""), true).starts_with("Say why"));
        assert_eq!(named_missing(&naming("", "", "not ours"), true), None);
        assert_eq!(named_missing(&naming("position", "A/B", "it is that"), false), None);
    }
}
