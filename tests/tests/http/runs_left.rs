//! What a run finds of the one before, where it can be read and where not.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_core::model::Timestamp;
use stateloft_server::store::{LeaseTerm, Leases as _};
use stateloft_tests::client::Client;
use stateloft_tests::faulty::Mood;

use super::fallback::{Setting, text};

const PATIENCE: Duration = Duration::from_mins(1);

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

#[tokio::test]
async fn a_handshake_that_cannot_be_read_keeps_no_lost_run_from_being_ended() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    setting.store.set(Mood::HandshakesDamaged);
    let name = "handshake:01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
    let lease = LeaseTerm { run_id: name, term: Duration::from_millis(1) };
    assert_eq!(setting.store.renew_leases(&[lease], Timestamp::from_micros(0)).await.unwrap(), [true]);
    for program in ["a", "b", "c"] {
        let _ = begin(client, &json!({"program": program, "lease_seconds": 1})).await;
    }
    let all_ended = async {
        loop {
            let list = client.get("/api/v1/runs?status=crashed").await.expect(200).json();
            if list["runs"].as_array().unwrap().len() == 3 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all_ended).await.expect("they are ended in time");
}
