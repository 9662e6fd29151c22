//! What was handed over of each state, and which source says it: so that only a change is one, and two sources do not contradict
//! each other for ever.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use stateloft_core::hash::ContentHash;
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};

use super::outbox::{Change, Origin};

/// What is known of the states that are watched.
#[derive(Debug, Default)]
pub(super) struct Known {
    states: HashMap<StateKey, Entry>,
}

#[derive(Debug)]
struct Entry {
    hash: ContentHash,
    source: Arc<str>,
}

/// What a source says of a state.
#[derive(Debug)]
pub(super) enum Says {
    /// Something new.
    Changed(Change),
    /// What was handed over already.
    Same,
    /// Another source speaks of the same state.
    OfAnother(Arc<str>),
}

impl Known {
    /// What it means that a source says this of a state.
    pub(super) fn says(
        &mut self,
        source: &Arc<str>,
        written: Timestamp,
        key: &StateKey,
        data: Document,
    ) -> Says {
        let hash = ContentHash::of(&data);
        match self.states.get(key) {
            Some(entry) if entry.source != *source => return Says::OfAnother(Arc::clone(&entry.source)),
            Some(entry) if entry.hash == hash => return Says::Same,
            _ => {}
        }
        self.states.insert(key.clone(), Entry { hash, source: Arc::clone(source) });
        let origin = Origin { source: Arc::clone(source), written: Some(written) };
        Says::Changed(Change { key: key.clone(), data: Some(data.without_index()), origin })
    }

    /// The states that a source speaks of.
    pub(super) fn of(&self, source: &Arc<str>) -> BTreeSet<StateKey> {
        let of_it = self.states.iter().filter(|(_, entry)| entry.source == *source);
        of_it.map(|(key, _)| key.clone()).collect()
    }

    /// Takes note that its source speaks of a state no more, so that another may.
    pub(super) fn gone(&mut self, key: &StateKey) {
        self.states.remove(key);
    }
}
