//! What was answered 202 is read as it was written, until it has a version.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stateloft_tests::faulty::Mood;

use super::fallback::{Setting, text};

/// Members that only a version has.
const OF_VERSIONS: [&str; 7] =
    ["seq", "version", "version_id", "content_hash", "chain_hash", "timestamp", "operation"];

impl Setting {
    async fn json(&self, path: &str) -> Value {
        self.server.client.get(&format!("/api/v1{path}")).await.expect(200).json()
    }

    async fn delete(&self, id: &str) -> Value {
        self.server.client.delete(&format!("/states/{id}?state_type=position")).await.expect(202).json()
    }

    /// Every row of a list, page by page, and what each page said of their number.
    async fn all_pages(&self, path: &str, limit: usize) -> (Vec<Value>, u64) {
        let (mut rows, mut cursor, mut total) = (Vec::new(), String::new(), None);
        loop {
            let page = self.json(&format!("{path}&limit={limit}{cursor}")).await;
            let states = page["states"].as_array().unwrap();
            assert!(states.len() <= limit, "{page}");
            rows.extend(states.clone());
            let counted = page["total"].as_u64().unwrap();
            assert_eq!(*total.get_or_insert(counted), counted, "{path}");
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (rows, counted),
            }
            assert!(rows.len() < 1_000, "{path} does not end");
        }
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "state_id")).collect()
}

/// Two states are stored and have writes that wait; one is stored alone; one waits alone. The store can be read all the while.
async fn some_waiting() -> (Setting, BTreeMap<&'static str, Value>) {
    let setting = Setting::new().await;
    for id in ["a", "b", "c"] {
        let _ = setting.save(id, r#"{"n":1}"#).await.expect(201);
    }
    setting.store.set(Mood::Full);
    let _ = setting.save_for_later("a", r#"{"n":2}"#).await;
    let deleted = setting.delete("b").await;
    let new = setting.save_for_later("aa", r#"{"n":7,"exact":[1.0,1e22,-0.0]}"#).await;
    let last = setting.save_for_later("a", r#"{"n":3}"#).await;
    (setting, BTreeMap::from([("a", last), ("b", deleted), ("aa", new)]))
}

#[tokio::test]
async fn a_state_reads_as_the_last_write_that_waits_and_pretends_no_version() {
    let (setting, waits) = some_waiting().await;
    let read = setting.get("a").await.expect(200);
    let state = read.json();
    assert_eq!(
        (&state["pending"], &state["data"]["n"], &state["waiting"]),
        (&true.into(), &3.into(), &2.into())
    );
    assert_eq!(state["pending_id"], waits["a"]["pending_id"]);
    assert_eq!(state["accepted_at"], waits["a"]["accepted_at"]);
    for member in OF_VERSIONS {
        assert!(state.get(member).is_none(), "{member} in {state}");
    }
    assert_eq!((read.header("etag"), read.header("stateloft-waiting")), ("", "2"));
    assert_eq!(read.header("stateloft-pending"), text(&waits["a"], "pending_id"));
    let client = &setting.server.client;
    let tagged = client.request(reqwest::Method::GET, "/states/a?state_type=position");
    let _ = client.send(tagged.header("if-none-match", "\"v1-00000000\"")).await.expect(200);

    let raw = client.get("/api/v1/states/aa/raw?state_type=position").await.expect(200);
    assert_eq!((raw.text.as_str(), raw.header("etag")), (r#"{"n":7,"exact":[1.0,1e22,-0.0]}"#, ""));
    for path in ["/api/v1/states/b?state_type=position", "/api/v1/states/b/raw?state_type=position"] {
        let gone = client.get(path).await.expect_problem(410, "state_deleted");
        assert_eq!(gone.json()["pending"]["pending_id"], waits["b"]["pending_id"], "{}", gone.text);
        assert_eq!(gone.header("etag"), "");
    }
    // What is stored can still be had, by its name.
    let stored = setting.get_stored("a").await.expect(200);
    assert_eq!((&stored.json()["version"], stored.json().get("pending")), (&1.into(), None));
    assert!(!stored.header("etag").is_empty());
    for (path, n) in [("version=1", 1), ("at=seq:3", 1), ("at=now", 3)] {
        let read = setting.json(&format!("/states/a?state_type=position&{path}")).await;
        assert_eq!(read["data"]["n"], n, "{path}: {read}");
    }
    for path in ["states/aa?state_type=position&version=1", "states/aa/diff?state_type=position"] {
        let refused = client.get(&format!("/api/v1/{path}")).await.expect_problem(409, "state_pending");
        assert!(refused.text.contains("has no version yet"), "{}", refused.text);
    }
    let diff = setting.json("/states/a/diff?state_type=position").await;
    assert_eq!(diff["to"]["version"], 1);
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let read = setting.get("a").await.expect(200);
    assert_eq!((&read.json()["version"], &read.json()["data"]["n"]), (&3.into(), &3.into()));
    assert!(read.json().get("pending").is_none() && !read.header("etag").is_empty(), "{}", read.text);
    let _ = setting.get("b").await.expect_problem(410, "state_deleted");
}

#[tokio::test]
async fn histories_say_what_waits_behind_them() {
    let (setting, waits) = some_waiting().await;
    let history = setting.json("/states/a/history?state_type=position").await;
    assert_eq!((history["versions"].as_array().unwrap().len(), &history["total_count"]), (1, &1.into()));
    let numbers: Vec<_> =
        history["pending"].as_array().unwrap().iter().map(|write| write["data"]["n"].clone()).collect();
    assert_eq!(numbers, [2, 3]);
    let new = setting.json("/states/aa/history?state_type=position&data=false").await;
    assert_eq!((&new["versions"], &new["total_count"]), (&json!([]), &0.into()));
    assert_eq!(new["pending"][0]["pending_id"], waits["aa"]["pending_id"]);
    assert!(new["pending"][0].get("data").is_none(), "{new}");
    let never = setting.server.client.get("/api/v1/states/never/history?state_type=position").await;
    let _ = never.expect_problem(404, "state_not_found");
}

#[tokio::test]
async fn lists_show_what_waits_in_place_of_what_is_stored() {
    let (setting, waits) = some_waiting().await;
    let list = setting.json("/states?data=true").await;
    let rows = list["states"].as_array().unwrap();
    assert_eq!((ids(rows), &list["total"]), (vec!["a", "aa", "c"], &3.into()), "{list}");
    assert_eq!((&rows[0]["pending"], &rows[0]["data"]["n"]), (&true.into(), &3.into()));
    assert_eq!(rows[1]["pending_id"], waits["aa"]["pending_id"]);
    assert_eq!((rows[2].get("pending"), &rows[2]["version"]), (None, &1.into()));
    for (query, expected) in [
        ("deleted=include", vec!["a", "aa", "b", "c"]),
        ("deleted=only", vec!["b"]),
        ("q=exact", vec!["aa"]),
        ("prefix=a&sort=id", vec!["a", "aa"]),
        ("pending=only&deleted=include&sort=id", vec!["a", "aa", "b"]),
        ("pending=exclude&sort=id", vec!["a", "b", "c"]),
        ("at=seq:3&sort=id", vec!["a", "b", "c"]),
        ("state_type=portfolio", vec![]),
        ("validity=invalid", vec!["a", "aa", "c"]),
    ] {
        let (rows, total) = setting.all_pages(&format!("/states?{query}"), 100).await;
        assert_eq!((ids(&rows), total), (expected.clone(), expected.len() as u64), "{query}");
    }
    // What waits can be listed while the store cannot.
    setting.store.set(Mood::Down);
    let _ = setting
        .server
        .client
        .get("/api/v1/states?stale=refuse")
        .await
        .expect_problem(503, "store_unavailable");
    for sort in ["id", "changed"] {
        let (rows, total) = setting.all_pages(&format!("/states?pending=only&sort={sort}"), 1).await;
        assert_eq!((ids(&rows), total), (vec!["a", "aa"], 2));
        assert!(rows.iter().all(|row| row["pending"] == true));
    }
}

#[tokio::test]
async fn pages_of_a_list_hold_each_state_once_whatever_waits() {
    let setting = Setting::new().await;
    for n in 0..17 {
        let _ = setting.save(&format!("s{:02}", n * 2), r#"{"n":1}"#).await.expect(201);
    }
    setting.store.set(Mood::Full);
    for n in (0..12).rev() {
        setting.save_for_later(&format!("s{:02}", n * 3), r#"{"n":2}"#).await;
    }
    let expected: BTreeMap<String, bool> = (0..17)
        .map(|n| (format!("s{:02}", n * 2), false))
        .chain((0..12).map(|n| (format!("s{:02}", n * 3), true)))
        .collect();
    for limit in [1, 2, 3, 5, 7, 12, 13, 50] {
        for sort in ["id", "changed"] {
            let (rows, total) = setting.all_pages(&format!("/states?sort={sort}"), limit).await;
            let listed: Vec<_> =
                rows.iter().map(|row| (text(row, "state_id").to_owned(), row["pending"] == true)).collect();
            assert_eq!(total, expected.len() as u64, "{sort}, {limit}");
            let sorted: BTreeMap<_, _> = listed.iter().cloned().collect();
            assert_eq!((&sorted, listed.len()), (&expected, expected.len()), "{sort}, {limit}");
            let in_order = match sort {
                "id" => listed.is_sorted(),
                // The last accepted first, and then what is stored.
                _ => listed[..12].is_sorted() && listed[12..].is_sorted_by(|a, b| a > b),
            };
            assert!(in_order, "{sort}, {limit}: {listed:?}");
        }
    }
}

#[tokio::test]
async fn what_waits_is_listed_in_the_order_of_its_replay() {
    let (setting, waits) = some_waiting().await;
    let all = setting.json("/fallback/pending?data=true").await;
    let writes = all["writes"].as_array().unwrap();
    assert_eq!((ids(writes), &all["total"]), (vec!["a", "b", "aa", "a"], &4.into()));
    let kinds: Vec<_> = writes.iter().map(|write| text(write, "write")).collect();
    assert_eq!(kinds, ["save", "delete", "save", "save"]);
    assert_eq!((&writes[0]["data"]["n"], writes[1].get("data")), (&2.into(), None));
    assert_eq!(writes[3]["pending_id"], waits["a"]["pending_id"]);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = setting.json(&format!("/fallback/pending?limit=1{cursor}")).await;
        paged.extend(page["writes"].as_array().unwrap().clone());
        assert_eq!(page["total"], 4);
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(ids(&paged), ["a", "b", "aa", "a"]);
    assert!(paged.iter().all(|write| write.get("data").is_none()));
    let of_a = setting.json("/fallback/pending?state_type=position&state_id=a").await;
    assert_eq!((ids(of_a["writes"].as_array().unwrap()), &of_a["total"]), (vec!["a", "a"], &2.into()));
    let wrong = setting.server.client.get("/api/v1/fallback/pending?cursor=nonsense").await;
    let _ = wrong.expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_restart_forgets_nothing_that_waits() {
    let (setting, _) = some_waiting().await;
    let setting = setting.restart(|store| store.set(Mood::Unreached)).await;
    let state = setting.get("aa").await.expect(200).json();
    assert_eq!((&state["pending"], &state["data"]["n"]), (&true.into(), &7.into()));
    let _ = setting.get("b").await.expect_problem(410, "state_deleted");
    assert_eq!(setting.json("/fallback/pending").await["total"], 4);
}

/// Writers read what they wrote, whatever the store does in between.
#[tokio::test]
async fn writers_read_their_own_writes_while_the_store_comes_and_goes() {
    let setting = Arc::new(Setting::new().await);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let setting = Arc::clone(&setting);
            tokio::spawn(async move {
                let id = format!("w{writer}");
                let mut later = 0;
                for n in 0..60_u64 {
                    let saved = setting.save(&id, &format!(r#"{{"n":{n}}}"#)).await;
                    assert!(saved.status.is_success(), "{}", saved.text);
                    later += u64::from(saved.status == 202);
                    let read = setting.get(&id).await;
                    // A store that is away may not be read; what waits always is.
                    if read.status == 503 {
                        assert_ne!(saved.status, 202, "{}", read.text);
                        continue;
                    }
                    assert_eq!(read.expect(200).json()["data"]["n"], n, "{id}");
                }
                later
            })
        })
        .collect();
    let moods = {
        let setting = Arc::clone(&setting);
        tokio::spawn(async move {
            for mood in [Mood::Up, Mood::Down, Mood::Up, Mood::Full].into_iter().cycle() {
                setting.store.set(mood);
                let calls = setting.journal().await["replayed"].as_u64();
                assert!(calls.is_some());
            }
        })
    };
    let mut later = 0;
    for writer in writers {
        later += writer.await.unwrap();
    }
    moods.abort();
    setting.store.set(Mood::Up);
    assert!(later > 0, "nothing ever waited");
    setting.until_replayed().await;
    for writer in 0..4 {
        let last = setting.get(&format!("w{writer}")).await.expect(200).json();
        assert_eq!((&last["data"]["n"], &last["version"]), (&59.into(), &60.into()));
    }
}
