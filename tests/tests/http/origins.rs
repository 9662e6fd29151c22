//! Where a write comes from: from its body, its parameters or a `traceparent`, in every answer that shows a version.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::Local;

use super::fallback::{Setting, text};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

async fn send(client: &Client, method: Method, path: &str, body: &Value, traceparent: &str) -> Reply {
    let request = match body {
        Value::Null => client.request(method, path),
        body => client.with_json(method, path, body.to_string()),
    };
    client.send(request.header("traceparent", traceparent)).await
}

fn traceparent() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

fn origin(version: &Value) -> [Option<&str>; 3] {
    ["run_id", "correlation_id", "causation_id"].map(|name| version.get(name).and_then(Value::as_str))
}

async fn last(client: &Client) -> Value {
    let page = client.get("/api/v1/events?before=0&limit=1").await.expect(200).json();
    page["events"][0].clone()
}

#[tokio::test]
async fn each_route_that_writes_versions_takes_an_origin() {
    let server = Local::start().await;
    let client = &server.client;
    let save = |n: u64| json!({"state_type": "position", "state_id": "a", "data": {"n": n}, "run_id": "r", "causation_id": "fill 7"});
    let item = json!({"op": "save", "state_type": "position", "state_id": "b", "data": {"n": 1}});
    let said = [Some("r"), Some(TRACE), Some("fill 7")];
    let routes = [
        (Method::POST, "/states", save(1)),
        (Method::POST, "/api/v1/states", save(2)),
        (
            Method::PUT,
            "/states/a?state_type=position",
            json!({"data": {}, "run_id": "r", "causation_id": "fill 7"}),
        ),
        (Method::POST, "/api/v1/batch", json!({"items": [item], "run_id": "r", "causation_id": "fill 7"})),
        (Method::DELETE, "/states/b?state_type=position&run_id=r&causation_id=fill%207", Value::Null),
        (
            Method::POST,
            "/api/v1/states/b/undelete?state_type=position",
            json!({"run_id": "r", "causation_id": "fill 7"}),
        ),
    ];
    for (method, path, body) in routes {
        let answer = send(client, method.clone(), path, &body, &traceparent()).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
        assert_eq!(origin(&last(client).await), said, "{method} {path}");
    }
    // Restores, their undo and the older route write several versions, each with the origin.
    let asked = json!({"target": "seq:1", "scope": {"prefix": "a"}});
    let plan = client.post("/api/v1/restores", asked.to_string()).await.expect(200).json();
    let mut apply = asked.clone();
    apply["reason"] = "back".into();
    apply["accept_violations"] = true.into();
    apply["run_id"] = "r".into();
    apply["causation_id"] = "fill 7".into();
    let path = format!("/api/v1/restores/{}/apply", text(&plan, "plan"));
    let applied = send(client, Method::POST, &path, &apply, &traceparent()).await.expect(200).json();
    assert_eq!(origin(&applied["versions"][0]), said);
    let path = format!("/api/v1/restores/{}/undo", text(&applied, "restore_id"));
    let undone = send(client, Method::POST, &path, &Value::Null, &traceparent()).await.expect(200).json();
    assert_eq!(origin(&undone["versions"][0]), [None, Some(TRACE), Some(SPAN)]);
    let _ = client.post("/snapshots", r#"{"snapshot_id":"early","seq":1}"#).await.expect(201);
    let path = "/snapshots/early/restore?run_id=r&causation_id=fill%207";
    let _ = send(client, Method::POST, path, &Value::Null, &traceparent()).await.expect(200);
    assert_eq!(origin(&last(client).await), said);
    // What an import writes belongs to the import; what is settled belongs to whatever it is said to.
    let files = json!([{"name": "odd.json", "text": "{\"who\":1}"}]);
    let plan = client.post("/api/v1/imports", json!({"files": files}).to_string()).await.expect(200).json();
    let path = format!("/api/v1/imports/{}/apply", text(&plan, "plan"));
    let body = json!({"files": files, "run_id": "r"});
    let applied = send(client, Method::POST, &path, &body, &traceparent()).await.expect(200).json();
    let import_id = applied["import_id"].as_str();
    assert_eq!(origin(&applied["versions"][0]), [Some("r"), import_id, Some(SPAN)]);
    let body = json!({"state_id": "odd.json#", "expected_version": 1, "reason": "ours", "run_id": "r", "causation_id": "fill 7",
        "save_as": {"state_type": "bot_memory", "state_id": "odd"}});
    let path = "/api/v1/imports/settle";
    let settled = send(client, Method::POST, path, &body, &traceparent()).await.expect(200).json();
    assert_eq!((origin(&settled["settled"]), origin(&settled["saved"])), (said, said));
}

#[tokio::test]
async fn every_answer_that_shows_a_version_shows_its_origin() {
    let server = Local::start().await;
    let client = &server.client;
    let body = json!({"state_type": "position", "state_id": "a", "data": {"n": 1}, "run_id": "r1",
                      "correlation_id": "order 5"});
    let saved = client.post("/states", body.to_string()).await.expect(201).json();
    let said = [Some("r1"), Some("order 5"), None];
    assert_eq!(origin(&saved), said);
    let read = |path: &'static str| async move { client.get(path).await.expect(200).json() };
    assert_eq!(origin(&read("/states/a?state_type=position").await), said);
    assert_eq!(origin(&read("/api/v1/states").await["states"][0]), said);
    assert_eq!(origin(&read("/states/a/history?state_type=position&data=false").await["versions"][0]), said);
    assert_eq!(origin(&read("/api/v1/events?data=false").await["events"][0]), said);
    assert_eq!(origin(&read("/api/v1/states/a/diff?state_type=position").await["to"]), said);
    let verified = read("/api/v1/verify").await;
    assert_eq!(verified["ok"], true, "{verified}");
}

#[tokio::test]
async fn pages_of_the_log_are_limited_to_runs_and_correlations() {
    let server = Local::start().await;
    let client = &server.client;
    for (n, run, correlation) in [(1, "r1", "c1"), (2, "r2", "c1"), (3, "r1", "c2"), (4, "r3", "c3")] {
        let body = json!({"state_type": "position", "state_id": "a", "data": {"n": n}, "run_id": run,
                          "correlation_id": correlation});
        let _ = client.post("/states", body.to_string()).await;
    }
    for (query, seqs) in [
        ("run_id=r1", vec![1, 3]),
        ("correlation_id=c1", vec![1, 2]),
        ("run_id=r1&correlation_id=c1", vec![1]),
        ("run_id=r", vec![]),
    ] {
        let page = client.get(&format!("/api/v1/events?{query}&data=false")).await.expect(200).json();
        let found: Vec<_> =
            page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(found, seqs, "{query}");
        let path = format!("/states/a/history?state_type=position&{query}&data=false");
        let history = client.get(&path).await.expect(200).json();
        let found: Vec<_> = history["versions"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|row| row["seq"].as_u64().unwrap())
            .collect();
        assert_eq!((&found, history["total_count"].as_u64().unwrap()), (&seqs, seqs.len() as u64), "{query}");
    }
}

#[tokio::test]
async fn an_origin_that_cannot_be_one_is_refused_and_a_broken_traceparent_is_as_none() {
    let server = Local::start().await;
    let client = &server.client;
    for (member, value, code) in [
        ("run_id", "", "min_length"),
        ("correlation_id", &*"x".repeat(129), "max_length"),
        ("causation_id", "a\u{7}b", "control_character"),
    ] {
        let mut body = json!({"state_type": "position", "state_id": "a", "data": {}});
        body[member] = value.into();
        let refused = client.post("/states", body.to_string()).await.expect(422).json();
        let error = &refused["errors"][0];
        assert_eq!(
            (text(error, "pointer"), text(error, "code")),
            (&*format!("/{member}"), code),
            "{refused}"
        );
    }
    let body = json!({"state_type": "position", "state_id": "a", "data": {}});
    let saved = send(client, Method::POST, "/states", &body, "00-nonsense-01").await.expect(201).json();
    assert_eq!(origin(&saved), [None; 3]);
}

#[tokio::test]
async fn the_journal_keeps_an_origin_until_the_store_is_back() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    setting.store.set(Mood::Down);
    let body = json!({"state_type": "position", "state_id": "a", "data": {}, "run_id": "r"});
    let _ = send(client, Method::POST, "/states", &body, &traceparent()).await.expect(202);
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    assert_eq!(origin(&last(client).await), [Some("r"), Some(TRACE), Some(SPAN)]);
}
