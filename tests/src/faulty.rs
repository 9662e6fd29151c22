//! A store that can be made to fail, in front of one that works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use statehouse_core::api::{AppliedRestore, RestoreRecord, Scope, StateSummary, StoreStatus};
use statehouse_core::commit::Tip;
use statehouse_core::model::{
    Seq, Snapshot, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionNumber,
};
use statehouse_server::store::{
    Activity, Admin, Commits, Cursor, Heads, HistoryQuery, ListQuery, Log, MovedState, Page, Points, Result,
    Rung, StateStore, StoreError, TypeTotals, WriteRefusal, WriteRequest, Written,
};
use tokio::sync::watch;

/// Fails every call while it is down.
pub struct FaultyStore {
    inner: Arc<dyn StateStore>,
    down: AtomicBool,
}

impl FaultyStore {
    /// Works until it is taken down.
    #[must_use]
    pub fn new(inner: Arc<dyn StateStore>) -> Self {
        Self { inner, down: AtomicBool::new(false) }
    }

    /// Takes the store down, or lets it work again.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    fn up(&self) -> Result<&dyn StateStore> {
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("secret-host:5432 refused the connection".into()));
        }
        Ok(self.inner.as_ref())
    }
}

#[async_trait]
impl Commits for FaultyStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        self.up()?.commit(group, now).await
    }
}

#[async_trait]
impl Heads for FaultyStore {
    async fn tip(&self) -> Result<Tip> {
        self.up()?.tip().await
    }
    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        self.up()?.head(key).await
    }
    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        self.up()?.types_of(id).await
    }
    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        self.up()?.list(query).await
    }
    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        self.up()?.totals().await
    }
}

#[async_trait]
impl Log for FaultyStore {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        self.up()?.after(seq, limit).await
    }
    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        self.up()?.before(seq, limit).await
    }
    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        self.up()?.version(key, version).await
    }
    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        self.up()?.by_seq(seq).await
    }
    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        self.up()?.as_of(key, seq).await
    }
    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        self.up()?.seq_at(time).await
    }
    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        self.up()?.history(query).await
    }
    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        self.up()?.activity(since, bucket_micros).await
    }
}

#[async_trait]
impl Points for FaultyStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        self.up()?.snapshots(limit, cursor).await
    }
    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        self.up()?.snapshot(id).await
    }
    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        self.up()?.restores(limit, cursor).await
    }
    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        self.up()?.restore(restore_id).await
    }
    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        self.up()?.moved_since(seq, scope, after, limit).await
    }
    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        self.up()?.count_scope(scope).await
    }
}

#[async_trait]
impl Admin for FaultyStore {
    async fn ping(&self) -> Result<()> {
        self.up()?.ping().await
    }
    async fn status(&self) -> StoreStatus {
        let up = self.up().is_ok();
        StoreStatus { up, ..self.inner.status().await }
    }
    fn bell(&self) -> Option<watch::Receiver<Rung>> {
        self.inner.bell()
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}
