//! Says so when a read finds damage, whoever asked: another store, of which every answer is looked at.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use stateloft_core::api::{AlarmCode, AppliedRestore, RestoreRecord, StateSummary, VersionView};
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, Snapshot, StateKey, StateType, Timestamp, Version, VersionNumber};

use super::forward::{forward_admin, forward_leases, forward_reads};
use super::{
    Activity, Commits, DamagedVersion, Imports, LeaseLook, MovedState, Overwrote, Page, Receipt, Result,
    StateStore, StoreError, TypeTotals, WriteRefusal, WriteRequest, Written, Wrote,
};
use crate::alarms::Alarms;

/// What the alarm about the store as a whole is about.
const STORE: &str = "store";
/// What to do about a damaged version.
const VERSION_ACTION: &str = "Compare with a backup. The state can be written anew, or restored to a version that is whole: \
                              plan a restore of it to a seq before";
const STORE_ACTION: &str = "Compare with a backup, and look at the disk; what can be read is served";
/// Damaged versions that are remembered at most.
const KNOWN: usize = 10_000;

/// Another store. Every version that is handed out damaged raises an alarm, which passes when it is read whole; lists that
/// show no data mark what was found damaged before.
pub(crate) struct NoticedStore {
    inner: Arc<dyn StateStore>,
    alarms: Arc<Alarms>,
    known: Mutex<BTreeSet<Seq>>,
}

impl NoticedStore {
    /// Looks at what a store answers, and raises alarms here.
    pub(crate) fn new(inner: Arc<dyn StateStore>, alarms: Arc<Alarms>) -> Self {
        Self { inner, alarms, known: Mutex::default() }
    }

    async fn read<'a, T: Send + Looked, F>(
        &'a self,
        _what: &'static str,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut answer = call(self.inner.as_ref()).await;
        self.look(&mut answer);
        answer
    }

    async fn read_head(&self, key: &StateKey) -> Result<Option<Version>> {
        let mut head = self.inner.head(key).await;
        self.look(&mut head);
        head
    }

    fn look<T: Looked>(&self, answer: &mut Result<T>) {
        match answer {
            Ok(found) => found.look(self),
            Err(StoreError::DamagedVersion(damaged)) => self.is_damaged(damaged),
            Err(StoreError::Damaged(text)) => {
                self.alarms.raise(AlarmCode::DamagedVersions, STORE, text.clone(), STORE_ACTION);
            }
            Err(_) => {}
        }
    }

    fn is_damaged(&self, damaged: &DamagedVersion) {
        let mut known = self.known();
        if known.len() < KNOWN && known.insert(damaged.seq) {
            self.alarms.raise(
                AlarmCode::DamagedVersions,
                &damaged.seq.to_string(),
                damaged.to_string(),
                VERSION_ACTION,
            );
        }
    }

    fn is_whole(&self, seq: Seq) {
        let mut known = self.known();
        if !known.is_empty() && known.remove(&seq) {
            self.alarms.clear(AlarmCode::DamagedVersions, &seq.to_string());
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<Seq>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self, version: &Version) {
        match &version.damaged {
            None => self.is_whole(version.seq),
            Some(what) => self.is_damaged(&DamagedVersion {
                seq: version.seq,
                of: Some((version.key.clone(), version.version)),
                what: Arc::clone(what),
            }),
        }
    }

    /// A view says that it is damaged, or it is of a version that was found damaged before.
    fn view(&self, view: &mut VersionView, proven: bool) {
        if view.damaged {
            let key = StateKey { state_type: view.state_type.clone(), state_id: view.state_id.clone() };
            let what = "what is stored of it is not what was written".into();
            self.is_damaged(&DamagedVersion { seq: view.seq, of: Some((key, view.version)), what });
        } else if proven {
            self.is_whole(view.seq);
        } else {
            view.damaged = self.known().contains(&view.seq);
        }
    }
}

/// An answer that is looked at.
trait Looked {
    /// Tells what versions there are in it.
    fn look(&mut self, store: &NoticedStore);
}

macro_rules! without_versions {
    ($($type:ty),* $(,)?) => {
        $(impl Looked for $type {
            fn look(&mut self, _store: &NoticedStore) {}
        })*
    };
}

without_versions!(
    (),
    Vec<bool>,
    Vec<LeaseLook>,
    Vec<Wrote>,
    Vec<Overwrote>,
    Imports,
    Option<Receipt>,
    Tip,
    Seq,
    u64,
    Vec<StateType>,
    Vec<TypeTotals>,
    Activity,
    Page<Snapshot>,
    Option<Snapshot>,
    Page<RestoreRecord>,
    HashMap<StateKey, (VersionNumber, bool)>,
);

impl Looked for Option<Version> {
    fn look(&mut self, store: &NoticedStore) {
        if let Some(version) = self {
            store.version(version);
        }
    }
}

impl Looked for Vec<Version> {
    fn look(&mut self, store: &NoticedStore) {
        for version in self {
            store.version(version);
        }
    }
}

impl Looked for Vec<VersionView> {
    fn look(&mut self, store: &NoticedStore) {
        for view in self {
            store.view(view, false);
        }
    }
}

impl Looked for Vec<MovedState> {
    fn look(&mut self, store: &NoticedStore) {
        for MovedState { head, target } in self {
            store.version(head);
            if let Some(target) = target {
                store.version(target);
            }
        }
    }
}

impl Looked for Page<StateSummary> {
    fn look(&mut self, store: &NoticedStore) {
        self.rows.iter_mut().for_each(|row| store.view(&mut row.version, row.data.is_some()));
    }
}

impl Looked for Option<AppliedRestore> {
    fn look(&mut self, store: &NoticedStore) {
        let versions = self.iter_mut().flat_map(|restore| &mut restore.versions);
        versions.for_each(|version| store.view(version, false));
    }
}

forward_reads!(NoticedStore);
forward_leases!(NoticedStore);

#[async_trait]
impl Commits for NoticedStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let answers = self.inner.commit(group, now).await;
        if let Err(StoreError::DamagedVersion(damaged)) = &answers {
            self.is_damaged(damaged);
        }
        answers
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        self.inner.keep_up(now).await
    }
}

forward_admin! { NoticedStore: ping status facts take_pool_peak bell alarms close }
