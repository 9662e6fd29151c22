//! A document as a folded tree with its changes in place: what changed is open, what is equal is folded by name.

mod index;
mod rows;
mod words;

use std::collections::HashMap;

use stateloft_core::diff::Diff;

use super::change::Glyph;
use super::changes::ChangeRow;
pub use index::Index;

/// Children asked for at a time, and changes of one container laid out at a time.
pub const PAGE: u32 = 200;
/// When so many rows are laid out, nothing more is open by itself.
const MOST_OPEN: usize = 2_000;
/// Height of a row in pixels.
pub const ROW: u32 = 26;
/// A container with no more children than this is open from the start, where containers are listed whole.
const SMALL: u32 = 20;

/// Which document a pointer points into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The older one: for what was removed.
    A,
    /// The newer one.
    B,
}

/// What a value is, as far as the tree cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{ }`
    Object,
    /// `[ ]`
    Array,
    /// Anything else.
    Scalar,
}

/// A child of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Its key, decoded; for an element `[3]`, or its identity `[EURUSD]`.
    pub key: String,
    /// RFC 6901 pointer from the document's root.
    pub pointer: String,
    /// What it is.
    pub shape: Shape,
    /// How many children it has itself.
    pub len: u32,
    /// A scalar's text, cut if it is very long; empty for containers.
    pub text: String,
}

/// The children of a container read so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What the container is.
    pub shape: Shape,
    /// How many children there are in all.
    pub total: u32,
    /// The first of them.
    pub children: Vec<Child>,
}

/// Listings by document and pointer.
pub type Listings = HashMap<(Source, String), Listing>;

/// A listing that must be read before the tree is complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wanted {
    /// Which document.
    pub source: Source,
    /// Which container.
    pub pointer: String,
    /// How many children are there already.
    pub offset: u32,
}

/// What stands behind a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar as it is in both documents.
    Plain(String),
    /// A value that is new, gone or changed.
    Change(Box<ChangeRow>),
    /// `20 keys`, `3 elements`.
    Container(String),
    /// A series or list, with what came and went.
    Moved {
        /// `series, 200 points:`
        what: String,
        /// `−1 at the head`, with its colour.
        parts: Vec<(Glyph, String)>,
    },
}

/// What a row does and shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A key and its value.
    Node {
        /// The key.
        key: String,
        /// What is behind it.
        value: Value,
    },
    /// `⋯ 9 equal: names`
    Fold {
        /// How many.
        count: u32,
        /// `equal`, `volatile, muted`
        why: &'static str,
        /// The first names; none for elements.
        names: String,
    },
    /// Reads more children when clicked.
    More {
        /// What to read.
        wanted: Wanted,
        /// How many there are still.
        left: u32,
    },
    /// Lays out more changes of a container when clicked.
    MoreChanges {
        /// How many are laid out.
        shown: u32,
        /// How many there are still.
        left: u32,
    },
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeRow {
    /// Levels below the root.
    pub depth: u32,
    /// Which document its pointer points into.
    pub source: Source,
    /// What names the row for folding and for the list.
    pub name: String,
    /// The path that the row is about, as a pointer into B (into A for what was removed).
    pub pointer: String,
    /// Added, changed, removed; `None` if equal.
    pub mark: Option<Glyph>,
    /// Whether the whole row is tinted: it is new or gone as a whole.
    pub tinted: bool,
    /// Open or closed, for what can be folded.
    pub open: Option<bool>,
    /// What it shows.
    pub kind: Kind,
}

/// The tree as the user sees it now.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// What changed.
    pub diff: &'a Diff,
    /// Where.
    pub index: &'a Index,
    /// What was read of the documents.
    pub listings: &'a Listings,
    /// Rows that the user has opened or closed.
    pub turned: &'a HashMap<String, bool>,
    /// Of which containers how many changes are laid out; of others the first [`PAGE`].
    pub extended: &'a HashMap<String, u32>,
    /// The path that must be among what is laid out.
    pub path: Option<&'a str>,
    /// Show equal values too.
    pub everything: bool,
}

/// The rows, and what must be read to complete them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Laid {
    /// In order.
    pub rows: Vec<TreeRow>,
    /// What is still to be read, each with the place of the row that needs it: only what is in sight is worth reading.
    pub wanted: Vec<(usize, Wanted)>,
}

impl Tree<'_> {
    /// Lays the tree out.
    #[must_use]
    pub fn lay_out(&self) -> Laid {
        rows::Layout::new(self).run()
    }
}

/// The words for a container: `20 keys`, `1 element`.
#[must_use]
pub fn container_words(shape: Shape, len: u32) -> String {
    let noun = match (shape, len) {
        (Shape::Array, 1) => "element",
        (Shape::Array, _) => "elements",
        (_, 1) => "key",
        (_, _) => "keys",
    };
    format!("{len} {noun}")
}

#[cfg(test)]
mod tests;
