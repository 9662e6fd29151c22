//! Files of older programs through the API: looked at, written in one commit, once.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::local::{Local, Start};

use super::damage::anew;

fn file(name: &str) -> Value {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/legacy");
    json!({ "name": name, "text": std::fs::read_to_string(folder.join(name)).unwrap() })
}

async fn preview(server: &Local, files: &Value, options: &Value) -> Value {
    let body = json!({ "files": files, "options": options }).to_string();
    server.client.post("/api/v1/imports", &body).await.expect(200).json()
}

async fn apply(server: &Local, files: &Value, options: &Value, choose: &[&str]) -> Value {
    let plan = preview(server, files, options).await["plan"].as_str().unwrap().to_owned();
    let body = json!({ "files": files, "options": options, "choose": choose }).to_string();
    server.client.post(&format!("/api/v1/imports/{plan}/apply"), &body).await.expect(200).json()
}

fn statuses(preview: &Value) -> Vec<&str> {
    preview["standings"].as_array().unwrap().iter().map(|s| s["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_preview_writes_nothing_and_an_import_writes_all_of_it_once() {
    let server = Start::default().run().await;
    let (files, utc) =
        (json!([file("s1_typed.json"), file("s4_backup_20250613_061500.json")]), json!({"assume_tz": "UTC"}));
    let first = preview(&server, &files, &utc).await;
    assert_eq!(statuses(&first), ["new"; 8], "{first}");
    assert_eq!(first["seq"], 0);
    let done = apply(&server, &files, &utc, &[]).await;
    // Eight versions, one tombstone in quarantine, one record.
    assert_eq!(
        (done["versions"].as_array().unwrap().len(), &done["seq"], &done["before"]),
        (10, &json!(10), &json!(0))
    );
    let again = preview(&server, &files, &utc).await;
    assert_eq!(statuses(&again), ["unchanged"; 8], "{again}");
    let done = apply(&server, &files, &utc, &[]).await;
    assert_eq!(
        (done["versions"].as_array().unwrap().len(), &done["seq"], &done["import_id"]),
        (0, &json!(10), &Value::Null)
    );
}

#[tokio::test]
async fn what_was_imported_is_exact_has_its_author_and_is_found_by_the_time_that_the_file_says() {
    let server = Start::default().run().await;
    apply(&server, &json!([file("s1_typed.json")]), &json!({"assume_tz": "+03:00"}), &[]).await;
    let client = &server.client;
    let address = "/api/v1/states/-?state_type=position&state_id=position_EURUSD-USDCHF";
    let state = client.get(address).await.expect(200);
    assert!(state.text.contains(r#""volume2":0.9000000000000001"#), "{}", state.text);
    let state = state.json();
    assert_eq!(
        (&state["user_id"], &state["saved_at"]),
        (&json!("migration"), &json!("2025-06-11T04:46:00.000777Z"))
    );
    assert!(
        state["description"].as_str().unwrap().starts_with("Migrated position for EURUSD-USDCHF"),
        "{state}"
    );
    assert_eq!(state["operation"], "create");
    let _ = client.get(&format!("{address}&at=2025-06-11T04:46:01Z")).await.expect(200);
    let _ = client.get(&format!("{address}&at=2025-06-11T04:45:59Z")).await.expect(404);
}

#[tokio::test]
async fn a_time_of_unknown_zone_does_not_move_a_version_into_the_past() {
    let server = Start::default().run().await;
    apply(&server, &json!([file("s1_typed.json")]), &json!({}), &[]).await;
    let address = "/api/v1/states/-?state_type=portfolio&state_id=portfolio_main";
    let state = server.client.get(address).await.expect(200).json();
    assert_eq!(state["saved_at"], Value::Null);
    assert!(state["description"].as_str().unwrap().contains("saved 2025-06-11T07:46:00.000777"), "{state}");
}

#[tokio::test]
async fn what_the_store_holds_is_not_overwritten_unless_it_is_chosen() {
    let server = Start::default().run().await;
    let client = &server.client;
    let _ = client.save("position", "position_DAX-CAC", r#"{"live":true}"#).await;
    let files = json!([file("s2_reconciled.json")]);
    assert_eq!(statuses(&preview(&server, &files, &json!({})).await), ["different"]);
    apply(&server, &files, &json!({}), &[]).await;
    let address = "/api/v1/states/-?state_type=position&state_id=position_DAX-CAC";
    assert_eq!(client.get(address).await.expect(200).json()["data"], json!({"live": true}));
    apply(&server, &files, &json!({}), &["s2_reconciled.json#/active_positions/DAX-CAC"]).await;
    let state = client.get(address).await.expect(200).json();
    assert_eq!((&state["version"], &state["data"]["ticket1"]), (&json!(2), &json!(5)));
    // The state goes on: what was imported is in its history and does not come back.
    let _ = client.save("position", "position_DAX-CAC", r#"{"live":"again"}"#).await;
    assert_eq!(statuses(&preview(&server, &files, &json!({})).await), ["unchanged"]);
}

/// Applies with what goes into the history only.
async fn into_history(server: &Local, files: &Value, more: Value) -> Reply {
    let plan = preview(server, files, &json!({})).await["plan"].as_str().unwrap().to_owned();
    let mut body = json!({ "files": files });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.client.post(&format!("/api/v1/imports/{plan}/apply"), &body.to_string()).await
}

#[tokio::test]
async fn what_goes_into_the_history_only_leaves_the_state_as_it_is_living_or_deleted() {
    let server = Start::default().run().await;
    let client = &server.client;
    let live = r#"{"live":1.50}"#;
    let _ = client.save("position", "position_DAX-CAC", live).await;
    let files = json!([file("s2_reconciled.json")]);
    let source = "s2_reconciled.json#/active_positions/DAX-CAC";
    let done = into_history(&server, &files, json!({"history_only": [source]})).await.expect(200).json();
    let written: Vec<_> =
        done["versions"].as_array().unwrap().iter().filter(|v| v["state_type"] == "position").collect();
    assert_eq!(written.len(), 2, "{done}");
    assert_eq!((&written[0]["operation"], &written[1]["operation"]), (&json!("update"), &json!("restore")));
    assert_eq!(written[0]["correlation_id"], written[1]["correlation_id"]);
    let address = "/api/v1/states/-?state_type=position&state_id=position_DAX-CAC";
    let state = client.get(address).await.expect(200);
    assert!(state.text.contains(live), "the spelling, too: {}", state.text);
    assert_eq!(state.json()["version"], 3);
    let brought = client.get(&format!("{address}&version=2")).await.expect(200).json();
    assert_eq!(brought["data"]["ticket1"], 5);
    // It is there now, so that a second run does not write it again.
    assert_eq!(statuses(&preview(&server, &files, &json!({})).await), ["unchanged"]);

    let other = Start::default().run().await;
    let _ = other.client.save("position", "position_DAX-CAC", live).await;
    let _ = other.client.delete(address).await.expect(200);
    let _ = into_history(&other, &files, json!({"history_only": [source]})).await.expect(200);
    let _ = other.client.get(address).await.expect(410);
    assert_eq!(
        other.client.get(&format!("{address}&version=3")).await.expect(200).json()["data"]["ticket1"],
        5
    );
}

#[tokio::test]
async fn of_two_items_of_a_state_the_chosen_one_is_the_head_and_the_other_stands_before_it() {
    let server = Start::default().run().await;
    let client = &server.client;
    let _ = client.save("bot_memory", "a", r#"{"name":"a","n":0}"#).await;
    // By name the chosen one comes first.
    let files = json!([{"name": "1/a.json", "text": r#"{"name":"a","n":1}"#}, {"name": "2/a.json", "text": r#"{"name":"a","n":2}"#}]);
    let options = json!({"state_type": "bot_memory", "id_from": "/name"});
    let found = preview(&server, &files, &options).await;
    let sources: Vec<_> = found["found"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| format!("{}#", item["source"]["file"].as_str().unwrap()))
        .collect();
    assert_eq!(sources, ["1/a.json#", "2/a.json#"], "{found}");
    let body =
        json!({"files": files, "options": options, "choose": ["1/a.json#"], "history_only": ["2/a.json#"]});
    let path = format!("/api/v1/imports/{}/apply", found["plan"].as_str().unwrap());
    let _ = client.post(&path, &body.to_string()).await.expect(200);
    let address = "/api/v1/states/-?state_type=bot_memory&state_id=a";
    let versions = |n: u64| format!("{address}&version={n}");
    assert_eq!(client.get(&versions(2)).await.expect(200).json()["data"], json!({"name": "a", "n": 2}));
    let head = client.get(address).await.expect(200).json();
    assert_eq!((&head["version"], &head["data"]), (&json!(3), &json!({"name": "a", "n": 1})));
}

#[tokio::test]
async fn what_cannot_go_into_the_history_only_is_refused_by_name_and_nothing_is_written() {
    let server = Start::default().run().await;
    let files = json!([file("s2_reconciled.json")]);
    let source = "s2_reconciled.json#/active_positions/DAX-CAC";
    let code = |answer: Value| answer["errors"][0]["code"].clone();
    let refused = into_history(&server, &files, json!({"history_only": [source]})).await.expect(422).json();
    assert_eq!(
        (&refused["errors"][0]["pointer"], code(refused.clone())),
        (&json!("/history_only/0"), json!("no_head"))
    );
    let unknown = into_history(&server, &files, json!({"history_only": ["x#"]})).await.expect(422).json();
    assert_eq!(code(unknown), "unknown_item");
    let _ = server.client.save("position", "position_DAX-CAC", r#"{"live":true}"#).await;
    let both = json!({"history_only": [source], "choose": [source]});
    let both = into_history(&server, &files, both).await.expect(422).json();
    assert_eq!(code(both), "contradiction");
    assert_eq!(preview(&server, &files, &json!({})).await["seq"], 1);
}

#[tokio::test]
async fn d_028_a_deleted_state_does_not_come_back_with_the_next_import() {
    let server = Start::default().run().await;
    let files = json!([file("s2_reconciled.json")]);
    apply(&server, &files, &json!({}), &[]).await;
    let _ = server
        .client
        .delete("/api/v1/states/-?state_type=position&state_id=position_DAX-CAC")
        .await
        .expect(200);
    apply(&server, &files, &json!({}), &[]).await;
    let _ =
        server.client.get("/api/v1/states/-?state_type=position&state_id=position_DAX-CAC").await.expect(410);
}

#[tokio::test]
async fn a_plan_that_is_not_the_one_looked_at_is_refused_and_nothing_is_written() {
    let server = Start::default().run().await;
    let files = json!([file("s2_reconciled.json")]);
    let plan = preview(&server, &files, &json!({})).await["plan"].as_str().unwrap().to_owned();
    let _ = server.client.save("position", "position_DAX-CAC", r#"{"live":true}"#).await;
    let body = json!({ "files": files }).to_string();
    let refused =
        server.client.post(&format!("/api/v1/imports/{plan}/apply"), &body).await.expect(412).json();
    assert_eq!(refused["code"], "plan_outdated");
    let seq = server.client.get("/api/v1/status").await.expect(200).json();
    assert_eq!(preview(&server, &files, &json!({})).await["seq"], 1, "{seq}");
}

#[tokio::test]
async fn quarantine_is_listed_and_stays_settled() {
    let server = Start::default().run().await;
    let files = json!([file("s4_backup_20250613_061500.json"), file("s6_cut.json")]);
    let done = apply(&server, &files, &json!({}), &[]).await;
    assert_eq!(
        (&done["counts"]["damaged_files"], &done["errors"][0]["byte"]),
        (&json!(1), &json!(68)),
        "{done}"
    );
    let client = &server.client;
    let list = client.get("/api/v1/states?state_type=quarantine&data=true").await.expect(200).json();
    let [held] = list["states"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(held["state_id"], "s4_backup_20250613_061500.json#/positions/1");
    assert_eq!(held["data"]["text"], "{\n      \"deleted\": true\n    }");
    assert_eq!(held["verdict"]["status"], "valid");
    let id = "s4_backup_20250613_061500.json%23%2Fpositions%2F1";
    let _ = client.delete(&format!("/api/v1/states/-?state_type=quarantine&state_id={id}")).await.expect(200);
    let done = apply(&server, &files, &json!({}), &[]).await;
    assert_eq!(done["versions"], json!([]), "it was settled: {done}");
    let records = client.get("/api/v1/states?state_type=audit&data=true").await.expect(200).json();
    assert_eq!(records["states"][0]["data"]["errors"][0]["code"], "unexpected_end", "{records}");
    assert_eq!(records["states"][0]["data"]["kind"], "import");
}

#[tokio::test]
async fn several_backups_become_the_history_of_their_states() {
    let server = Start::default().run().await;
    let backup = |hour: u8, qty: u8| {
        let text = format!(
            r#"{{"backup_timestamp":"2025-06-01T{hour:02}:00:00Z","positions":[{{"pair":"A-B","qty":{qty}}}],"current_state":null}}"#
        );
        json!({ "name": format!("{qty}{hour}.json"), "text": text })
    };
    let files = json!([backup(12, 1), backup(10, 3), backup(11, 2)]);
    apply(&server, &files, &json!({}), &[]).await;
    let client = &server.client;
    let address = "/api/v1/states/-?state_type=position&state_id=position_A-B";
    for (at, qty) in [("10:30", 3), ("11:30", 2), ("12:30", 1)] {
        let state = client.get(&format!("{address}&at=2025-06-01T{at}:00Z")).await.expect(200).json();
        assert_eq!(state["data"]["qty"], qty, "{state}");
    }
    assert_eq!(statuses(&preview(&server, &files, &json!({})).await), ["unchanged"; 3]);
}

#[tokio::test]
async fn an_import_is_undone_by_a_restore_to_before_it() {
    let server = Start::default().run().await;
    let client = &server.client;
    let _ = client.save("bot_memory", "mine", "{}").await;
    let done = apply(&server, &json!([file("s3_schema_position.json")]), &json!({}), &[]).await;
    let asked = json!({ "target": format!("seq:{}", done["before"]) });
    let plan = client.post("/api/v1/restores", &asked.to_string()).await.expect(200).json();
    assert_eq!(plan["counts"]["deleted"], 3, "{plan}");
    let order = json!({ "target": asked["target"], "reason": "not these", "accept_violations": true });
    let _ = client
        .post(&format!("/api/v1/restores/{}/apply", plan["plan"].as_str().unwrap()), &order.to_string())
        .await
        .expect(200);
    let _ = client.get("/api/v1/states/-?state_type=position&state_id=position_DAX-CAC").await.expect(410);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_its_place() {
    let server = Start::default().run().await;
    for (body, pointer) in [
        (json!({"files": []}), "/files"),
        (json!({"files": [{"name": "a"}]}), "/files/0"),
        (json!({"files": [{"name": "a", "text": "1", "base64": ""}]}), "/files/0"),
        (json!({"files": [{"name": "a", "base64": "?"}]}), "/files/0"),
        (json!({"files": [{"name": "a", "text": "1"}, {"name": "a", "text": "2"}]}), "/files/1"),
        (
            json!({"files": [{"name": "a", "text": "1"}], "options": {"assume_tz": "Mars"}}),
            "/options/assume_tz",
        ),
        (json!({"files": [{"name": "a", "text": "1"}], "options": {"each": "/x"}}), "/options/state_type"),
    ] {
        let refused = server.client.post("/api/v1/imports", &body.to_string()).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    let body = json!({"files": [{"name": "a", "text": "1"}], "choose": ["b#"]}).to_string();
    let refused = server.client.post("/api/v1/imports/x/apply", &body).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/choose/0", "{refused}");
}

#[tokio::test]
async fn files_of_twenty_megabytes_are_taken_in() {
    let server = Start::default().run().await;
    let filler = "x".repeat(2_200);
    let positions: Vec<String> =
        (0..10_000).map(|n| format!(r#""P{n}-Q":{{"qty":{n},"note":"{filler}"}}"#)).collect();
    let text = format!(r#"{{"active_positions":{{{}}},"pair_states":{{}}}}"#, positions.join(","));
    assert!(text.len() > 20 << 20);
    let files = json!([{ "name": "large.json", "text": text }]);
    let done = apply(&server, &files, &json!({}), &[]).await;
    assert_eq!(done["counts"]["new"], 10_000);
}

/// Applies a plan under a key.
async fn keyed(client: &Client, plan: &str, body: &str, key: &str) -> Reply {
    let request = client.with_json(Method::POST, &format!("/api/v1/imports/{plan}/apply"), body);
    client.send(request.header("idempotency-key", key)).await
}

#[tokio::test]
async fn an_import_sent_again_under_its_key_is_answered_the_same_whatever_came_since_and_writes_nothing() {
    let server = Start::default().run().await;
    let _ = server.client.save("position", "position_DAX-CAC", r#"{"live":true}"#).await;
    let files =
        json!([file("s1_typed.json"), file("s2_reconciled.json"), {"name": "torn.json", "text": "{\"a\":"}]);
    let plan = preview(&server, &files, &json!({})).await["plan"].as_str().unwrap().to_owned();
    let body = json!({ "files": files, "reason": "moved over" }).to_string();
    let first = keyed(&server.client, &plan, &body, "nightly").await.expect(200).json();
    let counts = &first["counts"];
    assert_eq!((&counts["different"], &counts["damaged_files"]), (&json!(1), &json!(1)), "{first}");
    assert!(counts["new"].as_u64().unwrap() > 1 && first["errors"][0]["line"] == 1, "{first}");

    // All of it is there now: the second import writes nothing, and uses its key for that.
    let plan_of_nothing = preview(&server, &files, &json!({})).await["plan"].as_str().unwrap().to_owned();
    let nothing = keyed(&server.client, &plan_of_nothing, &body, "again").await.expect(200).json();
    assert_eq!(
        (&nothing["versions"], &nothing["before"], nothing.get("import_id")),
        (&json!([]), &first["seq"], None)
    );

    // What it wrote is written over and deleted, and the server is another one.
    let _ = server.client.save("position", "position_EURUSD-USDCHF", r#"{"n":1}"#).await;
    let gone = "/api/v1/states/-?state_type=portfolio&state_id=portfolio_main";
    let _ = server.client.send(server.client.request(Method::DELETE, gone)).await.expect(200);
    let server = anew(server).await;
    let client = &server.client;
    let seq = client.get("/api/v1/status").await.expect(200).json()["seq"].clone();
    for (plan, key, answer) in [(&plan, "nightly", &first), (&plan_of_nothing, "again", &nothing)] {
        let again = keyed(client, plan, &body, key).await.expect(200);
        assert_eq!((again.header("idempotent-replay"), &again.json()), ("true", answer));
    }
    let other = json!({ "files": files, "reason": "another" }).to_string();
    let _ = keyed(client, &plan, &other, "nightly").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(
        client.get("/api/v1/status").await.expect(200).json()["seq"],
        seq,
        "nothing was written twice"
    );
    let _ = keyed(client, &plan, &body, "later").await.expect_problem(412, "plan_outdated");
}
