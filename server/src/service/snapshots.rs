//! Named moments.

use stateloft_core::api::{CreateSnapshot, SnapshotList, SnapshotView};
use stateloft_core::model::{Snapshot, SnapshotId, SnapshotKind};

use super::once::keyed;
use super::read::page_size;
use super::signature::Signature;
use super::{Result, Service, ServiceError};
use crate::store::{Cursor, NewSnapshot, WriteRefusal, WriteRequest, Written};

impl Service {
    /// Names the present moment, or a past one.
    pub async fn create_snapshot(&self, request: CreateSnapshot) -> Result<SnapshotView> {
        let who = Signature::new(request.user_id, request.description)?;
        let snapshot = NewSnapshot {
            id: request.snapshot_id,
            description: who.description,
            author: who.author,
            kind: SnapshotKind::Manual,
            seq: request.seq,
        };
        self.name(snapshot).await.map(|snapshot| SnapshotView::of(&snapshot))
    }

    /// Makes a snapshot, if there may be one more.
    pub(super) async fn name(&self, snapshot: NewSnapshot) -> Result<Snapshot> {
        let _alone = self.naming.lock().await;
        self.room_for_a_snapshot(&snapshot.id).await?;
        self.snapshot_write(WriteRequest::CreateSnapshot(snapshot)).await
    }

    /// Snapshots, newest first.
    pub async fn snapshots(&self, limit: usize, cursor: Option<String>) -> Result<SnapshotList> {
        let cursor = cursor.map(Cursor);
        let page = self.store.snapshots(page_size(limit)?, cursor.as_ref()).await?;
        Ok(SnapshotList {
            snapshots: page.rows.iter().map(SnapshotView::of).collect(),
            total: page.total,
            next_cursor: page.next.map(|cursor| cursor.0),
        })
    }

    /// One snapshot.
    pub async fn snapshot(&self, id: &SnapshotId) -> Result<SnapshotView> {
        let snapshot = self.store.snapshot(id).await?;
        snapshot
            .map(|found| SnapshotView::of(&found))
            .ok_or_else(|| ServiceError::SnapshotNotFound(id.clone()))
    }

    /// Forgets a name; the versions it named stay.
    pub async fn delete_snapshot(&self, id: SnapshotId) -> Result<SnapshotView> {
        let snapshot = self.snapshot_write(WriteRequest::DeleteSnapshot(id)).await?;
        Ok(SnapshotView::of(&snapshot))
    }

    /// Refuses one more than there may be. Those that restores take are counted too, but nobody asks this for them: a
    /// restore must be possible at any time, and its undo needs no room.
    async fn room_for_a_snapshot(&self, id: &SnapshotId) -> Result<()> {
        let limit = self.settings.snapshots_max;
        if self.store.snapshots(1, None).await?.total < limit {
            return Ok(());
        }
        // The name says more than the number.
        match self.store.snapshot(id).await? {
            Some(there) => Err(ServiceError::SnapshotExists(there.id)),
            None => Err(ServiceError::TooManySnapshots(limit)),
        }
    }

    async fn snapshot_write(&self, request: WriteRequest) -> Result<Snapshot> {
        match self.writer.write(keyed(request)).await? {
            Ok(Written::Snapshot(snapshot) | Written::SnapshotDeleted(snapshot)) => Ok(snapshot),
            Err(WriteRefusal::NeedsStore) => Err(ServiceError::NeedsStore),
            Err(WriteRefusal::OutcomeUnknown) => Err(ServiceError::OutcomeUnknown),
            Err(WriteRefusal::WrittenBefore) => Err(ServiceError::WrittenBefore),
            Err(WriteRefusal::KeyTaken) => Err(ServiceError::KeyTaken),
            Err(WriteRefusal::NotThereYet(last)) => {
                let message = format!("the log ends at seq {last}: a snapshot names that or an earlier one");
                Err(ServiceError::body("/seq", "maximum", message))
            }
            Err(WriteRefusal::SnapshotExists(there)) => Err(ServiceError::SnapshotExists(there.id)),
            Err(WriteRefusal::SnapshotNotFound(id)) => Err(ServiceError::SnapshotNotFound(id)),
            other => Err(ServiceError::Internal(format!("a snapshot was answered with {other:?}"))),
        }
    }
}
