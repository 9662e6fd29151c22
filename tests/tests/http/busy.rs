//! A server that keeps its store busy itself is no store that is away.

use std::sync::Arc;
use std::time::Duration;

use stateloft_server::store::Layers;
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::busy::searches_keep_nobody_from_saving;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::Mood;
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_that_take_longer_than_an_answer_may_keep_nobody_from_saving() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("SQLITE_PATH", folder.path().join("busy.db").display().to_string()),
        ("CONNECTION_TIMEOUT", "2".to_owned()),
    ];
    let variables = variables.map(|(name, value)| (format!("TRADING_STATE_{name}"), value));
    searches_keep_nobody_from_saving(Server::start_in(variables.into()).await, None).await;
}

/// Neither the breaker nor the journal takes a read that lasts for an outage, and saves go on.
#[tokio::test]
async fn reads_that_take_too_long_are_503_overloaded_while_the_store_says_that_it_is_there() {
    let guard = GuardSettings {
        timeout: Duration::from_millis(400),
        failure_threshold: 2,
        ..GuardSettings::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let fallback = Some(FallbackSettings::in_folder(folder.path()));
    let layers = Layers { guard: Some(guard), fallback, ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    store.set(Mood::SlowToRead);
    for _ in 0..4 {
        for path in ["/states/a?state_type=position", "/api/v1/states", "/api/v1/events?before=0"] {
            let reply = client.get(path).await.expect_problem(503, "overloaded");
            assert_eq!(reply.header("retry-after"), "1", "{path}");
        }
        let _ = client.get("/readyz").await.expect(200);
        let _ = client.post("/states", save_body("position", "a", r#"{"n":2}"#)).await.expect(200);
    }
    let breaker = client.get("/api/v1/breaker").await.expect(200).json();
    assert_eq!((&breaker["state"], &breaker["opened"]), (&"closed".into(), &0.into()), "{breaker}");
    store.set(Mood::Up);
    let fallback = client.get("/api/v1/fallback").await.expect(200).json();
    assert_eq!((&fallback["active"], &fallback["pending"]), (&false.into(), &0.into()), "{fallback}");
    let read = client.get("/states/a?state_type=position").await.expect(200).json();
    assert_eq!(read["data"]["n"], 2);
}
