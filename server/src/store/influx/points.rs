//! Snapshots, restores and what moved since.

use async_trait::async_trait;
use stateloft_core::api::{AppliedRestore, RestoreRecord, Scope};
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Snapshot, SnapshotId, StateKey, Version};

use super::InfluxStore;
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Cursor, MovedState, PAGE_BYTES, Page, Points, Receipt, Result, StoreError};

#[async_trait]
impl Points for InfluxStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        let index = self.index()?;
        let mut found: Vec<_> = index.snapshots.iter().rev().collect();
        let total = found.len() as u64;
        if let Some(cursor) = cursor {
            let Place::Snapshot(last) = Mark::read(cursor)?.place else { return Err(StoreError::BadCursor) };
            found.retain(|(number, _)| **number < last);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = next(&found, more, total, |(number, _)| Place::Snapshot(**number));
        let rows = found.into_iter().map(|(_, snapshot)| snapshot.clone()).collect();
        Ok(Page { rows, total, next, seq: index.tip.seq })
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        Ok(self.index()?.snapshots.values().find(|snapshot| snapshot.id == *id).cloned())
    }

    async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>> {
        Ok(self.index()?.receipts.get(key).cloned())
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        let index = self.index()?;
        let mut found: Vec<&RestoreRecord> = index.restores.iter().rev().collect();
        let total = found.len() as u64;
        if let Some(cursor) = cursor {
            let Place::Restore(last) = Mark::read(cursor)?.place else { return Err(StoreError::BadCursor) };
            found.retain(|record| record.last_seq < last);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = next(&found, more, total, |record| Place::Restore(record.last_seq));
        Ok(Page { rows: found.into_iter().cloned().collect(), total, next, seq: index.tip.seq })
    }

    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        let record = {
            let index = self.index()?;
            index.restores.iter().find(|record| record.restore_id == restore_id).cloned()
        };
        let Some(record) = record else { return Ok(None) };
        let seqs: Vec<Seq> = (record.first_seq.0..=record.last_seq.0).map(Seq).collect();
        let rows = self.fetch().summaries(&seqs, false).await?;
        Ok(Some(AppliedRestore {
            record,
            versions: rows.into_iter().map(|row| row.version).collect(),
            handshake: None,
        }))
    }

    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        let moved: Vec<(Version, Option<Seq>)> = {
            let index = self.index()?;
            let mut bytes = 0;
            index
                .in_scope(scope, after)
                .filter(|head| head.seq > seq)
                .map(|head| (head, index.as_of(&head.key, seq)))
                .take(limit)
                .take_while(|(head, target)| {
                    let before = bytes;
                    let target = target.and_then(|seq| index.entry(seq));
                    bytes += head.size() + target.map_or(0, |entry| entry.size as usize);
                    before == 0 || bytes <= PAGE_BYTES
                })
                .map(|(head, target)| (head.clone(), target))
                .collect()
        };
        let mut targets = self.fetch().versions(moved.iter().filter_map(|(_, target)| *target)).await?;
        let state = |(head, target): (Version, Option<Seq>)| MovedState {
            head,
            target: target.and_then(|seq| targets.remove(&seq)),
        };
        Ok(moved.into_iter().map(state).collect())
    }

    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        Ok(self.index()?.in_scope(scope, None).count() as u64)
    }
}
