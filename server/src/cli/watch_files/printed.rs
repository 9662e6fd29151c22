//! What is printed of each version: a line for people, or one of JSON for programs.

use serde::Serialize;
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{Operation, Seq, StateId, StateType, Timestamp, VersionNumber};

use super::outbox::Change;
use crate::cli::failure::Failure;
use crate::cli::output::print_json;
use crate::cli::say::answer;

/// A version, or what would be one, for programs.
#[derive(Serialize)]
struct Line<'a> {
    state_type: &'a StateType,
    state_id: &'a StateId,
    operation: Operation,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<ContentHash>,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<Timestamp>,
}

/// Prints what was made of a change, or would be: of that nothing is `made`.
pub(super) fn printed(
    change: &Change,
    operation: Operation,
    made: Option<(VersionNumber, Seq)>,
    content_hash: Option<ContentHash>,
    json: bool,
) -> Result<(), Failure> {
    let Change { key, origin, .. } = change;
    if json {
        return print_json(&Line {
            state_type: &key.state_type,
            state_id: &key.state_id,
            operation,
            version: made.map(|(version, _)| version),
            seq: made.map(|(_, seq)| seq),
            content_hash,
            source: &origin.source,
            written: origin.written,
        });
    }
    match made {
        Some((version, seq)) => answer!("{key}: {operation}, version {version}, seq {seq}, {origin}"),
        None => answer!("{key}: {operation}, {origin}"),
    }
    Ok(())
}
