//! Restores that ask live runs which speak to another server, and bots that are stopped.

use serde_json::{Value, json};
use stateloft_tests::bots::{
    At, a_bot_makes_way_reads_and_goes_on, a_bot_that_dies_is_free,
    a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease,
    a_bot_that_wakes_after_the_write_is_refused,
};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;

const BOT: &str = env!("CARGO_BIN_EXE_bot");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_makes_way_for_a_restore_that_another_server_applies() {
    let settings = Postgres::shared().database();
    let servers = [Server::start_on(&settings).await, Server::start_on(&settings).await];
    let [here, there] = servers.each_ref().map(|server| At::new(&server.origin()));
    a_bot_makes_way_reads_and_goes_on(BOT, (&here, &there)).await;
    a_bot_that_wakes_after_the_write_is_refused(BOT, (&here, &there)).await;
    a_bot_that_dies_is_free(BOT, (&here, &there)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_wakes_after_its_successor_has_begun_on_another_server_writes_nothing() {
    let settings = Postgres::shared().database();
    let servers = [Server::start_on(&settings).await, Server::start_on(&settings).await];
    let [here, there] = servers.each_ref().map(|server| At::new(&server.origin()));
    a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease(BOT, (&here, &there)).await;
}

/// Whatever becomes of the server that leads a handshake, another one lets the runs go on; and one that wakes then writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_go_on_when_the_server_that_asked_them_is_killed_or_stands_still() {
    let settings = Postgres::shared().database();
    let stays = Server::start_on(&settings).await;
    let mut leads = Server::start_on(&settings).await;
    let [here, there] = [&stays, &leads].map(|server| At::new(&server.origin()));
    let (_, run) = here.post("/runs", &json!({"program": "grid", "lease_seconds": 3600})).await;
    for kill in [false, true] {
        let good = here.limit_was_moved("grid").await;
        let save = json!({"state_type": "bot_memory", "state_id": "grid", "data": {"n": 1, "limit": 2},
            "run_id": run["run_id"], "epoch": run["epoch"]});
        assert_eq!(here.post("/states", &save).await.0, 200);
        let plan = there.plan(good, &["grid"]).await;
        let (path, mut order): (String, Value) = plan;
        order.as_object_mut().unwrap().remove("held_by");
        order["handshake"] = json!({"wait_seconds": 600});
        let request = reqwest::Client::new().post(format!("{}/api/v1{path}", leads.origin()));
        let request = request.header("content-type", "application/json").body(order.to_string());
        let applying = tokio::spawn(async move {
            let answer = request.send().await.ok()?;
            Some((answer.status().as_u16(), answer.text().await.ok()?))
        });
        let open = here.until("/handshakes", |found| found["handshakes"][0]["status"] == "asking").await;
        let handshake = open["handshakes"][0]["handshake"].as_str().unwrap().to_owned();
        if kill {
            leads.kill().await;
        } else {
            leads.freeze().await;
        }
        let shown =
            here.until(&format!("/handshakes/{handshake}"), |shown| shown["status"] == "abandoned").await;
        assert_eq!(shown["waits_for"], json!([]), "{shown}");
        let (_, renewed) = here.post("/runs/grid.main.1/renew", &json!({})).await;
        assert_eq!(renewed["asks"][0]["kind"], "go_on", "{renewed}");
        assert_eq!(here.post("/states", &save).await.0, 200);
        if kill {
            assert_eq!(applying.await.unwrap(), None);
        } else {
            leads.thaw().await;
            let (status, text) = applying.await.unwrap().unwrap();
            assert!(status == 409 && text.contains("handshake_stopped"), "{status} {text}");
        }
        assert_eq!(here.get("/restores").await["restores"], json!([]), "nothing was written");
    }
}

/// Which server an operator speaks to does not matter, nor to which one the run does, nor whether the first of them is still there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_paused_at_one_server_is_let_go_at_another() {
    let settings = Postgres::shared().database();
    let stays = Server::start_on(&settings).await;
    let mut goes = Server::start_on(&settings).await;
    let [here, there] = [&stays, &goes].map(|server| At::new(&server.origin()));
    let (_, run) = here.post("/runs", &json!({"program": "grid", "lease_seconds": 3600})).await;
    let save = json!({"state_type": "bot_memory", "state_id": "grid", "data": {"n": 1},
        "run_id": run["run_id"], "epoch": run["epoch"]});
    let (status, asked) = there.post("/runs/grid.main.1/pause", &json!({"reason": "news"})).await;
    assert_eq!(status, 201, "{asked}");
    let id = asked["handshake"].as_str().unwrap().to_owned();
    let (_, renewed) = here.post("/runs/grid.main.1/renew", &json!({})).await;
    assert_eq!(
        (&renewed["asks"][0]["kind"], &renewed["asks"][0]["handshake"]),
        (&json!("pause"), &json!(id))
    );
    let word = format!("/runs/grid.main.1/handshakes/{id}/paused");
    assert_eq!(here.post(&word, &json!({"epoch": 1})).await.0, 200);
    for server in [&here, &there] {
        assert_eq!(server.post("/states", &save).await.1["code"], "run_paused");
    }
    goes.kill().await;
    let (status, stopped) = here.post(&format!("/handshakes/{id}/stop"), &json!({})).await;
    assert_eq!((status, &stopped["status"]), (200, &json!("stopped")), "{stopped}");
    assert_eq!(here.post("/states", &save).await.0, 201);
    // One that dies while it is paused is found by whoever is there.
    let (_, asked) = here.post("/runs/grid.main.1/pause", &json!({"reason": "news"})).await;
    let (status, said) = here.post("/runs/grid.main.1/mark-crashed", &json!({"reason": "gone"})).await;
    assert_eq!(status, 200, "{said}");
    let path = format!("/handshakes/{}", asked["handshake"].as_str().unwrap());
    let ended = here.until(&path, |shown| shown["status"] != "asking").await;
    assert_eq!(ended["status"], "run_ended", "{ended}");
}
