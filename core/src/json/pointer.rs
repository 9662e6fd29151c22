//! JSON pointers (RFC 6901).
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a JSON pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// A pointer is empty or starts with `/`.
    #[error("a JSON pointer starts with \"/\"")]
    NoSlash,
    /// A `~` stands only in `~0` (for `~`) and `~1` (for `/`).
    #[error("\"~\" in a JSON pointer must be followed by 0 or 1 (byte {0})")]
    BadEscape(usize),
}

/// The place of a value in a document, as RFC 6901 writes it: `/legs/0/volume`; the empty text is the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pointer(String);

impl Pointer {
    /// The whole document.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads a pointer.
    ///
    /// # Errors
    /// When the text is not empty and does not start with `/`, or has a `~` without 0 or 1 after it.
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(PointerError::NoSlash);
        }
        for (at, _) in text.match_indices('~') {
            if !matches!(text.as_bytes().get(at + 1), Some(b'0' | b'1')) {
                return Err(PointerError::BadEscape(at));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// As RFC 6901 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the whole document.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Steps down to the member `key`.
    pub fn push(&mut self, key: &str) {
        self.0.push('/');
        escape_into(&mut self.0, key);
    }

    /// Steps down to an array's element.
    pub fn push_index(&mut self, index: usize) {
        self.0.push('/');
        self.0.push_str(&index.to_string());
    }

    /// Steps up, returning the last token; nothing at the root.
    pub fn pop(&mut self) -> Option<String> {
        let at = self.0.rfind('/')?;
        let token = unescape(&self.0[at + 1..]).into_owned();
        self.0.truncate(at);
        Some(token)
    }

    /// This pointer with one more step.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        let mut longer = self.clone();
        longer.push(key);
        longer
    }

    /// The keys and indexes on the way, decoded.
    #[must_use]
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
        tokens(&self.0)
    }

    /// Whether `other` is this place or lies inside it.
    #[must_use]
    pub fn contains(&self, other: &Pointer) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        Self::parse(&text)
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.0
    }
}

/// The tokens of a pointer's text, decoded.
pub(crate) fn tokens(text: &str) -> impl DoubleEndedIterator<Item = Cow<'_, str>> {
    text.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/')).map(unescape)
}

/// Writes a key as a pointer's token.
pub fn escape_into(out: &mut String, key: &str) {
    for character in key.chars() {
        match character {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            other => out.push(other),
        }
    }
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// The array index a token spells: digits without a leading zero.
#[must_use]
pub fn array_index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}
