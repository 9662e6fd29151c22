//! A store, or a part of one, as a file: the bundle.
//!
//! A bundle is lines of JSON, mostly packed with gzip, so that `zcat book.stateloft | jq` reads it. The first line is the
//! [`Header`], then come versions by seq, each with everything that is stored of it, then snapshots and restores, oldest
//! first; the last line is the [`Trailer`]. A schema is a state like any other. A version that the store could not give as it
//! was written has a line that says so in its place.
//!
//! Every line begins with `{"line":"<kind>"` and ends with `"sum"`: the first 16 hexadecimal digits of the SHA-256 of
//! everything from the start of the bundle up to that member. So whatever is changed, moved or missing shows in the line
//! where it is, before anything is made of that line. Versions are held against their hashes besides. The trailer has the
//! whole SHA-256 and counts, so that a bundle that was cut is never taken for a whole one.
//!
//! Both sides go line by line and hold no more than one. [`Opened`] keeps what a reader hands out, for who wants to look into it.

mod brought;
mod fault;
mod kind;
mod look;
mod opened;
mod reader;
mod shape;
mod tally;
#[cfg(feature = "unpack")]
mod unpack;
mod version;
mod writer;

pub use brought::{brought_as, holds_the_same, is_the_same};
pub use fault::{Fault, Whole, Wrong};
pub use kind::{GZIP, Kind};
pub use look::{AskedState, AskedStates, OutOfReach, StateThen};
pub use opened::{End, HELD_MAX, Opened};
pub use reader::{Reader, is_bundle};
pub use shape::{DamagedLine, FORMAT, FORMAT_VERSION, Header, Line, Trailer};
#[cfg(feature = "unpack")]
pub use unpack::Unpacked;
pub use writer::Writer;

/// The longest line, in bytes: the largest document, and more than anything said of it.
pub const LINE_MAX: usize = 64 << 20;
