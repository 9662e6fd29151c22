//! The reference store: everything in memory, written for clearness. Other stores are tested against it.
//!
//! It keeps nothing on disk: for tests only.

pub(super) mod read;

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use stateloft_core::api::{RestoreRecord, StoreStatus};
use stateloft_core::commit::Tip;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Snapshot, StateKey, Timestamp, Version};

use super::closing::{Asked, Living, ToClose};
use super::decide::{Known, Needs, SnapshotChange, decide_group};
use super::leases::OwnLeases;
use super::newcomers::Passed;
use super::receipt::Receipts;
use super::{
    Admin, Commits, LeaseLook, LeaseTerm, Leases, Receipt, Result, WriteRefusal, WriteRequest, Written,
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    inner: RwLock<Inner>,
    leases: OwnLeases,
}

#[derive(Debug)]
struct Inner {
    tip: Tip,
    /// The version with seq n is at n-1.
    versions: Vec<Version>,
    /// The seqs of each state's versions.
    states: BTreeMap<StateKey, Vec<Seq>>,
    /// By the order in which they were made.
    snapshots: BTreeMap<u64, Snapshot>,
    next_snapshot: u64,
    restores: Vec<RestoreRecord>,
    receipts: HashMap<RequestHash, Receipt>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            tip: Tip::START,
            versions: Vec::new(),
            states: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            next_snapshot: 1,
            restores: Vec::new(),
            receipts: HashMap::new(),
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn at(&self, seq: Seq) -> Option<&Version> {
        let index = usize::try_from(seq.0).ok()?.checked_sub(1)?;
        self.versions.get(index)
    }

    fn head(&self, key: &StateKey) -> Option<&Version> {
        self.states.get(key)?.last().and_then(|seq| self.at(*seq))
    }

    fn as_of(&self, key: &StateKey, seq: Seq) -> Option<&Version> {
        let seqs = self.states.get(key)?;
        let count = seqs.partition_point(|s| *s <= seq);
        self.at(*seqs.get(count.checked_sub(1)?)?)
    }

    fn known(&self, needs: &Needs<'_>) -> Known {
        let mut closing = ToClose::default();
        needs.closings.iter().for_each(|asked| closing.add(asked, self.living(asked)));
        let head = |key: &StateKey| self.head(key).map(|head| (key.clone(), head.clone()));
        Known {
            tip: self.tip,
            heads: needs.heads.iter().copied().chain(&closing.heads).filter_map(head).collect(),
            crowded: closing.crowded,
            snapshots: self.snapshots.values().map(|s| (s.id.clone(), s.clone())).collect(),
            receipts: Receipts::of(needs.receipts.iter().filter_map(|key| self.receipts.get(*key).cloned())),
            passed: Some(needs.passed_since().map_or_else(Vec::new, |seq| {
                let since = self.versions.iter().skip_while(|version| version.seq <= seq);
                since.filter_map(Passed::of).collect()
            })),
        }
    }

    /// The living states of which a request closes some.
    fn living<'s>(&'s self, asked: &'s Asked<'_>) -> impl Iterator<Item = Living> + 's {
        let heads = self.states.keys().filter_map(|key| self.head(key)).filter(|head| !head.is_deleted());
        let there = heads.filter(|head| asked.closings.iter().any(|closing| closing.has(&head.key)));
        there.map(|head| Living { key: head.key.clone(), size: head.size() as u64 })
    }

    fn keep(&mut self, version: Version) {
        self.tip = Tip { seq: version.seq, chain_hash: version.chain_hash, recorded_at: version.recorded_at };
        self.states.entry(version.key.clone()).or_default().push(version.seq);
        self.versions.push(version);
    }
}

#[async_trait]
impl Commits for MemoryStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let known = inner.known(&Needs::of(group));
        let decided = decide_group(group, known, now);
        decided.versions.into_iter().for_each(|version| inner.keep(version));
        for change in decided.snapshots {
            match change {
                SnapshotChange::Made(snapshot) => {
                    let number = inner.next_snapshot;
                    inner.next_snapshot += 1;
                    inner.snapshots.insert(number, snapshot);
                }
                SnapshotChange::Forgotten(id) => inner.snapshots.retain(|_, snapshot| snapshot.id != id),
            }
        }
        inner.restores.extend(decided.restores);
        inner.receipts.extend(decided.receipts.into_iter().map(|receipt| (receipt.key.key, receipt)));
        inner.receipts.retain(|_, receipt| receipt.counts_at(now));
        Ok(decided.answers)
    }
}

#[async_trait]
impl Leases for MemoryStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
        Ok(self.leases.renew(leases, now))
    }

    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        self.leases.expect(leases);
        Ok(())
    }

    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        Ok(self.leases.look())
    }

    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        self.leases.forget(run_ids);
        Ok(())
    }
}

#[async_trait]
impl Admin for MemoryStore {
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn status(&self) -> StoreStatus {
        StoreStatus {
            kind: "memory".into(),
            engine: "memory".into(),
            up: true,
            size_bytes: None,
            pool: None,
            promises: vec!["Nothing is kept when the server stops: for tests only.".into()],
        }
    }

    async fn close(&self) {}
}
