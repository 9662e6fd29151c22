//! Which clock the journal goes by: the one that it was handed, like everything else that is recorded.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{StateKey, Timestamp, Verdict};
use stateloft_server::clock::Clock;
use stateloft_server::store::fallback::{FallbackSettings, FallbackStore};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::{Admin as _, Commits as _, WriteRequest};
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use tempfile::TempDir;

fn key() -> StateKey {
    StateKey::new("position", "a").unwrap()
}

fn group() -> Vec<WriteRequest> {
    let write = Write {
        key: key(),
        change: Change::Save(r#"{"n":1}"#.parse().unwrap()),
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: None,
        description: None,
        batch_id: Some("one".into()),
        origin: None,
        foreseen: None,
        rebase: None,
    };
    vec![WriteRequest::Batch { writes: vec![write], restore: None }]
}

async fn open(behind: &Arc<FaultyStore>, folder: &TempDir, clock: &Arc<Hand>) -> Arc<FallbackStore> {
    let settings = FallbackSettings {
        folder: folder.path().to_owned(),
        poll: Duration::from_millis(5),
        bytes_max: 64 << 20,
    };
    let ticks = Arc::new(Hand::default());
    FallbackStore::open(Arc::clone(behind) as _, settings, ticks, Arc::clone(clock) as _).await.unwrap()
}

#[tokio::test]
async fn the_age_of_a_head_of_before_a_restart_is_told_by_the_clock_that_was_handed_in() {
    let (behind, folder) =
        (Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()))), TempDir::new().unwrap());
    let clock = Arc::new(Hand::default());
    let store = open(&behind, &folder, &clock).await;
    let _ = store.commit(&group(), Clock::now(clock.as_ref())).await.unwrap();
    store.close().await;
    drop(store);
    let hour = Duration::from_hours(1);
    clock.turn(hour);
    behind.set(Mood::Down);
    let store = open(&behind, &folder, &clock).await;
    let (head, age) = store.last_known(&key()).expect("a head that was seen");
    assert_eq!((head.map(|head| head.version.0), age), (Some(1), hour));
}

#[tokio::test]
async fn what_is_replayed_before_there_is_a_service_is_recorded_by_the_clock_that_was_handed_in() {
    let (behind, folder) =
        (Arc::new(FaultyStore::new(Arc::new(MemoryStore::new()))), TempDir::new().unwrap());
    let clock = Arc::new(Hand::default());
    let store = open(&behind, &folder, &clock).await;
    let mut replayed = store.follow_replays();
    behind.set(Mood::Down);
    let now = Clock::now(clock.as_ref());
    let _ = store.commit(&group(), now).await.unwrap();
    clock.turn(Duration::from_secs(90));
    behind.set(Mood::Up);
    let versions = tokio::time::timeout(super::PATIENCE, replayed.recv()).await.unwrap().unwrap();
    assert_eq!(versions[0].recorded_at, Timestamp::from_micros(now.micros() + 90_000_000));
    let stored = behind.behind().after(stateloft_core::model::Seq::ZERO, 10).await.unwrap();
    assert_eq!(stored[0].recorded_at, versions[0].recorded_at);
}
