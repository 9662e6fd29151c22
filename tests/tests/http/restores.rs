//! Going back: planned, looked at, applied, undone.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::local::Local;

async fn data(server: &Local, id: &str) -> Option<Value> {
    let reply = server.client.get(&format!("/api/v1/states/{id}?state_type=strategy")).await;
    if reply.status == 410 { None } else { Some(reply.expect(200).json()["data"].clone()) }
}

/// Three states, a snapshot `before`, then one is changed, one deleted and one new.
async fn bad_deploy() -> Local {
    let server = Local::start().await;
    let client = &server.client;
    client.save("strategy", "a", r#"{"n":1.50}"#).await;
    client.save("strategy", "b", r#"{"n":1}"#).await;
    client.save("strategy", "same", r#"{"n":1}"#).await;
    let _ = client.post("/api/v1/snapshots", r#"{"snapshot_id":"before"}"#).await.expect(201);
    client.save("strategy", "a", r#"{"n":2}"#).await;
    let _ = client.delete("/api/v1/states/b?state_type=strategy").await.expect(200);
    client.save("strategy", "new", r#"{"n":1}"#).await;
    server
}

#[tokio::test]
async fn d_005_a_plan_is_looked_at_applied_and_undone() {
    let server = bad_deploy().await;
    let client = &server.client;
    let request = json!({"target": "snapshot:before"});
    let plan = client.post("/api/v1/restores", request.to_string()).await.expect(200).json();
    let counts = &plan["counts"];
    assert_eq!(
        (&counts["changed"], &counts["recreated"], &counts["deleted"], &counts["equal"]),
        (&json!(1), &json!(1), &json!(1), &json!(1)),
        "{plan}"
    );
    assert_eq!(client.get("/api/v1/status").await.json()["seq"], 6, "a plan writes nothing");
    let apply = json!({"target": "snapshot:before", "reason": "bad deploy", "user_id": "ann"}).to_string();
    let hash = plan["plan"].as_str().unwrap();
    let applied = client.post(&format!("/api/v1/restores/{hash}/apply"), &apply).await.expect(200).json();
    assert_eq!(applied["versions"].as_array().unwrap().len(), 3);
    assert_eq!(data(&server, "a").await, Some(json!({"n": 1.5})));
    assert_eq!(data(&server, "b").await, Some(json!({"n": 1})));
    assert_eq!(data(&server, "new").await, None);
    let id = applied["restore_id"].as_str().unwrap();
    let before = applied["snapshot_before"].as_str().unwrap();
    let _ = client.get(&format!("/api/v1/snapshots/{before}")).await.expect(200);
    assert_eq!(
        client.get(&format!("/api/v1/restores/{id}")).await.expect(200).json()["reason"],
        "bad deploy"
    );
    let undone = client
        .send(client.request(Method::POST, &format!("/api/v1/restores/{id}/undo")))
        .await
        .expect(200)
        .json();
    assert_eq!(undone["undoes"], applied["restore_id"]);
    assert_eq!(data(&server, "a").await, Some(json!({"n": 2})));
    assert_eq!(data(&server, "b").await, None);
    assert_eq!(data(&server, "new").await, Some(json!({"n": 1})));
    let list = client.get("/api/v1/restores").await.expect(200).json();
    assert_eq!(list["restores"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn d_005_a_plan_that_is_out_of_date_writes_nothing_and_comes_fresh() {
    let server = bad_deploy().await;
    let client = &server.client;
    let plan = client.post("/api/v1/restores", r#"{"target":"snapshot:before"}"#).await.expect(200).json();
    client.save("strategy", "a", r#"{"n":3}"#).await;
    let apply = r#"{"target":"snapshot:before","reason":"bad deploy"}"#;
    let path = format!("/api/v1/restores/{}/apply", plan["plan"].as_str().unwrap());
    let outdated = client.post(&path, apply).await.expect_problem(412, "plan_outdated").json();
    assert_ne!(outdated["plan"]["plan"], plan["plan"]);
    assert_eq!(data(&server, "a").await, Some(json!({"n": 3})));
    let fresh = format!("/api/v1/restores/{}/apply", outdated["plan"]["plan"].as_str().unwrap());
    let _ = client.post(&fresh, apply).await.expect(200);
}

#[tokio::test]
async fn a_refused_plan_says_what_moved_and_an_undone_restore_that_it_is_undone() {
    let server = bad_deploy().await;
    let client = &server.client;
    let asked = json!({"target": "snapshot:before", "scope": {"types": ["strategy"]}});
    let plan = client.post("/api/v1/restores", asked.to_string()).await.expect(200).json();
    client.save("strategy", "a", r#"{"n":3}"#).await;
    client.save("position", "elsewhere", r#"{"n":3}"#).await;
    let mut apply = asked.clone();
    apply["reason"] = json!("bad deploy");
    apply["seq"] = plan["seq"].clone();
    let path = |plan: &Value| format!("/api/v1/restores/{}/apply", plan["plan"].as_str().unwrap());
    let refused =
        client.post(&path(&plan), apply.to_string()).await.expect_problem(412, "plan_outdated").json();
    let moved = refused["moved"].as_array().unwrap();
    assert_eq!(moved.len(), 1, "only what is in the scope: {refused}");
    assert_eq!(
        (&moved[0]["state_id"], &moved[0]["counts"], &moved[0]["was"]),
        (&json!("a"), &json!(true), &json!(2))
    );
    let path_moved = json!({"path": "/n", "display": "/n", "selected": true, "was": "2", "now": "3", "delta": "+1",
                            "becomes": "1.50"});
    assert_eq!(moved[0]["paths"], json!([path_moved]));
    let applied = client.post(&path(&refused["plan"]), apply.to_string()).await.expect(200).json();
    let undo = format!("/api/v1/restores/{}/undo", applied["restore_id"].as_str().unwrap());
    let _ = client.send(client.request(Method::POST, &undo)).await.expect(200);
    let _ = client.send(client.request(Method::POST, &undo)).await.expect_problem(409, "already_undone");
}

#[tokio::test]
async fn a_selection_that_is_not_understood_is_refused_where_it_is_wrong() {
    let server = bad_deploy().await;
    for (selection, pointer) in [
        (json!({"strategy/nosuch": {"skip": true}}), "/selection/strategy~1nosuch"),
        (json!({"a": {"skip": true}}), "/selection/a"),
        (json!({"strategy/a": {"left": ["/m"]}}), "/selection/strategy~1a"),
        (json!({"strategy/a": {"unlocked": ["n"]}}), "/selection/strategy~1a"),
    ] {
        let body = json!({"target": "snapshot:before", "selection": selection}).to_string();
        let refused =
            server.client.post("/api/v1/restores", body).await.expect_problem(422, "invalid_body").json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let body =
        json!({"target": "snapshot:before", "selection": {"strategy/a": {"lefd": ["/n"]}}}).to_string();
    let _ = server.client.post("/api/v1/restores", body).await.expect_problem(422, "invalid_body");
}

#[tokio::test]
async fn a_selection_by_a_name_that_two_elements_share_is_refused_and_names_it() {
    let server = Local::start().await;
    for volume in [1, 2] {
        let data = format!(r#"{{"legs":[{{"symbol":"A","volume":{volume}}},{{"symbol":"A","volume":5}}]}}"#);
        server.client.save("position", "p", &data).await;
    }
    let body =
        |path: &str| json!({"target": "seq:1", "selection": {"position/p": {"left": [path]}}}).to_string();
    for path in ["/legs/[A]", "/legs/[A]/volume"] {
        let refused = server
            .client
            .post("/api/v1/restores", body(path))
            .await
            .expect_problem(422, "invalid_body")
            .json();
        assert_eq!(refused["errors"][0]["pointer"], "/selection/position~1p", "{refused}");
        let words = refused["errors"][0].to_string();
        assert!(words.contains(path) && words.contains("is shown of several elements"), "{refused}");
    }
    let by_position = server.client.post("/api/v1/restores", body("/legs/0/volume")).await.expect(200).json();
    assert_eq!(by_position["states"][0]["selected"], 0, "{by_position}");
}

#[tokio::test]
async fn a_restore_needs_a_reason_and_something_to_write() {
    let server = bad_deploy().await;
    let client = &server.client;
    let plan = client.post("/api/v1/restores", r#"{"target":"seq:6"}"#).await.expect(200).json();
    assert_eq!(plan["counts"]["equal"], 4);
    let path = format!("/api/v1/restores/{}/apply", plan["plan"].as_str().unwrap());
    let _ = client
        .post(&path, r#"{"target":"seq:6","reason":"why not"}"#)
        .await
        .expect_problem(422, "nothing_to_restore");
    let _ = client.post(&path, r#"{"target":"seq:6"}"#).await.expect_problem(422, "invalid_body");
    let _ =
        client.post(&path, r#"{"target":"seq:6","reason":" "}"#).await.expect_problem(422, "invalid_body");
    let _ = client
        .post("/api/v1/restores", r#"{"target":"seq:99"}"#)
        .await
        .expect_problem(400, "invalid_parameter");
    let _ = client
        .post("/api/v1/restores", r#"{"target":"snapshot:none"}"#)
        .await
        .expect_problem(404, "snapshot_not_found");
    let _ = client.get("/api/v1/restores/none").await.expect_problem(404, "restore_not_found");
    let _ = client
        .send(client.request(Method::POST, "/api/v1/restores/none/undo"))
        .await
        .expect_problem(404, "restore_not_found");
}

#[tokio::test]
async fn d_003_old_clients_restore_a_snapshot_and_hear_what_was_done() {
    let server = bad_deploy().await;
    let request = server.client.request(Method::POST, "/snapshots/before/restore?user_id=bot");
    let restored = server.client.send(request).await.expect(200).json();
    assert_eq!((&restored["snapshot_id"], &restored["success"]), (&json!("before"), &json!(true)));
    assert_eq!(restored["restore"]["counts"]["changed"], 1);
    assert_eq!(data(&server, "a").await, Some(json!({"n": 1.5})));
    assert_eq!(data(&server, "new").await, None);
}

#[tokio::test]
async fn documents_of_a_file_are_restored_exactly_and_by_the_rules_of_any_restore() {
    let server = bad_deploy().await;
    let client = &server.client;
    let states = r#"[{"state_type":"strategy","state_id":"a/é","data":{"x":1.50,"y":1e22,"z":12345678901234567890}},
                     {"state_type":"strategy","state_id":"same","data":{"n":1}}]"#;
    let asked = format!(r#""name":"b.json","states":{states}"#);
    let plan = client.post("/api/v1/restores/documents", format!("{{{asked}}}")).await.expect(200).json();
    assert_eq!((&plan["counts"]["recreated"], &plan["counts"]["equal"]), (&json!(1), &json!(1)), "{plan}");
    assert_eq!(client.get("/api/v1/status").await.json()["seq"], 6, "a plan writes nothing");
    let path = format!("/api/v1/restores/documents/{}/apply", plan["plan"].as_str().unwrap());
    let unreasoned = client.post(&path, format!("{{{asked}}}")).await;
    let _ = unreasoned.expect_problem(422, "invalid_body");
    let body = format!(r#"{{{asked},"reason":"desk"}}"#);
    let other = client.post(&path, body.replace("1.50", "1.5")).await;
    assert!(other.expect_problem(412, "plan_outdated").json()["plan"].is_null());
    let send = || {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let request = client.with_json(Method::POST, &path, body.clone()).header("idempotency-key", "once");
        client.send(request.header("traceparent", trace))
    };
    let done = send().await.expect(200).json();
    assert_eq!((&done["target"], &done["reason"]), (&json!("documents:b.json"), &json!("desk")), "{done}");
    assert_eq!(done["versions"][0]["causation_id"], "00f067aa0ba902b7");
    assert_eq!(send().await.expect(200).json()["restore_id"], done["restore_id"], "it is done once");
    let raw = client.get("/api/v1/states/-/raw?state_type=strategy&state_id=a%2F%C3%A9").await.expect(200);
    assert_eq!(raw.text, r#"{"x":1.50,"y":1e22,"z":12345678901234567890}"#);
    let listed = client.get("/api/v1/restores").await.expect(200).json();
    assert_eq!(listed["restores"][0]["target"], "documents:b.json");
    // What names a restore's file is no moment to go back to.
    let nowhere = client.post("/api/v1/restores", r#"{"target":"documents:b.json"}"#).await;
    let _ = nowhere.expect_problem(422, "invalid_body");
}

#[tokio::test]
async fn a_file_of_many_megabytes_is_one_request_and_a_larger_one_is_refused() {
    let server = Local::start().await;
    let client = &server.client;
    let file = |states: usize| {
        let text = "x".repeat(1 << 20);
        let state = |n| format!(r#"{{"state_type":"bot_memory","state_id":"{n}","data":{{"x":"{text}"}}}}"#);
        format!(r#"{{"name":"b","states":[{}]}}"#, (0..states).map(state).collect::<Vec<_>>().join(","))
    };
    let plan = client.post("/api/v1/restores/documents", file(40)).await.expect(200).json();
    assert_eq!(plan["counts"]["recreated"], 40);
    let _ = client.post("/api/v1/restores/documents", file(49)).await.expect_problem(413, "body_too_large");
}
