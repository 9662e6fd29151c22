//! What waits is replayed in order, once, and expects what its writer expected.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use stateloft_tests::faulty::Mood;

use super::{Setting, text};

#[tokio::test]
async fn d_046_writes_are_kept_in_order_and_replayed_once() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    let _ = setting.save("gone", "{}").await.expect(201);
    setting.store.set(Mood::Down);
    let first = setting.save_for_later("a", r#"{"n":2,"exact":[1.0,1e22,-0.0]}"#).await;
    assert_eq!(
        (text(&first, "durable"), &first["ahead"], first.get("version")),
        ("fallback", &0.into(), None)
    );
    let second = setting.save_for_later("a", r#"{"n":3}"#).await;
    assert_eq!(second["ahead"], 1);
    let created = setting.save_for_later("new", r#"{"n":1}"#).await;
    let deleted = client.delete("/states/gone?state_type=position").await.expect(202).json();
    let batch = r#"{"items":[{"op":"save","state_type":"position","state_id":"b1","data":{}},
                             {"op":"save","state_type":"position","state_id":"b2","data":{}}]}"#;
    let batch = client.post("/api/v1/batch", batch).await.expect(202).json();
    let journal = setting.journal().await;
    assert_eq!((&journal["active"], &journal["pending"]), (&true.into(), &5.into()));
    assert_eq!(journal["oldest"], first["accepted_at"]);
    let accepted = text(&first, "accepted_at").to_owned();

    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!(
        (&journal["replayed"], &journal["conflicts"], &journal["size_bytes"]),
        (&5.into(), &0.into(), &0.into())
    );
    let log = setting.log().await;
    let told: Vec<_> =
        log[2..].iter().map(|event| (text(event, "state_id"), text(event, "batch_id"))).collect();
    let id = |pending: &Value| text(pending, "pending_id").to_owned();
    let (first, second, created, deleted, batch) =
        (id(&first), id(&second), id(&created), id(&deleted), id(&batch));
    let expected = [
        ("a", &first),
        ("a", &second),
        ("new", &created),
        ("gone", &deleted),
        ("b1", &batch),
        ("b2", &batch),
    ];
    assert_eq!(told, expected.map(|(state, id)| (state, id.as_str())));
    // Each says when it was accepted; it was recorded later, and by that it is found in time.
    assert_eq!(log[2]["accepted_at"], accepted.as_str(), "{}", log[2]);
    assert!(text(&log[2], "timestamp") > text(&log[2], "accepted_at"), "{}", log[2]);
    let at = format!("/api/v1/states/a?state_type=position&at={accepted}");
    assert_eq!(client.get(&at).await.expect(200).json()["version"], 1);
    let at = format!("/api/v1/states/a?state_type=position&at={}", text(&log[2], "timestamp"));
    assert_eq!(client.get(&at).await.expect(200).json()["version"], 2);
    let history = client.get("/api/v1/states/a/history?state_type=position").await.expect(200).json();
    let rows = history["versions"].as_array().unwrap();
    assert_eq!(rows[1]["accepted_at"], accepted.as_str(), "{history}");
    let raw = client.get("/api/v1/states/a/raw?state_type=position&version=2").await.expect(200);
    assert_eq!(raw.text, r#"{"n":2,"exact":[1.0,1e22,-0.0]}"#);
    let _ = setting.get("gone").await.expect(410);
    let saved = setting.save("a", r#"{"n":4}"#).await.expect(200).json();
    assert_eq!(saved["version"], 4, "the store is written to directly again");
    let verified = client.get("/api/v1/verify").await.expect(200).json();
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &saved["seq"]));
}

#[tokio::test]
async fn a_long_journal_is_replayed_while_writers_go_on() {
    let setting = Arc::new(Setting::new().await);
    setting.store.set(Mood::Down);
    for n in 0..300 {
        setting.save_for_later(&format!("s{}", n % 7), &format!(r#"{{"n":{n}}}"#)).await;
    }
    setting.store.set(Mood::Up);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let setting = Arc::clone(&setting);
            tokio::spawn(async move {
                for n in 0..20 {
                    let reply = setting.save(&format!("w{writer}"), &format!(r#"{{"n":{n}}}"#)).await;
                    assert!(reply.status.is_success(), "{}", reply.text);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    setting.until_replayed().await;
    let log = setting.log().await;
    assert_eq!(log.len(), 460);
    for (index, event) in log.iter().enumerate() {
        assert_eq!(event["seq"], index as u64 + 1, "the stream has no gap");
    }
    for writer in 0..8 {
        let numbers: Vec<_> = log
            .iter()
            .filter(|event| text(event, "state_id") == format!("w{writer}"))
            .map(|event| event["data"]["n"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "each writer's saves are in order");
    }
    assert!(setting.conflicts().await.is_empty());
}

#[tokio::test]
async fn d_018_what_a_writer_expects_is_kept_across_the_outage() {
    let setting = Setting::new().await;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    let _ = setting.save("b", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    let expecting = |id: &str, version: u64| {
        format!(
            r#"{{"state_type":"position","state_id":"{id}","data":{{"n":2}},"expected_version":{version}}}"#
        )
    };
    let client = &setting.server.client;
    let _ = client.post("/states", expecting("a", 1)).await.expect(202);
    let _ = client.post("/states", expecting("a", 1)).await.expect_problem(409, "state_pending");
    let _ = client.post("/states", expecting("b", 7)).await.expect(202);
    let create = r#"{"state_type":"position","state_id":"c","data":{},"operation":"create"}"#;
    let _ = client.post("/states", create).await.expect(202);
    let _ = client.post("/states", create).await.expect_problem(409, "state_pending");
    let tag = setting.get_stored("b").await.expect(200).header("etag").to_owned();
    let put = client.with_json(Method::PUT, "/states/b?state_type=position", r#"{"data":{}}"#);
    let _ = client
        .send(put.header("if-match", "\"v9-00000000\""))
        .await
        .expect_problem(412, "precondition_failed");
    let put = client.with_json(Method::PUT, "/states/d?state_type=position", r#"{"data":{}}"#);
    let _ = client.send(put.header("if-match", &tag)).await.expect(503);
    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["replayed"], &journal["conflicts"]), (&2.into(), &1.into()));
    assert_eq!(setting.get("a").await.expect(200).json()["version"], 2);
    assert_eq!(setting.get("b").await.expect(200).json()["version"], 1);
}
