//! How much differs: one way of counting for summaries, lists, chips and feeds.
use serde::{Deserialize, Serialize};

use super::types::{Change, ChangeKind};
use crate::model::ChangeSummary;

/// How much of each kind differs. What a value is comes first; what only is spelled or ordered differently, or is noise,
/// counts on its own and hides nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Paths that are new, and elements that came: of a series that moved on, its points.
    pub added: u32,
    /// Paths whose value changed.
    pub changed: u32,
    /// Paths that are gone, and elements that went.
    pub removed: u32,
    /// Paths spelled differently.
    pub spelling: u32,
    /// Objects and arrays in another order.
    pub reordered: u32,
    /// Changes of what is noise by the schema, of any kind.
    #[serde(default)]
    pub volatile: u32,
}

impl Counts {
    /// What these changes amount to.
    #[must_use]
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut counts = Self::default();
        for change in changes {
            counts.add(change);
        }
        counts
    }

    /// Whether values changed, came or went: how many.
    #[must_use]
    pub fn values(&self) -> u32 {
        self.added.saturating_add(self.changed).saturating_add(self.removed)
    }

    /// How many only look different.
    #[must_use]
    pub fn texts(&self) -> u32 {
        self.spelling.saturating_add(self.reordered)
    }

    fn add(&mut self, change: &Change) {
        if change.volatile {
            self.volatile += 1;
            return;
        }
        match change.kind {
            ChangeKind::Added => self.added += 1,
            ChangeKind::Removed => self.removed += 1,
            ChangeKind::Changed => self.changed += 1,
            ChangeKind::Spelling => self.spelling += 1,
            ChangeKind::Reordered => self.reordered += 1,
            ChangeKind::Splice => {
                let (removed, added) = change.moved();
                self.removed = self.removed.saturating_add(removed);
                self.added = self.added.saturating_add(added);
            }
        }
    }
}

impl Change {
    /// How many elements, or points of a series, went and came at once.
    #[must_use]
    pub fn moved(&self) -> (u32, u32) {
        match (&self.series, &self.splice) {
            (Some(series), _) => {
                (series.removed_head + series.removed_tail, series.added_head + series.added_tail)
            }
            (None, Some(splice)) => (splice.removed, splice.added),
            (None, None) => (0, 0),
        }
    }
}

impl From<&ChangeSummary> for Counts {
    fn from(summary: &ChangeSummary) -> Self {
        let ChangeSummary { added, changed, removed, spelling, reordered, volatile, .. } = *summary;
        Self { added, changed, removed, spelling, reordered, volatile }
    }
}
