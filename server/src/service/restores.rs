//! Restores: planned, looked at, applied, undone.

use statehouse_core::api::{
    AppliedRestore, ApplyRequest, Plan, PlanRequest, RestoreList, SnapshotRestored, UndoRequest,
};
use statehouse_core::model::SnapshotId;

use super::read::page_size;
use super::{Result, Service, ServiceError};
use crate::store::Cursor;

impl Service {
    /// Works out what a restore would write; writes nothing.
    pub async fn plan(&self, request: PlanRequest) -> Result<Plan> {
        let _ = self.seq_of(&request.target).await?;
        Err(ServiceError::Internal("restores are not built in yet".into()))
    }

    /// Writes what a plan says, in one commit, if the same request still gives the same plan.
    pub async fn apply(&self, plan: &str, request: ApplyRequest) -> Result<AppliedRestore> {
        let _ = (plan, self.seq_of(&request.target).await?);
        Err(ServiceError::Internal("restores are not built in yet".into()))
    }

    /// Takes the states that a restore wrote back to what they were right before it, if nothing touched them since.
    pub async fn undo(&self, restore_id: &str, request: UndoRequest) -> Result<AppliedRestore> {
        let _ = request;
        let restore = self.restore(restore_id).await?;
        Err(ServiceError::Internal(format!("restore {} cannot be undone yet", restore.record.restore_id)))
    }

    /// Restores everything to a snapshot without a look at the plan, as old clients do.
    pub async fn restore_snapshot(
        &self,
        id: &SnapshotId,
        user_id: Option<String>,
    ) -> Result<SnapshotRestored> {
        let _ = (user_id, self.snapshot(id).await?);
        Err(ServiceError::Internal("restores are not built in yet".into()))
    }

    /// Applied restores, newest first.
    pub async fn restores(&self, limit: usize, cursor: Option<String>) -> Result<RestoreList> {
        let cursor = cursor.map(Cursor);
        let page = self.store.restores(page_size(limit)?, cursor.as_ref()).await?;
        Ok(RestoreList { restores: page.rows, next_cursor: page.next.map(|cursor| cursor.0) })
    }

    /// One applied restore with the versions it wrote.
    pub async fn restore(&self, restore_id: &str) -> Result<AppliedRestore> {
        let found = self.store.restore(restore_id).await?;
        found.ok_or_else(|| ServiceError::RestoreNotFound(restore_id.chars().take(80).collect()))
    }
}
