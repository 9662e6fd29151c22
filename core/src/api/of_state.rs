//! Answers that say which state they are of, so that whoever asked can hold them against what was asked.
//!
//! A proxy or a browser may bend an address. Then the answer is of something else, and must not be shown, or written to, under
//! the name that was asked for.

use super::{
    Deleted, DiffView, Event, History, PendingState, StateRow, StateSummary, StateView, VersionView,
};
use crate::model::StateKey;

/// An answer that says what it is of.
pub trait OfState {
    /// A state in it that is not this one.
    fn other(&self, key: &StateKey) -> Option<StateKey>;
}

impl OfState for VersionView {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        let own = || StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() };
        (!self.is_of(key)).then(own)
    }
}

impl OfState for PendingState {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        let own = StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() };
        (own != *key).then_some(own)
    }
}

impl OfState for StateView {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        self.version.other(key)
    }
}

impl OfState for StateSummary {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        self.version.other(key)
    }
}

impl OfState for Event {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        self.version.other(key)
    }
}

impl OfState for StateRow {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        match self {
            Self::Stored(summary) => summary.other(key),
            Self::Pending(pending) => pending.other(key),
        }
    }
}

impl OfState for Deleted {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        self.version.other(key)
    }
}

impl OfState for DiffView {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        self.from.iter().chain([&self.to]).find_map(|version| version.other(key))
    }
}

impl OfState for History {
    fn other(&self, key: &StateKey) -> Option<StateKey> {
        let waiting = self.pending.iter().find_map(|row| row.other(key));
        self.versions.iter().find_map(|row| row.other(key)).or(waiting)
    }
}
