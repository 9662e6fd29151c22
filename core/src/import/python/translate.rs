//! Python's words as tagged values, and the way back to the places where they stood.

use std::borrow::Cow;

use crate::json::decoded;
use crate::tagged::{NotFinite, is_reserved};

/// A stretch that was replaced.
#[derive(Debug, Clone, Copy)]
struct Edit {
    /// Where it began in the text as given.
    given: usize,
    /// How long it was there.
    given_len: usize,
    /// Where it begins now.
    now: usize,
    /// How long it is now.
    now_len: usize,
}

/// A text that the strict reader understands.
#[derive(Debug)]
pub(super) struct Translation<'a> {
    pub(super) text: Cow<'a, str>,
    edits: Vec<Edit>,
}

impl<'a> Translation<'a> {
    /// Translates a text; most have nothing in them to translate and are not copied.
    pub(super) fn of(text: &'a str) -> Self {
        let may_have = ["NaN", "Infinity", "stateloft", "\\u"].into_iter().any(|part| text.contains(part));
        if !may_have {
            return Self { text: Cow::Borrowed(text), edits: Vec::new() };
        }
        let mut walk =
            Walk { text, is_tagged: is_tagged(text), copied: 0, out: String::new(), edits: Vec::new() };
        walk.through();
        if walk.edits.is_empty() {
            return Self { text: Cow::Borrowed(text), edits: Vec::new() };
        }
        walk.out.push_str(&text[walk.copied..]);
        Self { text: Cow::Owned(walk.out), edits: walk.edits }
    }

    /// Where a byte of the translated text stood; of one that was put in, where the word stood.
    pub(super) fn given(&self, now: usize) -> usize {
        let behind = self.edits.partition_point(|edit| edit.now <= now);
        let Some(edit) = behind.checked_sub(1).map(|last| self.edits[last]) else { return now };
        let within = now - edit.now;
        if within < edit.now_len { edit.given } else { edit.given + edit.given_len + within - edit.now_len }
    }
}

/// Whether a text is a file of the Python client, in which a key like the tag's is the tag.
fn is_tagged(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with("\"stateloft_file\""))
}

struct Walk<'a> {
    text: &'a str,
    is_tagged: bool,
    copied: usize,
    out: String,
    edits: Vec<Edit>,
}

impl Walk<'_> {
    fn through(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            at = match byte {
                b'"' => self.string(at),
                b'N' | b'I' | b'-' => self.word(at),
                _ => at + 1,
            };
        }
    }

    /// A word that JSON does not have, if one begins here and ends as a word does.
    fn word(&mut self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at..];
        let found = NotFinite::ALL.into_iter().find(|number| rest.starts_with(number.word().as_bytes()));
        let Some(number) = found else { return at + 1 };
        let end = at + number.word().len();
        let goes_on = self.text.as_bytes().get(end).is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'.' | b'+' | b'-')
        });
        let before = at.checked_sub(1).map(|before| self.text.as_bytes()[before]);
        let goes_before = before.is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'_' | b'.' | b'+' | b'-')
        });
        if !goes_on && !goes_before {
            self.replace(at, number.word().len(), number.tagged());
        }
        end
    }

    /// Passes a string; a key of the user's own that looks like the tag's gets a `$` more.
    fn string(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                None => return bytes.len(),
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
            }
        }
        let end = at + 1;
        let raw = &self.text[start + 1..at];
        let is_key = || bytes[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
        if !self.is_tagged && raw.len() >= "$stateloft".len() && is_reserved(&decoded(raw)) && is_key() {
            self.replace(start + 1, 0, "$");
        }
        end
    }

    fn replace(&mut self, given: usize, given_len: usize, by: &str) {
        self.out.push_str(&self.text[self.copied..given]);
        self.edits.push(Edit { given, given_len, now: self.out.len(), now_len: by.len() });
        self.out.push_str(by);
        self.copied = given + given_len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_outside_strings_are_translated_and_places_are_found_again() {
        let given = r#"{"a":[NaN,-Infinity, 1],"NaN":"Infinity","b":Infinity}"#;
        let translation = Translation::of(given);
        assert_eq!(
            translation.text,
            r#"{"a":[{"$stateloft":"float","value":"NaN"},{"$stateloft":"float","value":"-Infinity"}, 1],"NaN":"Infinity","b":{"$stateloft":"float","value":"Infinity"}}"#
        );
        for part in ["\"a\"", "1]", "\"NaN\"", "\"b\"", "}"] {
            let (now, before) = (translation.text.rfind(part).unwrap(), given.rfind(part).unwrap());
            assert_eq!(translation.given(now), before, "{part}");
        }
        let inside = translation.text.find("\"-Infinity\"").unwrap();
        assert_eq!(translation.given(inside), given.find("-Infinity").unwrap());
    }

    #[test]
    fn a_users_own_tag_is_escaped_however_it_is_spelled_and_only_as_a_key() {
        let given = r#"{"$stateloft":"$stateloft","\u0024stateloft" :1,"$$stateloft":2,"$ref":3}"#;
        assert_eq!(
            Translation::of(given).text,
            r#"{"$$stateloft":"$stateloft","$\u0024stateloft" :1,"$$$stateloft":2,"$ref":3}"#
        );
    }

    #[test]
    fn in_a_file_of_the_python_client_a_tag_is_a_tag() {
        let given = "{\n \"stateloft_file\":1,\"data\":{\"a\":{\"$stateloft\":\"decimal\",\"value\":1.20}}}";
        assert_eq!(Translation::of(given).text, given);
        let other = r#"{"data":{"$stateloft":1},"stateloft_file":1}"#;
        assert_eq!(Translation::of(other).text, r#"{"data":{"$$stateloft":1},"stateloft_file":1}"#);
    }

    #[test]
    fn what_is_no_word_of_pythons_stays_for_the_reader_to_refuse() {
        for given in ["[NaNs]", "[xNaN]", "[-NaN]", "[Infinity1]", "\"NaN", "\"\\", "[+Infinity]"] {
            assert_eq!(Translation::of(given).text, given);
        }
    }
}
