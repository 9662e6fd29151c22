//! An empty store and short ways to use it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{
    Seq, Snapshot, SnapshotId, SnapshotKind, StateId, StateKey, Timestamp, Verdict, Version, VersionNumber,
};
use stateloft_server::service::{Clock, Service, Settings};
use stateloft_server::store::{
    ListQuery, NewSnapshot, StateStore, WriteRefusal, WriteRequest, Written, verify_all,
};
use tempfile::TempDir;

/// Where the test's clock starts.
pub const START: i64 = 1_800_000_000_000_000;

/// A clock that tells what it is told, a millisecond later each time.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1_000, Ordering::SeqCst))
    }
}

/// An empty store, and what must live as long as it does.
pub struct Fixture {
    pub store: Arc<dyn StateStore>,
    pub clock: Arc<TestClock>,
    _folder: Option<TempDir>,
}

pub type Answer = Result<Written, WriteRefusal>;

impl Fixture {
    pub fn new(store: Arc<dyn StateStore>, folder: Option<TempDir>) -> Self {
        Self { store, clock: Arc::new(TestClock(AtomicI64::new(START))), _folder: folder }
    }

    /// A service over the store, with the test's clock.
    pub async fn service(&self) -> Arc<Service> {
        self.service_over(Arc::clone(&self.store)).await
    }

    /// The same over a store in front of it.
    pub async fn service_over(&self, store: Arc<dyn StateStore>) -> Arc<Service> {
        let settings = Settings { clock: self.clock.clone(), ..Settings::default() };
        Service::start(store, settings).await.unwrap()
    }

    pub async fn commit(&self, group: &[WriteRequest]) -> Vec<Answer> {
        self.store.commit(group, self.clock.now()).await.unwrap()
    }

    pub async fn batch(&self, writes: Vec<Write>) -> Result<Vec<Outcome>, WriteRefusal> {
        let answer = self.commit(&[batch(writes)]).await.pop().unwrap();
        answer.map(outcomes)
    }

    /// Writes one version.
    pub async fn write(&self, write: Write) -> Version {
        let outcome = self.batch(vec![write]).await.unwrap().pop().unwrap();
        assert!(matches!(outcome, Outcome::Written(_)), "nothing was written: {outcome:?}");
        outcome.into_version()
    }

    /// Saves a state of type `position`.
    pub async fn save(&self, id: &str, data: &str) -> Version {
        self.write(save(id, data)).await
    }

    /// Deletes a state of type `position`.
    pub async fn delete(&self, id: &str) -> Version {
        self.write(Write { change: Change::Delete, ..save(id, "{}") }).await
    }

    pub async fn head(&self, id: &str) -> Option<Version> {
        self.store.head(&key(id)).await.unwrap()
    }

    pub async fn tip(&self) -> Seq {
        self.store.tip().await.unwrap().seq
    }

    pub async fn snapshot(&self, name: &str) -> Result<Snapshot, WriteRefusal> {
        match self.commit(&[WriteRequest::CreateSnapshot(new_snapshot(name))]).await.pop().unwrap() {
            Ok(Written::Snapshot(snapshot)) => Ok(snapshot),
            Err(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    /// The ids that a query finds, in its order.
    pub async fn ids(&self, query: &ListQuery) -> Vec<String> {
        let page = self.store.list(query).await.unwrap();
        assert_eq!(page.total, page.rows.len() as u64, "{query:?}");
        page.rows.iter().map(|row| row.version.state_id.to_string()).collect()
    }

    /// Everything that is stored must verify, whatever a case did.
    pub async fn check_chain(&self) {
        let store = Arc::clone(&self.store);
        if store.ping().await.is_ok() {
            let tip = store.tip().await.unwrap().seq;
            assert_eq!(verify_all(store.as_ref(), |_, _| {}).await.unwrap(), Ok(tip));
        }
    }
}

pub fn outcomes(written: Written) -> Vec<Outcome> {
    match written {
        Written::Batch { outcomes, .. } => outcomes,
        other => panic!("a batch was answered with {other:?}"),
    }
}

pub fn doc(text: &str) -> Document {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The key of a state of type `position`.
pub fn key(id: &str) -> StateKey {
    typed("position", id)
}

pub fn typed(state_type: &str, id: &str) -> StateKey {
    StateKey::new(state_type, id).unwrap()
}

/// A save to a state of type `position`, without expectation.
pub fn save(id: &str, data: &str) -> Write {
    Write {
        key: key(id),
        change: Change::Save(doc(data)),
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    }
}

pub fn save_if(id: &str, data: &str, version: u64) -> Write {
    Write { expectation: Expectation::Version(VersionNumber(version)), ..save(id, data) }
}

pub fn delete(id: &str) -> Write {
    Write { change: Change::Delete, ..save(id, "{}") }
}

pub fn batch(writes: Vec<Write>) -> WriteRequest {
    WriteRequest::Batch { writes, restore: None }
}

pub fn new_snapshot(name: &str) -> NewSnapshot {
    NewSnapshot {
        id: snapshot_id(name),
        description: None,
        author: None,
        kind: SnapshotKind::Manual,
        seq: None,
    }
}

pub fn snapshot_id(name: &str) -> SnapshotId {
    StateId::new(name).unwrap()
}

/// A query for everything that lives, a page of 1000.
pub fn everything() -> ListQuery {
    ListQuery { limit: 1000, ..ListQuery::default() }
}
