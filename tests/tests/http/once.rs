//! `Idempotency-Key`: a request that is sent again is done once, and answered as it was answered first.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply, save_body};
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;

use super::fallback::{Setting, text};

async fn send(client: &Client, method: Method, path: &str, body: &str, key: &str) -> Reply {
    let request = match body {
        "" => client.request(method, path),
        body => client.with_json(method, path, body),
    };
    client.send(request.header("idempotency-key", key)).await
}

fn is_replay(reply: &Reply) -> bool {
    reply.header("idempotent-replay") == "true"
}

/// Sends a request twice; the second answer must be the first one, and say that it is.
async fn twice(client: &Client, method: Method, path: &str, body: &str, key: &str) -> Value {
    let first = send(client, method.clone(), path, body, key).await;
    assert!(first.status.is_success() && !is_replay(&first), "{method} {path}: {}", first.status);
    let before = client.get("/api/v1/status").await.expect(200).json()["seq"].clone();
    let second = send(client, method.clone(), path, body, key).await;
    assert_eq!(second.status, first.status, "{method} {path}");
    assert_eq!(second.json(), first.json(), "{method} {path}");
    assert!(is_replay(&second), "{method} {path}");
    for header in ["etag", "location", "stateloft-version-id"] {
        assert_eq!(second.header(header), first.header(header), "{method} {path}: {header}");
    }
    assert_eq!(client.get("/api/v1/status").await.expect(200).json()["seq"], before, "{method} {path}");
    first.json()
}

#[tokio::test]
async fn every_route_that_writes_answers_a_second_time_what_it_answered_first() {
    let server = Local::start().await;
    let client = &server.client;
    let save = |n: u64| json!({"state_type": "position", "state_id": "a", "data": {"n": n}}).to_string();
    twice(client, Method::POST, "/states", &save(1), "save").await;
    twice(client, Method::POST, "/api/v1/states", &save(1), "unchanged").await;
    twice(client, Method::PUT, "/states/b?state_type=position", r#"{"data":{"n":1}}"#, "put").await;
    let batch = json!({"items": [
        {"op": "save", "state_type": "position", "state_id": "a", "data": {"n": 2}},
        {"op": "save", "state_type": "position", "state_id": "b", "data": {"n": 1}},
        {"op": "save", "state_type": "position", "state_id": "c", "data": {"n": 1.0}},
    ]});
    twice(client, Method::POST, "/api/v1/batch", &batch.to_string(), "batch").await;
    twice(client, Method::DELETE, "/states/c?state_type=position", "", "delete").await;
    twice(client, Method::POST, "/api/v1/states/c/undelete?state_type=position", "", "undelete").await;
    let named = json!({"snapshot_id": "early", "seq": 1}).to_string();
    twice(client, Method::POST, "/snapshots", &named, "name").await;
    let plan_of = json!({"target": "seq:1", "scope": {"prefix": "a"}});
    let plan = client.post("/api/v1/restores", plan_of.to_string()).await.expect(200).json();
    let apply =
        json!({"target": "seq:1", "scope": {"prefix": "a"}, "reason": "back", "accept_violations": true})
            .to_string();
    let path = format!("/api/v1/restores/{}/apply", text(&plan, "plan"));
    let applied = twice(client, Method::POST, &path, &apply, "apply").await;
    let path = format!("/api/v1/restores/{}/undo", text(&applied, "restore_id"));
    twice(client, Method::POST, &path, "", "undo").await;
    twice(client, Method::POST, "/snapshots/early/restore", "", "restore").await;
    twice(client, Method::DELETE, "/api/v1/snapshots/early", "", "forget").await;
    let files = json!([{"name": "odd.json", "text": "{\"who\":1}"}, {"name": "list.json", "text": "[1]"}]);
    let plan = client.post("/api/v1/imports", json!({"files": files}).to_string()).await.expect(200).json();
    let path = format!("/api/v1/imports/{}/apply", text(&plan, "plan"));
    let imported = twice(client, Method::POST, &path, &json!({"files": files}).to_string(), "import").await;
    assert_eq!(imported["counts"]["quarantined"], 2, "{imported}");
    let named = json!({"state_type": "bot_memory", "state_id": "odd"});
    for (id, save_as, key) in [("odd.json#", named, "settle"), ("list.json#", Value::Null, "drop")] {
        let body = json!({"state_id": id, "expected_version": 1, "reason": "ours", "save_as": save_as});
        twice(client, Method::POST, "/api/v1/imports/settle", &body.to_string(), key).await;
    }
}

#[tokio::test]
async fn another_request_under_the_same_key_is_422_and_writes_nothing() {
    let server = Local::start().await;
    let client = &server.client;
    let save = save_body("position", "a", r#"{"n":1}"#);
    let _ = send(client, Method::POST, "/states", &save, "k").await.expect(201);
    let others = [
        (Method::POST, "/states", save_body("position", "a", r#"{"n":2}"#)),
        (Method::POST, "/states", save_body("position", "b", r#"{"n":1}"#)),
        (Method::POST, "/api/v1/states", save.clone()),
        (Method::DELETE, "/states/a?state_type=position", String::new()),
        (Method::POST, "/snapshots", r#"{"snapshot_id":"s"}"#.to_owned()),
    ];
    for (method, path, body) in others {
        let reply = send(client, method, path, &body, "k").await;
        let problem = reply.expect_problem(422, "idempotency_key_reused").json();
        assert!(text(&problem, "detail").contains("nothing was written"), "{problem}");
    }
    let conditional = client.with_json(Method::POST, "/states", save.as_str());
    let conditional = conditional.header("if-none-match", "*").header("idempotency-key", "k");
    let _ = client.send(conditional).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(client.get("/api/v1/status").await.expect(200).json()["seq"], 1);
}

#[tokio::test]
async fn a_refused_request_may_be_sent_again_under_its_key() {
    let server = Local::start().await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    let late = json!({"state_type": "position", "state_id": "a", "data": {"n": 3}, "expected_version": 2});
    let late = late.to_string();
    let _ = send(client, Method::POST, "/states", &late, "k").await.expect_problem(409, "version_conflict");
    client.save("position", "a", r#"{"n":2}"#).await;
    let done = send(client, Method::POST, "/states", &late, "k").await.expect(200);
    assert_eq!((done.json()["version"].clone(), is_replay(&done)), (json!(3), false));
    // What it expected is not true any more, and it is still answered what it was answered.
    let again = send(client, Method::POST, "/states", &late, "k").await.expect(200);
    assert_eq!((again.json(), is_replay(&again)), (done.json(), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_at_once_is_done_and_the_others_wait_for_its_answer() {
    let server = Local::start().await;
    for (key, body) in [
        ("save", save_body("position", "a", r#"{"n":1}"#)),
        (
            "create",
            json!({"state_type": "position", "state_id": "b", "data": {}, "operation": "create"}).to_string(),
        ),
    ] {
        let requests = (0..16).map(|_| {
            let (client, body) = (server.client.clone(), body.clone());
            tokio::spawn(async move { send(&client, Method::POST, "/states", &body, key).await })
        });
        let mut replies = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            replies.push(request.await.unwrap().expect(201));
        }
        assert_eq!(replies.iter().filter(|reply| !is_replay(reply)).count(), 1, "{key}");
        assert!(replies.iter().all(|reply| reply.json() == replies[0].json()), "{key}");
    }
    assert_eq!(server.client.get("/api/v1/status").await.expect(200).json()["seq"], 2);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_or_would_be_ignored_is_refused() {
    let server = Local::start().await;
    let client = &server.client;
    let save = save_body("position", "a", "{}");
    for key in ["", " ", &"k".repeat(256), "schl\u{fc}ssel"] {
        let reply = send(client, Method::POST, "/states", &save, key).await;
        let problem = reply.expect_problem(400, "invalid_parameter").json();
        assert!(text(&problem, "detail").contains("Idempotency-Key"), "{problem}");
    }
    let two = client.with_json(Method::POST, "/states", save.as_str());
    let two = two.header("idempotency-key", "a").header("idempotency-key", "b");
    let _ = client.send(two).await.expect_problem(400, "invalid_parameter");
    for (method, path) in [(Method::POST, "/api/v1/breaker/reset"), (Method::PUT, "/api/v1/breaker")] {
        let reply = send(client, method, path, "{}", "k").await;
        let problem = reply.expect_problem(400, "invalid_parameter").json();
        assert!(text(&problem, "detail").contains("leave it out"), "{problem}");
    }
    // What only reads or plans changes nothing, however often it is asked.
    let _ = send(client, Method::GET, "/api/v1/states", "", "k").await.expect(200);
    let _ = send(client, Method::POST, "/states", &save, &"k".repeat(255)).await.expect(201);
}

#[tokio::test]
async fn a_key_counts_after_a_restart() {
    let mut server = Server::start().await;
    let body = save_body("position", "a", r#"{"n":1}"#);
    let request = |server: &Server| {
        let request = server.request(Method::POST, "/states").header("content-type", "application/json");
        request.header("idempotency-key", "nightly-2026-11-29").body(body.clone())
    };
    let first = request(&server).send().await.unwrap();
    assert_eq!(first.status(), 201);
    let first = first.text().await.unwrap();
    server.kill().await;
    server.run().await;
    let second = request(&server).send().await.unwrap();
    assert_eq!(second.status(), 201);
    assert_eq!(second.headers()["idempotent-replay"], "true");
    assert_eq!(second.text().await.unwrap(), first);
}

#[tokio::test]
async fn a_key_counts_through_the_journal_and_a_restart_of_the_server() {
    let setting = Setting::new().await;
    setting.store.set(Mood::Down);
    let body = save_body("position", "a", r#"{"n":1}"#);
    let client = &setting.server.client;
    let first = send(client, Method::POST, "/states", &body, "k").await.expect(202);
    assert!(!is_replay(&first));
    let again = send(client, Method::POST, "/states", &body, "k").await.expect(202);
    assert!(is_replay(&again));
    assert_eq!(again.json(), first.json());
    let other = save_body("position", "a", r#"{"n":2}"#);
    let other = send(client, Method::POST, "/states", &other, "k").await;
    let _ = other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(setting.journal().await["pending"], 1);

    let setting = setting.restart(|store| store.set(Mood::Unreached)).await;
    let again = send(&setting.server.client, Method::POST, "/states", &body, "k").await.expect(202);
    assert_eq!(
        (again.json()["pending_id"].clone(), is_replay(&again)),
        (first.json()["pending_id"].clone(), true)
    );
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let written = send(&setting.server.client, Method::POST, "/states", &body, "k").await.expect(201);
    assert!(is_replay(&written));
    assert_eq!(written.json()["version"], 1);
    assert_eq!(setting.server.client.get("/api/v1/status").await.expect(200).json()["seq"], 1);
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_is_found_under_its_key() {
    let (server, store) = Local::start_faulty().await;
    store.set(Mood::Forgetful);
    let body = save_body("position", "a", r#"{"n":1}"#);
    let lost = send(&server.client, Method::POST, "/states", &body, "k").await;
    store.set(Mood::Up);
    let found = send(&server.client, Method::POST, "/states", &body, "k").await.expect(201);
    assert!(is_replay(&found), "the first was answered {}", lost.status);
    assert_eq!(server.client.get("/api/v1/status").await.expect(200).json()["seq"], 1);
}
