//! Restores: planned, looked at, applied, undone.
//!
//! A plan is not kept. Whoever applies it sends the same request again; the plan is worked out anew, and only if its
//! hash is the one that was looked at is it written, in one commit. The hash binds what is written and what it replaces; what
//! else has moved in a state stays as it is then.

mod apply;
mod documents;
mod outdated;
mod plan;
mod undo;

pub use outdated::Outdated;

use stateloft_core::api::{AppliedRestore, RestoreList};

use super::read::page_size;
use super::{Result, Service, ServiceError};
use crate::store::Cursor;

impl Service {
    /// Applied restores, newest first.
    pub async fn restores(&self, limit: usize, cursor: Option<String>) -> Result<RestoreList> {
        let cursor = cursor.map(Cursor);
        let page = self.store.restores(page_size(limit)?, cursor.as_ref()).await?;
        Ok(RestoreList { restores: page.rows, next_cursor: page.next.map(|cursor| cursor.0) })
    }

    /// One applied restore with the versions it wrote.
    pub async fn restore(&self, restore_id: &str) -> Result<AppliedRestore> {
        let found = self.store.restore(restore_id).await?;
        let mut found =
            found.ok_or_else(|| ServiceError::RestoreNotFound(restore_id.chars().take(80).collect()))?;
        found.handshake = self.handshake_if_any(restore_id).await?.map(Box::new);
        Ok(found)
    }
}
