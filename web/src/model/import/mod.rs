//! Files that are imported: what is in them, how that stands to the store, what of it is ticked, and what becomes of it.
//!
//! What is in them is worked out by the component, as the server works it out; documents stay with the browser, here are only
//! their hashes.

mod about;
mod choice;
mod found;
mod held;
mod limits;
mod probe;
mod rows;
mod stood;
mod tally;
mod words;
mod written;

#[cfg(test)]
mod rows_tests;
#[cfg(test)]
mod samples;

pub use about::{about_file, damage, place, shape_words, what};
pub use choice::{Choices, Reason, Ticks};
pub use found::{Found, Item, Record};
pub use held::{Naming, Waiting, bytes_words, named_missing, step};
pub use limits::{BODY_MAX, FILES_MAX, TOO_MUCH, is_wanted, within};
pub use probe::Probe;
pub use rows::{Fold, Row, rows};
pub use stood::{Age, Held, Look, Stood, wanted};
pub use tally::{Only, Tally, tally};
pub use words::{button, command, missing, not_ticked, standing_words};
pub use written::{Written, pieces};
