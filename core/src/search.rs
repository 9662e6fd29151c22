//! Looking for a text as people see it: one rule for the stores, and for lists that are kept up to date in the console.
//!
//! Upper and lower case are the same, letter by letter ([`fold`]), in every alphabet. Data is looked at with its escapes decoded:
//! `"\u8d22"` holds 财, and `"AAA\/USDT"` holds `AAA/USDT`. Else its text is as it is spelled, so that `"note":"x"` and
//! `1.50` can be looked for, too.

use std::borrow::Cow;

use crate::json::decoded;

/// A text that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle(String);

impl Needle {
    /// Looks for this text; the empty one is in every text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(folded(text))
    }

    /// Whether it is in a text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        folded(text).contains(&self.0)
    }

    /// Whether it is in the text of a document, with its escapes decoded.
    #[must_use]
    pub fn is_in_document(&self, text: &str) -> bool {
        match decoded(text) {
            Cow::Borrowed(text) => self.is_in(text),
            Cow::Owned(text) => self.is_in(&text),
        }
    }

    /// What is looked for, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A character as it is compared: in lower case, if that is one character. No character beyond ASCII becomes one of ASCII
/// (İ and the sign for kelvin would), so that whoever looks for ASCII need look at nothing else.
#[must_use]
pub fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(lower), None) if !lower.is_ascii() => lower,
        _ => character,
    }
}

/// Whether a character has another that is compared as it is.
#[must_use]
pub fn has_cases(character: char) -> bool {
    let is_itself =
        |mut other: std::char::ToUppercase| other.next() == Some(character) && other.next().is_none();
    fold(character) != character || !is_itself(character.to_uppercase())
}

impl From<&str> for Needle {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(fold).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_alphabet_are_the_same_in_either_case() {
        for (text, part) in [
            ("position_EURUSD", "eurUSD"),
            ("Ärger über Öl", "äRGER ÜBER öl"),
            ("ΔΕΛΤΑ σ", "δελτα Σ"),
            ("КИЇВ", "київ"),
            ("ǅ", "ǆ"),
            ("财神", "神"),
            ("", ""),
        ] {
            assert!(Needle::new(part).is_in(text), "{text} {part}");
        }
        for (text, part) in [("É", "e"), ("ß", "ss"), ("\u{212a}", "k"), ("İ", "i"), ("a", "ab")] {
            assert!(!Needle::new(part).is_in(text), "{text} {part}");
        }
    }

    #[test]
    fn what_a_document_says_is_found_by_its_characters() {
        let finds = |part: &str, document: &str| Needle::new(part).is_in_document(document);
        assert!(finds("财神", r#"{"note":"\u8d22\u795e"}"#));
        assert!(finds("aaa/usdt", r#"{"s":"AAA\/USDT"}"#));
        assert!(finds("é😀", r#"{"s":"\u00C9\ud83D\ude00"}"#));
        assert!(finds("say \"hi\"", r#"{"s":"say \"hi\""}"#));
        assert!(finds("a\nb", r#"{"s":"a\nb"}"#));
        assert!(finds(r"C:\data", r#"{"s":"c:\\Data"}"#));
        assert!(finds(r#""s":"x""#, r#"{"\u0073":"x"}"#));
        assert!(!finds("u8d22", r#"{"note":"\u8d22"}"#) && !finds("nb", r#"{"s":"a\nb"}"#));
    }

    #[test]
    fn whatever_is_compared_as_another_is_known_to_have_cases() {
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let lower = fold(character);
            assert_eq!(fold(lower), lower, "{character}");
            assert_eq!(lower.is_ascii(), character.is_ascii(), "{character}");
            if lower != character {
                assert!(has_cases(character) && has_cases(lower), "{character}");
            }
        }
        assert!(!has_cases('财') && !has_cases('7') && has_cases('é') && has_cases('ß'));
    }
}
