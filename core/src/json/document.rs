//! A JSON document, kept exactly.
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::error::{JsonError, JsonErrorKind};
use super::node::Node;
use super::scan::{Index, entries_at_most, scan};
use super::tape::{Entry, Tape};

/// How large and how deep a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text as given, white space included. At most 2 GiB is ever accepted.
    pub max_bytes: usize,
    /// Arrays and objects inside each other.
    pub max_depth: usize,
}

impl Default for Limits {
    /// 16 MiB, 96 levels.
    fn default() -> Self {
        Self { max_bytes: 16 << 20, max_depth: 96 }
    }
}

/// Any JSON value: its text without white space, key order and every spelling kept. Cloning is cheap.
///
/// Two documents are equal when their texts are. In serde the text passes through verbatim as a
/// [`RawValue`]: that works in fields of structs that `serde_json` itself reads. Inside what serde reads through a
/// buffer (a flattened struct, a tagged or untagged enum) and with `serde-wasm-bindgen` it is an error; and a
/// `serde_json::Value` has rounded its numbers before this type sees them, so never go through one.
#[derive(Clone)]
pub struct Document(Arc<Inner>);

struct Inner {
    text: Box<str>,
    /// The index of the text. It can be several times as large as the text, so a document that only lies somewhere does
    /// without, and makes it anew when it is asked for.
    entries: OnceLock<Vec<Entry>>,
    leaves: u32,
}

/// Bytes of one value, or one key, in the index.
const ENTRY: usize = size_of::<Entry>();

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// Says what is wrong and at which byte of `text`.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, JsonError> {
        let Index { text, entries, leaves } = scan(text, limits)?;
        Ok(Self::from_parts(text.into_boxed_str(), entries, leaves))
    }

    /// From a text without white space and its index.
    pub(super) fn from_parts(text: Box<str>, entries: Vec<Entry>, leaves: u32) -> Self {
        Self(Arc::new(Inner { text, entries: OnceLock::from(entries), leaves }))
    }

    /// Bytes that the document holds in memory: its text, and its index if it has one now.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.len() + self.0.entries.get().map_or(0, |entries| entries.capacity() * ENTRY)
    }

    /// Bytes that a document of this text would hold with its index, at most. Counts, and reads nothing.
    #[must_use]
    pub fn weight_of(text: &[u8]) -> usize {
        text.len() + entries_at_most(text) * ENTRY
    }

    /// Bytes that the document holds in memory with its index, whether it has it now or not: at most, and for small ones
    /// about.
    #[must_use]
    pub fn weight_at_most(&self) -> usize {
        const SMALL: usize = 64 << 10;
        if self.len() < SMALL { self.len() * 3 } else { Self::weight_of(self.text().as_bytes()) }
    }

    /// The same document without its index, for where it is kept or sent and not looked into.
    #[must_use]
    pub fn without_index(self) -> Self {
        let leaves = self.0.leaves;
        let text = match Arc::try_unwrap(self.0) {
            Ok(own) => own.text,
            Err(shared) => shared.text.clone(),
        };
        Self(Arc::new(Inner { text, entries: OnceLock::new(), leaves }))
    }

    /// Reads a document from bytes, which must be UTF-8.
    ///
    /// # Errors
    /// Says what is wrong and at which byte.
    pub fn parse_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, JsonError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text, limits),
            Err(error) => Err(first_fault(bytes, error.valid_up_to(), limits)),
        }
    }

    /// Writes a Rust value as a document.
    ///
    /// # Errors
    /// When serde cannot write it, or what it writes is not a document within the default limits.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let text = serde_json::to_string(value)?;
        Self::parse(&text, &Limits::default()).map_err(serde::ser::Error::custom)
    }

    /// Reads the document into a Rust value. Numbers take the type's range and precision, so this is for
    /// configuration and schemas, not for what is stored.
    ///
    /// # Errors
    /// When the document does not fit the type.
    pub fn to<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// The text: compact JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Bytes of text; never zero.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.0.text.len()
    }

    /// The index of the text. It was built when the document was read, so this costs nothing, unless the document was
    /// kept [without](Self::without_index).
    #[must_use]
    pub fn tape(&self) -> Tape<'_> {
        Tape::new(&self.0.text, self.0.entries.get_or_init(|| index_again(&self.0.text)))
    }

    /// How many leaves (scalars and empty containers) the document has.
    #[must_use]
    pub fn leaves(&self) -> u32 {
        self.0.leaves
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.tape().root()
    }
}

/// What is wrong first with bytes that are UTF-8 only up to a place: that, or something before it.
fn first_fault(bytes: &[u8], valid: usize, limits: &Limits) -> JsonError {
    let before = std::str::from_utf8(&bytes[..valid]).unwrap_or_default();
    match scan(before, limits) {
        Err(error) if error.offset() < valid => error,
        _ => JsonError::new(JsonErrorKind::InvalidUtf8, valid),
    }
}

/// The index of a text that was read before.
fn index_again(text: &str) -> Vec<Entry> {
    match scan(text, &Limits { max_bytes: usize::MAX, max_depth: usize::MAX }) {
        Ok(index) => index.entries,
        Err(error) => unreachable!("a document's own text was read before: {error}"),
    }
}

impl FromStr for Document {
    type Err = JsonError;

    /// Reads with the default limits.
    fn from_str(text: &str) -> Result<Self, JsonError> {
        Self::parse(text, &Limits::default())
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text()
    }
}

impl Eq for Document {}

impl Hash for Document {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.text()).finish()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.text()).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().parse().map_err(D::Error::custom)
    }
}
