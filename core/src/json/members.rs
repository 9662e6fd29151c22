//! What stands inside an array or an object.
use std::borrow::Cow;
use std::fmt;

use super::decode::unescape;
use super::node::Node;
use super::tape::{Entry, Tape, same_bytes};

/// A key of an object.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    tape: Tape<'a>,
    index: u32,
}

impl<'a> Key<'a> {
    /// The key as spelled, with its quotes.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.tape.slice(self.tape.entry(self.index))
    }

    /// The key's characters.
    #[must_use]
    pub fn decoded(self) -> Cow<'a, str> {
        characters(self.tape, self.tape.entry(self.index))
    }

    /// Bytes of the key's characters.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "an empty key is a key")]
    pub fn len(self) -> usize {
        let entry = self.tape.entry(self.index);
        if entry.len == 0 { (entry.end - entry.start) as usize - 2 } else { self.decoded().len() }
    }

    /// Whether these are the key's characters.
    #[must_use]
    pub fn is(self, characters: &str) -> bool {
        let entry = self.tape.entry(self.index);
        if entry.len == 0 {
            let own = &self.tape.text.as_bytes()[entry.start as usize + 1..entry.end as usize - 1];
            same_bytes(own, characters.as_bytes())
        } else {
            self.decoded() == characters
        }
    }

    /// Whether both keys have the same characters, however spelled.
    #[must_use]
    pub fn same(self, other: Key<'_>) -> bool {
        let (mine, theirs) = (self.tape.entry(self.index), other.tape.entry(other.index));
        mine.next == theirs.next
            && (same_bytes(self.tape.bytes(mine), other.tape.bytes(theirs))
                || (mine.len | theirs.len != 0 && self.decoded() == other.decoded()))
    }
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.text()).finish()
    }
}

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The key.
    pub key: Key<'a>,
    /// The value.
    pub value: Node<'a>,
}

/// The elements of an array.
#[derive(Clone)]
pub struct Elements<'a> {
    tape: Tape<'a>,
    next: u32,
    left: u32,
}

impl<'a> Elements<'a> {
    pub(super) fn new(tape: Tape<'a>, next: u32, left: u32) -> Self {
        Self { tape, next, left }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        self.left = self.left.checked_sub(1)?;
        let node = Node::new(self.tape, self.next);
        self.next = self.tape.after(self.next);
        Some(node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Elements<'_> {}

/// The members of an object.
#[derive(Clone)]
pub struct Members<'a> {
    tape: Tape<'a>,
    next: u32,
    left: u32,
}

impl<'a> Members<'a> {
    pub(super) fn new(tape: Tape<'a>, next: u32, left: u32) -> Self {
        Self { tape, next, left }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (key, value) = (self.next, self.next + 1);
        self.next = self.tape.after(value);
        Some(Member { key: Key { tape: self.tape, index: key }, value: Node::new(self.tape, value) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Members<'_> {}

/// The characters of the string that `entry` spans.
pub(super) fn characters(tape: Tape<'_>, entry: Entry) -> Cow<'_, str> {
    let raw = &tape.text[entry.start as usize + 1..entry.end as usize - 1];
    if entry.len == 0 { Cow::Borrowed(raw) } else { unescape(raw) }
}
