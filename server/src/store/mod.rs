//! Where versions are kept. Every backend and decorator implements these traits and passes one conformance suite
//! (`tests/tests/conformance`), so that what is promised does not depend on the engine.
//!
//! A store decides nothing: it reads the heads a batch needs, lets [`stateloft_core::commit::decide`] say what is
//! written, and makes that durable before it answers.

mod awaited;
pub mod cached;
mod closing;
mod cursor;
mod deadline;
mod decide;
mod error;
mod facts;
pub mod fallback;
mod former;
mod forward;
pub mod guarded;
#[cfg(feature = "network")]
pub mod influx;
#[cfg(not(feature = "network"))]
#[path = "influx/absent.rs"]
pub mod influx;
mod known_heads;
mod lanes;
mod layers;
mod leases;
mod log_end;
mod longest;
pub mod memory;
mod newcomers;
mod noticed;
mod older;
mod overwrote;
mod pool_watch;
#[cfg(feature = "network")]
pub mod postgres;
#[cfg(not(feature = "network"))]
#[path = "postgres/absent.rs"]
pub mod postgres;
mod proof;
mod query;
mod receipt;
mod refusing;
mod same_file;
mod sql;
pub mod sqlite;
mod text;
mod ticks;
mod upkeep;
mod verify;
mod write;

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use stateloft_core::api::{AppliedRestore, RestoreRecord, StateSummary, StoreStatus, VersionView};
use stateloft_core::commit::Tip;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{
    Seq, Snapshot, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionNumber,
};
use tokio::sync::watch;

use crate::alarms::Raised;

pub use awaited::{Attempt, Awaited, AwaitedStore, Opening};
pub use error::{DamagedVersion, StoreError};
pub use facts::{PoolFacts, StoreFacts};
pub use layers::{Layered, Layers, Resilience};
pub use leases::{LeaseLook, LeaseTerm, Leases};
pub(crate) use log_end::LogEnd;
pub(crate) use memory::read::{matches, summary};
pub use newcomers::Told;
pub(crate) use noticed::NoticedStore;
pub use older::{OlderRow, OlderRows};
pub use query::{
    Activity, Cursor, HistoryQuery, Imports, ListQuery, MovedState, OriginFilter, Overwrote, Page, Rung,
    TypeTotals, Wrote,
};
pub use receipt::{Did, ImportSaid, Receipt, RequestKey};
pub use ticks::{SystemTicks, Ticks};
pub(crate) use verify::chain_hash;
pub use verify::{Fault, verify_all, verify_stretch};
pub use write::{NewRestore, NewSnapshot, WriteRefusal, WriteRequest, Written};

/// Bytes of data that one answer of a store holds before it is cut short, so that large documents do not fill the memory.
const PAGE_BYTES: usize = 8 << 20;
/// Versions that are looked through at a time for those of a run.
const RUN_STRETCH: usize = 1_000;

/// Versions of a state that are looked back at for a run that wrote it. A program writes its states often, others now and then.
pub const LOOKED_BACK: usize = 100;

/// A complete store.
pub trait StateStore: Commits + Heads + Log + Points + Leases + Admin {}
impl<T: Commits + Heads + Log + Points + Leases + Admin> StateStore for T {}

/// What every method answers with; an error is never an empty answer.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The one way in.
#[async_trait]
pub trait Commits: Send + Sync {
    /// Decides and writes a group of requests in order, in one durable transaction. Each request is atomic of its own and
    /// may be refused without harm to the others. When this returns `Ok`, everything written survives a crash.
    ///
    /// # Errors
    /// The store failed: nothing of the group is acknowledged.
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>>;

    /// Does a part of what commits have left for later, if it is time, and says whether there is more. Nothing that a
    /// reader can see hangs on it but how quickly it is answered, and commits see to it themselves; but the last one
    /// before a long silence has no other after it.
    ///
    /// # Errors
    /// The store failed: it is done some other time.
    async fn keep_up(&self, _now: Timestamp) -> Result<bool> {
        Ok(false)
    }
}

/// The present.
#[async_trait]
pub trait Heads: Send + Sync {
    /// The end of the log.
    async fn tip(&self) -> Result<Tip>;
    /// The last version of a state, tombstones included; `None` if it never existed.
    async fn head(&self, key: &StateKey) -> Result<Option<Version>>;
    /// The types under which this id exists, deleted ones included, in order.
    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>>;
    /// States as they are (or were, with `query.at`), filtered and paged.
    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>>;
    /// How many states there are by type.
    async fn totals(&self) -> Result<Vec<TypeTotals>>;
}

/// The past: every version in commit order.
///
/// Every version that a store hands out has been held against its hashes. One that is not what was written says so in
/// [`Version::damaged`] and has no data. One of which not even the name can be read, or that is missing, ends a page; where
/// it is the first, it is [`StoreError::DamagedVersion`], which names its seq, so that whoever reads can go on behind it.
#[async_trait]
pub trait Log: Send + Sync {
    /// Versions after a seq, oldest first, at most `limit`, fewer when they are large, none only at the end; with data.
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>>;
    /// As [`after`](Self::after), for whoever keeps up with the log: saves and heads may wait for it, so that it never waits
    /// for what reads long.
    async fn tail(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        self.after(seq, limit).await
    }
    /// Versions before a seq, newest first, at most `limit`, fewer when they are large, none only at the end; with data.
    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>>;
    /// As [`after`](Self::after), without data.
    async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        Ok(self.after(seq, limit).await?.iter().map(VersionView::of).collect())
    }
    /// As [`before`](Self::before), without data.
    async fn views_before(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        Ok(self.before(seq, limit).await?.iter().map(VersionView::of).collect())
    }
    /// One version of a state.
    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>>;
    /// The version with this seq.
    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>>;
    /// The last version of a state at or before a seq.
    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>>;
    /// Of each of these states that has a version at or before a seq: the number of the last one, and whether it is live.
    async fn standing(
        &self,
        keys: &[StateKey],
        seq: Seq,
    ) -> Result<HashMap<StateKey, (VersionNumber, bool)>> {
        let mut found = HashMap::new();
        for key in keys {
            if let Some(version) = self.as_of(key, seq).await? {
                found.insert(key.clone(), (version.version, !version.is_deleted()));
            }
        }
        Ok(found)
    }
    /// The last seq recorded at or before a time; 0 if there is none.
    async fn seq_at(&self, time: Timestamp) -> Result<Seq>;
    /// The last version of a state that there was at a time: that was recorded by then, or, where it was imported, saved by
    /// then in the older system ([`effective_at`](stateloft_core::model::effective_at)).
    async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>>;
    /// What was imported after a seq and had been saved by a time.
    async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports>;
    /// The versions of one state, newest first, filtered and paged.
    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>>;
    /// The states of which a run wrote versions after a seq, by type and id, behind one of them, at most `limit`.
    async fn written_by(
        &self,
        run_id: &str,
        since: Seq,
        behind: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<Wrote>> {
        let mut found: BTreeMap<StateKey, Wrote> = BTreeMap::new();
        let mut after = since;
        loop {
            let views = match self.views_after(after, RUN_STRETCH).await {
                // Nobody knows what it was. Whole ones may follow.
                Err(StoreError::DamagedVersion(damaged)) => {
                    after = damaged.seq;
                    continue;
                }
                other => other?,
            };
            let Some(last) = views.last() else { break };
            after = last.seq;
            for view in views.iter().filter(|view| view.run_id.as_deref() == Some(run_id)) {
                let key = StateKey { state_type: view.state_type.clone(), state_id: view.state_id.clone() };
                let versions = found.get(&key).map_or(0, |wrote| wrote.versions) + 1;
                let wrote = Wrote { key: key.clone(), versions, version: view.version, seq: view.seq };
                found.insert(key, wrote);
            }
        }
        let rest = found.into_values().filter(|wrote| behind.is_none_or(|behind| wrote.key > *behind));
        Ok(rest.take(limit).collect())
    }
    /// Of each version in these stretches of the log, from a seq up to another one, none of which share any: the run that had written
    /// its state last before it, looking back at [`LOOKED_BACK`] versions of the state. In the order of the log within each.
    async fn overwrote(&self, stretches: &[(Seq, Seq)]) -> Result<Vec<Overwrote>> {
        overwrote::one_by_one(self, stretches).await
    }
    /// Versions per bucket and author since a time.
    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity>;
}

/// Named moments and what was restored.
#[async_trait]
pub trait Points: Send + Sync {
    /// Snapshots, newest first.
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>>;
    /// The snapshot of this name.
    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>>;
    /// Applied restores, newest first.
    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>>;
    /// What a request with this key did. It may be too old to count.
    async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>>;
    /// One applied restore with the versions it wrote.
    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>>;
    /// The states of a scope that have a version after `seq`, by type and id, after `after`, at most `limit`: for each
    /// its head and what it was at `seq`, both with data. Fewer when they are large; none only at the end.
    async fn moved_since(
        &self,
        seq: Seq,
        scope: &stateloft_core::api::Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>>;
    /// How many states of a scope have a version at all.
    async fn count_scope(&self, scope: &stateloft_core::api::Scope) -> Result<u64>;
}

/// The store itself.
#[async_trait]
pub trait Admin: Send + Sync {
    /// Asks the engine something cheap.
    async fn ping(&self) -> Result<()>;
    /// How the store describes itself; never fails, `up` says whether it answered.
    async fn status(&self) -> StoreStatus;
    /// What the store can tell of its sizes and connections. Nothing where it cannot, or does not answer.
    async fn facts(&self) -> StoreFacts {
        StoreFacts::default()
    }
    /// The most connections in use at once since this was asked last; `None` where there is no pool.
    fn take_pool_peak(&self) -> Option<u32> {
        None
    }
    /// Rings when other servers may have written to the same store; `None` where this server is the only one.
    fn bell(&self) -> Option<watch::Receiver<Rung>> {
        None
    }
    /// What is wrong with the store and stays so; empty while all is well.
    fn alarms(&self) -> Vec<Raised> {
        Vec::new()
    }
    /// Finishes what is under way and closes files and connections.
    async fn close(&self);
}
