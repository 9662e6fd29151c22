//! A broker's list of positions, held against ours.

use serde_json::{Value, json};
use stateloft_tests::local::{Local, Start};

/// Later than whatever a test has saved so far.
async fn now(server: &Local) -> String {
    server.client.get("/api/v1/status").await.expect(200).json()["now"].as_str().unwrap().to_owned()
}

async fn asked(server: &Local, list: &str, more: Value, as_of: &str) -> Value {
    let mut body = json!({ "options": { "as_of": as_of } });
    let members = more.as_object().unwrap().clone();
    for (name, value) in members {
        match name.as_str() {
            "scope" | "run_id" => body[name] = value,
            _ => body["options"][name] = value,
        }
    }
    // The list goes as it is spelled.
    let text = body.to_string();
    let text = if list.is_empty() { text } else { text.replacen('{', &format!("{{\"list\":{list},"), 1) };
    server.client.post("/api/v1/reconcile", &text).await.expect(200).json()
}

/// Verdict and reason, by row.
fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["verdict"].as_str().unwrap(), row["because"].as_str().unwrap_or_default())).collect()
}

#[tokio::test]
async fn d_090_a_broker_that_does_not_answer_closes_nothing() {
    let server = Start::default().run().await;
    let _ = server
        .client
        .save("position", "eurusd", r#"{"symbol":"EURUSD","side":"long","quantity":"1.50"}"#)
        .await;
    let now = now(&server).await;
    let report = asked(&server, "", json!({"failure": "time-out after 10 s"}), &now).await;
    assert_eq!(verdicts(&report), [("unknown", "no_answer")]);
    assert_eq!(report["failure"], "time-out after 10 s");
    assert_eq!(verdicts(&asked(&server, "null", json!({}), &now).await), [("unknown", "no_answer")]);
    assert_eq!(verdicts(&asked(&server, "[]", json!({}), &now).await), [("missing_there", "not_listed")]);
    let seq = server.client.get("/api/v1/status").await.expect(200).json()["seq"].clone();
    assert_eq!(seq, 1, "a report writes nothing");
    let body = json!({"options": {"as_of": now}}).to_string();
    let refused =
        server.client.post("/api/v1/reconcile", &body).await.expect_problem(422, "invalid_body").json();
    assert_eq!(refused["errors"][0]["pointer"], "/options/failure", "{refused}");
}

#[tokio::test]
async fn quantities_are_exact_and_each_row_says_where_both_sides_stand() {
    let server = Start::default().run().await;
    let ours = r#"{"symbol":"EURUSD","direction":"long","lots":[
        {"id":"a","ticket":38091207,"quantity":0.30000000000000004,"entry_price":"1.0880"},
        {"id":"b","ticket":38084831,"quantity":"0.80","entry_price":"1.0871"}]}"#;
    let _ = server.client.save("position", "eurusd", ours).await;
    let list = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.3,"price_open":1.088},
        {"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.80,"price_open":1.08710}]"#;
    let report = asked(&server, list, json!({}), &now(&server).await).await;
    assert_eq!(verdicts(&report), [("quantity_mismatch", ""), ("matched", "")]);
    let row = &report["rows"][0];
    assert_eq!(
        row["quantity"],
        json!({"ours": "0.30000000000000004", "theirs": "0.3", "delta": "-0.00000000000000004"})
    );
    assert_eq!((&row["ours"][0]["pointer"], &row["ours"][0]["version"]), (&json!("/lots/0"), &json!(1)));
    assert_eq!((&row["theirs"][0]["pointer"], &report["shape"]), (&json!("/0"), &json!("mt5")));
}

#[tokio::test]
async fn an_old_list_cannot_undo_a_fill_and_a_heartbeat_is_none() {
    let server = Start::default().run().await;
    let client = &server.client;
    let _ = client.save("position", "filled", r#"{"symbol":"A","ticket":1,"quantity":1}"#).await;
    let _ = client
        .save("position", "beating", r#"{"symbol":"B","ticket":2,"quantity":1,"last_price":1.1}"#)
        .await;
    let _ = client.save("position", "gone", r#"{"symbol":"C","ticket":3,"quantity":1}"#).await;
    let as_of = now(&server).await;
    let _ = client.save("position", "filled", r#"{"symbol":"A","ticket":1,"quantity":2}"#).await;
    let _ = client
        .save("position", "beating", r#"{"symbol":"B","ticket":2,"quantity":1.0,"last_price":1.2}"#)
        .await;
    let _ = client.delete("/api/v1/states/-?state_type=position&state_id=gone").await.expect(200);
    let list = r#"[{"symbol":"A","ticket":1,"quantity":1},{"symbol":"B","ticket":2,"quantity":3},{"symbol":"C","ticket":3,"quantity":1}]"#;
    let report = asked(&server, list, json!({}), &as_of).await;
    assert_eq!(
        verdicts(&report),
        [("quantity_mismatch", ""), ("unknown", "changed_since"), ("unknown", "changed_since")],
        "{report}"
    );
    assert_eq!(report["rows"][0]["symbol"], "B");
}

#[tokio::test]
async fn only_the_positions_that_are_asked_about_are_looked_at() {
    let server = Start::default().run().await;
    let client = &server.client;
    let save = |id: &str, run: &str| json!({"state_type": "position", "state_id": id, "run_id": run, "data": {"symbol": id, "side": "long", "quantity": 1}});
    for (id, run) in [("AAA", "r1"), ("BBB", "r2")] {
        let _ = client.post("/api/v1/states", &save(id, run).to_string()).await.expect(201);
    }
    let _ = client.save("bot_memory", "CCC", r#"{"symbol":"CCC","quantity":1}"#).await;
    let now = now(&server).await;
    let symbols = |report: &Value| -> Vec<String> {
        report["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["symbol"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(symbols(&asked(&server, "[]", json!({}), &now).await), ["AAA", "BBB"]);
    assert_eq!(symbols(&asked(&server, "[]", json!({"run_id": "r2"}), &now).await), ["BBB"]);
    let scope = json!({"scope": {"types": ["bot_memory"]}});
    assert_eq!(symbols(&asked(&server, "[]", scope, &now).await), ["CCC"]);
}

#[tokio::test]
async fn what_is_wrong_is_said_by_its_place() {
    let server = Start::default().run().await;
    for (body, pointer) in [
        (
            json!({"list": [], "options": {"as_of": "2026-01-01T00:00:00Z", "tolerance": {"price": "-1"}}}),
            "/options/tolerance",
        ),
        (
            json!({"list": [], "options": {"as_of": "2026-01-01T00:00:00Z", "failure": "x"}}),
            "/options/failure",
        ),
        (json!({"list": {"message": "forbidden."}, "options": {"as_of": "2026-01-01T00:00:00Z"}}), "/list"),
    ] {
        let refused = server
            .client
            .post("/api/v1/reconcile", &body.to_string())
            .await
            .expect_problem(422, "invalid_body")
            .json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let unknown = json!({"list": [], "optoins": {}}).to_string();
    let _ = server.client.post("/api/v1/reconcile", &unknown).await.expect(422);
}

#[tokio::test]
async fn a_list_from_a_time_to_come_is_refused_at_every_door_and_says_nothing() {
    let server = Start::default().run().await;
    let _ = server.client.save("position", "a", r#"{"symbol":"A","side":"long","quantity":1}"#).await;
    let run = json!({"program": "grid", "lease_seconds": 3600}).to_string();
    let run = server.client.post("/api/v1/runs", run).await.expect(201).json();
    let of_run = format!("/api/v1/runs/{}/reconcile", run["run_id"].as_str().unwrap());
    let apply = format!("/api/v1/reconciles/{}/apply", "0".repeat(64));
    for as_of in ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+00:00"] {
        let asked = json!({"list": [], "options": {"as_of": as_of}});
        let mut applied = asked.clone();
        applied["run_id"] = run["run_id"].clone();
        applied["reason"] = "as the broker says".into();
        applied["choices"] = json!([{"row": "0123456789abcdef.0123456789abcdef", "choice": "keep_ours"}]);
        for (path, body) in
            [("/api/v1/reconcile", &asked), (of_run.as_str(), &asked), (apply.as_str(), &applied)]
        {
            let refused = server.client.post(path, body.to_string()).await;
            let refused = refused.expect_problem(422, "invalid_body").json();
            let error = &refused["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!("/options/as_of"), &json!("future")),
                "{refused}"
            );
        }
        let failed = json!({"options": {"as_of": as_of, "failure": "time-out"}}).to_string();
        let _ = server.client.post("/api/v1/reconcile", &failed).await.expect_problem(422, "invalid_body");
    }
    assert_eq!(
        verdicts(&asked(&server, "[]", json!({}), &now(&server).await).await),
        [("missing_there", "not_listed")]
    );
    let undated = json!({"list": [], "options": {}}).to_string();
    let _ = server.client.post("/api/v1/reconcile", &undated).await.expect(422);
}
