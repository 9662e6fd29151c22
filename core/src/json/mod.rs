//! Exact JSON: a strict reader, a tape over the text, numbers as they were written.
//!
//! A [`Document`] keeps the text it was given with only the white space removed; nothing passes through `f64`.
//! Reading builds a [`Tape`]: one flat index of spans into that text, so that equal subtrees are recognised by
//! comparing bytes and a number or string is a slice of the text.
//!
//! The scanning is our own. jiter was tried first: it gives exact numbers and strings, but not how a key is
//! spelled, which keys repeat and where, or a text without white space; and filling the same tape from it takes
//! 1.4 times as long in WebAssembly (1.1 MB of positions and series).
mod decode;
mod diagnosis;
mod document;
mod error;
mod hint;
mod members;
mod node;
pub mod number;
mod place;
pub mod pointer;
mod scan;
mod tape;
mod value;
pub mod writer;

pub(crate) use decode::unescape as decoded;
pub use diagnosis::Diagnosis;
pub use document::{Document, Limits};
pub use error::{JsonError, JsonErrorKind};
pub use hint::{ENCODED_TWICE, is_encoded_twice};
pub use members::{Elements, Key, Member, Members};
pub use node::Node;
pub use number::Decimal;
pub use pointer::Pointer;
pub use tape::{Kind, Tape};
pub(crate) use tape::{fingerprint, same_bytes};
pub(crate) use value::{mixed, plainly_spelled, text_hash, value_hash};
