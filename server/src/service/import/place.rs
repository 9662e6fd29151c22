//! How far the history of one state has been imported.

use stateloft_core::model::{Imported, Seq, StateKey, Version, VersionNumber};

use crate::store::{Result, StateStore};

/// A place in the versions of a state: rows come in order, so it only moves on.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// The last version that was passed, or planned.
    passed: VersionNumber,
    /// Where in the log that is, if it was passed.
    seq: Seq,
    /// Whether that version has data.
    live: bool,
    /// The row that it was.
    last: Option<Imported>,
    /// Whether no version follows it.
    at_end: bool,
    /// Whether somebody else has written the state since, or before: its next version is none of an import.
    foreign: bool,
}

/// Where a row belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Behind the last version: it is to be written.
    Next,
    /// Its versions are there.
    There,
    /// Later rows of the state were imported without it.
    TooLate,
    /// Another row of the same id and time came before it.
    Twice,
    /// Behind versions that no import wrote.
    Foreign,
}

impl Place {
    /// The place before every row that comes at or after `first`, where that can be said at once.
    pub(super) async fn find(store: &dyn StateStore, key: &StateKey, first: &Imported) -> Result<Self> {
        let Some(head) = store.head(key).await? else {
            return Ok(Self { at_end: true, ..Self::default() });
        };
        match row_of(&head) {
            Some(reference) if reference < *first => {
                let mut place = Self { at_end: true, ..Self::default() };
                place.pass(&head, reference);
                Ok(place)
            }
            _ => Ok(Self::default()),
        }
    }

    /// Moves on to where a row belongs.
    pub(super) async fn seek(
        &mut self,
        store: &dyn StateStore,
        key: &StateKey,
        row: &Imported,
    ) -> Result<Standing> {
        while !self.at_end {
            let Some(version) = store.version(key, self.passed.next()).await? else {
                self.at_end = true;
                break;
            };
            match row_of(&version) {
                None => {
                    self.at_end = true;
                    self.foreign = true;
                }
                Some(reference) if reference > *row => return Ok(Standing::TooLate),
                Some(reference) => {
                    let found = reference == *row;
                    // The second version of a row that left data and a tombstone.
                    let again = found && self.last.as_ref() == Some(&reference);
                    self.pass(&version, reference);
                    if found && !again {
                        return Ok(Standing::There);
                    }
                }
            }
        }
        if self.last.as_ref() == Some(row) {
            return Ok(Standing::Twice);
        }
        Ok(if self.foreign { Standing::Foreign } else { Standing::Next })
    }

    fn pass(&mut self, version: &Version, reference: Imported) {
        self.passed = version.version;
        self.seq = version.seq;
        self.live = !version.is_deleted();
        self.last = Some(reference);
    }

    /// Passes the second version of a row that is there and became two, and says where the last of them is.
    pub(super) async fn finish(&mut self, store: &dyn StateStore, key: &StateKey, both: bool) -> Result<Seq> {
        if both && let Some(version) = store.version(key, self.passed.next()).await? {
            let row = row_of(&version).filter(|row| self.last.as_ref() == Some(row));
            if let Some(row) = row {
                self.pass(&version, row);
            }
        }
        Ok(self.seq)
    }

    /// Whether there is something to delete.
    pub(super) fn is_live(&self) -> bool {
        self.live
    }

    /// The version that the next one follows.
    pub(super) fn passed(&self) -> VersionNumber {
        self.passed
    }

    /// Counts a version that will be written.
    pub(super) fn plan(&mut self, row: &Imported, live: bool) {
        self.passed = self.passed.next();
        self.live = live;
        self.last = Some(row.clone());
    }
}

/// The row that a version was; `None` if no import wrote it.
fn row_of(version: &Version) -> Option<Imported> {
    Imported::of(version.batch_id.as_deref()?)
}
