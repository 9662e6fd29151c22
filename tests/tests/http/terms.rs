//! Batches with `check` items and `close_missing`: all or nothing, and the answer says what was closed.

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::faulty::Mood;
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;

use super::fallback::{Setting, text};

const BATCH: &str = "/api/v1/batch";

fn saving(id: &str, data: &Value) -> Value {
    json!({"op": "save", "state_type": "position", "state_id": id, "data": data})
}

/// An item that checks a state, with what must be true of it.
fn checking(id: &str, condition: &Value) -> Value {
    let mut item = json!({"op": "check", "state_type": "position", "state_id": id});
    item.as_object_mut().unwrap().extend(condition.as_object().unwrap().clone());
    item
}

async fn send(client: &Client, batch: &Value) -> Reply {
    client.post(BATCH, batch.to_string()).await
}

async fn last_seq(client: &Client) -> Value {
    client.get("/api/v1/status").await.expect(200).json()["seq"].clone()
}

fn ids(versions: &Value) -> Vec<&str> {
    versions.as_array().unwrap().iter().map(|version| text(version, "state_id")).collect()
}

#[tokio::test]
async fn a_full_save_closes_what_it_does_not_name_and_says_so() {
    let server = Local::start().await;
    let client = &server.client;
    for id in ["bot/a", "bot/b", "bot/c", "man/a"] {
        client.save("position", id, r#"{"n":1}"#).await;
    }
    client.save("order", "bot/a", "{}").await;
    let full = json!({"user_id": "bot", "description": "full save", "run_id": "r1",
        "close_missing": {"types": ["position"], "prefix": "bot/"},
        "items": [saving("bot/b", &json!({"n": 2})), saving("bot/d", &json!({"n": 1}))]});
    let done = send(client, &full).await.expect(200).json();
    assert_eq!(ids(&done["results"]), ["bot/b", "bot/d"]);
    assert_eq!(ids(&done["closed"]), ["bot/a", "bot/c"]);
    assert_eq!(done["seq"], 9, "one commit of four versions");
    for closed in done["closed"].as_array().unwrap() {
        assert_eq!((&closed["operation"], &closed["data"]), (&json!("delete"), &Value::Null));
        assert_eq!((&closed["version"], &closed["batch_id"]), (&json!(2), &done["batch_id"]));
        let who = (text(closed, "user_id"), text(closed, "description"), text(closed, "run_id"));
        assert_eq!(who, ("bot", "full save", "r1"));
    }
    let _ = client.get("/states/bot%2Fa?state_type=position").await.expect(410);
    let _ = client.get("/states/bot%2Fa?state_type=order").await.expect(200);
    let _ = client.get("/states/man%2Fa?state_type=position").await.expect(200);
    let events = client.get("/api/v1/events?after=5").await.expect(200).json();
    assert_eq!(
        ids(&events["events"]),
        ["bot/b", "bot/d", "bot/a", "bot/c"],
        "they are events like any other"
    );

    let again = send(client, &full).await.expect(200).json();
    assert_eq!((&again["closed"], &again["seq"]), (&json!([]), &json!(9)), "nothing is left to close");
    let flat = json!({"items": [], "close_missing": [{"types": ["position"], "prefix": "bot/"}, {"types": ["order"]}]});
    let flat = send(client, &flat).await.expect(200).json();
    assert_eq!((&flat["results"], ids(&flat["closed"])), (&json!([]), vec!["bot/a", "bot/b", "bot/d"]));
    let plain = send(client, &json!({"items": [saving("x", &json!({}))]})).await.expect(200).json();
    assert_eq!(plain.get("closed"), None, "it was not asked to close anything");
}

#[tokio::test]
async fn a_check_that_does_not_hold_is_409_with_what_is_there_and_nothing_is_written() {
    let server = Local::start().await;
    let client = &server.client;
    let saved = client.save("position", "a", r#"{"stop":1.0840,"note":null}"#).await.json();
    let hash = text(&saved, "content_hash");
    client.save("position", "gone", "{}").await;
    let _ = client.delete("/states/gone?state_type=position").await.expect(200);
    let before = last_seq(client).await;
    let large = "x".repeat(2_000);
    client.save("position", "large", &json!({"text": large}).to_string()).await;
    let failing = [
        ("a", json!({"version": 2}), "version 2 was expected, but it is at version 1"),
        ("a", json!({"exists": false}), "it must not exist, but it is at version 1"),
        ("gone", json!({"exists": true}), "it must exist, but it is deleted, at version 2"),
        ("never", json!({"version": 1}), "version 1 was expected, but it does not exist"),
        ("gone", json!({"content_hash": hash}), "was expected, but it is deleted"),
        (
            "a",
            json!({"pointer": "/stop", "equals": 1.085}),
            "1.085 at \"/stop\" was expected, but version 1 has 1.0840",
        ),
        (
            "a",
            json!({"pointer": "/stop", "exists": false}),
            "no value at \"/stop\" was expected, but version 1 has 1.0840",
        ),
        (
            "a",
            json!({"pointer": "/limit", "equals": null}),
            "null at \"/limit\" was expected, but there is none in version 1",
        ),
        (
            "large",
            json!({"pointer": "/text", "equals": "x"}),
            "but version 1 has a value of 2002 bytes there",
        ),
    ];
    let mut items = vec![saving("new", &json!({}))];
    items.extend(failing.iter().map(|(id, condition, _)| checking(id, condition)));
    items.push(checking("a", &json!({"version": 1})));
    let all = json!({"items": items, "close_missing": {"types": ["position"]}});
    let refused = send(client, &all).await.expect_problem(409, "check_failed");
    assert!(refused.text.contains(r#""found":1.0840"#), "the value is as it was spelled: {}", refused.text);
    let problem = refused.json();
    let checks = problem["checks"].as_array().unwrap();
    assert_eq!(checks.len(), failing.len(), "each that does not hold is named: {problem}");
    for (nth, (check, (id, _, said))) in checks.iter().zip(&failing).enumerate() {
        assert_eq!(
            (text(check, "item"), text(check, "state_id")),
            (format!("/items/{}", nth + 1).as_str(), *id)
        );
        assert!(text(check, "message").contains(said), "{check}");
        assert_eq!(check.get("head").is_some(), *id != "never", "{check}");
    }
    assert_eq!(checks[8].get("found"), None, "long values are not repeated");
    assert_eq!(checks[5]["head"]["version"], 1);
    assert!(text(&problem, "detail").contains("nothing was written"), "{problem}");
    assert_eq!(last_seq(client).await.as_u64(), before.as_u64().map(|seq| seq + 1), "nothing was written");

    let holding = [
        ("a", json!({"version": 1})),
        ("a", json!({"content_hash": hash})),
        ("a", json!({"exists": true})),
        ("gone", json!({"exists": false})),
        ("never", json!({"version": 0})),
        ("a", json!({"pointer": "/stop", "equals": 1.084})),
        ("a", json!({"pointer": "/note", "equals": null})),
        ("a", json!({"pointer": "", "equals": {"note": null, "stop": 1.084}})),
        ("a", json!({"pointer": "/limit", "exists": false})),
    ];
    let mut items: Vec<_> = holding.iter().map(|(id, condition)| checking(id, condition)).collect();
    items.push(saving("a", &json!({"stop": 1.09})));
    let done = send(client, &json!({"items": items})).await.expect(200).json();
    assert_eq!(ids(&done["results"]), ["a"], "a check has no result");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place() {
    let server = Local::start().await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    let with = |item: Value| json!({"items": [saving("b", &json!({})), item]});
    let close = |close: Value| json!({"items": [saving("b", &json!({}))], "close_missing": close});
    let and = |condition: Value| with(checking("a", &condition));
    for (batch, pointer) in [
        (json!({"items": []}), "/items"),
        (json!({"items": [checking("a", &json!({"version": 1}))]}), "/items"),
        (and(json!({})), "/items/1"),
        (and(json!({"version": 1, "exists": true})), "/items/1"),
        (and(json!({"pointer": "/n"})), "/items/1"),
        (and(json!({"pointer": "/n", "equals": 1, "exists": true})), "/items/1"),
        (and(json!({"equals": 1})), "/items/1/pointer"),
        (and(json!({"version": 1, "data": {}})), "/items/1/data"),
        (and(json!({"expected_version": 1})), "/items/1/expected_version"),
        (
            with(json!({"op": "save", "state_type": "position", "state_id": "a", "data": {}, "version": 1})),
            "/items/1/version",
        ),
        (
            with(json!({"op": "delete", "state_type": "position", "state_id": "a", "equals": null})),
            "/items/1/equals",
        ),
        (close(json!({"types": []})), "/close_missing/types"),
        (close(json!([{"types": ["position"]}, {"types": []}])), "/close_missing/1/types"),
        (close(json!([])), "/close_missing"),
        (close(json!({"types": ["position"], "prefix": "a\nb"})), "/close_missing/prefix"),
    ] {
        let problem = send(client, &batch).await.expect_problem(422, "invalid_body").json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{batch}: {problem}");
    }
    for batch in [
        and(json!({"pointer": "n", "equals": 1})),
        and(json!({"content_hash": "abc"})),
        and(json!({"version": 1, "verison": 1})),
        close(json!({"prefix": "a"})),
        close(json!({"types": ["position"], "prefixes": ["a"]})),
        close(json!({"types": ["Position"]})),
        close(json!("position")),
        close(json!([["position"]])),
    ] {
        let problem = send(client, &batch).await.expect_problem(422, "invalid_body").json();
        let said = text(&problem, "detail");
        assert!(!said.contains("untagged") && !said.contains("variant"), "{batch}: {said}");
    }
    assert_eq!(last_seq(client).await, 1, "nothing was written");
}

#[tokio::test]
async fn types_that_are_refused_are_not_closed_in_silence_either() {
    let settings = vec![("TRADING_STATE_UNKNOWN_TYPES".to_owned(), "refuse".to_owned())];
    let server = Server::start_set(settings).await;
    let batch = json!({"items": [], "close_missing": {"types": ["position", "positons"]}});
    let (status, problem) = server.post("/batch", batch.to_string()).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["code"]), (422, &json!("unknown_type")), "{problem}");
    assert_eq!(problem["errors"][0]["pointer"], "/close_missing/types/1");
}

#[tokio::test]
async fn a_full_save_that_is_sent_again_is_answered_the_same_and_closes_nothing_anew() {
    let server = Local::start().await;
    let client = &server.client;
    for id in ["a", "b"] {
        client.save("position", id, "{}").await;
    }
    let again = |body: &Value| {
        let request = client.with_json(Method::POST, BATCH, body.to_string());
        client.send(request.header("idempotency-key", "full"))
    };
    let full = json!({"items": [saving("a", &json!({"n": 1})), checking("b", &json!({"exists": true}))],
        "close_missing": {"types": ["position"], "prefix": "c"}});
    client.save("position", "c", "{}").await;
    let first = again(&full).await.expect(200).json();
    assert_eq!((ids(&first["results"]), ids(&first["closed"])), (vec!["a"], vec!["c"]));
    client.save("position", "c", r#"{"back":true}"#).await;
    let second = again(&full).await.expect(200);
    assert_eq!((second.header("idempotent-replay"), second.json()), ("true", first));
    let _ = client.get("/states/c?state_type=position").await.expect(200);
    let _ = again(&json!({"items": [], "close_missing": {"types": ["position"]}}))
        .await
        .expect_problem(422, "idempotency_key_reused");

    let flat = json!({"items": [], "close_missing": {"types": ["position"]}});
    let keyed = |key: &'static str| {
        client.send(client.with_json(Method::POST, BATCH, flat.to_string()).header("idempotency-key", key))
    };
    for key in ["closes", "has nothing to close"] {
        let first = keyed(key).await.expect(200).json();
        assert_eq!(keyed(key).await.expect(200).json(), first, "{key}");
    }
}

#[tokio::test]
async fn while_the_store_is_away_nothing_is_accepted_that_nobody_has_looked_at() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    for id in ["a", "b"] {
        let _ = setting.save(id, r#"{"n":1}"#).await.expect(201);
    }
    let full = json!({"items": [saving("a", &json!({"n": 2}))], "close_missing": {"types": ["position"]}});
    let checked = json!({"items": [saving("a", &json!({"n": 2})), checking("b", &json!({"version": 1}))]});
    setting.store.set(Mood::Down);
    for batch in [&full, &checked] {
        let refused = send(client, batch).await.expect_problem(503, "store_unavailable");
        assert!(refused.text.contains("nothing was written") && !refused.header("retry-after").is_empty());
    }
    setting.save_for_later("late", "{}").await;
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    assert_eq!(setting.log().await.len(), 3, "only the save waited");
    let done = send(client, &full).await.expect(200).json();
    assert_eq!(ids(&done["closed"]), ["b", "late"]);

    // The store writes, or not, and nobody hears of it.
    for (mood, written) in [(Mood::Lossy, false), (Mood::Forgetful, true)] {
        let id = format!("{mood:?}");
        let batch = json!({"items": [saving(&id, &json!({}))], "close_missing": {"types": ["position"]}});
        setting.store.set(mood);
        let unknown = send(client, &batch).await.expect_problem(503, "outcome_unknown");
        assert!(!unknown.text.contains("nothing was written"), "{}", unknown.text);
        setting.store.set(Mood::Up);
        let status = setting.get(&id).await.status.as_u16();
        assert_eq!(status == 200, written, "{mood:?}: {status}");
        let a = setting.get("a").await.status.as_u16();
        assert_eq!(a == 200, !written, "{mood:?}: what was closed reads as closed: {a}");
    }
}

/// Full saves of one program beside the saves of others: what each full save leaves is what it named, at its place in the log.
#[tokio::test]
async fn full_saves_beside_other_writers_lose_nothing_and_leave_nothing_behind() {
    const ROUNDS: usize = 15;
    let server = Local::start().await;
    let client = &server.client;
    let others = (0..6).map(|bot| async move {
        for n in 0..ROUNDS {
            let saved =
                send(client, &json!({"items": [saving(&format!("other/{bot}/{n}"), &json!({"n": n}))]}))
                    .await;
            let _ = saved.expect(200);
        }
    });
    let full = (0..2).map(|bot| async move {
        let mut closed = 0;
        for n in 0..ROUNDS {
            let items = [saving(&format!("full/{bot}"), &json!({"n": n}))];
            let batch = json!({"user_id": "full", "items": items, "close_missing": {"types": ["position"], "prefix": "other/"}});
            let done = send(client, &batch).await.expect(200).json();
            closed += done["closed"].as_array().unwrap().len();
        }
        closed
    });
    let (_, closed) = tokio::join!(futures::future::join_all(others), futures::future::join_all(full));
    let last =
        json!({"user_id": "full", "items": [], "close_missing": {"types": ["position"], "prefix": "other/"}});
    let rest = send(client, &last).await.expect(200).json()["closed"].as_array().unwrap().len();
    assert_eq!(closed.into_iter().sum::<usize>() + rest, 6 * ROUNDS, "each was closed once, and said once");
    let events = client.get("/api/v1/events?after=0&limit=1000").await.expect(200).json();
    let events = events["events"].as_array().unwrap();
    let of = |operation: &str| {
        events
            .iter()
            .filter(|e| e["operation"] == operation && text(e, "state_id").starts_with("other/"))
            .count()
    };
    assert_eq!((of("create"), of("delete")), (6 * ROUNDS, 6 * ROUNDS), "every save is in the log");
    let live = client.get("/api/v1/states?state_type=position&prefix=other%2F").await.expect(200).json();
    assert_eq!(live["total"], 0);
}
