//! The index over a document's text.
use super::node::Node;
use super::pointer::Pointer;

/// One value, or one key of an object, of the text. A container's entry is followed by those of its content,
/// in the text's order; an object's content alternates key and value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// First byte of the value's text.
    pub(super) start: u32,
    /// One past its last byte.
    pub(super) end: u32,
    /// The entry after the whole subtree. For a key: a hash of its characters.
    pub(super) next: u32,
    /// How many elements or members; for a string: 1 if it has escapes.
    pub(super) len: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, of any size and precision.
    Number,
    /// A text.
    String,
    /// A list.
    Array,
    /// Keys with values.
    Object,
}

impl Kind {
    /// The word that JSON Schema uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// A document's index: where every value starts and ends.
#[derive(Clone, Copy)]
pub struct Tape<'a> {
    pub(super) text: &'a str,
    entries: &'a [Entry],
}

impl<'a> Tape<'a> {
    pub(super) fn new(text: &'a str, entries: &'a [Entry]) -> Self {
        Self { text, entries }
    }

    /// The outermost value.
    #[must_use]
    pub fn root(self) -> Node<'a> {
        Node::new(self, 0)
    }

    /// The value that `pointer` leads to.
    #[must_use]
    pub fn get(self, pointer: &Pointer) -> Option<Node<'a>> {
        pointer.tokens().try_fold(self.root(), |node, token| node.child(&token))
    }

    /// The value at a place that [`Node::index`] gave; `None` if there is none.
    #[must_use]
    pub(crate) fn at(self, index: u32) -> Option<Node<'a>> {
        ((index as usize) < self.entries.len()).then(|| Node::new(self, index))
    }

    /// How many values and keys the document has.
    #[must_use]
    pub fn entry_count(self) -> usize {
        self.entries.len()
    }

    pub(super) fn entry(self, index: u32) -> Entry {
        self.entries[index as usize]
    }

    pub(super) fn slice(self, entry: Entry) -> &'a str {
        &self.text[entry.start as usize..entry.end as usize]
    }

    pub(super) fn bytes(self, entry: Entry) -> &'a [u8] {
        &self.text.as_bytes()[entry.start as usize..entry.end as usize]
    }

    pub(super) fn after(self, index: u32) -> u32 {
        self.entry(index).next
    }
}

/// Whether two stretches of text are equal. WebAssembly's own comparison goes byte by byte, so there it is done eight
/// at a time.
#[must_use]
pub(crate) fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if !cfg!(target_arch = "wasm32") {
        return a == b;
    }
    let ((words, rest), (other_words, other_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    a.len() == b.len()
        && words.iter().zip(other_words).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
        && rest.iter().zip(other_rest).all(|(a, b)| a == b)
}

/// A quick hash: of the length, the first and the last eight bytes. Equal hashes prove nothing.
#[must_use]
#[inline]
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn fingerprint(bytes: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(MULTIPLIER);
    (mixed >> 32) as u32
}
