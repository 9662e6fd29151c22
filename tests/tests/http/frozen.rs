//! A store that takes every call and answers none, as a database does whose process is stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stateloft_server::store::Layers;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::Mood;
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;

const TIMEOUT: Duration = Duration::from_millis(300);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn d_007_d_008_a_frozen_store_is_503_in_time_and_the_server_lives_on() {
    let guard = GuardSettings { timeout: TIMEOUT, failure_threshold: 100, ..GuardSettings::default() };
    let layers = Layers { guard: Some(guard), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    store.set(Mood::Frozen);
    let started = Instant::now();
    let write = client.post("/states", save_body("position", "a", r#"{"n":2}"#));
    let read = client.get("/states/a?state_type=position");
    let ready = client.get("/readyz");
    let health = client.get("/health");
    let live = async {
        for _ in 0..20 {
            let _ = client.get("/livez").await.expect(200);
        }
    };
    let (write, read, ready, health, ()) = tokio::join!(write, read, ready, health, live);
    assert!(started.elapsed() < TIMEOUT * 2 + SLACK, "{:?}", started.elapsed());
    let write = write.expect_problem(503, "outcome_unknown");
    let read = read.expect_problem(503, "store_unavailable");
    for reply in [write, read, ready.expect(503)] {
        assert_eq!(reply.header("retry-after"), "1");
    }
    assert_eq!(health.expect(503).json()["status"], "degraded");
    store.set(Mood::Up);
    let _ = client.get("/readyz").await.expect(200);
    let saved = client.save("position", "a", r#"{"n":3}"#).await.json();
    let verified = client.get("/api/v1/verify").await.expect(200).json();
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &saved["seq"]));
    store.set(Mood::Frozen);
    // A store that hangs does not keep the server from ending.
    server.stop().await;
}
