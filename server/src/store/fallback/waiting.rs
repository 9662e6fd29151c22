//! The entries that wait, in order, and what waits for each state.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use stateloft_core::json::Document;
use stateloft_core::model::StateKey;

use super::entry::{Entry, EntryWrite};
use super::pending::Place;

/// Writes to one state that wait.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) count: u64,
    /// The last of them: an entry, and which of its writes.
    pub(super) entry: Arc<Entry>,
    at: usize,
}

impl Waiting {
    /// The last write to the state.
    pub(super) fn write(&self) -> &EntryWrite {
        &self.entry.writes[self.at]
    }

    pub(super) fn place(&self) -> Place {
        Place { entry: self.entry.number, write: self.at }
    }
}

/// The line of those that wait.
#[derive(Debug, Default)]
pub(super) struct Line {
    entries: VecDeque<Arc<Entry>>,
    states: HashMap<StateKey, Waiting>,
}

impl Line {
    /// The oldest first.
    pub(super) fn entries(&self) -> &VecDeque<Arc<Entry>> {
        &self.entries
    }

    pub(super) fn of(&self, key: &StateKey) -> Option<&Waiting> {
        self.states.get(key)
    }

    /// What waits for each state, in no order.
    pub(super) fn states(&self) -> impl Iterator<Item = &Waiting> {
        self.states.values()
    }

    pub(super) fn join(&mut self, mut entry: Entry) {
        // The index over a document may be many times as large, and this may wait for long.
        for write in &mut entry.writes {
            write.data = write.data.take().map(Document::without_index);
        }
        let entry = Arc::new(entry);
        for (at, write) in entry.writes.iter().enumerate() {
            let count = self.states.get(&write.key).map_or(0, |waiting| waiting.count) + 1;
            self.states.insert(write.key.clone(), Waiting { count, entry: Arc::clone(&entry), at });
        }
        self.entries.push_back(entry);
    }

    /// The entries up to this number need no replay any more.
    pub(super) fn leave(&mut self, done: u64) {
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.number <= done) {
            for write in &entry.writes {
                if let Some(waiting) = self.states.get_mut(&write.key) {
                    waiting.count -= 1;
                    if waiting.count == 0 {
                        self.states.remove(&write.key);
                    }
                }
            }
        }
    }
}
