//! D-038: whatever an id holds, its state can be reached.

use serde_json::json;
use statehouse_tests::client::{encoded, save_body};
use statehouse_tests::local::Local;

use crate::raw;

const NASTY: &[&str] = &[
    "EURUSD/GBPUSD",
    "FDX.US-UPS.US",
    "XAUUSD-Copper",
    "a b",
    "é",
    "名前",
    "a?b",
    "a#b",
    "a%b",
    "a%2Fb",
    "%2e%2e",
    "a+b",
    "a&b=c",
    "/",
    "//",
    "/leading",
    "trailing/",
    "../up",
    "a/../b",
    "a\\b",
    "history",
    "a/history",
    "raw",
    "-",
    "~",
    ";",
    "\"quoted\"",
    "'",
    "<b>",
    "{state_id}",
    "$(id)",
    "\u{1F6A2}",
    "e\u{301}",
];

#[tokio::test]
async fn d_038_ids_with_slashes_and_worse_are_written_read_and_deleted() {
    let server = Local::start().await;
    let client = &server.client;
    for id in NASTY {
        let _ = client.post("/api/v1/states", save_body("position", id, r#"{"n":1}"#)).await.expect(201);
    }
    for id in NASTY {
        let path = format!("/api/v1/states/{}", encoded(id));
        let read = client.get(&format!("{path}?state_type=position")).await.expect(200).json();
        assert_eq!(read["state_id"], json!(id));
        let _ = client.put(&format!("{path}?state_type=position"), r#"{"data":{"n":2}}"#).await.expect(200);
        for part in ["/history", "/raw", "/diff"] {
            let _ = client.get(&format!("{path}{part}?state_type=position")).await.expect(200);
        }
        let at_root = format!("/states/{}?state_type=position", encoded(id));
        let _ = client.delete(&at_root).await.expect(200);
        let _ = client
            .send(client.request(reqwest::Method::POST, &format!("{path}/undelete?state_type=position")))
            .await
            .expect(200);
        let history = client.get(&format!("{path}/history?state_type=position")).await.expect(200).json();
        assert_eq!(history["total_count"], 4, "{id}");
    }
    let all = client.get("/api/v1/states?limit=1000&sort=id").await.expect(200).json();
    assert_eq!(all["total"], NASTY.len());
}

#[tokio::test]
async fn d_038_dots_are_reached_encoded_or_by_parameter() {
    let server = Local::start().await;
    for id in [".", ".."] {
        let _ = server.client.post("/states", save_body("position", id, r#"{"n":1}"#)).await.expect(201);
        let spelled = id.replace('.', "%2E");
        let by_path = raw::get(server.address, &format!("/states/{spelled}?state_type=position")).await;
        assert!(
            by_path.starts_with("HTTP/1.1 200") && by_path.contains(&format!("\"state_id\":\"{id}\"")),
            "{by_path}"
        );
        // Browsers take such a segment out of the path, so they name the id in a parameter.
        let path = format!("/api/v1/states/-?state_type=position&state_id={spelled}");
        assert_eq!(server.client.get(&path).await.expect(200).json()["state_id"], id);
        let _ = server.client.delete(&path).await.expect(200);
    }
    let _ = server
        .client
        .get("/api/v1/states/a?state_type=position&state_id=b")
        .await
        .expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn d_038_ids_that_name_nothing_are_refused() {
    let server = Local::start().await;
    let long = "x".repeat(513);
    for id in ["", "a\u{0}b", "a\nb", "\u{7f}", long.as_str()] {
        let reply = server.client.post("/states", save_body("position", id, "{}")).await;
        assert!([400, 422].contains(&reply.status.as_u16()), "{id:?}: {}", reply.text);
    }
    let longest = "é".repeat(256);
    let _ = server.client.post("/states", save_body("position", &longest, "{}")).await.expect(201);
    let _ =
        server.client.get(&format!("/states/{}?state_type=position", encoded(&longest))).await.expect(200);
    let _ =
        server.client.get("/states/a%0Ab?state_type=position").await.expect_problem(400, "invalid_parameter");
    let _ =
        server.client.get("/states/a%FFb?state_type=position").await.expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn snapshots_may_have_such_names_too() {
    let server = Local::start().await;
    let client = &server.client;
    for name in ["End of day 21/11", "../..", "a?b#c%d"] {
        let body = json!({"snapshot_id": name}).to_string();
        let created = client.post("/api/v1/snapshots", body).await.expect(201);
        let location = created.header("location");
        assert_eq!(client.get(location).await.expect(200).json()["snapshot_id"], name);
        let _ = client.delete(location).await.expect(200);
        let _ = client.get(location).await.expect_problem(404, "snapshot_not_found");
    }
}
