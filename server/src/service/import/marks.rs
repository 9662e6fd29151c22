//! Snapshots of the older system: names for the places in the log that are what they named.

use stateloft_core::model::{Imported, Seq, SnapshotId, SnapshotKind, Timestamp};

use super::Import;
use crate::service::{Result, ServiceError};
use crate::store::NewSnapshot;

/// A row that said that a snapshot was made.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) name: SnapshotId,
    pub(super) row: Imported,
    pub(super) author: Option<String>,
    pub(super) description: String,
}

impl Import<'_> {
    /// Gives the place that the import has reached the snapshot's name, unless that has been done; or says why not.
    pub(super) async fn mark(&mut self, mark: Mark) -> Result<Option<String>> {
        match self.service.store.snapshot(&mark.name).await? {
            Some(there) if there.description.as_deref() == Some(&mark.description) => {
                self.counts.there += 1;
                return Ok(None);
            }
            Some(_) => return Ok(Some("there is another snapshot of that name".to_owned())),
            None => {}
        }
        if !self.dry_run {
            self.flush().await?;
            let seq = self.last;
            if !self.ends_at(seq, mark.row.saved_at).await? {
                let why = "versions that are later than it were imported before it, so that no place of the log is what it named";
                return Ok(Some(why.to_owned()));
            }
            let snapshot = NewSnapshot {
                id: mark.name,
                description: Some(mark.description.into()),
                author: mark.author.map(Into::into),
                kind: SnapshotKind::Manual,
                seq: Some(seq),
            };
            match self.service.name(snapshot).await {
                Err(full @ ServiceError::TooManySnapshots(_)) => return Ok(Some(full.to_string())),
                named => named?,
            };
        }
        self.counts.snapshots += 1;
        Ok(None)
    }

    /// Whether everything that was imported up to a seq had been saved by a time.
    async fn ends_at(&self, seq: Seq, time: Timestamp) -> Result<bool> {
        const EVER: Timestamp = Timestamp::from_micros(i64::MAX);
        let store = &self.service.store;
        let mut up_to_seq = [0; 2];
        for (count, time) in up_to_seq.iter_mut().zip([EVER, time]) {
            let (all, behind) = (store.imports(Seq::ZERO, time).await?, store.imports(seq, time).await?);
            *count = all.count - behind.count;
        }
        let [all, by_then] = up_to_seq;
        Ok(all == by_then)
    }
}
