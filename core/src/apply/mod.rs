//! Applying a difference, all of it or a chosen part.
//!
//! Every change says where it belongs in the old document, so each can be applied without the others and what is not
//! chosen stays as it is. All of them together give the new document, byte for byte.

mod branch;
mod enter;
mod write;

use crate::diff::{Change, Diff, TooMuch};
use crate::json::{Document, JsonError};
use branch::Root;

/// A difference cannot be applied. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The document has no such place.
    #[error("there is nothing at {0:?} to change")]
    NoSuchPlace(String),
    /// The document holds something else there than the difference says: it was made from another document.
    #[error("the value at {0:?} is not the one that the difference was made from")]
    Differs(String),
    /// The difference contradicts itself.
    #[error("the change at {0:?} does not make sense")]
    Malformed(String),
    /// The result is not a document, or too large for one.
    #[error("the result is not a document: {0}")]
    Result(#[from] JsonError),
    /// The documents differ in too much to choose among the changes.
    #[error("{0}: write the whole of it, as it was, with a save")]
    TooMuch(#[from] TooMuch),
}

/// The new document of `diff`, whose old one is `old`.
///
/// # Errors
/// When `diff` was not made from `old`.
pub fn apply(old: &Document, diff: &Diff) -> Result<Document, ApplyError> {
    apply_selected(old, diff, |_| true)
}

/// `old` with those changes that `chosen` wants; it is asked about each in order.
///
/// # Errors
/// When `diff` was not made from `old`.
pub fn apply_selected(
    old: &Document,
    diff: &Diff,
    mut chosen: impl FnMut(&Change) -> bool,
) -> Result<Document, ApplyError> {
    let mut root = Root::new(old.root());
    for change in diff.changes.iter().filter(|change| chosen(change)) {
        enter::enter(&mut root, change)?;
    }
    Ok(write::document(&root, old.len()).parse()?)
}
