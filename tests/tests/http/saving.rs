//! Creating, replacing, deleting and undeleting; conflicts and preconditions.

use reqwest::Method;
use reqwest::header::{IF_MATCH, IF_NONE_MATCH};
use serde_json::json;
use stateloft_tests::client::{Client, save_body};
use stateloft_tests::local::Local;

const STATE: &str = "/api/v1/states/EURUSD?state_type=position";

#[tokio::test]
async fn the_first_save_is_201_and_the_next_200() {
    let server = Local::start().await;
    let created =
        server.client.post("/api/v1/states", save_body("position", "EURUSD", r#"{"a":1}"#)).await.expect(201);
    let fields = created.json();
    assert_eq!(fields["operation"], "create");
    assert_eq!(fields["version"], 1);
    assert_eq!(fields["seq"], 1);
    assert_eq!(fields["user_id"], "tester");
    assert_eq!(fields["data"], json!({"a": 1}));
    let hash = fields["content_hash"].as_str().unwrap();
    let tag = created.header("etag");
    assert!(tag.starts_with("\"v1-") && tag.len() == 21 && !tag.contains(&hash[..8]), "{tag}");
    let updated =
        server.client.post("/api/v1/states", save_body("position", "EURUSD", r#"{"a":2}"#)).await.expect(200);
    assert_eq!(updated.json()["operation"], "update");
    assert_eq!(updated.json()["version"], 2);
}

#[tokio::test]
async fn equal_data_makes_no_version_and_says_so() {
    let server = Local::start().await;
    let first = server.client.save("position", "EURUSD", r#"{"a":1.50}"#).await;
    let again = server
        .client
        .post("/api/v1/states", save_body("position", "EURUSD", r#"{ "a" : 1.50 }"#))
        .await
        .expect(200);
    assert_eq!(again.json()["unchanged"], true);
    assert_eq!(again.json()["version_id"], first.json()["version_id"]);
    // Another spelling of the same number is other data.
    let respelled = server.client.save("position", "EURUSD", r#"{"a":1.5}"#).await;
    assert_eq!(respelled.json()["version"], 2);
}

#[tokio::test]
async fn old_clients_find_the_routes_at_the_root_with_their_fields() {
    let server = Local::start().await;
    let body = r#"{"state_id":"position_EURUSD","state_type":"position","data":{"x":1},"operation":"update","user_id":"bot","description":"d","source":"mt5"}"#;
    let saved = server.client.post("/states", body).await.expect(201).json();
    for field in ["state_id", "state_type", "data", "version_id", "timestamp", "user_id", "description"] {
        assert!(!saved[field].is_null(), "{field}: {saved}");
    }
    let path = "/states/position_EURUSD?state_type=position";
    let read = server.client.get(path).await.expect(200).json();
    assert_eq!(read, saved);
    let put = server.client.put(path, r#"{"data":{"x":2},"user_id":"bot"}"#).await.expect(200).json();
    assert_eq!(put["data"], json!({"x": 2}));
    let history = server
        .client
        .get("/states/position_EURUSD/history?state_type=position&limit=10")
        .await
        .expect(200)
        .json();
    assert_eq!(history["total_count"], 2);
    assert_eq!(history["versions"][0]["version_id"], put["version_id"]);
    assert_eq!(history["versions"][1]["data"], json!({"x": 1}));
    let snapshot = server
        .client
        .post("/snapshots", r#"{"snapshot_id":"eod","description":"End of day"}"#)
        .await
        .expect(201)
        .json();
    assert_eq!((&snapshot["snapshot_id"], &snapshot["success"]), (&json!("eod"), &json!(true)));
    let deleted = server.client.delete(&format!("{path}&user_id=bot")).await.expect(200).json();
    assert_eq!(deleted["message"], "State deleted successfully");
    let health = server.client.get("/health").await.expect(200).json();
    assert_eq!(health["status"], "healthy");
}

#[tokio::test]
async fn d_018_create_conflicts_with_what_exists() {
    let server = Local::start().await;
    let create = r#"{"state_id":"EURUSD","state_type":"position","data":{},"operation":"create"}"#;
    let _ = server.client.post("/api/v1/states", create).await.expect(201);
    let conflict = server.client.post("/api/v1/states", create).await.expect_problem(409, "state_exists");
    assert_eq!(conflict.json()["conflicts"][0]["head"]["version"], 1);
}

#[tokio::test]
async fn d_018_an_expected_version_that_moved_is_409_and_names_the_head() {
    let server = Local::start().await;
    let expecting = |version: u64| {
        format!(
            r#"{{"state_id":"EURUSD","state_type":"position","data":{{"v":{version}}},"expected_version":{version}}}"#
        )
    };
    let _ = server.client.post("/api/v1/states", expecting(0)).await.expect(201);
    let _ = server.client.post("/api/v1/states", expecting(1)).await.expect(200);
    let conflict =
        server.client.post("/api/v1/states", expecting(1)).await.expect_problem(409, "version_conflict");
    let moved = &conflict.json()["conflicts"][0];
    assert_eq!((&moved["expected_version"], &moved["head"]["version"]), (&json!(1), &json!(2)));
    assert_eq!((&moved["state_id"], &moved["state_type"]), (&json!("EURUSD"), &json!("position")));
    let read = server.client.get(STATE).await.expect(200).json();
    assert_eq!(read["version"], 2, "nothing was written");
}

async fn put_if(
    client: &Client,
    name: reqwest::header::HeaderName,
    value: &str,
    data: &str,
) -> stateloft_tests::client::Reply {
    let request = client.with_json(Method::PUT, STATE, format!(r#"{{"data":{data}}}"#)).header(name, value);
    client.send(request).await
}

#[tokio::test]
async fn d_018_if_match_and_if_none_match_guard_writes() {
    let server = Local::start().await;
    let client = &server.client;
    let _ = put_if(client, IF_MATCH, "*", "{}").await.expect_problem(412, "precondition_failed");
    let created = put_if(client, IF_NONE_MATCH, "*", r#"{"a":1}"#).await.expect(201);
    let tag = created.header("etag").to_owned();
    let there =
        put_if(client, IF_NONE_MATCH, "*", r#"{"a":2}"#).await.expect_problem(412, "precondition_failed");
    assert_eq!(there.header("etag"), tag, "the answer says what is there");
    let _ = put_if(client, IF_MATCH, "\"v1-00000000\"", r#"{"a":2}"#)
        .await
        .expect_problem(412, "precondition_failed");
    let _ = put_if(client, IF_MATCH, &format!("\"v9-x\", {tag}"), r#"{"a":2}"#).await.expect(200);
    let _ = put_if(client, IF_MATCH, &tag, r#"{"a":3}"#).await.expect_problem(412, "precondition_failed");
    let _ = put_if(client, IF_MATCH, "v1-00000000", "{}").await.expect_problem(400, "invalid_parameter");
    let stale = client.request(Method::DELETE, STATE).header(IF_MATCH, &tag);
    let _ = client.send(stale).await.expect_problem(412, "precondition_failed");
    assert_eq!(client.get(STATE).await.expect(200).json()["data"], json!({"a": 2}));
}

#[tokio::test]
async fn d_001_a_deleted_state_is_410_keeps_its_history_and_comes_back() {
    let server = Local::start().await;
    let client = &server.client;
    let _ = client.save("position", "EURUSD", r#"{"a":1}"#).await;
    let deleted = client.delete(&format!("{STATE}&user_id=ann&description=closed")).await.expect(200);
    assert_eq!(deleted.json()["version"]["operation"], "delete");
    assert_eq!(deleted.json()["version"]["user_id"], "ann");
    assert!(deleted.header("etag").starts_with("\"v2-"), "{}", deleted.header("etag"));
    let gone = client.get(STATE).await.expect_problem(410, "state_deleted");
    assert_eq!(gone.header("etag"), deleted.header("etag"));
    let _ = client
        .get("/api/v1/states/EURUSD/raw?state_type=position")
        .await
        .expect_problem(410, "state_deleted");
    let _ = client.delete(STATE).await.expect_problem(410, "state_deleted");
    let tombstone = client.get(&format!("{STATE}&version=2")).await.expect(200);
    assert!(tombstone.json()["data"].is_null());
    let history = client.get("/api/v1/states/EURUSD/history?state_type=position").await.expect(200).json();
    assert_eq!(history["total_count"], 2);
    assert_eq!(history["versions"][0]["operation"], "delete");
    let undelete = "/api/v1/states/EURUSD/undelete?state_type=position";
    let back = client.post(undelete, r#"{"user_id":"ann","description":"not yet"}"#).await.expect(200).json();
    assert_eq!(
        (&back["version"], &back["operation"], &back["data"]),
        (&json!(3), &json!("restore"), &json!({"a": 1}))
    );
    let _ = client.post(undelete, "{}").await.expect_problem(409, "not_deleted");
    let no_body = client.request(Method::POST, undelete);
    let _ = client.send(no_body).await.expect_problem(409, "not_deleted");
}

#[tokio::test]
async fn what_never_existed_is_404() {
    let server = Local::start().await;
    let client = &server.client;
    let _ = client.get(STATE).await.expect_problem(404, "state_not_found");
    let _ = client.delete(STATE).await.expect_problem(404, "state_not_found");
    let _ = client
        .get("/api/v1/states/EURUSD/history?state_type=position")
        .await
        .expect_problem(404, "state_not_found");
    let _ = client.get("/api/v1/states/EURUSD/history").await.expect_problem(404, "state_not_found");
    let _ = client
        .post("/api/v1/states/EURUSD/undelete?state_type=position", "{}")
        .await
        .expect_problem(404, "state_not_found");
    let _ = client
        .get("/api/v1/states/EURUSD/diff?state_type=position")
        .await
        .expect_problem(404, "state_not_found");
}

#[tokio::test]
async fn d_031_a_batch_is_all_or_nothing() {
    let server = Local::start().await;
    let client = &server.client;
    let _ = client.save("position", "A", r#"{"n":1}"#).await;
    let body = r#"{"items":[
        {"op":"save","state_type":"position","state_id":"B","data":{"n":1}},
        {"op":"save","state_type":"position","state_id":"A","data":{"n":2},"expected_version":7},
        {"op":"delete","state_type":"position","state_id":"A","expected_version":9}]}"#;
    let _ = client.post("/api/v1/batch", body).await.expect_problem(422, "invalid_body");
    let body = r#"{"items":[
        {"op":"save","state_type":"position","state_id":"B","data":{"n":1}},
        {"op":"save","state_type":"position","state_id":"A","data":{"n":2},"expected_version":7},
        {"op":"save","state_type":"position","state_id":"C","data":{"n":2},"expected_version":1}]}"#;
    let conflict = client.post("/api/v1/batch", body).await.expect_problem(409, "version_conflict").json();
    let moved: Vec<_> =
        conflict["conflicts"].as_array().unwrap().iter().map(|head| &head["state_id"]).collect();
    assert_eq!(moved, [&json!("A"), &json!("C")], "every head that moved is named");
    let _ = client.get("/api/v1/states/B?state_type=position").await.expect_problem(404, "state_not_found");
    let body = r#"{"user_id":"bot","description":"close","items":[
        {"op":"save","state_type":"position","state_id":"B","data":{"n":1.0}},
        {"op":"delete","state_type":"position","state_id":"A","expected_version":1}]}"#;
    let done = client.post("/api/v1/batch", body).await.expect(200).json();
    assert_eq!(done["results"][0]["batch_id"], done["batch_id"]);
    assert_eq!(done["results"][1]["operation"], "delete");
    assert_eq!(done["seq"], 3);
}

#[tokio::test]
async fn d_017_a_refused_save_says_what_it_is() {
    let server = Local::start().await;
    let _ = server
        .client
        .post("/states", save_body("position", "", "{}"))
        .await
        .expect_problem(422, "invalid_body");
    let _ = server
        .client
        .post("/states", save_body("Position", "a", "{}"))
        .await
        .expect_problem(422, "invalid_body");
    let refused = server
        .client
        .post("/states", save_body("position", "a", "[]"))
        .await
        .expect_problem(422, "invalid_body");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/data");
}

#[tokio::test]
async fn d_086_every_time_is_utc_with_its_zone() {
    let server = Local::start().await;
    let saved = server.client.save("position", "EURUSD", "{}").await.json();
    let health = server.client.get("/health").await.json();
    let status = server.client.get("/api/v1/status").await.json();
    for time in [&saved["timestamp"], &health["timestamp"], &status["now"], &status["started_at"]] {
        let time = time.as_str().unwrap();
        assert!(time.ends_with('Z') && time.len() == "2026-11-21T09:46:11.118402Z".len(), "{time}");
    }
}
