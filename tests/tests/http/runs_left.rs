//! What a run finds of the one before, where it can be read and where not.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::Client;
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::Local;

use super::damage::{anew, meddle};
use super::fallback::{Setting, text};

async fn begin(client: &Client, body: &Value) -> Value {
    client.post("/api/v1/runs", body.to_string()).await.expect(201).json()
}

#[tokio::test]
async fn a_start_stands_whatever_can_be_read_of_the_run_before_and_says_what_is_unknown() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    let first = begin(client, &json!({"program": "grid", "lease_seconds": 3600})).await;
    let saved = json!({"state_type": "position", "state_id": "a", "data": {"n": 1}, "run_id": "grid.main.1", "epoch": 1});
    let _ = client.post("/api/v1/states", saved.to_string()).await.expect(201);
    assert_eq!((first.get("left"), first.get("left_unknown")), (None, None));
    setting.store.set(Mood::RunsUnread);
    let next =
        json!({"program": "grid", "take_over": {"reason": "the box is gone", "by": "ann"}}).to_string();
    let start = async || {
        let request = client.with_json(Method::POST, "/api/v1/runs", next.clone());
        client.send(request.header("idempotency-key", "once")).await.expect(201).json()
    };
    for _ in 0..2 {
        let run = start().await;
        assert_eq!((text(&run, "run_id"), &run["left_unknown"]), ("grid.main.2", &json!(true)));
        let left = &run["left"];
        assert_eq!((text(&left["run"], "run_id"), text(&left["run"], "status")), ("grid.main.1", "replaced"));
        assert_eq!((&left["states"], &left["more"]), (&json!([]), &json!(true)));
        for unknown in ["open_positions", "pending_orders", "changed_since"] {
            assert_eq!(left.get(unknown), None, "{unknown}: what is not known is not 0");
        }
    }
    setting.store.set(Mood::Up);
    let run = start().await;
    assert_eq!((text(&run, "run_id"), run.get("left_unknown")), ("grid.main.2", None));
    assert_eq!((&run["left"]["open_positions"], &run["left"]["more"]), (&json!(1), &json!(false)));
}

const RUN: &str = "/api/v1/runs/grid.main.1";

/// A run that has ended: a position and an order, and two checkpoints, the last one pinned.
async fn with_checkpoints() -> Local {
    let server = Local::start().await;
    let client = &server.client;
    begin(client, &json!({"program": "grid", "lease_seconds": 3600})).await;
    let lot =
        json!({"state_type": "position", "state_id": "lot", "data": {"symbol": "AAPL", "quantity": "0.75"}});
    let order = json!({"state_type": "order", "state_id": "order", "data": {"status": "new"}});
    for body in [json!({"name": "open", "states": [lot, order]}), json!({"name": "last", "pinned": true})] {
        let _ = client.post(&format!("{RUN}/checkpoints"), body.to_string()).await.expect(201);
    }
    let _ = client.post(&format!("{RUN}/end"), r#"{"status":"completed"}"#).await.expect(200);
    server
}

/// Changes one byte of a version in the file, whatever it is of.
async fn damage(server: &Local, state_type: &str, id: &str, version: u64, set: &str) {
    let state =
        format!("(SELECT state_pk FROM states WHERE state_type = '{state_type}' AND state_id = '{id}')");
    meddle(server, &format!("UPDATE versions SET {set} WHERE state_pk = {state} AND version = {version}"))
        .await;
}

#[tokio::test]
async fn what_is_damaged_of_what_a_run_left_is_unknown_to_the_next_one_and_never_read_as_nothing() {
    let byte = |from: &str, to: &str| format!("data = replace(data, '{from}', '{to}')");
    // What is damaged, and what of `left` and of the run's view is unknown by that.
    let of_checkpoint: &[&str] = &["checkpoint"];
    let of_open: &[&str] = &["open_positions", "pending_orders"];
    for (state_type, id, version, set, unknown) in [
        ("checkpoint", "grid.main.1", 2, byte("last", "lost"), of_checkpoint),
        ("checkpoint", "grid.main.1", 2, "operation = 'delete'".to_owned(), of_checkpoint),
        ("checkpoint", "grid.main.1/pins", 1, byte("[2]", "[1]"), of_checkpoint),
        ("position", "lot", 1, byte("0.75", "0.00"), of_open),
        ("position", "lot", 1, "operation = 'delete'".to_owned(), of_open),
        ("order", "order", 1, byte("new", "nfw"), of_open),
        ("order", "order", 1, "operation = 'delete'".to_owned(), of_open),
    ] {
        let server = anew(with_checkpoints().await).await;
        damage(&server, state_type, id, version, &set).await;
        let client = &server.client;
        let view = client.get(RUN).await.expect(200).json();
        let next = begin(client, &json!({"program": "grid"})).await;
        let said = format!("{state_type} {id}: {set}: {next}");
        assert_eq!((text(&next, "run_id"), &next["left_unknown"]), ("grid.main.2", &json!(true)), "{said}");
        for (name, shown, known) in [
            ("open_positions", "open_positions", json!(1)),
            ("pending_orders", "pending_orders", json!(1)),
            ("checkpoint", "last_checkpoint", json!("last")),
        ] {
            let is_unknown = unknown.contains(&name);
            for (value, of) in [(&next["left"][name], "left"), (&view[shown], "view")] {
                let value = value.get("name").unwrap_or(value);
                assert_eq!(
                    *value,
                    if is_unknown { Value::Null } else { known.clone() },
                    "{of}: {name}: {said}"
                );
            }
        }
        assert_eq!(view.get("checkpoint_unknown").is_some(), unknown == of_checkpoint, "{view}");
        assert_eq!(
            (&next["left"]["states"].as_array().unwrap().len(), &view["checkpoints"]),
            (&2, &json!(2))
        );
    }
}

#[tokio::test]
async fn a_damaged_checkpoint_is_named_in_the_list_and_the_last_one_that_can_be_read_is_not_said_to_be_the_last()
 {
    let server = anew(with_checkpoints().await).await;
    damage(&server, "checkpoint", "grid.main.1", 2, "data = replace(data, 'last', 'lost')").await;
    let client = &server.client;
    for query in ["", "?keep=1", "?keep=0&older_than=3600", "?keep=0"] {
        let list = client.get(&format!("{RUN}/checkpoints{query}")).await.expect(200).json();
        assert_eq!(list["damaged"], json!([2]), "{query}: {list}");
        assert_eq!(list["statistics"], json!({"count": 2}), "when the last one was taken is not known");
        let numbers: Vec<&Value> =
            list["checkpoints"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
        let young: &[Value] = if query == "?keep=1" || query == "?keep=0" { &[] } else { &[json!(1)] };
        assert_eq!(numbers, young.iter().collect::<Vec<_>>(), "{query}");
    }
    let _ = client.get(&format!("{RUN}/checkpoints/2")).await.expect_problem(500, "damaged");
    let _ = client.get(&format!("{RUN}/checkpoints/1")).await.expect(200);
}
