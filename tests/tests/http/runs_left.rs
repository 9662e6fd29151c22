//! What a run finds of the one before, where it can be read and where not.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::Client;
use stateloft_tests::faulty::Mood;

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
