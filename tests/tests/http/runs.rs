//! `/runs` through the public door.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::{Local, Start};

use super::fallback::{Setting, text};

const PATIENCE: Duration = Duration::from_mins(1);

async fn post(client: &Client, path: &str, body: &Value) -> Reply {
    client.post(&format!("/api/v1{path}"), body.to_string()).await
}

async fn begin(client: &Client, body: &Value) -> Value {
    post(client, "/runs", body).await.expect(201).json()
}

fn grid() -> Value {
    json!({"program": "grid", "lease_seconds": 3600, "host": "box-7", "pid": 4711})
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn save(id: &str, n: u64, run: &Value) -> Value {
    json!({"state_type": "position", "state_id": id, "data": {"n": n}, "run_id": run["run_id"], "epoch": run["epoch"]})
}

/// Waits until a run is as it should be.
async fn until(client: &Client, run_id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = async {
        loop {
            let run = client.get(&format!("/api/v1/runs/{run_id}")).await.expect(200).json();
            if wanted(&run) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("it becomes so in time")
}

#[tokio::test]
async fn a_run_begins_is_renewed_and_ends_and_the_next_one_knows_what_it_left() {
    let server = Local::start().await;
    let client = &server.client;
    let config = r#"{"step":1.50,"big":12345678901234567890.10}"#;
    let body = format!(
        r#"{{"program":"btc-grid","code":"9f3c2ab","config":{config},"host":"box-7","pid":4711,"symbols":["BTC/USDT"],
            "strategy":"grid","interval_seconds":0.5,"planned_seconds":3600,"capital":100000.10,"metadata":{{"x":1}},"user_id":"bot"}}"#
    );
    let reply = client.post("/api/v1/runs", body).await.expect(201);
    assert_eq!(reply.header("location"), "/api/v1/runs/btc-grid.main.1");
    let run = reply.json();
    assert_eq!(
        (text(&run, "run_id"), &run["epoch"], text(&run, "outcome")),
        ("btc-grid.main.1", &json!(1), "fresh")
    );
    assert_eq!((&run["lease"]["seconds"], run.get("left")), (&json!(30), None));
    let raw = client.get("/api/v1/states/btc-grid.main.1/raw?state_type=session").await.expect(200).text;
    assert!(
        raw.contains(config) && raw.contains(r#""interval_seconds":0.5"#) && raw.contains("100000.10"),
        "{raw}"
    );
    let _ = post(client, "/states", &save("a", 1, &run)).await.expect(201);
    let renewed = post(client, "/runs/btc-grid.main.1/renew", &json!({})).await.expect(200).json();
    assert_eq!((&renewed["lease"]["seconds"], &renewed["epoch"]), (&json!(30), &json!(1)));
    let renewing = client.request(Method::POST, "/api/v1/runs/btc-grid.main.1/renew");
    let _ = client.send(renewing).await.expect(200);
    let end = r#"{"status":"completed","final_value":100000.30,"reason":"the day is over"}"#;
    let ended = client.post("/api/v1/runs/btc-grid.main.1/end", end).await.expect(200);
    assert!(ended.text.contains(r#""pnl":0.20"#), "{}", ended.text);
    let ended = ended.json();
    assert_eq!(
        (text(&ended["run"], "status"), &ended["versions"], &ended["states"]),
        ("completed", &json!(1), &json!(1))
    );
    let next = begin(client, &json!({"program": "btc-grid"})).await;
    assert_eq!((text(&next, "outcome"), &next["epoch"]), ("resumed", &json!(2)));
    assert_eq!(next["left"]["run"], ended["run"]);
    let left = &next["left"]["states"][0];
    assert_eq!(
        (text(left, "state_id"), &left["changed_since"], &next["left"]["open_positions"]),
        ("a", &json!(false), &json!(1))
    );
    let events = client.get("/api/v1/events?after=0&state_type=session").await.expect(200).json();
    assert_eq!(
        events["events"].as_array().unwrap().len(),
        3,
        "two begun and one ended: renewals are no versions"
    );
}

#[tokio::test]
async fn a_live_run_is_held_with_who_and_until_when_and_is_replaced_only_with_a_reason() {
    let server = Local::start().await;
    let client = &server.client;
    let first = begin(client, &grid()).await;
    let held = post(client, "/runs", &with(grid(), &json!({"host": "box-8"})))
        .await
        .expect_problem(409, "run_held")
        .json();
    let holder = &held["holder"];
    assert_eq!(
        (text(holder, "run_id"), text(holder, "host"), &holder["pid"]),
        ("grid.main.1", "box-7", &json!(4711))
    );
    assert!(
        text(holder, "until") > text(holder, "since") && text(&held, "detail").contains("box-7"),
        "{held}"
    );
    for wrong in
        [json!({"reason": " ", "by": "ann"}), json!({"reason": "x", "by": ""}), json!({"reason": "x"})]
    {
        let body = with(grid(), &json!({"take_over": wrong}));
        let _ = post(client, "/runs", &body).await.expect_problem(422, "invalid_body");
    }
    for (member, wrong) in
        [("planned_seconds", "-5"), ("planned_seconds", "-1e-9"), ("interval_seconds", "-0.5")]
    {
        let body = with(
            grid(),
            &json!({"take_over": {"reason": "x", "by": "ann"}, member: serde_json::from_str::<Value>(wrong).unwrap()}),
        );
        let refused = post(client, "/runs", &body).await.expect_problem(422, "invalid_body").json();
        let error = &refused["errors"][0];
        assert_eq!(
            (text(error, "pointer"), text(error, "code")),
            (&*format!("/{member}"), "minimum"),
            "{refused}"
        );
    }
    let over = json!({"host": "box-8", "take_over": {"reason": "box-7 is gone", "by": "ann"}});
    let second = begin(client, &with(grid(), &over)).await;
    assert_eq!(
        (text(&second, "outcome"), text(&second["left"]["run"], "status")),
        ("after_crash", "replaced")
    );
    let lost = post(client, "/states", &save("a", 1, &first)).await.expect_problem(409, "lease_lost").json();
    assert_eq!((text(&lost["holder"], "run_id"), text(&lost["holder"], "host")), ("grid.main.2", "box-8"));
    let _ = client.get("/states/a?state_type=position").await.expect(404);
    let one = json!({"items": [{"op": "save", "state_type": "position", "state_id": "a", "data": {}}],
                     "run_id": "grid.main.1", "epoch": 1});
    let _ = post(client, "/batch", &one).await.expect_problem(409, "lease_lost");
    let _ = client.post("/states", save("a", 1, &first).to_string()).await.expect_problem(409, "lease_lost");
    let put = json!({"data": {}, "run_id": "grid.main.1", "epoch": 1});
    let _ =
        client.put("/states/a?state_type=position", put.to_string()).await.expect_problem(409, "lease_lost");
    let _ = post(client, "/states", &save("a", 1, &second)).await.expect(201);
    let delete = "/states/a?state_type=position&run_id=grid.main.1&epoch=1";
    let _ = client.delete(delete).await.expect_problem(409, "lease_lost");
    let _ = client.delete(&delete.replace("main.1&epoch=1", "main.2&epoch=2")).await.expect(200);
    let undelete = "/states/a/undelete?state_type=position";
    let lost = json!({"run_id": "grid.main.1", "epoch": 1});
    let _ = post(client, undelete, &lost).await.expect_problem(409, "lease_lost");
    let _ = post(client, undelete, &json!({"run_id": "grid.main.2", "epoch": 2})).await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place() {
    let server = Local::start().await;
    let client = &server.client;
    let long = "x".repeat(300 << 10);
    for (more, place) in [
        (json!({"program": "a/b"}), "/program"),
        (json!({"program": "x".repeat(49)}), "/program"),
        (json!({"instance": ""}), "/instance"),
        (json!({"instance": "é"}), "/instance"),
        (json!({"lease_seconds": 0}), "/lease_seconds"),
        (json!({"lease_seconds": 86_401}), "/lease_seconds"),
        (json!({"config": [1]}), "/config"),
        (json!({"metadata": {"x": long}}), "/metadata"),
        (json!({"capital": "1"}), "/capital"),
        (json!({"host": "a\nb"}), "/host"),
        (json!({"symbols": ["a", "x".repeat(257)]}), "/symbols/1"),
        (json!({"progam": "x"}), "/progam"),
    ] {
        let refused =
            post(client, "/runs", &with(grid(), &more)).await.expect_problem(422, "invalid_body").json();
        assert_eq!(text(&refused["errors"][0], "pointer"), place, "{refused}");
    }
    let run = begin(client, &grid()).await;
    for (more, code) in [
        (json!({"epoch": 2}), "epoch"),
        (json!({"run_id": "btc", "epoch": 1}), "run_id"),
        (json!({"run_id": null, "epoch": 1}), "run_id"),
    ] {
        let body = with(save("a", 1, &run), &more);
        let refused = post(client, "/states", &body).await.expect_problem(422, "invalid_body").json();
        assert_eq!(
            (text(&refused["errors"][0], "pointer"), text(&refused["errors"][0], "code")),
            ("/epoch", code)
        );
    }
    let _ = post(client, "/states", &with(save("a", 1, &run), &json!({"epcoh": 1})))
        .await
        .expect_problem(422, "invalid_body");
    let _ = post(client, "/runs/grid.main.1/renew", &json!({"epoch": 9}))
        .await
        .expect_problem(422, "invalid_body");
    let _ = post(client, "/runs/grid.main.1/end", &json!({"status": "crashed"}))
        .await
        .expect_problem(422, "invalid_body");
    let end = json!({"status": "stopped", "final_value": "1"});
    let _ = post(client, "/runs/grid.main.1/end", &end).await.expect_problem(422, "invalid_body");
    let _ = post(client, "/runs/grid.main.1/mark-crashed", &json!({"reason": ""}))
        .await
        .expect_problem(422, "invalid_body");
    for (path, status, code) in [
        ("/runs/grid.main.2", 404, "run_not_found"),
        ("/runs/grid", 400, "invalid_parameter"),
        ("/runs/grid.main.01/states", 400, "invalid_parameter"),
        ("/runs/compare?a=grid.main.1", 400, "invalid_parameter"),
        ("/runs?status=gone", 400, "invalid_parameter"),
        ("/runs?program=a.b", 400, "invalid_parameter"),
        ("/runs?from=2026-01-01", 400, "invalid_parameter"),
        ("/runs?limit=0", 400, "invalid_parameter"),
        ("/runs/grid.main.1/states?cursor=x", 400, "invalid_parameter"),
    ] {
        let _ = client.get(&format!("/api/v1{path}")).await.expect_problem(status, code);
    }
    let _ = client.get("/api/v1/runs/grid.main.1").await.expect(200);
}

#[tokio::test]
async fn a_start_and_an_end_with_a_key_are_done_once() {
    let server = Local::start().await;
    let client = &server.client;
    let keyed = |path: &str, body: &Value, key: &str| {
        client
            .with_json(Method::POST, &format!("/api/v1{path}"), body.to_string())
            .header("idempotency-key", key)
    };
    let first = client.send(keyed("/runs", &grid(), "k1")).await.expect(201).json();
    let again = client.send(keyed("/runs", &grid(), "k1")).await.expect(201);
    assert_eq!(again.header("idempotent-replay"), "true");
    let again = again.json();
    assert_eq!(
        (&again["run_id"], &again["seq"], &again["run"]),
        (&first["run_id"], &first["seq"], &first["run"])
    );
    let end = json!({"status": "stopped"});
    let ended = client.send(keyed("/runs/grid.main.1/end", &end, "k2")).await.expect(200).json();
    let again = client.send(keyed("/runs/grid.main.1/end", &end, "k2")).await.expect(200).json();
    assert_eq!(again, ended);
    let _ = post(client, "/runs/grid.main.1/end", &end).await.expect_problem(409, "lease_lost");
    let renew = keyed("/runs/grid.main.1/renew", &json!({}), "k3");
    let _ = client.send(renew).await.expect_problem(400, "invalid_parameter");
    let runs = client.get("/api/v1/runs").await.expect(200).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
}

/// Nobody could renew while the server was down: the run gets a full term when it is back, and is ended with that fact.
#[tokio::test]
async fn a_run_that_does_not_come_back_after_its_server_has_crashed_with_its_last_renewal() {
    let server = Local::start().await;
    let lost = begin(&server.client, &json!({"program": "lost", "lease_seconds": 2})).await;
    let back = begin(&server.client, &json!({"program": "back", "lease_seconds": 3600})).await;
    let _ = post(&server.client, "/runs/lost.main.1/renew", &json!({})).await.expect(200);
    let folder = server.folder();
    server.stop().await;
    let server = Start { folder: Some(folder), ..Start::default() }.run().await;
    let client = &server.client;
    let found = client.get("/api/v1/runs/lost.main.1").await.expect(200).json();
    assert_eq!(found["run"]["started_at"], lost["run"]["started_at"]);
    let crashed = until(client, "lost.main.1", |run| run["run"]["status"] == "crashed").await;
    let run = &crashed["run"];
    assert_eq!((&run["servers_were_away"], &crashed["live"]), (&json!(true), &json!(false)), "{crashed}");
    assert!(
        text(run, "last_renewal") >= text(run, "started_at")
            && text(run, "last_renewal") < text(run, "ended_at")
    );
    let _ = post(client, "/runs/back.main.1/renew", &json!({})).await.expect(200);
    let _ = post(client, "/states", &save("a", 1, &back)).await.expect(201);
}

#[tokio::test]
async fn what_a_run_saves_while_the_store_is_away_is_kept_and_written_only_if_it_still_holds_its_lease() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    let first = begin(client, &grid()).await;
    let _ = post(client, "/states", &save("a", 1, &first)).await.expect(201);
    setting.store.set(Mood::Down);
    let _ = post(client, "/states", &save("a", 2, &first)).await.expect(202);
    let _ = post(client, "/runs", &json!({"program": "other"})).await.expect(503);
    let _ = post(client, "/runs/grid.main.1/end", &json!({"status": "stopped"})).await.expect(503);
    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["conflicts"], &journal["replayed"]), (&json!(0), &json!(1)));
    assert_eq!(setting.get("a").await.expect(200).json()["data"]["n"], 2);
    setting.store.set(Mood::Down);
    let waits = post(client, "/states", &save("b", 1, &first)).await.expect(202).json();
    setting.replaced_elsewhere("grid").await;
    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!(journal["conflicts"], json!(1));
    let conflicts = client.get("/api/v1/fallback/conflicts").await.expect(200).json();
    let conflict = &conflicts["conflicts"][0];
    assert_eq!(conflict["pending_id"], waits["pending_id"]);
    assert!(text(conflict, "reason").contains("lease"), "{conflict}");
    let _ = setting.get("b").await.expect(404);
}

#[tokio::test]
async fn restores_of_what_runs_had_written_are_told_also_where_none_was_live() {
    let server = Local::start().await;
    let client = &server.client;
    let (grid, other) = (begin(client, &grid()).await, begin(client, &json!({"program": "other"})).await);
    let mut before = 0;
    for n in 1..=2 {
        for (run, id) in [(&grid, "a"), (&grid, "b"), (&other, "c")] {
            before = post(client, "/states", &save(id, n, run)).await.json()["seq"].as_u64().unwrap();
        }
    }
    for run in [&grid, &other] {
        let path = format!("/runs/{}/end", run["run_id"].as_str().unwrap());
        let _ = post(client, &path, &json!({"status": "stopped"})).await.expect(200);
    }
    assert_eq!(client.get("/api/v1/runs/restores").await.expect(200).json(), json!({"restores": []}));
    let scope = |ids: &[&str]| {
        let states =
            ids.iter().map(|id| json!({"state_type": "position", "state_id": id})).collect::<Vec<_>>();
        json!({"target": format!("seq:{}", before - 3), "scope": {"states": states}})
    };
    let restore = async |ids: &[&str]| -> Value {
        let plan = post(client, "/restores", &scope(ids)).await.expect(200).json();
        let path = format!("/restores/{}/apply", plan["plan"].as_str().unwrap());
        post(client, &path, &with(scope(ids), &json!({"reason": "bad deploy", "accept_violations": true})))
            .await
            .expect(200)
            .json()
    };
    let first = restore(&["a", "b", "c"]).await;
    let told = client.get("/api/v1/runs/restores").await.expect(200).json();
    let runs = json!([{"run_id": "grid.main.1", "states": 2}, {"run_id": "other.main.1", "states": 1}]);
    let of = |restore: &Value, runs: &Value| json!({"restore_id": restore["restore_id"], "timestamp": restore["timestamp"], "seq": restore["last_seq"], "reason": restore["reason"], "runs": runs});
    assert_eq!(told, json!({"restores": [of(&first, &runs)]}));
    // What was restored once is still the run's: an undo touches it again. The newest is first.
    let path = format!("/restores/{}/undo", first["restore_id"].as_str().unwrap());
    let undo = post(client, &path, &json!({})).await.expect(200).json();
    let told = client.get("/api/v1/runs/restores").await.expect(200).json();
    assert_eq!(told, json!({"restores": [of(&undo, &runs), of(&first, &runs)]}));
    // Of what is not looked at it is said; a time says how far back is meant.
    let told = client.get("/api/v1/runs/restores?limit=1").await.expect(200).json();
    assert_eq!(told, json!({"restores": [of(&undo, &runs)], "before": undo["timestamp"]}));
    let since = format!("/api/v1/runs/restores?limit=1&from={}", undo["timestamp"].as_str().unwrap());
    assert_eq!(client.get(&since).await.expect(200).json(), json!({"restores": [of(&undo, &runs)]}));
    let later = client.get("/api/v1/runs/restores?from=2100-01-01T00:00:00Z").await.expect(200).json();
    assert_eq!(later, json!({"restores": []}));
    let _ = client.get("/api/v1/runs/restores?from=yesterday").await.expect(400);
    let _ = client.get("/api/v1/runs/restores?limit=0").await.expect(400);
    // What is nobody's is no run's restore.
    let position = json!({"state_type": "position", "state_id": "mine", "data": {"n": 1}});
    let was = post(client, "/states", &position).await.json()["seq"].clone();
    post(client, "/states", &with(position, &json!({"data": {"n": 2}}))).await;
    let mine = json!({"target": format!("seq:{was}"), "scope": {"states": [{"state_type": "position", "state_id": "mine"}]}});
    let plan = post(client, "/restores", &mine).await.expect(200).json();
    let path = format!("/restores/{}/apply", plan["plan"].as_str().unwrap());
    let _ = post(client, &path, &with(mine, &json!({"reason": "back", "accept_violations": true})))
        .await
        .expect(200);
    assert_eq!(client.get("/api/v1/runs/restores").await.json()["restores"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_list_says_who_holds_a_lease_and_the_status_how_many_do() {
    let server = Local::start().await;
    let client = &server.client;
    let one = begin(client, &grid()).await;
    let two = begin(client, &json!({"program": "md-feed", "lease_seconds": 60})).await;
    let ended = begin(client, &with(grid(), &json!({"instance": "eu"}))).await;
    let end = format!("/runs/{}/end", ended["run_id"].as_str().unwrap());
    let _ = post(client, &end, &json!({"status": "completed"})).await.expect(200);

    let list = client.get("/api/v1/runs").await.expect(200).json();
    let row = |run: &Value| {
        let rows = list["runs"].as_array().unwrap();
        rows.iter().find(|row| row["run"]["run_id"] == run["run_id"]).unwrap().clone()
    };
    let holder = row(&one)["holder"].clone();
    assert_eq!((&holder["host"], &holder["pid"]), (&json!("box-7"), &json!(4711)));
    for run in [&one, &two] {
        let row = row(run);
        let shown =
            client.get(&format!("/api/v1/runs/{}", run["run_id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!(row["holder"]["last_renewal"], shown["holder"]["last_renewal"]);
        assert!(row["holder"]["until"].as_str().unwrap() > row["holder"]["since"].as_str().unwrap(), "{row}");
    }
    assert_eq!(row(&ended).get("holder"), None);
    // Leases are looked at twice a second.
    let counted = async {
        while client.get("/api/v1/status").await.expect(200).json()["runs_live"] != 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), counted).await.expect("the status counts two");
}

#[tokio::test]
async fn a_list_from_a_time_on_stops_there_but_for_who_still_runs() {
    let server = Local::start().await;
    let client = &server.client;
    let old = begin(client, &with(grid(), &json!({"instance": "old"}))).await;
    let ended = async |instance: &str| {
        let run = begin(client, &with(grid(), &json!({"instance": instance}))).await;
        let end = format!("/runs/{}/end", run["run_id"].as_str().unwrap());
        let _ = post(client, &end, &json!({"status": "completed"})).await.expect(200);
        run["run_id"].clone()
    };
    for n in 0..100 {
        let _ = ended(&format!("before-{n}")).await;
    }
    let last = client.get("/api/v1/runs?limit=1").await.expect(200).json();
    let from = last["runs"][0]["run"]["ended_at"].as_str().unwrap().replace('+', "%2B");
    // What ended at that very moment had not ended before it.
    let at = last["runs"][0]["run"]["run_id"].clone();
    let after = [ended("after-1").await, ended("after-2").await];
    let read = async |more: &str| {
        let (mut found, mut asked, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = client
                .get(&format!("/api/v1/runs?from={from}&limit=2{more}{cursor}"))
                .await
                .expect(200)
                .json();
            asked += 1;
            found.extend(page["runs"].as_array().unwrap().iter().map(|row| row["run"]["run_id"].clone()));
            assert!(page["runs"].as_array().unwrap().len() <= 2, "{page}");
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (found, asked),
            }
        }
    };
    let (found, asked) = read("").await;
    assert_eq!(found, [after[1].clone(), after[0].clone(), at.clone(), old["run_id"].clone()]);
    assert!(asked <= 4, "{asked} pages for four runs");
    let (found, asked) = read("&status=completed").await;
    assert_eq!((found, asked <= 3), (vec![after[1].clone(), after[0].clone(), at], true));
    assert_eq!(read("&status=active").await.0, [old["run_id"].clone()]);
}
