//! Which entries may not be replayed onto the heads that are there, and what is kept of those.

use std::collections::HashMap;
use std::sync::Arc;

use stateloft_core::api::{ConflictSide, FallbackConflict, VersionView};
use stateloft_core::commit::Expectation;
use stateloft_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::FallbackStore;
use super::entry::{Before, Entry, EntryWrite, Expected, Made};
use crate::store::Result;

impl FallbackStore {
    /// Why an entry may not be written onto these heads, if it may not.
    pub(super) fn refusal(
        &self,
        entry: &Entry,
        heads: &HashMap<StateKey, Option<Version>>,
    ) -> Option<String> {
        let journal = self.journal();
        entry.writes.iter().find_map(|write| {
            let head = heads.get(&write.key).and_then(Option::as_ref);
            let made = journal.made_of(&write.key);
            why_not(write, head, made, entry.accepted_at).map(|why| format!("{}: {why}", write.key))
        })
    }

    pub(super) async fn conflict_of(
        &self,
        entry: &Entry,
        heads: &HashMap<StateKey, Option<Version>>,
        seq: Seq,
        reason: String,
        refused_at: Timestamp,
    ) -> Result<FallbackConflict> {
        let mut sides = Vec::with_capacity(entry.writes.len());
        for write in &entry.writes {
            let made = match self.journal().made_of(&write.key) {
                Some((Made::Version(made), _)) => Some(made),
                Some((Made::Conflict, _)) | None => None,
            };
            let base = base_of(write).or(made);
            let data = match base.filter(|base| *base > VersionNumber::ZERO) {
                Some(base) => self.inner.version(&write.key, base).await?.and_then(|version| version.data),
                None => None,
            };
            let head = heads.get(&write.key).and_then(Option::as_ref);
            sides.push(ConflictSide {
                key: write.key.clone(),
                change: write.kind().to_owned(),
                base_version: base.map(|base| base.0),
                base: data,
                theirs_version: head.map(VersionView::of),
                theirs: head.and_then(|head| head.data.clone()),
                mine: write.data.clone(),
            });
        }
        let first = entry.writes.first();
        let text = |part: Option<&Arc<str>>| part.map(|text| text.as_ref().to_owned());
        Ok(FallbackConflict {
            pending_id: entry.id.clone(),
            accepted_at: entry.taken_at(),
            refused_at,
            seq,
            reason,
            user_id: text(first.and_then(|write| write.author.as_ref())),
            description: text(first.and_then(|write| write.description.as_ref())),
            origin: first.and_then(|write| write.origin.clone()),
            sides,
        })
    }
}

fn base_of(write: &EntryWrite) -> Option<VersionNumber> {
    match write.expected {
        Expected::Version(version) => Some(version),
        Expected::Any | Expected::Absent | Expected::Present => write.base,
    }
}

/// Why a write may not go onto this head if the entry that it follows is not the last one `by` which the state was made: it was
/// lost from a damaged journal, or what became of it was. Then the head is only right if that entry wrote it.
fn lost_before(write: &EntryWrite, head: Option<&Version>, by: Option<&str>) -> Option<String> {
    match (&write.after, head) {
        (Before::Nothing, _) | (Before::Unknown, None) => None,
        (Before::Entry(id), _) if by == Some(id) => None,
        (Before::Entry(id), Some(head)) if head.batch_id.as_deref() == Some(id) => None,
        (Before::Entry(id), _) => {
            Some(format!("an earlier write to it, {id}, was lost when the journal was damaged"))
        }
        (Before::Unknown, Some(_)) => {
            Some("an earlier write to it may have been lost when the journal was damaged".to_owned())
        }
    }
}

/// Why a write may not go onto this head. `made` is what entries before it have made of the state.
fn why_not(
    write: &EntryWrite,
    head: Option<&Version>,
    made: Option<(Made, &str)>,
    accepted_at: Timestamp,
) -> Option<String> {
    let number = head.map_or(VersionNumber::ZERO, |head| head.version);
    let lost = lost_before(write, head, made.map(|(_, by)| by));
    match made.map(|(made, _)| made) {
        Some(Made::Conflict) => return Some("an earlier write to it is a conflict".to_owned()),
        _ if lost.is_some() => return lost,
        Some(Made::Version(made)) if made != number => {
            return Some(format!("it was at version {made} and is at {number} now"));
        }
        Some(Made::Version(_)) => {}
        None => {
            let moved = match base_of(write) {
                Some(base) if base != number => Some(format!(
                    "it was at version {base} when the write was accepted and is at {number} now"
                )),
                None if head.is_some_and(|head| head.recorded_at > accepted_at) => {
                    Some("it was written elsewhere after the write was accepted".to_owned())
                }
                _ => None,
            };
            if moved.is_some() {
                return moved;
            }
        }
    }
    let expected = write.expected.expectation();
    // A write that waited behind others names no version, and one that names a version was compared above.
    match expected {
        Expectation::Version(_) => None,
        _ if expected.holds(head) => None,
        Expectation::Absent => Some("it exists, though it must not".to_owned()),
        _ => Some("it does not exist, though it must".to_owned()),
    }
}
