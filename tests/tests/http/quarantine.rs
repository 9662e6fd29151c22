//! What an import could not place, settled through the API: named or dropped, in one commit, once.

use serde_json::{Value, json};
use stateloft_tests::client::Reply;
use stateloft_tests::local::{Local, Start};

/// A server with three parts in quarantine: an object of no known shape, an array, and a text that was cut.
async fn held() -> Local {
    let server = Start::default().run().await;
    import(&server).await;
    server
}

async fn import(server: &Local) -> Value {
    let files = json!([
        { "name": "odd.json", "text": "{ \"who\": \"me\", \"limit\": NaN,\r\n \"size\": 1.50 }" },
        { "name": "list.json", "text": "[1, 2]" },
        { "name": "log.jsonl", "text": "{\"odd\":1}\n{\"odd\":\n" }
    ]);
    let plan = server
        .client
        .post("/api/v1/imports", &json!({ "files": files }).to_string())
        .await
        .expect(200)
        .json();
    let body = json!({ "files": files, "user_id": "ops", "reason": "the old bot" }).to_string();
    let path = format!("/api/v1/imports/{}/apply", plan["plan"].as_str().unwrap());
    server.client.post(&path, &body).await.expect(200).json()
}

async fn settle(server: &Local, id: &str, more: Value) -> Reply {
    let mut body = json!({ "state_id": id, "expected_version": 1, "reason": "it is ours", "user_id": "ops" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.client.post("/api/v1/imports/settle", &body.to_string()).await
}

async fn waiting(server: &Local) -> Vec<String> {
    let list = server.client.get("/api/v1/states?state_type=quarantine&sort=id").await.expect(200).json();
    list["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["state_id"].as_str().unwrap().to_owned())
        .collect()
}

const ODD: &str = "odd.json#";
const NAMED: &str = r#"{"state_type":"bot_memory","state_id":"a/b"}"#;

fn named() -> Value {
    json!({ "save_as": serde_json::from_str::<Value>(NAMED).unwrap() })
}

#[tokio::test]
async fn what_is_named_becomes_that_state_as_it_was_and_leaves_quarantine_in_the_same_commit() {
    let server = held().await;
    assert_eq!(waiting(&server).await, ["list.json#", "log.jsonl:1#", "log.jsonl:2#", ODD]);
    let done = settle(&server, ODD, named()).await.expect(200).json();
    let (settled, saved) = (&done["settled"], &done["saved"]);
    assert_eq!((&settled["operation"], &settled["version"]), (&json!("delete"), &json!(2)), "{done}");
    assert_eq!((&saved["operation"], &saved["version"]), (&json!("create"), &json!(1)), "{done}");
    assert_eq!(saved["seq"], settled["seq"].as_u64().unwrap() + 1, "one commit: {done}");
    for version in [settled, saved] {
        assert_eq!((&version["user_id"], &version["description"]), (&json!("ops"), &json!("it is ours")));
    }
    let state = server.client.get("/api/v1/states/-?state_type=bot_memory&state_id=a%2Fb").await.expect(200);
    let data = r#""data":{"who":"me","limit":{"$stateloft":"float","value":"NaN"},"size":1.50}"#;
    assert!(state.text.contains(data), "{}", state.text);
    // It stays settled, and what it held is in its history.
    assert_eq!(import(&server).await["versions"], json!([]));
    assert_eq!(waiting(&server).await, ["list.json#", "log.jsonl:1#", "log.jsonl:2#"]);
    let path = "/api/v1/states/-?state_type=quarantine&state_id=odd.json%23&version=1";
    let before = server.client.get(path).await.expect(200).json();
    assert_eq!(before["data"]["text"], "{ \"who\": \"me\", \"limit\": NaN,\r\n \"size\": 1.50 }");
}

#[tokio::test]
async fn what_is_dropped_goes_with_a_reason_or_not_at_all() {
    let server = held().await;
    let refused = settle(&server, "list.json#", json!({ "reason": "  " })).await;
    assert_eq!(refused.expect_problem(422, "invalid_body").json()["errors"][0]["pointer"], "/reason");
    assert_eq!(waiting(&server).await.len(), 4);
    let done = settle(&server, "list.json#", json!({ "reason": "not a state" })).await.expect(200).json();
    assert_eq!((&done["settled"]["description"], &done["saved"]), (&json!("not a state"), &Value::Null));
    assert_eq!(waiting(&server).await.len(), 3);
    let _ = settle(&server, "list.json#", json!({})).await.expect_problem(410, "state_deleted");
}

#[tokio::test]
async fn what_cannot_be_settled_so_is_refused_and_nothing_is_written() {
    let server = held().await;
    let _ = server.client.save("bot_memory", "a/b", "{}").await.expect(201);
    let status = async || server.client.get("/api/v1/status").await.expect(200).json()["seq"].clone();
    let before = status().await;
    let wrong = async |id: &str, more: Value| {
        let refused = settle(&server, id, more).await.expect_problem(422, "invalid_body").json();
        let error = &refused["errors"][0];
        format!("{} {}", error["pointer"].as_str().unwrap(), error["message"].as_str().unwrap())
    };
    assert!(wrong("list.json#", named()).await.contains("/save_as a state is an object"));
    assert!(wrong("log.jsonl:2#", named()).await.contains("no JSON"));
    let back = json!({ "save_as": { "state_type": "quarantine", "state_id": "x" } });
    assert!(wrong(ODD, back).await.starts_with("/save_as/state_type"));

    // The name is taken; it is looked at first and then named with its version.
    let taken = settle(&server, ODD, named()).await.expect_problem(409, "version_conflict").json();
    assert_eq!(taken["conflicts"][0]["state_id"], "a/b", "{taken}");
    let moved = settle(&server, ODD, json!({ "expected_version": 7 })).await;
    let _ = moved.expect_problem(409, "version_conflict");
    let _ = settle(&server, "nothing#", json!({})).await.expect_problem(404, "state_not_found");
    assert_eq!((status().await, waiting(&server).await.len()), (before, 4));

    let mut over: Value = named();
    over["save_as"]["expected_version"] = json!(1);
    let done = settle(&server, ODD, over).await.expect(200).json();
    assert_eq!(done["saved"]["version"], 2, "{done}");
}

#[tokio::test]
async fn an_import_says_why_in_every_version() {
    let server = held().await;
    let events = server.client.get("/api/v1/events?after=0&data=false").await.expect(200).json();
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 5);
    for event in events {
        assert!(event["description"].as_str().unwrap().starts_with("the old bot: "), "{event}");
    }
}
