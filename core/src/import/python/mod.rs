//! JSON as Python writes and reads it: with a byte order mark, with `NaN`, `Infinity` and `-Infinity`, one document or a
//! document a line.
//!
//! Only what is different is handled here: such words become tagged values ([`crate::tagged`]) before the strict reader sees the
//! text, and where it finds something wrong is told in the text as it was given.

mod lines;
mod original;
mod translate;
mod write;

pub(super) use lines::{Piece, pieces};
pub(super) use original::Reading;
pub use write::written_back;
