//! Names for moments.

use reqwest::Method;
use serde_json::json;
use stateloft_tests::local::Local;

#[tokio::test]
async fn d_006_a_second_snapshot_of_the_same_name_is_409() {
    let server = Local::start().await;
    let body = r#"{"snapshot_id":"eod","description":"End of day","user_id":"ann"}"#;
    let created = server.client.post("/api/v1/snapshots", body).await.expect(201).json();
    let _ = server.client.post("/snapshots", body).await.expect_problem(409, "snapshot_exists");
    let shown = server.client.get("/api/v1/snapshots/eod").await.expect(200).json();
    assert_eq!(shown, created, "the first one is untouched");
}

#[tokio::test]
async fn d_003_restoring_an_unknown_snapshot_is_404() {
    let server = Local::start().await;
    for path in ["/snapshots/none/restore", "/api/v1/snapshots/none/restore"] {
        let request = server.client.request(Method::POST, path);
        let _ = server.client.send(request).await.expect_problem(404, "snapshot_not_found");
    }
    let _ = server.client.get("/api/v1/snapshots/none").await.expect_problem(404, "snapshot_not_found");
    let _ = server.client.delete("/api/v1/snapshots/none").await.expect_problem(404, "snapshot_not_found");
}

#[tokio::test]
async fn snapshots_are_listed_newest_first_in_pages() {
    let server = Local::start().await;
    for n in 0..5 {
        server.client.save("position", "EURUSD", &format!(r#"{{"n":{n}}}"#)).await;
        let body = json!({"snapshot_id": format!("s{n}")}).to_string();
        let _ = server.client.post("/api/v1/snapshots", body).await.expect(201);
    }
    let first = server.client.get("/api/v1/snapshots?limit=3").await.expect(200);
    assert_eq!(first.json()["total"], 5);
    let names = |reply: &serde_json::Value| -> Vec<String> {
        reply["snapshots"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["snapshot_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first.json()), ["s4", "s3", "s2"]);
    assert_eq!(first.json()["snapshots"][0]["seq"], 5);
    let link = first.header("link").strip_suffix(">; rel=\"next\"").unwrap()[1..].to_owned();
    let second = server.client.get(&link).await.expect(200);
    assert_eq!(names(&second.json()), ["s1", "s0"]);
    assert_eq!(second.header("link"), "");
}

#[tokio::test]
async fn d_007_fifty_snapshots_at_once_harm_nobody() {
    let server = Local::start().await;
    server.client.save("position", "EURUSD", "{}").await;
    let snapshots = (0..50).map(|n| {
        let client = server.client.clone();
        async move { client.post("/api/v1/snapshots", format!(r#"{{"snapshot_id":"s{n}"}}"#)).await.status }
    });
    let statuses = futures::future::join_all(snapshots).await;
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let _ = server.client.get("/health").await.expect(200);
}
