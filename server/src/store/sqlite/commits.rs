//! How groups are written: by one connection, on the ground that is looked at before and after.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::model::Timestamp;
use tokio::sync::Mutex;

use super::SqliteStore;
use super::ground::Ground;
use super::writer::Writer;
use crate::store::leases::OwnLeases;
use crate::store::{Commits, Result, StoreError, WriteRefusal, WriteRequest, Written};

/// What only the one server has that writes.
#[derive(Debug)]
pub(super) struct Own {
    /// Absent after a failure, until the next commit opens it anew.
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) ground: Arc<Ground>,
    /// Who renews.
    pub(super) leases: OwnLeases,
}

#[async_trait]
impl Commits for SqliteStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let Some(own) = &self.own else {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        };
        let mut kept = own.writer.lock().await;
        own.ground.may_write().await?;
        let written = own.write(&self.path, &mut kept, group, now).await;
        match &written {
            Ok(_) => own.ground.committed(kept.as_ref().map(Writer::tip)).await?,
            Err(error) => {
                own.ground.failed_to_write(error, group.iter().map(WriteRequest::data_bytes).sum());
            }
        }
        written
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        let Some(own) = &self.own else { return Ok(false) };
        let mut kept = own.writer.lock().await;
        if own.ground.may_write().await.is_err() {
            return Ok(false);
        }
        // Where there is no connection the next commit opens one.
        let Some(mut writer) = kept.take() else { return Ok(false) };
        let more = writer.keep_up(now).await?;
        *kept = Some(writer);
        Ok(more)
    }
}

impl Own {
    /// Writes a group. The writer is taken out while it works: a commit that fails or is dropped midway leaves no
    /// connection in an unknown state.
    async fn write(
        &self,
        path: &Path,
        kept: &mut Option<Writer>,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let mut writer = match kept.take() {
            Some(writer) => writer,
            None => Writer::open(path).await.map_err(StoreError::before_commit)?,
        };
        let answers = writer.commit(group, now).await?;
        *kept = Some(writer);
        Ok(answers)
    }
}
