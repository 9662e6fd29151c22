//! `/runs/{run_id}/checkpoints` through the public door.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::Local;

use super::fallback::{Setting, text};

const CHECKPOINTS: &str = "/api/v1/runs/grid.main.1/checkpoints";

async fn begin(client: &Client) {
    let _ = client.post("/api/v1/runs", r#"{"program":"grid","lease_seconds":3600}"#).await.expect(201);
}

async fn take(client: &Client, body: &Value) -> Reply {
    client.post(CHECKPOINTS, body.to_string()).await
}

async fn pin(client: &Client, number: u64, body: &Value) -> Reply {
    client.send(client.with_json(Method::PATCH, &format!("{CHECKPOINTS}/{number}"), body.to_string())).await
}

fn position(id: &str, quantity: &str) -> Value {
    let data = json!({"symbol": id, "side": "long", "quantity": quantity});
    json!({"state_type": "position", "state_id": id, "data": data})
}

#[tokio::test]
async fn a_checkpoint_is_a_moment_that_is_read_compared_and_restored() {
    let server = Local::start().await;
    let client = &server.client;
    begin(client).await;
    let body = json!({"epoch": 1, "name": "open", "user_id": "bot", "causation_id": "fill 7", "states": [position("AAPL", "0.75"), position("MSFT", "2")]});
    let reply = take(client, &body).await.expect(201);
    assert_eq!(reply.header("location"), "/api/v1/runs/grid.main.1/checkpoints/1");
    let taken = reply.json();
    let first = taken["checkpoint"].clone();
    assert_eq!(
        (&first["number"], text(&first, "name"), &first["pinned"]),
        (&json!(1), "open", &json!(false))
    );
    assert_eq!(
        (&first["states"], &first["open_positions"], &first["pending_orders"]),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!((text(&taken["states"][1], "state_id"), &taken["states"][1]["version"]), ("MSFT", &json!(1)));
    let kept = client.get("/states/AAPL?state_type=position").await.expect(200).json();
    assert_eq!((text(&kept, "run_id"), text(&kept, "causation_id")), ("grid.main.1", "fill 7"));
    let _ = client.save("position", "AAPL", r#"{"symbol":"AAPL","side":"long","quantity":"9"}"#).await;
    let at = format!("seq:{}", first["seq"]);
    let then = client.get(&format!("/states/AAPL?state_type=position&at={at}")).await.expect(200).json();
    assert_eq!(then["data"]["quantity"], "0.75");
    // Nobody is asked whether the states may be taken back.
    let end = json!({"status": "completed"}).to_string();
    let _ = client.post("/api/v1/runs/grid.main.1/end", end).await.expect(200);
    let scope = json!({"types": ["position"]});
    let plan =
        client.post("/api/v1/restores", json!({"target": at, "scope": scope}).to_string()).await.expect(200);
    let plan = plan.json();
    let apply =
        json!({"target": at, "scope": scope, "reason": "back to the open", "accept_violations": true});
    let path = format!("/api/v1/restores/{}/apply", text(&plan, "plan"));
    let _ = client.post(&path, apply.to_string()).await.expect(200);
    let now = client.get("/states/AAPL?state_type=position").await.expect(200).json();
    assert_eq!(now["data"]["quantity"], "0.75");
    let shown = client.get(&format!("{CHECKPOINTS}/1")).await.expect(200).json();
    assert_eq!(shown, first);
    let run = client.get("/api/v1/runs/grid.main.1").await.expect(200).json();
    assert_eq!((&run["checkpoints"], &run["last_checkpoint"]), (&json!(1), &first));
    let events = client.get("/api/v1/events?after=0&state_type=checkpoint").await.expect(200).json();
    assert_eq!(events["events"].as_array().unwrap().len(), 1, "who listens is told");
}

#[tokio::test]
async fn checkpoints_are_listed_page_by_page_and_pinned() {
    let server = Local::start().await;
    let client = &server.client;
    begin(client).await;
    let none = client.get(CHECKPOINTS).await.expect(200).json();
    assert_eq!(none, json!({"checkpoints": [], "statistics": {"count": 0}}));
    for n in 1..=5 {
        let _ = take(client, &json!({"name": format!("c{n}"), "pinned": n == 1})).await.expect(201);
    }
    let pinned =
        pin(client, 2, &json!({"pinned": true, "reason": "good", "user_id": "ann"})).await.expect(200);
    assert_eq!((&pinned.json()["number"], &pinned.json()["pinned"]), (&json!(2), &json!(true)));
    let first = client.get(&format!("{CHECKPOINTS}?keep=2&limit=3")).await.expect(200);
    let page = first.json();
    let numbers = |page: &Value| {
        page["checkpoints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["number"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&page), [5, 4, 2]);
    assert_eq!(page["statistics"]["count"], 5);
    assert!(page["statistics"]["average_interval_seconds"].as_f64().unwrap() >= 0.0, "{page}");
    assert!(first.header("link").contains("cursor="), "{}", first.header("link"));
    let next = format!("{CHECKPOINTS}?keep=2&limit=3&cursor={}", text(&page, "next_cursor"));
    let last = client.get(&next).await.expect(200).json();
    assert_eq!((numbers(&last), last.get("next_cursor")), (vec![1], None));
    let _ = pin(client, 2, &json!({"pinned": false})).await.expect(200);
    let page = client.get(&format!("{CHECKPOINTS}?keep=2")).await.expect(200).json();
    assert_eq!(numbers(&page), [5, 4, 1]);
}

#[tokio::test]
async fn what_cannot_be_meant_of_a_checkpoint_is_refused_with_its_place() {
    let server = Local::start().await;
    let client = &server.client;
    begin(client).await;
    for (body, place) in [
        (json!({"epoch": 2}), "/epoch"),
        (json!({"name": "x".repeat(257)}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (json!({"state": []}), "/state"),
        (
            json!({"states": [position("A", "1"), {"state_type": "position", "state_id": "B", "data": [1]}]}),
            "/states/1/data",
        ),
        (json!({"states": [position("A", "1"), position("A", "2")]}), "/states/1"),
        (
            json!({"states": [{"state_type": "checkpoint", "state_id": "grid.main.1/pins", "data": {}}]}),
            "/states/0",
        ),
        (
            json!({"states": [{"state_type": "Position", "state_id": "A", "data": {}}]}),
            "/states/0/state_type",
        ),
        (json!({"reason": "x".repeat(9000)}), "/reason"),
    ] {
        let refused = take(client, &body).await.expect_problem(422, "invalid_body").json();
        assert_eq!(text(&refused["errors"][0], "pointer"), place, "{refused}");
    }
    let _ =
        client.post("/api/v1/runs/grid.main.2/checkpoints", "{}").await.expect_problem(404, "run_not_found");
    let _ = client.post("/api/v1/runs/grid/checkpoints", "{}").await.expect_problem(400, "invalid_parameter");
    for (path, status, code) in [
        ("/1", 404, "checkpoint_not_found"),
        ("/0", 400, "invalid_parameter"),
        ("/-1", 400, "invalid_parameter"),
        ("/x", 400, "invalid_parameter"),
        ("?keep=-1", 400, "invalid_parameter"),
        ("?limit=0", 400, "invalid_parameter"),
        ("?cursor=x", 400, "invalid_parameter"),
        ("?newest=1", 400, "invalid_parameter"),
    ] {
        let _ = client.get(&format!("{CHECKPOINTS}{path}")).await.expect_problem(status, code);
    }
    let _ = pin(client, 1, &json!({"pinned": true})).await.expect_problem(404, "checkpoint_not_found");
    let _ = pin(client, 1, &json!({})).await.expect_problem(422, "invalid_body");
    assert_eq!(client.get(CHECKPOINTS).await.expect(200).json()["statistics"]["count"], 0);
}

#[tokio::test]
async fn a_checkpoint_with_a_key_is_taken_once() {
    let server = Local::start().await;
    let client = &server.client;
    begin(client).await;
    for (key, pinned) in [("k1", false), ("k2", true)] {
        let body = json!({"name": key, "pinned": pinned, "states": [position("A", key)]});
        let send =
            || client.with_json(Method::POST, CHECKPOINTS, body.to_string()).header("idempotency-key", key);
        let first = client.send(send()).await.expect(201);
        let again = client.send(send()).await.expect(201);
        assert_eq!(again.header("idempotent-replay"), "true");
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.json(), first.json(), "pinned: {pinned}");
    }
    let list = client.get(CHECKPOINTS).await.expect(200).json();
    assert_eq!((&list["statistics"]["count"], &list["checkpoints"][0]["pinned"]), (&json!(2), &json!(true)));
}

#[tokio::test]
async fn a_checkpoint_that_is_taken_while_the_store_is_away_is_kept_with_its_states() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    begin(client).await;
    let _ = take(client, &json!({"states": [position("A", "1")]})).await.expect(201);
    setting.store.set(Mood::Down);
    let waits = take(client, &json!({"name": "away", "states": [position("A", "2"), position("B", "1")]}))
        .await
        .expect(202);
    assert!(!text(&waits.json(), "pending_id").is_empty());
    // A number cannot be said before there is one.
    let _ = take(client, &json!({"pinned": true})).await.expect(503);
    let _ = pin(client, 1, &json!({"pinned": true})).await.expect(503);
    let _ = client.get(CHECKPOINTS).await.expect(503);
    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["conflicts"], &journal["replayed"]), (&json!(0), &json!(1)));
    let list = client.get(CHECKPOINTS).await.expect(200).json();
    let newest = &list["checkpoints"][0];
    assert_eq!((&newest["number"], text(newest, "name"), &newest["states"]), (&json!(2), "away", &json!(2)));
    let then = client
        .get(&format!("/states/A?state_type=position&at=seq:{}", newest["seq"]))
        .await
        .expect(200)
        .json();
    assert_eq!(then["data"]["quantity"], "2");
    // One of a run that has lost its lease until then is not taken.
    setting.store.set(Mood::Down);
    let _ = take(client, &json!({"states": [position("A", "3")]})).await.expect(202);
    setting.replaced_elsewhere("grid").await;
    setting.store.set(Mood::Up);
    assert_eq!(setting.until_replayed().await["conflicts"], json!(1));
    assert_eq!(client.get(CHECKPOINTS).await.expect(200).json()["statistics"]["count"], 2);
    assert_eq!(setting.get("A").await.expect(200).json()["data"]["quantity"], "2");
}
