//! How many snapshots and sessions there may be.

use serde_json::json;
use stateloft_server::service::Settings;
use stateloft_tests::local::{Local, Start};

async fn name(server: &Local, name: &str) -> stateloft_tests::client::Reply {
    server.client.post("/api/v1/snapshots", json!({"snapshot_id": name}).to_string()).await
}

#[tokio::test]
async fn snapshots_have_a_quota_that_no_restore_is_kept_by() {
    let settings = Settings { snapshots_max: 2, ..Settings::default() };
    let server = Start { settings, ..Start::default() }.run().await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    let _ = name(&server, "one").await.expect(201);
    client.save("position", "a", r#"{"n":2}"#).await;
    let _ = name(&server, "two").await.expect(201);
    let refused = name(&server, "three").await.expect_problem(409, "quota_reached");
    assert!(
        refused.text.contains("delete some") && refused.text.contains("SNAPSHOT_LIMIT"),
        "{}",
        refused.text
    );
    let _ = name(&server, "two").await.expect_problem(409, "snapshot_exists");
    let status = client.get("/api/v1/status").await.json();
    assert_eq!(status["quotas"]["snapshots"], json!({"used": 2, "limit": 2}), "{status}");
    // A restore takes one of its own, whatever there is.
    let _ =
        client.send(client.request(reqwest::Method::POST, "/api/v1/snapshots/one/restore")).await.expect(200);
    let status = client.get("/api/v1/status").await.json();
    assert_eq!(status["quotas"]["snapshots"], json!({"used": 3, "limit": 2}), "{status}");
    let _ = name(&server, "three").await.expect_problem(409, "quota_reached");
    let _ = client.delete("/api/v1/snapshots/one").await.expect(200);
    let _ = name(&server, "three").await.expect_problem(409, "quota_reached");
    let _ = client.delete("/api/v1/snapshots/two").await.expect(200);
    let _ = name(&server, "three").await.expect(201);
}

#[tokio::test]
async fn the_last_place_is_given_to_one_of_many_who_ask_at_once() {
    let settings = Settings { snapshots_max: 3, ..Settings::default() };
    let server = Start { settings, ..Start::default() }.run().await;
    let names: Vec<_> = (0..20).map(|n| format!("s{n}")).collect();
    let replies = futures::future::join_all(names.iter().map(|n| name(&server, n))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
    assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status.as_u16())));
}
