//! Writes of which nobody knows whether the store has them.

use stateloft_tests::faulty::Mood;

use super::{PATIENCE, Setting, text};

#[tokio::test]
async fn a_replay_whose_answer_is_lost_is_not_made_twice() {
    let setting = Setting::new().await;
    let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    let pending = setting.save_for_later("a", r#"{"n":2}"#).await;
    setting.save_for_later("b", r#"{"n":1}"#).await;
    setting.store.set(Mood::Forgetful);
    let written = tokio::time::timeout(PATIENCE, async {
        while setting.store.behind().tip().await.unwrap().seq.0 < 2 {
            tokio::task::yield_now().await;
        }
    });
    written.await.expect("the first one reaches the store");
    setting.store.set(Mood::Down);
    // Written, but nobody knows; then the server ends.
    let setting = setting.restart(|store| store.set(Mood::Up)).await;
    setting.until_replayed().await;
    let log = setting.log().await;
    let states: Vec<_> = log.iter().map(|event| text(event, "state_id")).collect();
    assert_eq!(states, ["a", "a", "b"]);
    assert_eq!(log[1]["batch_id"], pending["pending_id"]);
    assert!(setting.conflicts().await.is_empty());
}

/// The store writes and loses the answer, or loses what it was given: either way the save is accepted, and made once.
#[tokio::test]
async fn what_may_have_been_written_is_looked_for_before_it_is_written_again() {
    for mood in [Mood::Forgetful, Mood::Lossy] {
        let setting = Setting::new().await;
        let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
        let _ = setting.save("b", r#"{"n":1}"#).await.expect(201);
        setting.store.set(mood);
        let snapshot = setting.server.client.post("/api/v1/snapshots", r#"{"snapshot_id":"s"}"#).await;
        let unknown = snapshot.expect_problem(503, "outcome_unknown");
        assert!(!unknown.text.contains("nothing was written"), "{}", unknown.text);
        let pending = setting.save_for_later("a", r#"{"n":2}"#).await;
        setting.store.set(Mood::Up);
        let journal = setting.until_replayed().await;
        assert_eq!((&journal["replayed"], &journal["conflicts"]), (&1.into(), &0.into()), "{mood:?}");
        let log = setting.log().await;
        assert_eq!(log.len(), 3, "{mood:?}: made once");
        assert_eq!(
            (&log[2]["batch_id"], &log[2]["version"]),
            (&pending["pending_id"], &2.into()),
            "{mood:?}"
        );
        let saved = setting.save("a", r#"{"n":3}"#).await.expect(200).json();
        assert_eq!((&saved["version"], &saved["seq"]), (&3.into(), &4.into()), "{mood:?}");
        let verified = setting.server.client.get("/api/v1/verify").await.expect(200).json();
        assert_eq!(verified["ok"], true);
    }
}

/// Somebody writes between the doubt and the replay: what was written before that is found below the head; what was not is
/// a conflict, and nobody's write is lost.
#[tokio::test]
async fn a_write_in_doubt_and_one_by_somebody_else_are_both_kept() {
    for (mood, conflicts) in [(Mood::Forgetful, 0), (Mood::Lossy, 1)] {
        let setting = Setting::new().await;
        let _ = setting.save("a", r#"{"n":1}"#).await.expect(201);
        setting.store.set(mood);
        let pending = setting.save_for_later("a", r#"{"n":2}"#).await;
        setting.store.set(Mood::Down);
        setting.written_elsewhere("a", r#"{"n":9}"#).await;
        // The journal outlives the server, and so does what it knows of the doubt.
        let setting = setting.restart(|store| store.set(Mood::Up)).await;
        let journal = setting.until_replayed().await;
        assert_eq!(journal["conflicts"], conflicts, "{mood:?}");
        let numbers: Vec<_> =
            setting.log().await.iter().map(|event| event["data"]["n"].as_u64().unwrap()).collect();
        let expected: &[u64] = if conflicts == 0 { &[1, 2, 9] } else { &[1, 9] };
        assert_eq!(numbers, expected, "{mood:?}");
        if let [conflict] = &setting.conflicts().await[..] {
            assert_eq!(
                (&conflict["pending_id"], &conflict["sides"][0]["mine"]["n"]),
                (&pending["pending_id"], &2.into())
            );
        }
    }
}
