//! What the folder of a journal holds, for programs: a line of JSON for each write, or each file.

use serde::Serialize;
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};

use super::failure::Failure;
use super::output::print_json;
use crate::store::fallback::{Examined, Part, Standing, WaitingWrite};

/// A write to one state.
#[derive(Serialize)]
struct WriteLine<'a> {
    pending_id: &'a str,
    accepted_at: Timestamp,
    change: &'static str,
    #[serde(flatten)]
    key: &'a StateKey,
    user_id: Option<&'a str>,
    /// Bytes of data; absent for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Document>,
    /// The file that was set aside in which it can be made out: then nothing vouches for it, and it is not replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    set_aside_in: Option<&'a str>,
}

/// A file.
#[derive(Serialize)]
struct FileLine<'a> {
    file: &'a str,
    /// `whole`, `torn`, `damaged` or `set_aside`.
    standing: &'static str,
    lines: &'a [String],
}

/// Prints what waits, and what can be made out of what was set aside.
pub(super) fn list(found: &Examined, with_data: bool) -> Result<(), Failure> {
    let waiting = found.waiting.iter().map(|write| (write, None));
    let aside = found.set_aside.iter().flat_map(|(part, writes)| {
        let file = Some(part.file.as_str());
        writes.iter().map(move |write| (write, file))
    });
    waiting.chain(aside).try_for_each(|(write, set_aside_in)| {
        let WaitingWrite { pending_id, accepted_at, change, key, author, data } = write;
        print_json(&WriteLine {
            pending_id,
            accepted_at: *accepted_at,
            change,
            key,
            user_id: author.as_deref(),
            size: data.as_ref().map(Document::len),
            data: data.as_ref().filter(|_| with_data),
            set_aside_in,
        })
    })
}

/// Prints how each file is.
pub(super) fn check(found: &Examined) -> Result<(), Failure> {
    let parts = found.parts.iter().map(|part| {
        let standing = match part.standing {
            Standing::Whole => "whole",
            Standing::Torn => "torn",
            Standing::Damaged => "damaged",
        };
        (part, standing)
    });
    let aside = found.set_aside.iter().map(|(part, _)| (part, "set_aside"));
    parts
        .chain(aside)
        .try_for_each(|(Part { file, lines, .. }, standing)| print_json(&FileLine { file, standing, lines }))
}
