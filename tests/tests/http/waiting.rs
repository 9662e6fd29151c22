//! How long a request waits for a store that hangs: once, however often it asks, and however many wait with it.

use std::sync::Arc;
use std::time::Duration;

use stateloft_server::store::Layers;
use stateloft_server::store::cached::{CacheSettings, Ownership};
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;

const STATE: &str = "/states/EURUSD?state_type=position";

async fn server(cache: bool) -> (Local, Arc<FaultyStore>) {
    let guard = GuardSettings {
        timeout: Duration::from_secs(1),
        attempts: 4,
        commit_attempts: 1,
        failure_threshold: 1_000,
        ..GuardSettings::default()
    };
    let cache = cache.then(|| (CacheSettings::default(), Ownership::Shared));
    let layers = Layers { guard: Some(guard), cache, ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    (server, store)
}

/// The status alone asks five things, and the figures one more.
#[tokio::test]
async fn a_request_that_has_waited_in_vain_does_not_wait_again() {
    let (server, store) = server(false).await;
    for path in ["/api/v1/status", "/api/v1/metrics"] {
        store.set(Mood::Frozen);
        let calls = store.calls();
        let _ = server.client.get(path).await.expect(200);
        // Once it is asked, and once more whether it is there at all, while the first question waits.
        assert_eq!(store.calls(), calls + 2, "{path}");
        store.set(Mood::Up);
        let status = server.client.get("/api/v1/status").await.expect(200).json();
        assert_eq!(status["store"]["up"], true, "the next request is another one");
    }
}

#[tokio::test]
async fn readers_of_a_store_that_hangs_wait_together() {
    const READERS: usize = 12;
    let (server, store) = server(true).await;
    store.set(Mood::Frozen);
    let calls = store.calls();
    let reads = (0..READERS).map(|_| async {
        let _ = server.client.get(STATE).await.expect_problem(503, "store_unavailable");
    });
    futures::future::join_all(reads).await;
    let asked = store.calls() - calls;
    assert!(asked < 4, "the store was asked {asked} times, one after the other");
    store.set(Mood::Up);
    let _ = server.client.get(STATE).await.expect(200);
}

/// One commit hangs, and others wait behind it: when its time is over, so is theirs, and they were not begun.
#[tokio::test]
async fn writers_behind_a_commit_that_hangs_fail_with_it() {
    const WRITERS: usize = 6;
    let (server, store) = server(false).await;
    // How often a save asks the store before it commits.
    let calls = store.calls();
    let _ = server.client.post("/states", save_body("position", "first", "{}")).await.expect(201);
    let of_one = store.calls() - calls;
    let tip = store.behind().tip().await.unwrap();
    store.set(Mood::FrozenToWrite);
    let save = |id: String| {
        let client = server.client.clone();
        async move { client.post("/states", save_body("position", &id, "{}")).await }
    };
    let calls = store.calls();
    let first = tokio::spawn(save("hangs".into()));
    while store.calls() < calls + of_one {
        tokio::task::yield_now().await;
    }
    let behind = futures::future::join_all((0..WRITERS).map(|n| save(format!("s{n}")))).await;
    let _ = first.await.unwrap().expect_problem(503, "outcome_unknown");
    for reply in behind {
        let reply = reply.expect_problem(503, "store_unavailable");
        assert!(reply.text.contains("nothing was written"), "{}", reply.text);
    }
    assert_eq!(store.calls() - calls, of_one + WRITERS as u64 * (of_one - 1), "no other commit was begun");
    store.set(Mood::Up);
    let _ = server.client.get(STATE).await.expect(200);
    assert_eq!(store.behind().tip().await.unwrap(), tip);
}
