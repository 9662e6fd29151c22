//! A report of which the rows are written out when somebody wants to see them: of ten thousand a page shows fifty, and writing out
//! all of them takes longer than comparing them did.

use std::ops::Range;

use super::compare::{Row, row_again, rows};
use super::pairing::Group;
use super::{OurState, ReconcileError, Sides, counts, said};
use crate::api::{AgreementCounts, BrokerShape, ReconcileOptions, ReconcileRow, Unread};
use crate::json::Document;

/// What comparing found. It remembers which things belong together, and not what they say.
#[derive(Debug)]
pub struct Paged {
    /// As a report's.
    pub hash: String,
    /// As a report's.
    pub shape: Option<BrokerShape>,
    /// How many rows there are of each kind.
    pub counts: AgreementCounts,
    /// What of the list is not understood.
    pub unread: Vec<Unread>,
    /// What each row is about, the worst first.
    groups: Vec<Group>,
}

impl Paged {
    /// Compares, as [`super::reconcile`] does.
    ///
    /// # Errors
    /// [`ReconcileError`]
    pub fn of(
        ours: &[OurState<'_>],
        list: Option<&Document>,
        options: &ReconcileOptions,
    ) -> Result<Self, ReconcileError> {
        let sides = Sides::of(ours, list.map(Document::root), options)?;
        let rows = rows(&sides, options);
        Ok(Self {
            hash: said::hash(&sides, &rows, options),
            shape: sides.shape,
            counts: counts(&rows),
            groups: rows.into_iter().map(Row::into_group).collect(),
            unread: sides.unread,
        })
    }

    /// How many rows there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "of its rows, not of itself")]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Some of the rows, of the same states, list and options as it was made of. What is beyond the last is not there.
    ///
    /// # Errors
    /// [`ReconcileError`]
    pub fn rows(
        &self,
        ours: &[OurState<'_>],
        list: Option<&Document>,
        options: &ReconcileOptions,
        which: Range<usize>,
    ) -> Result<Vec<ReconcileRow>, ReconcileError> {
        let sides = Sides::of(ours, list.map(Document::root), options)?;
        let (from, to) = (which.start.min(self.len()), which.end.min(self.len()));
        let groups = self.groups[from..to.max(from)].iter().cloned();
        Ok(groups.filter_map(|group| Some(row_again(&sides, group, options)?.said())).collect())
    }
}
