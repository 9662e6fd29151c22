//! The circuit breaker, seen from outside, with a clock that is turned by hand.

use std::sync::Arc;
use std::time::Duration;

use stateloft_server::store::Layers;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;

const STATE: &str = "/states/EURUSD?state_type=position";

fn settings() -> GuardSettings {
    GuardSettings {
        attempts: 1,
        commit_attempts: 1,
        delay: Duration::ZERO,
        failure_threshold: 3,
        ..GuardSettings::default()
    }
}

async fn server(settings: GuardSettings) -> (Local, Arc<FaultyStore>, Arc<Hand>) {
    let hand = Arc::new(Hand::default());
    let layers = Layers { guard: Some(settings), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, hand.clone()).await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    (server, store, hand)
}

async fn state_of(server: &Local) -> (String, bool) {
    let breaker = server.client.get("/api/v1/breaker").await.expect(200).json();
    (breaker["state"].as_str().unwrap().to_owned(), breaker["forced"].as_bool().unwrap())
}

#[tokio::test]
async fn d_116_the_breaker_opens_waits_tries_once_and_closes() {
    let (server, store, hand) = server(settings()).await;
    store.set(Mood::Down);
    for _ in 0..3 {
        let _ = server.client.get(STATE).await.expect_problem(503, "store_unavailable");
    }
    assert_eq!(state_of(&server).await, ("open".into(), false));
    let calls = store.calls();
    let refused = server.client.get(STATE).await.expect_problem(503, "store_unavailable");
    assert_eq!(refused.header("retry-after"), "61", "it is said when it is worth trying again");
    let _ = server.client.get("/readyz").await.expect(503);
    let _ = server.client.get("/livez").await.expect(200);
    assert_eq!(store.calls(), calls, "an open breaker leaves the store alone");

    hand.turn(Duration::from_mins(1));
    let _ = server.client.get(STATE).await.expect(503);
    assert_eq!(store.calls(), calls + 1, "one call was tried");
    assert_eq!(state_of(&server).await.0, "open");
    let _ = server.client.get(STATE).await.expect(503);
    assert_eq!(store.calls(), calls + 1);

    store.set(Mood::Up);
    hand.turn(Duration::from_mins(1));
    let _ = server.client.get(STATE).await.expect(200);
    assert_eq!(state_of(&server).await, ("closed".into(), false));
    let status = server.client.get("/api/v1/status").await.expect(200).json();
    assert_eq!((&status["breaker"]["opened"], &status["breaker"]["state"]), (&2.into(), &"closed".into()));
}

#[tokio::test]
async fn d_116_half_open_admits_one_call_at_a_time_and_a_slow_one_blocks_nobody() {
    let (server, store, hand) = server(settings()).await;
    store.set(Mood::Down);
    for _ in 0..3 {
        let _ = server.client.get(STATE).await.expect(503);
    }
    store.set(Mood::Frozen);
    hand.turn(Duration::from_mins(1));
    let calls = store.calls();
    let probe = tokio::spawn({
        let client = server.client.clone();
        async move { client.get(STATE).await }
    });
    while store.calls() == calls {
        tokio::task::yield_now().await;
    }
    assert_eq!(state_of(&server).await.0, "half_open");
    for _ in 0..20 {
        let _ = server.client.get(STATE).await.expect(503);
    }
    assert_eq!(store.calls(), calls + 1, "the others were answered at once, without a call");
    store.set(Mood::Up);
    let _ = probe.await.unwrap().expect(200);
    assert_eq!(state_of(&server).await.0, "closed");
}

#[tokio::test]
async fn d_116_only_the_engines_failures_count_and_successes_take_them_away() {
    let (server, store, hand) = server(settings()).await;
    for _ in 0..20 {
        let client = &server.client;
        let _ = client.get("/states/none?state_type=position").await.expect(404);
        let stale = r#"{"state_type":"position","state_id":"EURUSD","data":{},"expected_version":9}"#;
        let _ = client.post("/states", stale).await.expect(409);
        let _ = client.get("/api/v1/states?cursor=x").await.expect(400);
    }
    store.set(Mood::Full);
    for _ in 0..20 {
        let reply = server.client.post("/states", save_body("position", "EURUSD", r#"{"n":2}"#)).await;
        let _ = reply.expect_problem(503, "store_unavailable");
    }
    assert_eq!(state_of(&server).await.0, "closed", "a store that is full can still be read");
    let _ = server.client.get(STATE).await.expect(200);
    store.set(Mood::Down);
    let fail = || async {
        let _ = server.client.get(STATE).await.expect(503);
    };
    fail().await;
    fail().await;
    store.set(Mood::Up);
    for _ in 0..100 {
        let _ = server.client.get(STATE).await.expect(200);
    }
    store.set(Mood::Down);
    fail().await;
    assert_eq!(state_of(&server).await.0, "closed", "successes take failures away");
    fail().await;
    hand.turn(Duration::from_hours(1));
    fail().await;
    assert_eq!(state_of(&server).await.0, "open", "time does not: each of them may have taken long");
}

#[tokio::test]
async fn d_116_the_breaker_is_forced_and_reset_by_hand() {
    let (server, store, hand) = server(settings()).await;
    let client = &server.client;
    let forced = client.post("/api/v1/breaker/force", r#"{"state":"open"}"#).await.expect(200).json();
    assert_eq!((&forced["state"], &forced["forced"]), (&"open".into(), &true.into()));
    hand.turn(Duration::from_hours(24));
    let calls = store.calls();
    let _ = client.get(STATE).await.expect_problem(503, "store_unavailable");
    let _ = client
        .post("/states", save_body("position", "x", "{}"))
        .await
        .expect_problem(503, "store_unavailable");
    assert_eq!(store.calls(), calls);
    let status = client.get("/api/v1/status").await.expect(200).json();
    assert_eq!((&status["store"]["up"], &status["breaker"]["state"]), (&false.into(), &"open".into()));
    assert!(status["counts_as_of"].is_string(), "what is not of now says so: {status}");
    let reset = client.post("/api/v1/breaker/reset", "").await.expect(200).json();
    assert_eq!((&reset["state"], &reset["forced"]), (&"closed".into(), &false.into()));
    let _ = client.get(STATE).await.expect(200);
    let status = client.get("/api/v1/status").await.expect(200).json();
    assert_eq!((&status["store"]["up"], status.get("counts_as_of")), (&true.into(), None));

    let _ = client.post("/api/v1/breaker/force", r#"{"state":"closed"}"#).await.expect(200);
    store.set(Mood::Down);
    for _ in 0..10 {
        let _ = client.get(STATE).await.expect(503);
    }
    assert_eq!(state_of(&server).await, ("closed".into(), true));
    let _ =
        client.post("/api/v1/breaker/force", r#"{"state":"ajar"}"#).await.expect_problem(422, "invalid_body");
}

#[tokio::test]
async fn a_server_without_these_parts_says_so() {
    let server = Local::start().await;
    for path in ["/api/v1/breaker", "/api/v1/fallback", "/api/v1/fallback/conflicts"] {
        let _ = server.client.get(path).await.expect_problem(404, "not_configured");
    }
    let _ = server.client.post("/api/v1/breaker/reset", "").await.expect_problem(404, "not_configured");
}

#[tokio::test]
async fn reads_and_writes_that_did_not_happen_are_tried_again() {
    let (server, store, _) =
        server(GuardSettings { attempts: 3, commit_attempts: 3, failure_threshold: 100, ..settings() }).await;
    store.set(Mood::Down);
    let calls = store.calls();
    let _ = server.client.get(STATE).await.expect(503);
    assert_eq!(store.calls(), calls + 3);
    store.set(Mood::Forgetful);
    let calls = store.calls();
    let reply = server.client.post("/states", save_body("position", "EURUSD", r#"{"n":2}"#)).await;
    let reply = reply.expect_problem(503, "outcome_unknown");
    assert_eq!(reply.header("retry-after"), "1");
    // The commit, and whether the store is there at all.
    assert_eq!(store.calls(), calls + 2, "what may have been written is not written again");
    store.set(Mood::Up);
    let read = server.client.get(STATE).await.expect(200).json();
    assert_eq!((&read["version"], &read["data"]["n"]), (&2.into(), &2.into()));
}
