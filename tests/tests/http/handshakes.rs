//! Restores that ask live runs first, with bots as processes of their own.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::bot::{Bot, Manner};
use stateloft_tests::bots::{
    At, a_bot_makes_way_reads_and_goes_on, a_bot_that_dies_is_free,
    a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease,
    a_bot_that_wakes_after_the_write_is_refused,
};
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

const BOT: &str = env!("CARGO_BIN_EXE_bot");
const PATIENCE: Duration = Duration::from_mins(2);

fn at(server: &Local) -> At {
    At::new(&format!("http://{}", server.address))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_saves_ten_times_a_second_makes_way_reads_what_was_restored_and_goes_on() {
    let server = Local::start().await;
    a_bot_makes_way_reads_and_goes_on(BOT, (&at(&server), &at(&server))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_was_stopped_and_wakes_after_the_write_is_refused_until_it_has_read_it() {
    let server = Local::start().await;
    a_bot_that_wakes_after_the_write_is_refused(BOT, (&at(&server), &at(&server))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_killed_while_it_is_asked_is_waited_for_no_longer_than_its_lease() {
    let server = Local::start().await;
    a_bot_that_dies_is_free(BOT, (&at(&server), &at(&server))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_was_stopped_and_wakes_after_its_successor_has_begun_writes_nothing() {
    let server = Local::start().await;
    a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease(BOT, (&at(&server), &at(&server)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_never_answers_keeps_its_state_and_the_one_that_paused_goes_on() {
    let server = Local::start().await;
    let at = at(&server);
    let good = at.limit_was_moved("polite").await.min(at.limit_was_moved("rude").await);
    let mut polite =
        Bot::start(BOT, &format!("http://{}", server.address), "polite", 3_600, Manner::Answers).await;
    let mut rude =
        Bot::start(BOT, &format!("http://{}", server.address), "rude", 3_600, Manner::Silent).await;
    polite.until("saved").await;
    rude.until("saved").await;
    // The other one's state did not exist then.
    let plan = at.plan(good, &["polite"]).await;
    let both = json!({"target": format!("seq:{good}"), "scope": {"types": ["bot_memory"]}});
    let (_, everything) = at.post("/restores", &both).await;
    assert_eq!(everything["held_by"].as_array().unwrap().len(), 2, "{everything}");
    // Both are asked by clients that never look at a plan: these wait as long as anybody.
    let _ = at.post("/snapshots", &json!({"snapshot_id": "then", "seq": good})).await;
    let (status, refused) = at.post("/snapshots/then/restore", &json!({})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("no_word")), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains(&rude.run_id), "{refused}");
    assert!(!refused["detail"].as_str().unwrap().contains(&polite.run_id), "{refused}");
    assert_eq!(polite.until("went on").await, "went on 200 OK");
    assert!(polite.until("saved").await.ends_with(" 2"));
    assert!(rude.until("saved").await.ends_with(" 2"));
    let shown = at.get(&format!("/handshakes/{}", refused["handshake"].as_str().unwrap())).await;
    assert_eq!((&shown["status"], &shown["waits_for"]), (&json!("no_word"), &json!([])), "{shown}");
    // Who does not hold what is written is not asked.
    assert_eq!(at.apply(&plan, &json!({})).await.0, 200);
    polite.until("reloaded 200 OK 1").await;
}

#[tokio::test]
async fn what_a_run_is_asked_comes_on_its_topic_by_socket_and_stream_and_again_to_who_comes_later() {
    let server = Local::start().await;
    let at = at(&server);
    let good = at.limit_was_moved("grid").await;
    let (_, run) = at.post("/runs", &json!({"program": "grid", "lease_seconds": 3600})).await;
    let save = json!({"state_type": "bot_memory", "state_id": "grid", "data": {"n": 1, "limit": 2},
        "run_id": run["run_id"], "epoch": run["epoch"]});
    let mut early = Socket::open(server.address).await;
    assert_eq!(early.subscribe("run:grid.main.1", None).await["topic"], "run:grid.main.1");
    let (_, saved) = at.post("/states", &save).await;
    let update = early.update().await;
    assert_eq!((&update["seq"], &update["run_id"]), (&saved["seq"], &json!("grid.main.1")));
    let plan = at.plan(good, &["grid"]).await;
    let applying = {
        let at = at.clone();
        tokio::spawn(async move { at.apply(&plan, &json!({"wait_seconds": 600})).await })
    };
    let ask = early.next_of(&["ask"]).await;
    assert_eq!(
        (&ask["run_id"], &ask["kind"], &ask["reason"]),
        (&json!("grid.main.1"), &json!("pause"), &json!("bad deploy"))
    );
    assert_eq!(ask["states"], json!([{"state_type": "bot_memory", "state_id": "grid"}]));
    let mut late = Socket::open(server.address).await;
    late.subscribe("run:grid.main.1", None).await;
    assert_eq!(late.next_of(&["ask"]).await, ask);
    assert_eq!(streamed(&server).await, ask);
    let handshake = ask["handshake"].as_str().unwrap();
    let heard =
        at.until(&format!("/handshakes/{handshake}"), |shown| shown["runs"][0]["heard_at"].is_string()).await;
    assert_eq!(heard["runs"][0]["heard_by"], "socket", "{heard}");
    let word = |word: &str| format!("/runs/grid.main.1/handshakes/{handshake}/{word}");
    for (body, status, code) in [
        (json!({"epoch": 2}), 422, "invalid_body"),
        (json!({}), 422, "invalid_body"),
        (json!({"epoch": 1, "note": "x".repeat(2_000)}), 422, "invalid_body"),
    ] {
        let (found, said) = at.post(&word("paused"), &body).await;
        assert_eq!((found, &said["code"]), (status, &json!(code)), "{said}");
    }
    let (status, said) = at.post("/runs/grid.main.1/handshakes/other/paused", &json!({"epoch": 1})).await;
    assert_eq!((status, &said["code"]), (404, &json!("handshake_not_found")), "{said}");
    let (status, said) = at.post(&word("reloaded"), &json!({"epoch": 1, "seq": 1})).await;
    assert_eq!((status, &said["code"]), (409, &json!("handshake_over")), "nothing is written yet: {said}");
    let (status, said) = at.post(&word("paused"), &json!({"epoch": 1, "note": "flat"})).await;
    assert_eq!((status, &said["paused"]), (200, &json!(true)), "{said}");
    let (status, restore) = tokio::time::timeout(PATIENCE, applying).await.unwrap().unwrap();
    assert_eq!(status, 200, "{restore}");
    let told = early.next_of(&["ask"]).await;
    assert_eq!(
        (&told["kind"], told["seq"].as_u64() > restore["last_seq"].as_u64()),
        (&json!("reload"), true)
    );
    let (status, paused) = at.post("/states", &save).await;
    assert_eq!(
        (status, &paused["code"], &paused["handshake"]),
        (409, &json!("run_paused"), &json!(handshake)),
        "{paused}"
    );
    let (status, said) = at.post(&word("reloaded"), &json!({"epoch": 1, "seq": told["seq"]})).await;
    assert_eq!((status, &said["paused"]), (200, &json!(false)), "{said}");
    assert_eq!(at.post("/states", &save).await.0, 200);
    // The same request again is answered as the first one was, with what has become of it.
    let listed = at.get("/handshakes?limit=10").await;
    assert_eq!(listed["handshakes"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(at.get(&format!("/restores/{handshake}")).await["handshake"], listed["handshakes"][0]);
}

/// The first that a new stream says of what the run is asked.
async fn streamed(server: &Local) -> Value {
    let request = server.client.request(Method::GET, "/api/v1/events?topic=run:grid.main.1");
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    let mut bytes = response.bytes_stream();
    let mut text = String::new();
    loop {
        let chunk = tokio::time::timeout(PATIENCE, bytes.next()).await.unwrap().unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        let found = text.split("\n\n").find_map(|event| event.strip_prefix("event: ask\ndata: "));
        if let Some(data) = found.filter(|data| data.ends_with('}')) {
            return serde_json::from_str(data).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_used_up_by_the_restore_and_not_by_the_asking() {
    let server = Local::start().await;
    let at = at(&server);
    let good = at.limit_was_moved("grid").await;
    let mut bot =
        Bot::start(BOT, &format!("http://{}", server.address), "grid", 3_600, Manner::Answers).await;
    bot.until("saved").await;
    let (path, mut order) = at.plan(good, &["grid"]).await;
    order.as_object_mut().unwrap().remove("held_by");
    let send = async || {
        let request = server.client.with_json(Method::POST, &format!("/api/v1{path}"), order.to_string());
        let answer = request.header("idempotency-key", "once").send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap())
    };
    let (status, first) = send().await;
    assert_eq!(status, 200, "{first}");
    bot.until("reloaded 200 OK 1").await;
    let (status, again) = send().await;
    assert_eq!(
        (status, &again["restore_id"], &again["versions"]),
        (200, &first["restore_id"], &first["versions"])
    );
    assert_eq!(again["handshake"]["handshake"], first["restore_id"]);
    assert_eq!(at.get("/restores").await["restores"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_go_on_when_the_server_that_asked_them_was_killed() {
    let mut server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("grid").await;
    let (_, run) = at.post("/runs", &json!({"program": "grid", "lease_seconds": 3600})).await;
    let (_, silent) = at.post("/runs", &json!({"program": "silent", "lease_seconds": 3600})).await;
    let save = |run: &Value| {
        json!({"state_type": "bot_memory", "state_id": "grid", "data": {"n": 1, "limit": 2},
            "run_id": run["run_id"], "epoch": run["epoch"]})
    };
    for run in [&run, &silent] {
        let mut save = save(run);
        save["data"]["n"] = json!(run["run_id"].as_str().unwrap().len());
        assert_eq!(at.post("/states", &save).await.0, 200);
    }
    let plan = at.plan(good, &["grid"]).await;
    assert_eq!(plan.1["held_by"].as_array().unwrap().len(), 2, "{plan:?}");
    let mut order = plan.1.clone();
    order.as_object_mut().unwrap().remove("held_by");
    order["handshake"] = json!({"wait_seconds": 600});
    let request = reqwest::Client::new().post(format!("{}/api/v1{}", server.origin(), plan.0));
    let request = request.header("content-type", "application/json").body(order.to_string());
    let applying = tokio::spawn(async move { request.send().await.is_ok() });
    let open = at.until("/handshakes", |found| found["handshakes"][0]["status"] == "asking").await;
    let handshake = open["handshakes"][0]["handshake"].as_str().unwrap().to_owned();
    let (status, said) =
        at.post(&format!("/runs/grid.main.1/handshakes/{handshake}/paused"), &json!({"epoch": 1})).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(at.post("/states", &save(&run)).await.1["code"], "run_paused");
    server.kill().await;
    assert!(!applying.await.unwrap());
    server.run().await;
    let shown = at.until(&format!("/handshakes/{handshake}"), |shown| shown["status"] == "abandoned").await;
    assert!(shown["because"].as_str().unwrap().contains("is gone"), "{shown}");
    let (_, renewed) = at.post("/runs/grid.main.1/renew", &json!({})).await;
    assert_eq!(
        (&renewed["asks"][0]["kind"], &renewed["asks"][0]["handshake"]),
        (&json!("go_on"), &json!(handshake))
    );
    assert_eq!(at.post("/states", &save(&run)).await.0, 200);
    assert_eq!(at.get("/restores").await["restores"], json!([]), "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_an_operator_has_paused_stays_so_while_its_server_is_killed_and_goes_on_when_it_is_let_go()
{
    let mut server = Server::start().await;
    let at = At::new(&server.origin());
    for program in ["grid", "silent"] {
        assert_eq!(at.post("/runs", &json!({"program": program, "lease_seconds": 3600})).await.0, 201);
    }
    let save = json!({"state_type": "bot_memory", "state_id": "grid", "data": {"n": 1},
        "run_id": "grid.main.1", "epoch": 1});
    assert_eq!(at.post("/states", &save).await.0, 201);
    for (path, body, status, code) in [
        ("/runs/grid.main.1/pause", json!({}), 422, "invalid_body"),
        ("/runs/grid.main.1/pause", json!({"reason": ""}), 422, "invalid_body"),
        ("/runs/grid.main.1/pause", json!({"reason": "x", "plan": "y"}), 422, "invalid_body"),
        ("/runs/grid.main.1/pause", json!({"reason": "x", "wait_seconds": 601}), 422, "invalid_body"),
        ("/runs/grid.main.2/pause", json!({"reason": "x"}), 404, "run_not_found"),
    ] {
        let (found, said) = at.post(path, &body).await;
        assert_eq!((found, &said["code"]), (status, &json!(code)), "{said}");
    }
    let mut begun = Vec::new();
    for program in ["grid", "silent"] {
        let ask = async || {
            let path = format!("/runs/{program}.main.1/pause");
            let body = json!({"reason": "news", "user_id": "ann", "wait_seconds": 3}).to_string();
            let request = server.request(Method::POST, &path).header("content-type", "application/json");
            let answer = request.header("idempotency-key", program).body(body).send().await.unwrap();
            let place = answer.headers()["location"].to_str().unwrap().to_owned();
            (answer.status().as_u16(), place, answer.json::<Value>().await.unwrap())
        };
        let (status, place, shown) = ask().await;
        assert_eq!(
            (status, &shown["status"], &shown["writes"]),
            (201, &json!("asking"), &json!(0)),
            "{shown}"
        );
        assert!(shown.get("plan").is_none() && shown.get("target").is_none(), "{shown}");
        assert_eq!(place, format!("/api/v1/handshakes/{}", shown["handshake"].as_str().unwrap()));
        assert_eq!(at.get(place.strip_prefix("/api/v1").unwrap()).await, shown);
        assert_eq!(ask().await.2["handshake"], shown["handshake"], "the same request is done once");
        begun.push(format!("/handshakes/{}", shown["handshake"].as_str().unwrap()));
    }
    let id = begun[0].strip_prefix("/handshakes/").unwrap();
    let (status, said) = at
        .post(&format!("/runs/grid.main.1/handshakes/{id}/paused"), &json!({"epoch": 1, "note": "flat"}))
        .await;
    assert_eq!((status, &said["paused"]), (200, &json!(true)), "{said}");
    server.kill().await;
    server.run().await;
    let at = At::new(&server.origin());
    let shown = at.until(&begun[1], |shown| shown["status"] == "no_word").await;
    assert_eq!(shown["because"], "the run gave no word in time");
    let (_, renewed) = at.post("/runs/silent.main.1/renew", &json!({})).await;
    assert_eq!(renewed["asks"][0]["kind"], "go_on", "{renewed}");
    assert_eq!(at.get(&begun[0]).await["status"], "paused");
    let (status, refused) = at.post("/states", &save).await;
    assert_eq!((status, &refused["code"], &refused["handshake"]), (409, &json!("run_paused"), &json!(id)));
    let (status, stopped) =
        at.post(&format!("{}/stop", begun[0]), &json!({"user_id": "bob", "reason": "over"})).await;
    assert_eq!((status, &stopped["status"]), (200, &json!("stopped")), "{stopped}");
    let (_, renewed) = at.post("/runs/grid.main.1/renew", &json!({})).await;
    assert_eq!(renewed["asks"][0]["kind"], "go_on", "{renewed}");
    let mut save = save;
    save["data"]["n"] = json!(2);
    assert_eq!(at.post("/states", &save).await.0, 200);
    let of_run = at.get("/handshakes?run_id=grid.main.1").await;
    assert_eq!(of_run["handshakes"], json!([stopped]), "{of_run}");
    // A run that is gone ends its pause.
    let (_, asked) = at.post("/runs/silent.main.1/pause", &json!({"reason": "news"})).await;
    let (status, said) = at.post("/runs/silent.main.1/mark-crashed", &json!({"reason": "gone"})).await;
    assert_eq!(status, 200, "{said}");
    let path = format!("/handshakes/{}", asked["handshake"].as_str().unwrap());
    let ended = at.until(&path, |shown| shown["status"] != "asking" && shown["status"] != "paused").await;
    assert_eq!(ended["status"], "run_ended", "{ended}");
}
