//! What is stored is not what was written: nothing of it is served, it is said, and everything else goes on.

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::client::{Client, save_body};
use stateloft_tests::local::{Local, Start};
use stateloft_tests::socket::Socket;

/// Runs SQL on the server's file behind its back.
pub(crate) async fn meddle(server: &Local, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.folder().path().join("test.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

/// `a` has the versions 1 to 3 (seqs 1, 2 and 4), `b` one (seq 3). Seq 2 says where it comes from.
async fn four_versions() -> Local {
    let server = Local::start().await;
    for (id, n) in [("a", 1), ("a", 2), ("b", 3), ("a", 4)] {
        let body = save_body("strategy", id, &format!(r#"{{"n":{n}}}"#));
        let origin = if n == 2 { r#"{"run_id":"run","correlation_id":"order","# } else { "{" };
        let reply = server.client.post("/api/v1/states", body.replacen('{', origin, 1)).await;
        assert!(reply.status.is_success(), "{}", reply.text);
    }
    server
}

/// Another server on the same file: it has nothing of the log in memory.
pub(crate) async fn anew(server: Local) -> Local {
    let folder = server.folder();
    server.stop().await;
    Start { folder: Some(folder), ..Start::default() }.run().await
}

/// The text is JSON by the same reader, only not the text that was written.
const OTHER_DATA: &str = r#"UPDATE versions SET data = '{"n":7}' WHERE seq = 2"#;

async fn alarms(client: &Client) -> Vec<(String, String)> {
    let status = client.get("/api/v1/status").await.expect(200).json();
    let text = |alarm: &Value, name: &str| alarm[name].as_str().unwrap().to_owned();
    let alarms = status["alarms"].as_array().cloned().unwrap_or_default();
    alarms.iter().map(|alarm| (text(alarm, "code"), text(alarm, "detail"))).collect()
}

#[tokio::test]
async fn d_115_a_damaged_version_is_500_by_every_way_to_read_it_and_names_itself() {
    for sql in [
        OTHER_DATA,
        "UPDATE versions SET data = NULL WHERE seq = 2",
        "UPDATE versions SET data = x'00ff' WHERE seq = 2",
        "UPDATE versions SET content_hash = zeroblob(32) WHERE seq = 2",
        "UPDATE versions SET content_hash = zeroblob(31) WHERE seq = 2",
        "UPDATE versions SET content_hash = NULL, data = NULL, operation = 'delete' WHERE seq = 2",
        "UPDATE versions SET operation = 'restore' WHERE seq = 2",
        "UPDATE versions SET operation = 'updatf' WHERE seq = 2",
        "UPDATE versions SET author = 'somebody' WHERE seq = 2",
        "UPDATE versions SET recorded_at = recorded_at + 1 WHERE seq = 2",
        "UPDATE versions SET verdict = '{\"status\":\"not_checked\"}' WHERE seq = 2",
        "UPDATE versions SET change = 'x' WHERE seq = 2",
        "UPDATE versions SET size = size + 1 WHERE seq = 2",
        "UPDATE versions SET chain_hash = zeroblob(32) WHERE seq = 2",
        "UPDATE origins SET run_id = 'another' WHERE seq = 2",
        "UPDATE origins SET correlation_id = NULL WHERE seq = 2",
        "UPDATE origins SET causation_id = 'x' WHERE seq = 2",
        "DELETE FROM origins WHERE seq = 2",
    ] {
        let server = four_versions().await;
        let client = &server.client;
        let before = client.get("/api/v1/states/a/raw?state_type=strategy").await.expect(200);
        meddle(&server, sql).await;
        for path in [
            "/states/a?state_type=strategy&version=2",
            "/states/a/raw?state_type=strategy&version=2",
            "/states/a?state_type=strategy&at=seq:3",
            "/states/a/diff?state_type=strategy&from=1&to=2",
            "/states/a/diff?state_type=strategy",
        ] {
            let refused = client.get(&format!("/api/v1{path}")).await.expect_problem(500, "damaged");
            let detail = refused.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("strategy a version 2 (seq 2)"), "{sql}: {path}: {detail}");
        }
        let raw = client.get("/api/v1/states/a/raw?state_type=strategy").await.expect(200);
        assert_eq!((raw.text, &raw.headers["etag"]), (before.text, &before.headers["etag"]), "{sql}");
        for version in [1, 3] {
            let path = format!("/api/v1/states/a?state_type=strategy&version={version}");
            let _ = client.get(&path).await.expect(200);
        }
        let _ = client.get("/api/v1/states/b?state_type=strategy").await.expect(200);
        let alarms = alarms(client).await;
        let [(code, detail)] = alarms.as_slice() else { panic!("{sql}: {alarms:?}") };
        assert_eq!(code, "damaged_versions", "{sql}");
        assert!(detail.contains("strategy a version 2 (seq 2) is damaged"), "{sql}: {detail}");
        let ready = client.get("/readyz").await.expect(200).json();
        assert_eq!(ready["alarms"], json!(["damaged_versions"]), "{sql}");
        client.save("strategy", "a", r#"{"n":5}"#).await;
    }
}

/// The rows of a list, each as its version or seq, whether it is marked, and its data.
fn rows(list: &Value, number: &str) -> Vec<(u64, bool, Option<Value>)> {
    let row = |row: &Value| {
        let damaged = row.get("damaged").is_some_and(|damaged| damaged == true);
        (row[number].as_u64().unwrap(), damaged, row.get("data").cloned())
    };
    list.as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn lists_and_pages_go_on_with_the_damaged_row_marked_and_without_data() {
    let server = anew(four_versions().await).await;
    let client = &server.client;
    meddle(&server, OTHER_DATA).await;
    meddle(&server, "UPDATE versions SET data = '{\"n\":9}' WHERE seq = 3").await;
    let history = client.get("/api/v1/states/a/history?state_type=strategy").await.expect(200).json();
    let expected = [(3, false, Some(json!({"n": 4}))), (2, true, None), (1, false, Some(json!({"n": 1})))];
    assert_eq!(rows(&history["versions"], "version"), expected);
    let short =
        client.get("/api/v1/states/a/history?state_type=strategy&data=false").await.expect(200).json();
    let marks: Vec<bool> = rows(&short["versions"], "version").into_iter().map(|row| row.1).collect();
    assert_eq!(marks, [false, true, false], "what was found damaged is marked where no data is read, too");
    let list = client.get("/api/v1/states?data=true&sort=id").await.expect(200).json();
    assert_eq!(rows(&list["states"], "seq"), [(4, false, Some(json!({"n": 4}))), (3, true, None)]);
    let _ = client.get("/api/v1/states").await.expect(200);
    let _ = client.get("/api/v1/overview?hours=1&buckets=60").await.expect(200);
    for (path, seqs) in [("after=0", [1, 2, 3, 4]), ("before=0", [4, 3, 2, 1])] {
        let page = client.get(&format!("/api/v1/events?{path}")).await.expect(200).json();
        let events = rows(&page["events"], "seq");
        assert_eq!(events.iter().map(|event| event.0).collect::<Vec<_>>(), seqs);
        for (seq, damaged, data) in events {
            assert_eq!((damaged, data.is_none()), (seq == 2 || seq == 3, damaged), "{path}: seq {seq}");
        }
    }
}

/// What a server-sent stream says until it has caught up: names and seqs.
async fn streamed(server: &Local) -> Vec<(String, u64, Value)> {
    let request = server.client.request(Method::GET, "/api/v1/events?after=0");
    let response = request.header("accept", "text/event-stream").send().await.unwrap();
    let (mut bytes, mut text) = (response.bytes_stream(), String::new());
    while !text.contains("event: caught_up") || !text.ends_with("\n\n") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(30), bytes.next()).await.unwrap();
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
    }
    let field = |event: &str, name: &str| {
        event.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned())).unwrap()
    };
    let read = |event: &str| {
        let data = serde_json::from_str(&field(event, "data:")).unwrap();
        (field(event, "event:"), field(event, "id:").parse().unwrap(), data)
    };
    text.split("\n\n").filter(|event| event.contains("event:")).map(read).collect()
}

#[tokio::test]
async fn streams_say_what_is_damaged_and_go_on_behind_it() {
    // The first is readable but for its data; of the others nobody knows what they were.
    for (sql, named) in [
        (OTHER_DATA, true),
        ("DELETE FROM versions WHERE seq = 2", false),
        ("UPDATE versions SET version = 'x' WHERE seq = 2", false),
        ("UPDATE versions SET state_pk = 77 WHERE seq = 2", false),
    ] {
        let server = anew(four_versions().await).await;
        let end = if named { sql.to_owned() } else { format!("PRAGMA foreign_keys = OFF; {sql}") };
        meddle(&server, &end).await;
        let said = streamed(&server).await;
        let names: Vec<(&str, u64)> = said.iter().map(|(name, id, _)| (name.as_str(), *id)).collect();
        let second = if named { "state_update" } else { "damaged" };
        let expected =
            [("state_update", 1), (second, 2), ("state_update", 3), ("state_update", 4), ("caught_up", 4)];
        assert_eq!(names, expected, "{sql}");
        assert!(said[1].2.get("data").is_none(), "{sql}: {}", said[1].2);
        let mut socket = Socket::open(server.address).await;
        assert_eq!(socket.subscribe("states", Some(0)).await["type"], "subscription_confirmed");
        let mut heard = Vec::new();
        loop {
            let message = socket.next_of(&["state_update", "damaged", "caught_up", "error"]).await;
            heard.push((message["type"].as_str().unwrap().to_owned(), message["seq"].as_u64().unwrap()));
            if message["type"] == "caught_up" {
                break;
            }
        }
        let expected: Vec<(String, u64)> =
            expected.iter().map(|(name, seq)| ((*name).to_owned(), *seq)).collect();
        assert_eq!(heard, expected, "{sql}");
        let page = server.client.get("/api/v1/events?after=0").await.expect(200).json();
        let unreadable = page["unreadable"].as_array().cloned().unwrap_or_default();
        let seqs: Vec<u64> = unreadable.iter().map(|one| one["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, if named { vec![] } else { vec![2] }, "{sql}: {page}");
        let alarms = alarms(&server.client).await;
        assert!(alarms.iter().any(|(code, _)| code == "damaged_versions"), "{sql}: {alarms:?}");
        let mut socket = Socket::open(server.address).await;
        socket.subscribe("states", None).await;
        server.client.save("strategy", "b", r#"{"live":1}"#).await;
        assert_eq!(socket.update().await["seq"], 5, "{sql}: what is written now is heard");
    }
}

#[tokio::test]
async fn a_damaged_state_can_be_written_anew_and_restored_to_a_version_that_is_whole() {
    let server = four_versions().await;
    meddle(&server, "UPDATE versions SET data = '{\"n\":9}' WHERE seq IN (2, 3, 4)").await;
    let server = anew(server).await;
    let client = &server.client;
    let scope = json!({"states": [{"state_type": "strategy", "state_id": "a"}]});
    let plan = async |target: &str| {
        let request = json!({"target": target, "scope": scope});
        client.post("/api/v1/restores", request.to_string()).await.expect(200).json()
    };
    let damaged = plan("seq:2").await;
    assert_eq!(damaged["states"][0]["effect"], "damaged", "{damaged}");
    assert_eq!((&damaged["counts"]["damaged"], &damaged["counts"]["changed"]), (&json!(1), &json!(0)));
    let apply = async |plan: &Value, target: &str| {
        let request = json!({"target": target, "scope": scope, "reason": "damaged"}).to_string();
        client.post(&format!("/api/v1/restores/{}/apply", plan["plan"].as_str().unwrap()), &request).await
    };
    let _ = apply(&damaged, "seq:2").await.expect_problem(422, "nothing_to_restore");
    let whole = plan("seq:1").await;
    assert_eq!(whole["states"][0]["effect"], "changed", "{whole}");
    let _ = apply(&whole, "seq:1").await.expect(200);
    let restored = client.get("/api/v1/states/a/raw?state_type=strategy").await.expect(200);
    assert_eq!(restored.text, r#"{"n":1}"#);
    // What it was equal to is not known: the same data makes a version.
    let saved = client.save("strategy", "b", r#"{"n":9}"#).await.json();
    assert_eq!(saved["version"], 2, "{saved}");
    let _ = client.get("/api/v1/states/b?state_type=strategy").await.expect(200);
}

#[tokio::test]
async fn every_fault_is_found_not_only_the_first_and_an_alarm_passes_when_it_is_mended() {
    let server = four_versions().await;
    let client = &server.client;
    meddle(&server, "UPDATE versions SET data = data || ' ', author = 'x' WHERE seq IN (2, 4)").await;
    let report = client.get("/api/v1/verify").await.expect(200).json();
    let seqs: Vec<&Value> = report["faults"].as_array().unwrap().iter().map(|fault| &fault["seq"]).collect();
    assert_eq!(seqs, [2, 4], "{report}");
    assert_eq!((&report["verified_to"], &report["checked_to"]), (&json!(1), &json!(4)), "{report}");
    assert_eq!(alarms(client).await.len(), 3, "the chain, and each version");
    meddle(&server, "UPDATE versions SET data = trim(data), author = 'tester' WHERE seq IN (2, 4)").await;
    let report = client.get("/api/v1/verify").await.expect(200).json();
    assert_eq!(report["ok"], true, "{report}");
    assert!(alarms(client).await.is_empty());
}

/// A generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What every read answers, by path. The summary of changes is not covered by a hash, as it can be derived.
async fn answers(client: &Client) -> Vec<(String, u16, Value, String)> {
    let mut all = Vec::new();
    for id in 0..6 {
        for version in 1..=8 {
            let query = format!("s{id}?state_type=strategy&version={version}");
            let raw = format!("s{id}/raw?state_type=strategy&version={version}");
            for path in [query, raw] {
                let reply = client.get(&format!("/api/v1/states/{path}")).await;
                let mut json = serde_json::from_str::<Value>(&reply.text).unwrap_or(json!(reply.text));
                let etag = reply.header("etag").to_owned();
                if let Some(view) = json.as_object_mut() {
                    view.remove("change");
                }
                all.push((path, reply.status.as_u16(), json, etag));
            }
        }
    }
    all
}

#[tokio::test]
async fn d_116_of_150_flipped_bits_none_is_served() {
    let server = Local::start().await;
    for n in 0..48 {
        let text =
            format!(r#"{{"n":{n},"note":"{}","list":[{}]}}"#, "word ".repeat(60), "1.25,".repeat(80) + "0");
        server.client.save("strategy", &format!("s{}", n % 6), &text).await;
    }
    let expected = answers(&server.client).await;
    assert!(expected.iter().all(|(_, status, ..)| *status == 200));
    let folder = server.folder();
    server.stop().await;
    let whole = std::fs::read(folder.path().join("test.db")).unwrap();
    let mut numbers = Numbers(11);
    let (mut refused, mut damaged, mut missing) = (0, 0, 0);
    for _ in 0..150 {
        let (byte, bit) = (numbers.below(whole.len() as u64), numbers.below(8));
        let mut bytes = whole.clone();
        bytes[usize::try_from(byte).unwrap()] ^= 1 << bit;
        let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
        let path = folder.path().join("test.db");
        std::fs::write(&path, bytes).unwrap();
        // Some flips keep the file from being opened at all, which serves nothing.
        let Ok(store) = stateloft_server::store::sqlite::SqliteStore::open(&path).await else {
            refused += 1;
            continue;
        };
        stateloft_server::store::Admin::close(&store).await;
        let server = Start { folder: Some(folder), ..Start::default() }.run().await;
        for ((path, status, body, etag), (_, _, right, right_tag)) in
            answers(&server.client).await.into_iter().zip(&expected)
        {
            match status {
                200 => assert_eq!((&body, &etag), (right, right_tag), "byte {byte} bit {bit}: {path}"),
                404 => missing += 1,
                _ => {
                    assert_eq!(
                        (status, &body["code"]),
                        (500, &json!("damaged")),
                        "byte {byte} bit {bit}: {path}"
                    );
                    damaged += 1;
                }
            }
        }
        server.stop().await;
    }
    assert!(
        damaged > 20,
        "the flips hit what is read: {refused} refused, {damaged} damaged, {missing} missing"
    );
    println!("{refused} files refused, {damaged} answers damaged, {missing} missing");
}

#[tokio::test]
async fn a_position_of_which_nobody_knows_whose_it_is_is_not_left_out_of_what_is_held_against_a_broker() {
    for version in [1, 2] {
        let server = Local::start().await;
        let client = &server.client;
        let begin = json!({"program": "grid", "lease_seconds": 3600}).to_string();
        let _ = client.post("/api/v1/runs", begin).await.expect(201);
        let lot =
            |quantity: &str| json!({"symbol": "EURUSD", "side": "long", "ticket": 7, "quantity": quantity});
        let save = |quantity: &str, run: Value| {
            let mut body =
                json!({"state_type": "position", "state_id": "grid/EURUSD", "data": lot(quantity)});
            body.as_object_mut().unwrap().extend(run.as_object().unwrap().clone());
            body.to_string()
        };
        // Both times the run is said by the first version: the head is that one, or one that a person wrote.
        let _ =
            client.post("/api/v1/states", save("0.5", json!({"run_id": "grid.main.1", "epoch": 1}))).await;
        if version == 2 {
            let _ = client.post("/api/v1/states", save("0.6", json!({}))).await.expect(200);
        }
        let server = anew(server).await;
        let client = &server.client;
        let now = client.get("/api/v1/status").await.expect(200).json()["now"].clone();
        let list = json!([{"ticket": 7, "symbol": "EURUSD", "type": 0, "volume": 0.5}]);
        let ask = |more: Value| {
            let mut body = json!({"list": list, "options": {"as_of": now}});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body.to_string()
        };
        let path = "/api/v1/runs/grid.main.1/reconcile";
        let seen = client.post(path, ask(json!({}))).await.expect(200).json();
        assert_eq!(seen["rows"].as_array().unwrap().len(), 1, "{seen}");
        assert_ne!(seen["rows"][0]["verdict"], "missing_here", "{seen}");
        meddle(&server, "UPDATE origins SET run_id = 'trend.main.1' WHERE run_id = 'grid.main.1'").await;
        for (path, more) in [(path, json!({})), ("/api/v1/reconcile", json!({"run_id": "grid.main.1"}))] {
            if version == 2 && path == "/api/v1/reconcile" {
                continue; // It asks who wrote the last version, which is whole.
            }
            let refused = client.post(path, ask(more)).await.expect_problem(500, "damaged").json();
            let detail = refused["detail"].as_str().unwrap();
            assert!(detail.contains("position grid/EURUSD version 1 (seq 2)"), "{detail}");
        }
        // Who says which states count is told how those stand.
        let other = json!({"scope": {"types": ["bot_memory"]}});
        let _ = client.post(path, ask(other)).await.expect(200);
    }
}
