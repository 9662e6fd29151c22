//! How answers look: for people on a terminal, and for programs.

mod changes;
mod progress;
pub(super) mod style;
mod table;
mod words;

pub(super) use changes::{Sides, change_lines, shown_change};
pub(super) use progress::Progress;
pub(super) use table::{Column, Table};
pub(super) use words::{counted, counted_are, counted_if_known, effect_of_change, verdict_words};

use serde::Serialize;

use super::failure::Failure;
use super::say::answer;

/// Prints a value as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    answer!("{text}");
    Ok(())
}

/// Prints an answer of the API as it came.
pub(super) fn print_answer(answer: &super::client::Answer) {
    super::say::write_bytes(&answer.body);
    super::say::write_bytes(b"\n");
}
