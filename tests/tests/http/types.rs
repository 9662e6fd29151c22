//! Types that nobody has named: the first state of one is said, or refused.

use reqwest::StatusCode;
use serde_json::{Value, json};
use stateloft_tests::server::Server;

async fn with(unknown: &str, named: &str) -> Server {
    let setting = |name: &str, value: &str| (format!("TRADING_STATE_{name}"), value.to_owned());
    Server::start_set(vec![setting("UNKNOWN_TYPES", unknown), setting("STATE_TYPES", named)]).await
}

async fn save(server: &Server, state_type: &str, id: &str) -> (StatusCode, Value) {
    let body = json!({"state_type": state_type, "state_id": id, "data": {"n": 1}});
    server.post("/states", body.to_string()).await
}

#[tokio::test]
async fn the_first_state_of_an_unnamed_type_is_stored_and_said_once() {
    let server = Server::start().await;
    for (state_type, meant) in
        [("positons", Some("position")), ("stratgey", Some("strategy")), ("bot_memory", None)]
    {
        let (status, first) = save(&server, state_type, "a").await;
        assert_eq!(status, 201, "{first}");
        assert_eq!(first["notices"][0]["code"], "new_state_type", "{first}");
        let message = first["notices"][0]["message"].as_str().unwrap();
        let said = meant.map(|meant| format!("(is {meant} meant?)"));
        assert_eq!(message.contains("meant?"), said.is_some(), "{message}");
        assert!(said.is_none_or(|said| message.contains(&said)), "{message}");
        // The second one is not the first of its type any more, and neither is the second version.
        for id in ["b", "a"] {
            let (_, next) = save(&server, state_type, id).await;
            assert_eq!(next.get("notices"), None, "{next}");
        }
    }
    for known in ["position", "session", "order"] {
        let (_, saved) = save(&server, known, "a").await;
        assert_eq!(saved.get("notices"), None, "{saved}");
    }
    let item = |state_type: &str, id: &str| json!({"op": "save", "state_type": state_type, "state_id": id, "data": {}});
    let items = [item("risk", "1"), item("portfolio", "1"), item("risk", "2"), item("ordre", "1")];
    let (_, batch) = server.post("/batch", json!({"items": items}).to_string()).await;
    let noticed = batch["results"].as_array().unwrap().iter().map(|r| r.get("notices").is_some());
    assert_eq!(noticed.collect::<Vec<_>>(), [true, false, false, true], "{batch}");
}

#[tokio::test]
async fn unnamed_types_are_refused_where_that_is_set() {
    let mut server = with("warn", "risk_limits").await;
    let (_, saved) = save(&server, "bot_memory", "a").await;
    assert!(saved.get("notices").is_some(), "{saved}");
    let (_, named) = save(&server, "risk_limits", "a").await;
    assert_eq!(named.get("notices"), None, "{named}");
    server.stop().await;

    let server = with("refuse", "risk_limits, bot_memory").await;
    for (state_type, meant) in
        [("positons", "position"), ("risk_limit", "risk_limits"), ("bot_memori", "bot_memory")]
    {
        let (status, problem) = save(&server, state_type, "a").await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["code"]),
            (422, &json!("unknown_type")),
            "{problem}"
        );
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("is {meant} meant?")) && message.contains("nothing was written"),
            "{message}"
        );
    }
    let items = json!({"items": [{"op": "save", "state_type": "position", "state_id": "x", "data": {}},
        {"op": "save", "state_type": "positons", "state_id": "x", "data": {}}]});
    let (status, problem) = server.post("/batch", items.to_string()).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["pointer"]),
        (422, &json!("/items/1/state_type")),
        "{problem}"
    );
    assert_eq!(server.get("/status").await.1["seq"], 0, "nothing was written");
    for named in ["position", "risk_limits", "bot_memory"] {
        assert_eq!(save(&server, named, "a").await.0, 201, "{named}");
    }

    let server = with("accept", "").await;
    let (_, silent) = save(&server, "positons", "a").await;
    assert_eq!(silent.get("notices"), None, "{silent}");
}
