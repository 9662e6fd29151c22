//! One value of a document, and the ways down from it.
use std::borrow::Cow;
use std::fmt;

use super::document::Document;
use super::members::{Elements, Members, characters};
use super::number::Decimal;
use super::tape::{Entry, Kind, Tape, same_bytes};

/// One value of a document.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tape: Tape<'a>,
    index: u32,
}

impl<'a> Node<'a> {
    pub(super) fn new(tape: Tape<'a>, index: u32) -> Self {
        Self { tape, index }
    }

    /// What the value is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.tape.text.as_bytes()[self.tape.entry(self.index).start as usize] {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The value's own text, spelled as it was given.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.tape.slice(self.tape.entry(self.index))
    }

    /// The bytes of the text.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.tape.bytes(self.tape.entry(self.index))
    }

    /// Where the text lies in the document's, in bytes.
    #[must_use]
    pub fn span(self) -> std::ops::Range<usize> {
        let entry = self.tape.entry(self.index);
        entry.start as usize..entry.end as usize
    }

    /// A number for this value that grows in the text's order: its place on the tape.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// Another value of the same document, at a place that [`Self::index`] gave; `None` if there is none.
    #[must_use]
    pub(crate) fn beside(self, index: u32) -> Option<Self> {
        self.tape.at(index)
    }

    /// How many elements an array, or members an object has; 0 for other values.
    #[must_use]
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Array | Kind::Object => self.tape.entry(self.index).len as usize,
            _ => 0,
        }
    }

    /// How many leaves (scalars and empty containers) stand in this value; 1 for a leaf itself.
    #[must_use]
    pub fn leaves(self) -> u32 {
        if self.is_empty() {
            return 1;
        }
        let values = self.members().map(|member| member.value).chain(self.elements());
        values.map(Node::leaves).sum()
    }

    /// This value as a document of its own, without reading its text again.
    #[must_use]
    pub fn to_document(self) -> Document {
        let start = self.tape.entry(self.index).start;
        let end = self.tape.after(self.index);
        let mut entries = Vec::with_capacity((end - self.index) as usize);
        let leaves = self.copy_into(&mut entries, start);
        Document::from_parts(self.text().into(), entries, leaves)
    }

    /// Adds the entries of this value and of what is in it, as they are in a text that begins at `start` of this one.
    /// Answers how many leaves there are.
    fn copy_into(self, entries: &mut Vec<Entry>, start: u32) -> u32 {
        let moved = |entry: Entry| Entry { start: entry.start - start, end: entry.end - start, ..entry };
        let own = entries.len();
        let entry = self.tape.entry(self.index);
        entries.push(moved(entry));
        let mut leaves = u32::from(self.is_empty());
        for member in self.members() {
            // A key's entry stands before its value's.
            entries.push(moved(self.tape.entry(member.value.index - 1)));
            leaves += member.value.copy_into(entries, start);
        }
        for element in self.elements() {
            leaves += element.copy_into(entries, start);
        }
        entries[own].next = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        leaves
    }

    /// Whether both values are spelled the same, byte for byte.
    #[must_use]
    pub fn same_text(self, other: Node<'_>) -> bool {
        same_bytes(self.bytes(), other.bytes())
    }

    /// Whether there is nothing inside.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// An array's elements; nothing for other values.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        let left = if self.kind() == Kind::Array { self.tape.entry(self.index).len } else { 0 };
        Elements::new(self.tape, self.index + 1, left)
    }

    /// An object's members, in the text's order; nothing for other values.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        let left = if self.kind() == Kind::Object { self.tape.entry(self.index).len } else { 0 };
        Members::new(self.tape, self.index + 1, left)
    }

    /// An object's value under `key` (decoded).
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.members().find(|member| member.key.is(key)).map(|member| member.value)
    }

    /// An array's element.
    #[must_use]
    pub fn at(self, index: usize) -> Option<Node<'a>> {
        self.elements().nth(index)
    }

    /// The child that one token of a JSON pointer names.
    #[must_use]
    pub fn child(self, token: &str) -> Option<Node<'a>> {
        match self.kind() {
            Kind::Object => self.get(token),
            Kind::Array => self.at(super::pointer::array_index(token)?),
            _ => None,
        }
    }

    /// A string's characters.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let entry = self.tape.entry(self.index);
        (self.kind() == Kind::String).then(|| characters(self.tape, entry))
    }

    /// A number's value.
    #[must_use]
    pub fn as_decimal(self) -> Option<Decimal<'a>> {
        (self.kind() == Kind::Number).then(|| Decimal::parse(self.text())).flatten()
    }

    /// `true` or `false`.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.text() == "true")
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.text()).finish()
    }
}
