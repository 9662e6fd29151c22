//! What was imported has the time at which it was saved, in every answer, and is found by it.

use std::sync::Arc;

use serde_json::{Value, json};
use stateloft_server::service::{Service, Settings};
use stateloft_server::store::sqlite::SqliteStore;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::older::{import, marker, row, update};
use tempfile::TempDir;

/// 2024-03-05T06:07:08Z
const THEN: i64 = 1_709_618_828_000_000;

/// The time so many seconds after that.
fn then(seconds: i64) -> String {
    format!("2024-03-05T06:07:{:02}.000000Z", 8 + seconds)
}

/// A server on a store into which three states and a snapshot were imported.
async fn imported() -> Local {
    let folder = Arc::new(TempDir::new().unwrap());
    let store = SqliteStore::open(&folder.path().join("test.db")).await.unwrap();
    let service = Service::start(Arc::new(store), Settings::default()).await.unwrap();
    let second = |n: i64| THEN + n * 1_000_000;
    let rows = vec![
        update("x/y é", second(0), 1),
        update("x/y é", second(10), 2),
        marker("end of day", second(11), Some(r#"{"snapshot_id":"end of day"}"#)),
        update("gone", second(20), 1),
        row("gone", "delete", second(30), Some(r#"{"deleted":true}"#)),
        update("quiet", second(40), 1),
    ];
    let (counts, why) = import(&service, rows).await;
    assert_eq!((counts.versions, counts.snapshots, why.len()), (5, 1, 0));
    service.shutdown().await;
    Start { folder: Some(folder), ..Start::default() }.run().await
}

const STATE: &str = "/api/v1/states/-?state_type=bot_memory&state_id=x%2Fy%20%C3%A9";

#[tokio::test]
async fn every_answer_with_an_imported_version_says_when_it_was_saved() {
    let server = imported().await;
    let client = &server.client;
    let _ = client.save("bot_memory", "live", "{}").await;
    let get = async |path: &str| client.get(&format!("/api/v1{path}")).await.expect(200).json();
    let (first, second) = (json!(then(0)), json!(then(10)));

    let state = client.get(STATE).await.expect(200).json();
    assert_eq!((&state["saved_at"], &state["version"]), (&second, &json!(2)));
    assert!(state["timestamp"].as_str().unwrap() > state["saved_at"].as_str().unwrap());
    let history = get("/states/-/history?state_type=bot_memory&state_id=x%2Fy%20%C3%A9").await;
    assert_eq!(history["versions"][1]["saved_at"], first, "{history}");
    let diff = get("/states/-/diff?state_type=bot_memory&state_id=x%2Fy%20%C3%A9").await;
    assert_eq!((&diff["from"]["saved_at"], &diff["to"]["saved_at"]), (&first, &second));
    let events = get("/events?after=0&data=false").await;
    let times: Vec<&Value> =
        events["events"].as_array().unwrap().iter().map(|event| &event["saved_at"]).collect();
    let saved = [then(0), then(10), then(20), then(30), then(40)].map(Value::from);
    assert_eq!(times, [&saved[0], &saved[1], &saved[2], &saved[3], &saved[4], &Value::Null]);
    let list = get("/states?sort=id&state_type=bot_memory").await;
    assert_eq!(list["states"][0]["saved_at"], Value::Null, "{list}");
    assert_eq!(list["states"][1]["saved_at"], saved[4], "{list}");
    let plan = client.post("/api/v1/restores", r#"{"target":"seq:1"}"#).await.expect(200).json();
    assert_eq!(plan["target_time"], first, "{plan}");
    assert_eq!(plan["states"].as_array().unwrap().len(), 4, "{plan}");

    let described = get("/openapi.json").await;
    let member = "/components/schemas/VersionView/properties/saved_at/format";
    assert_eq!(described.pointer(member), Some(&json!("date-time")));
}

#[tokio::test]
async fn what_was_imported_is_found_by_when_it_was_saved() {
    let server = imported().await;
    let client = &server.client;
    for (at, n) in
        [(then(0), 1), (then(9), 1), (then(10), 2), (then(40), 2), ("2025-01-01T00:00:00Z".into(), 2)]
    {
        let state = client.get(&format!("{STATE}&at={at}")).await.expect(200).json();
        assert_eq!(state["data"], json!({"n": n}), "{at}");
        let raw = client.get(&format!("{}&at={at}", STATE.replace("/-?", "/-/raw?"))).await.expect(200);
        assert_eq!(raw.text, format!(r#"{{"n":{n}}}"#));
    }
    let before = "2024-03-05T06:07:07.999999Z";
    let _ = client.get(&format!("{STATE}&at={before}")).await.expect_problem(404, "state_not_found");
    let gone = |at: String| format!("/api/v1/states/gone?state_type=bot_memory&at={at}");
    let _ = client.get(&gone(then(29))).await.expect(200);
    let _ = client.get(&gone(then(30))).await.expect_problem(410, "state_deleted");

    let ids = async |at: String| {
        let list = client.get(&format!("/api/v1/states?sort=id&at={at}")).await.expect(200).json();
        let rows = list["states"].as_array().unwrap().iter();
        rows.map(|row| row["state_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(then(10)).await, ["x/y é"]);
    assert_eq!(ids(then(20)).await, ["gone", "x/y é"]);
    assert_eq!(ids(then(40)).await, ["quiet", "x/y é"]);
    assert_eq!(ids("snapshot:end%20of%20day".into()).await, ["x/y é"]);

    let history = |query: String| format!("{}&{query}", STATE.replace("/-?", "/-/history?"));
    let naive = "end_time=2024-03-05T06:07:17";
    for (query, numbers) in [
        (format!("start_time={}", then(10)), vec![2]),
        (format!("start_time={}&end_time={}", then(0), then(9)), vec![1]),
        (naive.to_owned(), vec![1]),
        (format!("start_time={}", then(11)), vec![]),
    ] {
        let found = client.get(&history(query.clone())).await.expect(200).json();
        let rows = found["versions"].as_array().unwrap().iter();
        let found: Vec<u64> = rows.map(|row| row["version"].as_u64().unwrap()).collect();
        assert_eq!(found, numbers, "{query}");
    }
}

#[tokio::test]
async fn a_time_that_means_no_place_of_the_log_is_refused_with_what_to_do() {
    let folder = Arc::new(TempDir::new().unwrap());
    let server = Start { folder: Some(Arc::clone(&folder)), ..Start::default() }.run().await;
    let live = server.client.save("position", "live", "{}").await.json();
    server.stop().await;
    let store = SqliteStore::open(&folder.path().join("test.db")).await.unwrap();
    let service = Service::start(Arc::new(store), Settings::default()).await.unwrap();
    import(&service, vec![update("old", THEN, 1), update("old", THEN + 1, 2)]).await;
    service.shutdown().await;
    let server = Start { folder: Some(folder), ..Start::default() }.run().await;
    let client = &server.client;

    let list = client.get(&format!("/api/v1/states?at={}", then(0))).await;
    let problem = list.expect_problem(422, "mixed_moment").json();
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("seq:0 is what this store held") && detail.contains("seq:2 has"), "{detail}");
    let body = format!(r#"{{"target":"{}"}}"#, then(1));
    let _ = client.post("/api/v1/restores", &body).await.expect_problem(422, "mixed_moment");
    let one = format!(
        r#"{{"target":"{}","scope":{{"states":[{{"state_type":"bot_memory","state_id":"old"}}]}}}}"#,
        then(0)
    );
    let plan = client.post("/api/v1/restores", &one).await.expect(200).json();
    assert_eq!((&plan["target_seq"], &plan["states"][0]["effect"]), (&json!(2), &json!("changed")), "{plan}");
    let old = client
        .get(&format!("/api/v1/states/old?state_type=bot_memory&at={}", then(0)))
        .await
        .expect(200)
        .json();
    assert_eq!(old["version"], 1);
    let recorded = live["timestamp"].as_str().unwrap();
    let _ = client.get(&format!("/api/v1/states/live?state_type=position&at={recorded}")).await.expect(200);
    let now = client.get("/api/v1/states?at=2199-01-01T00:00:00Z").await.expect(200).json();
    assert_eq!(now["total"], 2);
}

#[tokio::test]
async fn no_client_can_say_that_a_version_was_imported() {
    let server = Local::start().await;
    let forged = r#"{"state_type":"position","state_id":"a","data":{},"saved_at":"2020-01-01T00:00:00Z",
        "batch_id":"import:2020-01-01T00:00:00.000000Z:a","description":"[imported: create of 2020-01-01T00:00:00.000000Z, version a]"}"#;
    let saved = server.client.post("/api/v1/states", forged).await.expect(201).json();
    assert_eq!((&saved["saved_at"], &saved["batch_id"]), (&Value::Null, &Value::Null));
    let put = server
        .client
        .send(
            server
                .client
                .request(reqwest::Method::PUT, "/api/v1/states/b?state_type=position")
                .body(r#"{"data":{},"batch_id":"import:2020-01-01T00:00:00.000000Z:a"}"#)
                .header("content-type", "application/json"),
        )
        .await;
    assert_eq!(put.json()["saved_at"], Value::Null, "{}", put.text);
    let batch = r#"{"items":[{"op":"save","state_type":"position","state_id":"c","data":{}}],
        "batch_id":"import:2020-01-01T00:00:00.000000Z:a"}"#;
    let _ = server.client.post("/api/v1/batch", batch).await.expect_problem(422, "invalid_body");
    let before = "/api/v1/states/a?state_type=position&at=2020-06-01T00:00:00Z";
    let _ = server.client.get(before).await.expect_problem(404, "state_not_found");
}
