//! An operator asks a run to ask its broker: how the run hears it, how it answers, and what outlives a server.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::bots::At;
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

const PATIENCE: Duration = Duration::from_mins(2);
const ASK: &str = "/runs/grid.main.1/reconcile/ask";
const RENEW: &str = "/runs/grid.main.1/renew";
const RUN: &str = "/runs/grid.main.1";

async fn begin(at: &At) {
    let run = json!({"program": "grid", "host": "box-7", "lease_seconds": 3600});
    assert_eq!(at.post("/runs", &run).await.0, 201);
    let save = json!({"state_type": "position", "state_id": "grid/EURUSD", "run_id": "grid.main.1", "epoch": 1,
        "data": {"symbol": "EURUSD", "lots": [{"id": "17", "side": "long", "quantity": "1.5"}]}});
    assert_eq!(at.post("/states", &save).await.0, 201);
}

/// The run's report of what its broker says now.
async fn report(at: &At, more: Value) -> (u16, Value) {
    let now = at.get("/status").await["now"].clone();
    let mut body = json!({"options": {"as_of": now}, "epoch": 1});
    for (name, value) in more.as_object().unwrap() {
        match name.as_str() {
            "failure" | "partial" => body["options"][name] = value.clone(),
            _ => body[name] = value.clone(),
        }
    }
    at.post("/runs/grid.main.1/reconcile", &body).await
}

/// What a stream says first of what the run is asked of its broker.
async fn streamed(server: &Local) -> Value {
    let request = server.client.request(Method::GET, "/api/v1/events?topic=run:grid.main.1");
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    let mut bytes = response.bytes_stream();
    let mut text = String::new();
    loop {
        let chunk = tokio::time::timeout(PATIENCE, bytes.next()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        let found = text.split("\n\n").find_map(|event| event.strip_prefix("event: ask_reconcile\ndata: "));
        if let Some(data) = found.filter(|data| data.ends_with('}')) {
            return serde_json::from_str(data).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_hears_on_its_topic_and_with_its_renewal_that_it_is_asked_until_it_has_reported() {
    let server = Local::start().await;
    let at = At::new(&format!("http://{}", server.address));
    begin(&at).await;
    let mut early = Socket::open(server.address).await;
    early.subscribe("run:grid.main.1", None).await;
    let request = server.client.request(Method::POST, &format!("/api/v1{ASK}")).send().await.unwrap();
    assert_eq!(
        (request.status().as_u16(), request.headers()["location"].to_str().unwrap()),
        (201, "/api/v1/runs/grid.main.1")
    );
    let begun: Value = serde_json::from_str(&request.text().await.unwrap()).unwrap();
    assert_eq!((&begun["run_id"], &begun["host"]), (&json!("grid.main.1"), &json!("box-7")), "{begun}");
    let told = early.next_of(&["ask_reconcile"]).await;
    assert_eq!((&told["ask"], &told["asked_at"]), (&begun["ask"], &begun["asked_at"]), "{told}");
    let heard = at.get(RUN).await["ask_reconcile"].clone();
    assert_eq!((&heard["heard_by"], &heard["ask"]), (&json!("socket"), &begun["ask"]), "{heard}");
    let (status, again) = at.post(ASK, &json!({"reason": "again", "user_id": "bob"})).await;
    assert_eq!((status, &again), (200, &heard), "it is asked already");
    // Whoever comes later is told, too; that it was heard is not.
    let mut late = Socket::open(server.address).await;
    late.subscribe("run:grid.main.1", None).await;
    assert_eq!(late.next_of(&["ask_reconcile"]).await["ask"], begun["ask"]);
    assert_eq!(streamed(&server).await["ask"], begun["ask"]);
    let (_, renewed) = at.post(RENEW, &json!({})).await;
    assert_eq!(renewed["ask_reconcile"], heard, "{renewed}");
    assert!(renewed.get("asks").is_none(), "who knows only of restores is asked nothing: {renewed}");
    // A person's look answers nothing.
    let (status, looked) = report(&at, json!({"list": [], "epoch": null})).await;
    assert_eq!((status, looked.get("answered")), (200, None), "{looked}");
    let list = json!([{"symbol": "EURUSD", "side": "long", "quantity": "1.0"}]);
    let (status, plan) = report(&at, json!({"list": list, "answers": begun["ask"]})).await;
    assert_eq!((status, &plan["answered"], plan.get("recorded")), (200, &begun["ask"], None), "{plan}");
    let shown = at.get(RUN).await["ask_reconcile"].clone();
    assert_eq!(shown["answer"]["as_of"], plan["as_of"], "{shown}");
    assert_eq!(shown["answer"]["counts"]["quantity_mismatch"], 1, "{shown}");
    let kept = at.get("/states/grid.main.1?state_type=reconcile").await;
    assert_eq!((&kept["version"], &kept["data"]["list"]), (&shown["answer"]["kept"], &list), "{kept}");
    assert_eq!((&kept["run_id"], &kept["data"]["choices"]), (&json!("grid.main.1"), &json!([])), "{kept}");
    let (_, renewed) = at.post(RENEW, &json!({})).await;
    assert!(renewed.get("ask_reconcile").is_none(), "{renewed}");
    // Neither how it went on nor the answer was said as if it were another asking: the next one is the next.
    let (status, next) = at.post(ASK, &json!({})).await;
    assert_eq!(status, 201, "{next}");
    assert_eq!(early.next_of(&["ask_reconcile"]).await["ask"], next["ask"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_or_answered_is_refused_and_nothing_is_written() {
    let server = Local::start().await;
    let at = At::new(&format!("http://{}", server.address));
    begin(&at).await;
    let (_, ask) = at.post(ASK, &json!({})).await;
    let seq = at.get("/status").await["seq"].clone();
    for (path, body, status, code) in [
        (ASK, json!({"reason": ""}), 422, "invalid_body"),
        (ASK, json!({"why": "x"}), 422, "invalid_body"),
        (ASK, json!({"user_id": "x".repeat(300)}), 422, "invalid_body"),
        ("/runs/grid.main.2/reconcile/ask", json!({}), 404, "run_not_found"),
        ("/runs/grid/reconcile/ask", json!({}), 400, "invalid_parameter"),
    ] {
        let (found, said) = at.post(path, &body).await;
        assert_eq!((found, &said["code"]), (status, &json!(code)), "{path} {body}: {said}");
    }
    for (more, pointer) in [
        (json!({"list": [], "answers": ask["ask"], "epoch": null}), "/epoch"),
        (json!({"list": [], "answers": ask["ask"], "epoch": 2}), "/epoch"),
        (json!({"list": [], "answers": "x"}), "/answers"),
        (json!({"list": []}), "/epoch"),
    ] {
        let (status, said) = report(&at, more).await;
        assert_eq!((status, &said["errors"][0]["pointer"]), (422, &json!(pointer)), "{said}");
    }
    assert_eq!(at.get("/status").await["seq"], seq);
    assert_eq!(at.post("/runs/grid.main.1/end", &json!({"status": "stopped"})).await.0, 200);
    let (status, refused) = at.post(ASK, &json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("run_not_live")), "{refused}");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("stopped since") && detail.contains("/reconcile)"), "{detail}");
    let (status, late) = report(&at, json!({"list": [], "answers": ask["ask"]})).await;
    assert_eq!((status, &late["code"]), (409, &json!("lease_lost")), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_run_is_asked_outlives_its_server_and_that_the_broker_is_silent_is_an_answer() {
    let mut server = Server::start().await;
    let at = At::new(&server.origin());
    begin(&at).await;
    let ask = async || {
        let request = server.request(Method::POST, ASK).header("content-type", "application/json");
        let request = request.header("idempotency-key", "once").body(r#"{"reason":"two are unknown"}"#);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, begun) = ask().await;
    assert_eq!(status, 201, "{begun}");
    assert_eq!(ask().await, (201, begun.clone()), "the same request is done once");
    server.kill().await;
    server.run().await;
    let at = At::new(&server.origin());
    let (_, renewed) = at.post(RENEW, &json!({})).await;
    let said = &renewed["ask_reconcile"];
    assert_eq!(
        (&said["ask"], &said["reason"], &said["heard_by"]),
        (&begun["ask"], &json!("two are unknown"), &json!("renewal")),
        "{renewed}"
    );
    let (status, plan) = report(&at, json!({"failure": "504 of the broker", "answers": begun["ask"]})).await;
    assert_eq!((status, &plan["answered"]), (200, &begun["ask"]), "{plan}");
    let shown = at.get(RUN).await["ask_reconcile"].clone();
    assert_eq!(shown["answer"]["failure"], "504 of the broker", "{shown}");
    assert_eq!((shown["answer"].get("kept"), &shown["answer"]["counts"]["unknown"]), (None, &json!(1)));
    // So is an answer that says nothing, and no list is kept of it.
    let (_, next) = at.post(ASK, &json!({})).await;
    let (status, plan) = report(&at, json!({"list": null, "answers": next["ask"]})).await;
    assert_eq!((status, &plan["answered"]), (200, &next["ask"]), "{plan}");
    let shown = at.get(RUN).await["ask_reconcile"].clone();
    assert_eq!(shown["answer"]["failure"], "its answer was null", "{shown}");
    assert_eq!(at.get("/states/grid.main.1?state_type=reconcile").await["code"], "state_not_found");
}
