//! What was accepted and has no version yet, as readers see it.

use std::collections::HashMap;
use std::sync::Arc;

use stateloft_core::api::{ChangeKind, PendingState};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{ChangeSummary, Operation, Seq, StateKey, Version, VersionNumber};

use super::FallbackStore;
use super::entry::{Entry, EntryWrite};
use super::waiting::Waiting;
use crate::store::memory::read::matches;
use crate::store::{ListQuery, Result};

/// Where a write stands in the journal: what was accepted later stands behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of its entry.
    pub entry: u64,
    /// Which write of the entry it is.
    pub write: usize,
}

impl FallbackStore {
    /// What the last write that waits makes of a state; `None` where none waits.
    #[must_use]
    pub fn pending_state(&self, key: &StateKey) -> Option<PendingState> {
        self.journal().waiting(key).map(|waiting| shown(&waiting))
    }

    /// The states for which writes wait and which, as those have them, are what a query asks for; with data as it says.
    /// Its `changed_since` counts for nothing: what waits comes after everything that is written.
    #[must_use]
    pub fn pending_states(&self, query: &ListQuery) -> Vec<(Place, PendingState)> {
        let waiting: Vec<Waiting> = self.journal().line().states().cloned().collect();
        let asked = |waiting: &&Waiting| matches(&as_version(waiting.write()), query);
        let states = waiting.iter().filter(asked).map(|waiting| {
            let state = shown(waiting);
            let data = state.data.filter(|_| query.with_data);
            (waiting.place(), PendingState { data, ..state })
        });
        states.collect()
    }

    /// All states for which writes wait, and where the last write to each stands.
    #[must_use]
    pub fn pending_keys(&self) -> HashMap<StateKey, Place> {
        let journal = self.journal();
        journal.line().states().map(|waiting| (waiting.write().key.clone(), waiting.place())).collect()
    }

    /// How many of these states are, as they are stored, what a query asks for.
    pub async fn stored_matches(&self, keys: &[StateKey], query: &ListQuery) -> Result<u64> {
        let mut found = 0;
        for key in keys {
            let head = self.inner.head(key).await?;
            found += u64::from(head.is_some_and(|head| matches(&head, query)));
        }
        Ok(found)
    }

    /// The writes to wanted states that wait behind a place of the journal, in the order of their replay, at most `limit`; and
    /// how many writes wait in all.
    #[must_use]
    pub fn pending_after(
        &self,
        after: Option<Place>,
        limit: usize,
        wanted: impl Fn(&StateKey) -> bool,
    ) -> (Vec<(Place, PendingState)>, u64) {
        let journal = self.journal();
        let writes = journal.pending().iter().flat_map(|entry| &entry.writes);
        let total = writes.filter(|write| wanted(&write.key)).count() as u64;
        let from =
            journal.pending().partition_point(|entry| after.is_some_and(|after| entry.number < after.entry));
        let mut found = Vec::new();
        for entry in journal.pending().range(from..) {
            for (write, change) in entry.writes.iter().enumerate() {
                let place = Place { entry: entry.number, write };
                if after.is_some_and(|after| place <= after) || !wanted(&change.key) {
                    continue;
                }
                if found.len() >= limit {
                    return (found, total);
                }
                let waiting = journal.line().of(&change.key).map_or(1, |waiting| waiting.count);
                found.push((place, state(entry, change, waiting)));
            }
        }
        (found, total)
    }

    /// The writes to one state that wait, in the order of their replay.
    #[must_use]
    pub fn pending_of(&self, key: &StateKey) -> Vec<PendingState> {
        let Some(Waiting { count, .. }) = self.journal().waiting(key) else { return Vec::new() };
        let entries: Vec<Arc<Entry>> = self.journal().pending().iter().cloned().collect();
        let of = |entry: &Arc<Entry>| {
            let writes = entry.writes.iter().filter(|write| write.key == *key);
            writes.map(|write| state(entry, write, count)).collect::<Vec<_>>()
        };
        entries.iter().flat_map(of).collect()
    }
}

fn shown(waiting: &Waiting) -> PendingState {
    state(&waiting.entry, waiting.write(), waiting.count)
}

fn state(entry: &Entry, write: &EntryWrite, waiting: u64) -> PendingState {
    PendingState {
        state_id: write.key.state_id.clone(),
        state_type: write.key.state_type.clone(),
        pending: true,
        pending_id: entry.id.clone(),
        accepted_at: entry.taken_at(),
        waiting,
        write: match write.kind() {
            "delete" => ChangeKind::Delete,
            "restore" => ChangeKind::Restore,
            _ => ChangeKind::Save,
        },
        user_id: write.author.clone(),
        description: write.description.clone(),
        verdict: write.verdict.clone(),
        size: write.data.as_ref().map_or(0, |data| data.text().len()),
        data: write.data.clone(),
    }
}

/// A write as if it were the newest version, to be compared with a query.
fn as_version(write: &EntryWrite) -> Version {
    Version {
        seq: Seq(u64::MAX),
        key: write.key.clone(),
        version: VersionNumber::ZERO,
        operation: if write.is_delete() { Operation::Delete } else { Operation::Update },
        data: write.data.clone(),
        content_hash: None,
        chain_hash: ChainHash::START,
        recorded_at: stateloft_core::model::Timestamp::from_micros(0),
        author: write.author.clone(),
        description: None,
        batch_id: None,
        origin: write.origin.clone(),
        verdict: write.verdict.clone(),
        change: ChangeSummary::default(),
        damaged: None,
    }
}
