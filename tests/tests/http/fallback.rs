//! The fallback journal: writes while the store is away, and what becomes of them when it is back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use statehouse_server::store::Layers;
use statehouse_server::store::fallback::{FallbackSettings, FallbackStore};
use statehouse_server::store::memory::MemoryStore;
use statehouse_tests::client::{Reply, save_body};
use statehouse_tests::faulty::{FaultyStore, Mood};
use statehouse_tests::hand::Hand;
use statehouse_tests::local::Local;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A server with a journal, its store, and the journal's folder.
pub(super) struct Setting {
    pub(super) server: Local,
    pub(super) store: Arc<FaultyStore>,
    hand: Arc<Hand>,
    pub(super) folder: TempDir,
}

impl Setting {
    pub(super) async fn new() -> Self {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
        let (hand, folder) = (Arc::new(Hand::default()), TempDir::new().unwrap());
        let server = serve(&store, &hand, &folder).await;
        Self { server, store, hand, folder }
    }

    /// Stops the server and starts another one on the same store and journal.
    pub(super) async fn restart(self, between: impl FnOnce(&FaultyStore)) -> Self {
        let Self { server, store, hand, folder } = self;
        server.stop().await;
        between(&store);
        let server = serve(&store, &hand, &folder).await;
        Self { server, store, hand, folder }
    }

    pub(super) async fn save(&self, id: &str, data: &str) -> Reply {
        self.server.client.post("/states", save_body("position", id, data)).await
    }

    /// Saves while the store is away.
    pub(super) async fn save_for_later(&self, id: &str, data: &str) -> Value {
        self.save(id, data).await.expect(202).json()
    }

    pub(super) async fn get(&self, id: &str) -> Reply {
        self.server.client.get(&format!("/states/{id}?state_type=position")).await
    }

    /// What is stored, whatever waits.
    pub(super) async fn get_stored(&self, id: &str) -> Reply {
        self.server.client.get(&format!("/states/{id}?state_type=position&pending=exclude")).await
    }

    pub(super) async fn journal(&self) -> Value {
        self.server.client.get("/api/v1/fallback").await.expect(200).json()
    }

    pub(super) async fn until_replayed(&self) -> Value {
        tokio::time::timeout(PATIENCE, async {
            loop {
                let journal = self.journal().await;
                if journal["pending"] == 0 && journal["size_bytes"] == 0 {
                    return journal;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the journal is replayed")
    }

    async fn conflicts(&self) -> Vec<Value> {
        let list = self.server.client.get("/api/v1/fallback/conflicts").await.expect(200).json();
        list["conflicts"].as_array().unwrap().clone()
    }

    /// Writes as another server does that still reaches the store.
    pub(super) async fn written_elsewhere(&self, id: &str, data: &str) {
        let behind = Arc::new(FaultyStore::new(Arc::clone(self.store.behind())));
        let folder = Arc::new(TempDir::new().unwrap());
        let other = Local::serve_layered(Layers::default(), self.hand.clone(), &behind, folder).await;
        other.client.save("position", id, data).await;
    }

    async fn log(&self) -> Vec<Value> {
        let page = self.server.client.get("/api/v1/events?after=0&limit=1000").await.expect(200).json();
        page["events"].as_array().unwrap().clone()
    }
}

async fn serve(store: &Arc<FaultyStore>, hand: &Arc<Hand>, folder: &TempDir) -> Local {
    let settings = FallbackSettings { folder: folder.path().to_owned(), poll: Duration::from_millis(5) };
    let layers = Layers { fallback: Some(settings), ..Layers::default() };
    Local::serve_layered(layers, hand.clone(), store, Arc::new(TempDir::new().unwrap())).await
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

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
async fn d_008_reads_answer_from_the_last_known_head_and_say_how_old_it_is() {
    let setting = Setting::new().await;
    let saved = setting.save("a", r#"{"n":1}"#).await.expect(201);
    setting.store.set(Mood::Down);
    setting.hand.turn(Duration::from_secs(90));
    let read = setting.get("a").await.expect(200);
    assert_eq!((read.header("age"), read.header("statehouse-waiting")), ("90", ""));
    assert!(read.header("statehouse-stale-since").ends_with('Z'), "{:?}", read.headers);
    assert_eq!((read.json()["data"]["n"].as_u64(), read.header("etag")), (Some(1), saved.header("etag")));
    setting.save_for_later("a", r#"{"n":2}"#).await;
    let read = setting.get_stored("a").await.expect(200);
    assert_eq!((read.json()["version"].as_u64(), read.header("statehouse-waiting")), (Some(1), "1"));
    let _ = setting.get("never-read").await.expect_problem(503, "store_unavailable");
    for path in ["/api/v1/states", "/states/a/history?state_type=position", "/api/v1/snapshots"] {
        let _ = setting.server.client.get(path).await.expect_problem(503, "store_unavailable");
    }
    let snapshot = setting.server.client.post("/api/v1/snapshots", r#"{"snapshot_id":"s"}"#).await;
    let _ = snapshot.expect_problem(503, "store_unavailable");
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let read = setting.get("a").await.expect(200);
    assert_eq!((read.header("age"), read.header("statehouse-waiting")), ("", ""));
    assert_eq!(read.json()["version"], 2);
}

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
    assert_eq!((read.header("etag"), read.header("statehouse-waiting")), (saved.header("etag"), "1"));
    assert!(read.text.contains("2.50"), "{}", read.text);
    let since = read.header("statehouse-stale-since").to_owned();
    let recorded = text(&saved.json(), "timestamp").to_owned();
    assert!(since >= recorded, "it was the head at {since}, and was written at {recorded}");
    assert!(!read.header("age").is_empty(), "{:?}", read.headers);
    assert_eq!(setting.get("read").await.expect(200).json()["data"]["n"], 7);
    let _ = setting.get("gone").await.expect(503);
    let _ = setting.get("never").await.expect_problem(503, "store_unavailable");
    let later = setting.save_for_later("a", r#"{"n":4}"#).await;
    assert_eq!(later["ahead"], 1);
    let list = client.get("/api/v1/states").await.expect_problem(503, "store_unavailable");
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

#[tokio::test]
async fn a_torn_end_is_set_aside_and_the_rest_is_replayed() {
    let setting = Setting::new().await;
    setting.store.set(Mood::Down);
    setting.save_for_later("a", r#"{"n":1}"#).await;
    setting.save_for_later("b", r#"{"n":1}"#).await;
    let journal: PathBuf = setting.folder.path().join("journal");
    let torn: &[u8] = &[200, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, b'{'];
    let setting = setting
        .restart(|store| {
            let mut bytes = std::fs::read(&journal).unwrap();
            bytes.extend_from_slice(torn);
            std::fs::write(&journal, bytes).unwrap();
            store.set(Mood::Up);
        })
        .await;
    let journal = setting.until_replayed().await;
    assert_eq!((&journal["torn_bytes"], &journal["replayed"]), (&torn.len().into(), &2.into()));
    assert_eq!(std::fs::read(setting.folder.path().join("torn-1")).unwrap(), torn);
    assert_eq!(setting.log().await.len(), 2);
}

#[tokio::test]
async fn a_journal_has_one_server() {
    let setting = Setting::new().await;
    let settings = FallbackSettings::in_folder(setting.folder.path());
    let second = FallbackStore::open(setting.store.clone(), settings, setting.hand.clone()).await;
    let refused = second.err().expect("a refusal");
    assert!(refused.to_string().contains("in use by another statehouse server"), "{refused}");
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
