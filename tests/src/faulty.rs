//! A store that can be made to fail, in front of one that works.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::future::BoxFuture;
use stateloft_core::api::{AppliedRestore, RestoreRecord, Scope, StateSummary, StoreStatus};
use stateloft_core::commit::Tip;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{
    Seq, Snapshot, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionNumber,
};
use stateloft_server::alarms::Raised;
use stateloft_server::store::{
    Activity, Admin, Commits, Cursor, Heads, HistoryQuery, Imports, LeaseLook, LeaseTerm, Leases, ListQuery,
    Log, MovedState, Page, Points, Receipt, Result, Rung, StateStore, StoreError, StoreFacts, TypeTotals,
    WriteRefusal, WriteRequest, Written, Wrote,
};
use tokio::sync::watch;

/// What a store does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It works.
    Up,
    /// It refuses every call at once.
    Down,
    /// It answers no call, until its mood changes.
    Frozen,
    /// It writes, and says that it is there, but what it reads takes until its mood changes.
    SlowToRead,
    /// It writes what it is given, and then loses the answer.
    Forgetful,
    /// It loses what it is given to write, without saying so.
    Lossy,
    /// It has not been reached since the server started.
    Unreached,
    /// It can be read, but has no room to write.
    Full,
    /// It can be read, but does not answer a commit until its mood changes, and then it has lost it.
    FrozenToWrite,
    /// It works, but is too busy to say what a run wrote.
    RunsUnread,
    /// It works, but handshakes are damaged.
    HandshakesDamaged,
}

/// Fails in the way it is told to.
pub struct FaultyStore {
    inner: Arc<dyn StateStore>,
    mood: watch::Sender<Mood>,
    calls: AtomicU64,
    between: OnceLock<Between>,
    restores: AtomicUsize,
    damaged: OnceLock<StateKey>,
}

/// What happens between what a restore has looked at and its commit, which is the nth.
type Between = Box<dyn Fn(usize) -> BoxFuture<'static, ()> + Send + Sync>;

impl FaultyStore {
    /// Works until it is told otherwise.
    #[must_use]
    pub fn new(inner: Arc<dyn StateStore>) -> Self {
        Self {
            inner,
            mood: watch::Sender::new(Mood::Up),
            calls: AtomicU64::new(0),
            between: OnceLock::new(),
            restores: AtomicUsize::new(0),
            damaged: OnceLock::new(),
        }
    }

    /// From now on the head of this state is damaged.
    ///
    /// # Panics
    /// If another one was said before.
    pub fn damage(&self, key: StateKey) {
        assert!(self.damaged.set(key).is_ok(), "it is said once");
    }

    /// Takes the store down, or lets it work again.
    pub fn set_down(&self, down: bool) {
        self.set(if down { Mood::Down } else { Mood::Up });
    }

    /// Does this right before each commit of a restore, when whatever that goes by has been looked at.
    ///
    /// # Panics
    /// If it was said before.
    pub fn before_restores<W>(&self, work: impl Fn(usize) -> W + Send + Sync + 'static)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let between: Between = Box::new(move |nth| Box::pin(work(nth)));
        assert!(self.between.set(between).is_ok(), "it is said once");
    }

    /// How it is from now on.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// How many calls have reached it.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The store behind it, which always works.
    #[must_use]
    pub fn behind(&self) -> &Arc<dyn StateStore> {
        &self.inner
    }

    async fn mood(&self) -> Mood {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.until_it_is_not(Mood::Frozen).await
    }

    async fn until_it_is_not(&self, frozen: Mood) -> Mood {
        let mut mood = self.mood.subscribe();
        let changed = mood.wait_for(|mood| *mood != frozen).await;
        *changed.expect("the store lives as long as its calls")
    }

    async fn up(&self) -> Result<&dyn StateStore> {
        self.until_it_is_not(Mood::SlowToRead).await;
        self.there().await
    }

    async fn there(&self) -> Result<&dyn StateStore> {
        match self.mood().await {
            Mood::Down => Err(StoreError::Unavailable("secret-host:5432 refused the connection".into())),
            Mood::Unreached => Err(StoreError::NotReached("secret-host:5432 was never there".into())),
            _ => Ok(self.inner.as_ref()),
        }
    }
}

/// An answer that is on its way while others go on.
async fn later<T>(answer: T) -> T {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    answer
}

#[async_trait]
impl Commits for FaultyStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let restores = |request: &WriteRequest| {
            matches!(
                request.parts().0,
                WriteRequest::Batch { restore: Some(_), .. } | WriteRequest::OnTerms { told: Some(_), .. }
            )
        };
        if let Some(between) = self.between.get().filter(|_| group.iter().any(restores)) {
            between(self.restores.fetch_add(1, Ordering::SeqCst)).await;
        }
        match self.mood().await {
            Mood::Down => Err(StoreError::NotWritten("secret-host:5432 refused the connection".into())),
            Mood::Full => Err(StoreError::NotWritten("secret-host: no space left on device".into())),
            Mood::Forgetful => {
                self.inner.commit(group, now).await?;
                Err(StoreError::Unavailable("secret-host:5432 closed the connection".into()))
            }
            Mood::FrozenToWrite => {
                self.until_it_is_not(Mood::FrozenToWrite).await;
                Err(StoreError::Unavailable("secret-host:5432 closed the connection".into()))
            }
            Mood::Lossy => Err(StoreError::Unavailable("secret-host:5432 closed the connection".into())),
            Mood::Unreached => Err(StoreError::NotReached("secret-host:5432 was never there".into())),
            Mood::Up | Mood::SlowToRead | Mood::Frozen | Mood::RunsUnread | Mood::HandshakesDamaged => {
                later(self.inner.commit(group, now).await).await
            }
        }
    }
    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        self.up().await?.keep_up(now).await
    }
}

#[async_trait]
impl Heads for FaultyStore {
    async fn tip(&self) -> Result<Tip> {
        later(self.up().await?.tip().await).await
    }
    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        let by_mood =
            key.state_type.as_str() == "handshake" && *self.mood.borrow() == Mood::HandshakesDamaged;
        if by_mood || self.damaged.get() == Some(key) {
            return Err(StoreError::Damaged(format!("{key} is not what was written")));
        }
        later(self.up().await?.head(key).await).await
    }
    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        self.up().await?.types_of(id).await
    }
    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        self.up().await?.list(query).await
    }
    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        self.up().await?.totals().await
    }
}

#[async_trait]
impl Log for FaultyStore {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        later(self.up().await?.after(seq, limit).await).await
    }
    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        self.up().await?.before(seq, limit).await
    }
    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        self.up().await?.version(key, version).await
    }
    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        self.up().await?.by_seq(seq).await
    }
    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        self.up().await?.as_of(key, seq).await
    }
    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        self.up().await?.seq_at(time).await
    }
    async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>> {
        self.up().await?.then(key, time).await
    }

    async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports> {
        self.up().await?.imports(after, time).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        self.up().await?.history(query).await
    }
    async fn written_by(
        &self,
        run_id: &str,
        since: Seq,
        behind: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<Wrote>> {
        if *self.mood.borrow() == Mood::RunsUnread {
            return Err(StoreError::Busy("others read".into()));
        }
        self.up().await?.written_by(run_id, since, behind, limit).await
    }
    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        self.up().await?.activity(since, bucket_micros).await
    }
}

#[async_trait]
impl Leases for FaultyStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
        self.up().await?.renew_leases(leases, now).await
    }
    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        self.up().await?.expect_leases(leases).await
    }
    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        self.up().await?.look_at_leases().await
    }
    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        self.up().await?.forget_leases(run_ids).await
    }
}

#[async_trait]
impl Points for FaultyStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        self.up().await?.snapshots(limit, cursor).await
    }
    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        self.up().await?.snapshot(id).await
    }
    async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>> {
        self.up().await?.receipt(key).await
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        self.up().await?.restores(limit, cursor).await
    }
    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        self.up().await?.restore(restore_id).await
    }
    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        self.up().await?.moved_since(seq, scope, after, limit).await
    }
    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        self.up().await?.count_scope(scope).await
    }
}

#[async_trait]
impl Admin for FaultyStore {
    async fn ping(&self) -> Result<()> {
        self.there().await?.ping().await
    }
    async fn status(&self) -> StoreStatus {
        let up = self.there().await.is_ok();
        StoreStatus { up, ..self.inner.status().await }
    }
    async fn facts(&self) -> StoreFacts {
        self.inner.facts().await
    }
    fn take_pool_peak(&self) -> Option<u32> {
        self.inner.take_pool_peak()
    }
    fn bell(&self) -> Option<watch::Receiver<Rung>> {
        self.inner.bell()
    }
    fn alarms(&self) -> Vec<Raised> {
        self.inner.alarms()
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}
