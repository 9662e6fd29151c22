//! A store that fails: 503 everywhere, nothing made up, nothing told that is for the log only.

use std::sync::Arc;

use reqwest::Method;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::FaultyStore;
use stateloft_tests::local::Local;

async fn server() -> (Local, Arc<FaultyStore>) {
    let (server, store) = Local::start_faulty().await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    let _ = server.client.post("/api/v1/snapshots", r#"{"snapshot_id":"s"}"#).await.expect(201);
    (server, store)
}

#[tokio::test]
async fn d_008_d_085_a_store_that_fails_is_503_and_never_an_empty_answer() {
    let (server, store) = server().await;
    store.set_down(true);
    for path in [
        "/states/EURUSD?state_type=position",
        "/states/EURUSD/history?state_type=position",
        "/states/EURUSD/history",
        "/api/v1/states",
        "/api/v1/states/EURUSD/raw?state_type=position",
        "/api/v1/states/EURUSD/diff?state_type=position",
        "/api/v1/states/EURUSD?state_type=position&version=1",
        "/api/v1/states/EURUSD?state_type=position&at=seq:1",
        "/api/v1/snapshots",
        "/api/v1/snapshots/s",
        "/api/v1/restores",
        "/api/v1/restores/x",
        "/api/v1/events?before=0",
        "/api/v1/verify",
        "/api/v1/status",
        "/api/v1/overview",
        "/readyz",
    ] {
        let reply = server.client.get(path).await.expect_problem(503, "store_unavailable");
        assert_eq!(reply.header("retry-after"), "1", "{path}");
        assert!(!reply.text.contains("secret-host"), "{path}: {}", reply.text);
    }
    let health = server.client.get("/health").await.expect(503).json();
    assert_eq!((&health["status"], &health["database_connected"]), (&"degraded".into(), &false.into()));
    let _ = server.client.get("/livez").await.expect(200);
}

#[tokio::test]
async fn d_017_d_083_a_write_that_was_not_stored_is_503_and_tells_no_secrets() {
    let (server, store) = server().await;
    store.set_down(true);
    let client = &server.client;
    let put = r#"{"data":{"n":2}}"#;
    let replies = [
        client.post("/states", save_body("position", "EURUSD", r#"{"n":2}"#)).await,
        client.put("/states/EURUSD?state_type=position", put).await,
        client.delete("/states/EURUSD?state_type=position").await,
        client
            .post(
                "/api/v1/batch",
                r#"{"items":[{"op":"save","state_type":"position","state_id":"a","data":{}}]}"#,
            )
            .await,
        client.post("/api/v1/snapshots", r#"{"snapshot_id":"t"}"#).await,
        client.send(client.request(Method::POST, "/snapshots/s/restore")).await,
        client.post("/api/v1/restores", r#"{"target":"seq:1"}"#).await,
    ];
    for reply in replies {
        let reply = reply.expect_problem(503, "store_unavailable");
        assert!(!reply.text.contains("secret-host"), "{}", reply.text);
    }
    store.set_down(false);
    let read = client.get("/states/EURUSD?state_type=position").await.expect(200).json();
    assert_eq!(read["version"], 1, "nothing was written");
    client.save("position", "EURUSD", r#"{"n":2}"#).await;
    let _ = client.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn d_056_health_follows_the_store() {
    let (server, store) = server().await;
    for down in [false, true, false] {
        store.set_down(down);
        let _ = server.client.get("/health").await.expect(if down { 503 } else { 200 });
        let _ = server.client.get("/api/v1/health").await.expect(if down { 503 } else { 200 });
    }
}
