//! Writes that are overtaken by somebody else wait for a decision.

use reqwest::Method;
use serde_json::Value;
use stateloft_tests::faulty::Mood;

use super::{Setting, text};

#[tokio::test]
async fn conflicts_are_kept_with_three_sides_until_they_are_settled() {
    let setting = Setting::new().await;
    for id in ["a", "b", "still"] {
        let _ = setting.save(id, r#"{"n":1}"#).await.expect(201);
    }
    setting.store.set(Mood::Down);
    let mine = setting.save_for_later("a", r#"{"n":3}"#).await;
    let after = setting.save_for_later("a", r#"{"n":4}"#).await;
    let other = setting.save_for_later("b", r#"{"n":3.50}"#).await;
    setting.save_for_later("still", r#"{"n":2}"#).await;
    setting.written_elsewhere("a", r#"{"n":2}"#).await;
    setting.written_elsewhere("b", r#"{"n":2}"#).await;
    setting.store.set(Mood::Up);
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["conflicts"], &journal["replayed"]), (&3.into(), &1.into()));
    assert_eq!(setting.get("a").await.expect(200).json()["data"]["n"], 2, "nothing is overwritten");
    assert_eq!(setting.get("still").await.expect(200).json()["data"]["n"], 2);

    // A restart loses none of them.
    let setting = setting.restart(|_| ()).await;
    let conflicts = setting.conflicts().await;
    let ids: Vec<_> = conflicts.iter().map(|conflict| text(conflict, "pending_id")).collect();
    assert_eq!(ids, [&mine, &after, &other].map(|pending| text(pending, "pending_id")));
    let side = &conflicts[0]["sides"][0];
    let numbers = ["base", "theirs", "mine"].map(|name| side[name]["n"].as_u64().unwrap());
    assert_eq!((numbers, &side["base_version"]), ([1, 2, 3], &1.into()));
    assert_eq!((&side["theirs_version"]["version"], &side["change"]), (&2.into(), &"save".into()));
    assert!(text(&conflicts[0], "reason").contains("version 1"), "{}", conflicts[0]);

    let client = &setting.server.client;
    let settle = |pending: &Value, keep: &str| {
        let path = format!("/api/v1/fallback/conflicts/{}/settle", text(pending, "pending_id"));
        client.with_json(Method::POST, &path, format!(r#"{{"keep":"{keep}"}}"#))
    };
    let _ = client.send(settle(&other, "mine")).await.expect(200);
    let raw = client.get("/api/v1/states/b/raw?state_type=position").await.expect(200);
    assert_eq!(raw.text, r#"{"n":3.50}"#);
    let _ = client.send(settle(&other, "mine")).await.expect_problem(404, "conflict_not_found");
    let _ = client.send(settle(&mine, "theirs")).await.expect(200);
    assert_eq!(setting.get("a").await.expect(200).json()["data"]["n"], 2);
    // Somebody has written meanwhile: what the conflict shows is no longer the head.
    setting.written_elsewhere("a", r#"{"n":9}"#).await;
    let _ = client.send(settle(&after, "mine")).await.expect_problem(409, "version_conflict");
    assert_eq!(setting.conflicts().await.len(), 1, "it is still there");
    let _ =
        client.get("/api/v1/fallback/conflicts/..%2Fjournal").await.expect_problem(404, "conflict_not_found");
}

#[tokio::test]
async fn a_conflict_settled_while_the_store_is_away_is_settled_and_written_once() {
    let setting = Setting::new().await;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    let mine = setting.save_for_later("a", r#"{"n":3}"#).await;
    setting.written_elsewhere("a", r#"{"n":2}"#).await;
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    assert_eq!(setting.conflicts().await.len(), 1);

    setting.store.set(Mood::Down);
    let path = format!("/api/v1/fallback/conflicts/{}/settle", text(&mine, "pending_id"));
    let pending = setting.server.client.post(&path, r#"{"keep":"mine"}"#).await.expect(202).json();
    assert_eq!((&pending["pending_id"], &pending["ahead"]), (&mine["pending_id"], &0.into()));
    assert!(setting.conflicts().await.is_empty(), "it is decided");
    let again = setting.server.client.post(&path, r#"{"keep":"mine"}"#).await;
    let _ = again.expect_problem(404, "conflict_not_found");

    // The server ended after the journal had the write and before the decision was noted.
    let file = format!("{}.json", text(&mine, "pending_id"));
    let listed = setting.folder.path().join("conflicts").join(&file);
    let settled = setting.folder.path().join("conflicts/settled").join(&file);
    let setting = setting
        .restart(|store| {
            std::fs::rename(&settled, &listed).unwrap();
            store.set(Mood::Unreached);
        })
        .await;
    assert!(setting.conflicts().await.is_empty(), "what waits to be written was decided");
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let log = setting.log().await;
    let numbers: Vec<_> = log.iter().map(|event| event["data"]["n"].as_u64().unwrap()).collect();
    assert_eq!((numbers, &log[2]["batch_id"]), (vec![1, 2, 3], &mine["pending_id"]));
    assert!(setting.conflicts().await.is_empty());

    // The same once more, after it was written.
    let setting = setting.restart(|_| std::fs::rename(&settled, &listed).unwrap()).await;
    assert_eq!(setting.conflicts().await.len(), 1);
    let _ = setting.server.client.post(&path, r#"{"keep":"mine"}"#).await.expect(200);
    assert_eq!(setting.log().await.len(), 3, "it was written already");
    assert!(setting.conflicts().await.is_empty());
}
