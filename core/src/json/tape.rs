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

    pub(super) fn after(self, index: u32) -> u32 {
        self.entry(index).next
    }
}
