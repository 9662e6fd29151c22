//! What is kept of checkpoints: one version each, and which of them are pinned.

use serde::{Deserialize, Serialize};

use super::VersionView;
use crate::json::Document;
use crate::model::{RunId, StateKey};

/// The type of the states that keep the checkpoints of runs.
const CHECKPOINT: &str = "checkpoint";

/// A checkpoint as it is kept: a version of the state of type `checkpoint` whose id is the run's. Its number is the checkpoint's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// The batch that it was written in. A version whose batch is another one was not written as a checkpoint.
    pub batch_id: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many states were saved with it.
    pub states: u64,
    /// How many of them are of type `position` with a lot that is not closed; absent where no states were saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_positions: Option<u64>,
    /// How many of them are of type `order` and not known to be done; absent where no states were saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_orders: Option<u64>,
}

impl CheckpointRecord {
    /// The checkpoint that a version is; `None` for one that was not written as a checkpoint: a restore, a tombstone, a save by hand.
    pub(super) fn of(version: &VersionView, data: Option<&Document>) -> Option<Self> {
        let record: Self = serde_json::from_str(data?.text()).ok()?;
        (version.batch_id.as_deref() == Some(&*record.batch_id)).then_some(record)
    }
}

/// The checkpoints of a run that stay in its list: the data of the state of type `checkpoint` whose id is the run's, with `/pins`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointPins {
    /// Their numbers, the lowest first.
    pub pinned: Vec<u64>,
}

impl CheckpointPins {
    /// The state of a run's checkpoints.
    #[must_use]
    pub fn checkpoints(run: &RunId) -> Option<StateKey> {
        StateKey::new(CHECKPOINT, run.as_str()).ok()
    }

    /// The state of a run's pins.
    #[must_use]
    pub fn key(run: &RunId) -> Option<StateKey> {
        StateKey::new(CHECKPOINT, &format!("{run}/pins")).ok()
    }

    /// Whether a checkpoint is one of them.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        self.pinned.binary_search(&number).is_ok()
    }

    /// The same with or without one.
    #[must_use]
    pub fn with(mut self, number: u64, pinned: bool) -> Self {
        match (self.pinned.binary_search(&number), pinned) {
            (Err(at), true) => self.pinned.insert(at, number),
            (Ok(at), false) => drop(self.pinned.remove(at)),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_kept_in_order_and_each_once() {
        let pins = [7, 3, 7, 12].into_iter().fold(CheckpointPins::default(), |pins, n| pins.with(n, true));
        assert_eq!(pins.pinned, [3, 7, 12]);
        let pins = pins.with(7, false).with(8, false);
        assert_eq!((pins.has(3), pins.has(7), pins.pinned.len()), (true, false, 2));
    }
}
