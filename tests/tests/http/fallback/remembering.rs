//! Reads while the store is away: of what was last seen.

use std::time::Duration;

use stateloft_tests::faulty::Mood;

use super::{Setting, text};

#[tokio::test]
async fn d_008_reads_answer_from_the_last_known_head_and_say_how_old_it_is() {
    let setting = Setting::new().await;
    let saved = setting.save("a", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    setting.hand.turn(Duration::from_secs(90));
    let read = setting.get("a").await.expect(200);
    assert_eq!((read.header("age"), read.header("stateloft-waiting")), ("90", ""));
    assert!(read.header("stateloft-stale-since").ends_with('Z'), "{:?}", read.headers);
    assert_eq!((read.json()["data"]["n"].as_u64(), read.header("etag")), (Some(1), saved.header("etag")));
    setting.save_for_later("a", r#"{"n":2}"#).await;
    let read = setting.get_stored("a").await.expect(200);
    assert_eq!((read.json()["version"].as_u64(), read.header("stateloft-waiting")), (Some(1), "1"));
    let _ = setting.get("never-read").await.expect_problem(503, "store_unavailable");
    for path in ["/api/v1/states?stale=refuse", "/states/a/history?state_type=position", "/api/v1/snapshots"]
    {
        let _ = setting.server.client.get(path).await.expect_problem(503, "store_unavailable");
    }
    let snapshot = setting.server.client.post("/api/v1/snapshots", r#"{"snapshot_id":"s"}"#).await;
    let _ = snapshot.expect_problem(503, "store_unavailable");
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let read = setting.get("a").await.expect(200);
    assert_eq!((read.header("age"), read.header("stateloft-waiting")), ("", ""));
    assert_eq!(read.json()["version"], 2);
}

#[tokio::test]
async fn d_008_a_restart_while_the_store_is_away_forgets_neither_heads_nor_what_waits() {
    let setting = Setting::new().await;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    let saved = setting.save("a", r#"{"n":2.50}"#).await.expect(200);
    setting.written_elsewhere("read", r#"{"n":7}"#).await;
    let _ = setting.get("read").await.expect(200);
    let _ = setting.save("gone", "{}").await.expect(201);
    let _ = setting.server.client.delete("/states/gone?state_type=position").await.expect(200);
    setting.store.set(Mood::Down);
    setting.save_for_later("a", r#"{"n":3}"#).await;
    let setting = setting.restart(|store| store.set(Mood::Unreached)).await;
    let client = &setting.server.client;
    let read = setting.get_stored("a").await.expect(200);
    assert_eq!((read.header("etag"), read.header("stateloft-waiting")), (saved.header("etag"), "1"));
    assert!(read.text.contains("2.50"), "{}", read.text);
    let since = read.header("stateloft-stale-since").to_owned();
    let recorded = text(&saved.json(), "timestamp").to_owned();
    assert!(since >= recorded, "it was the head at {since}, and was written at {recorded}");
    assert!(!read.header("age").is_empty(), "{:?}", read.headers);
    assert_eq!(setting.get("read").await.expect(200).json()["data"]["n"], 7);
    let _ = setting.get("gone").await.expect(503);
    let _ = setting.get("never").await.expect_problem(503, "store_unavailable");
    let later = setting.save_for_later("a", r#"{"n":4}"#).await;
    assert_eq!(later["ahead"], 1);
    let list = client.get("/api/v1/states?stale=refuse").await.expect_problem(503, "store_unavailable");
    assert_eq!(list.header("retry-after"), "1");
    let ready = client.get("/readyz").await.expect_problem(503, "store_unavailable");
    assert!(ready.text.contains("has not been reached"), "{}", ready.text);
    let _ = client.get("/livez").await.expect(200);
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let read = setting.get("a").await.expect(200);
    assert_eq!((read.json()["version"].as_u64(), read.header("age")), (Some(4), ""));
    assert!(setting.conflicts().await.is_empty());
}
