//! What a merge does not carry over, as far as one answer holds it.

use std::collections::HashMap;

use stateloft_core::api::{ConflictReason, LeftOut, MergeConflict, MergeSide};
use stateloft_core::model::Version;

use super::state::Name;

/// Bytes that are listed, about; the others are counted.
const LISTED_MAX: usize = 1 << 20;
/// What an entry takes besides its names, about.
const ENTRY: usize = 600;

/// Conflicts, snapshots and restores of a merge.
#[derive(Default)]
pub(super) struct Listed {
    conflicts: HashMap<Name, MergeConflict>,
    left_out: Vec<LeftOut>,
    bytes: usize,
    /// Snapshots and restores that are only counted.
    unlisted: u64,
}

impl Listed {
    /// Bytes that it holds.
    pub(super) fn weight(&self) -> usize {
        self.bytes
    }

    /// A state is not merged, of which the bundle has this version.
    pub(super) fn conflict(
        &mut self,
        name: Name,
        reason: ConflictReason,
        here: Option<&Version>,
        theirs: &Version,
    ) {
        let (here, there) = (here.map(MergeSide::of), MergeSide::of(theirs));
        if let Some(listed) = self.conflicts.get_mut(&name) {
            (listed.reason, listed.here, listed.there) = (reason, here, there);
            return;
        }
        if !self.has_room(theirs.key.state_id.as_str().len()) {
            return;
        }
        let (state_type, state_id) = (theirs.key.state_type.clone(), theirs.key.state_id.clone());
        let conflict = MergeConflict { state_type, state_id, reason, here, there, partly: false };
        self.conflicts.insert(name, conflict);
    }

    /// A state is merged after all.
    pub(super) fn no_conflict(&mut self, name: Name) {
        if let Some(listed) = self.conflicts.remove(&name) {
            self.bytes -= listed.state_id.as_str().len() + ENTRY;
        }
    }

    pub(super) fn leave_out(&mut self, left: LeftOut) {
        if self.has_room(left.id.len()) {
            self.left_out.push(left);
        } else {
            self.unlisted += 1;
        }
    }

    fn has_room(&mut self, names: usize) -> bool {
        let bytes = self.bytes + names + ENTRY;
        let fits = bytes <= LISTED_MAX;
        if fits {
            self.bytes = bytes;
        }
        fits
    }

    /// The conflicts by type and id, what is left out, and how many of so many conflicts, and of the others, are not listed.
    pub(super) fn finish(
        self,
        conflicts: u64,
        is_partly: impl Fn(Name) -> bool,
    ) -> (Vec<MergeConflict>, Vec<LeftOut>, u64) {
        let mut listed: Vec<_> = self.conflicts.into_iter().collect();
        for (name, conflict) in &mut listed {
            conflict.partly = is_partly(*name);
        }
        let mut listed: Vec<_> = listed.into_iter().map(|(_, conflict)| conflict).collect();
        listed.sort_by_cached_key(MergeConflict::key);
        let unlisted = conflicts.saturating_sub(listed.len() as u64) + self.unlisted;
        (listed, self.left_out, unlisted)
    }
}
