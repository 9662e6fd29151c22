//! `/ws`: every version once, in order, across reconnects and restarts.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod closing;
mod handshake;
mod heartbeats;
mod protocol;
mod raw;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use stateloft_server::config::{ApiKey, Origins};
use stateloft_server::http::Options;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

async fn save(server: &Local, id: &str, n: u64) {
    server.client.save("position", id, &format!(r#"{{"n":{n}}}"#)).await;
}

async fn with(options: Options) -> Local {
    Start { options, ..Start::default() }.run().await
}

#[tokio::test]
async fn old_clients_find_the_words_they_know() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    socket.say(r#"{"action":"subscribe","topic":"states:position"}"#).await;
    let confirmed = socket.next_of(&["subscription_confirmed"]).await;
    assert_eq!(confirmed["topic"], "states:position");
    save(&server, "EURUSD", 1).await;
    let update = socket.update().await;
    for (field, value) in [
        ("state_id", json!("EURUSD")),
        ("state_type", json!("position")),
        ("operation", json!("create")),
        ("data", json!({"n": 1})),
        ("user_id", json!("tester")),
    ] {
        assert_eq!(update[field], value, "{update}");
    }
    for field in ["timestamp", "version_id", "seq", "version"] {
        assert!(!update[field].is_null(), "{field}: {update}");
    }
    let _ = server.client.delete("/states/EURUSD?state_type=position").await.expect(200);
    let deleted = socket.update().await;
    assert_eq!(deleted["operation"], "delete");
    assert_eq!(deleted.get("data"), Some(&Value::Null), "nothing is made up for a delete: {deleted}");
    socket.say(r#"{"action":"unsubscribe","topic":"states:position"}"#).await;
    assert_eq!(socket.next_of(&["unsubscription_confirmed"]).await["topic"], "states:position");
}

#[tokio::test]
async fn d_082_data_arrives_to_the_last_digit() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", None).await;
    let data = r#"{"d":0.123456789012345678901234567890,"e":1e22,"m":-0.0,"u":18446744073709551615}"#;
    server.client.save("position", "a/b é", data).await;
    loop {
        let text = socket.next_text().await;
        if text.contains("state_update") {
            assert!(text.contains(&format!(r#""data":{data}"#)), "{text}");
            break;
        }
    }
}

#[tokio::test]
async fn d_082_overlapping_topics_send_each_version_once() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    for topic in ["states", "states:position", "state:EURUSD"] {
        socket.subscribe(topic, None).await;
    }
    for n in 1..=3 {
        save(&server, "EURUSD", n).await;
        server.client.save("strategy", "s", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let mut seqs = Vec::new();
    while seqs.len() < 6 {
        seqs.push(socket.update().await["seq"].as_u64().unwrap());
    }
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn topics_choose_by_type_and_by_id() {
    let server = Local::start().await;
    let mut by_type = Socket::open(server.address).await;
    by_type.subscribe("states:strategy", None).await;
    let mut by_id = Socket::open(server.address).await;
    by_id.subscribe("state:a/b: c", None).await;
    save(&server, "other", 1).await;
    server.client.save("strategy", "s", "{}").await;
    save(&server, "a/b: c", 1).await;
    assert_eq!(by_type.update().await["seq"], 2);
    assert_eq!(by_id.update().await["seq"], 3);
}

#[tokio::test]
async fn events_come_without_data_where_that_is_asked() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    socket.say(r#"{"action":"subscribe","topic":"states","data":false}"#).await;
    socket.next_of(&["caught_up"]).await;
    save(&server, "EURUSD", 1).await;
    assert!(socket.update().await.get("data").is_none());
}

#[tokio::test]
async fn d_082_a_session_resumes_after_its_last_seq_even_when_the_server_was_restarted() {
    let server = Local::start().await;
    for n in 1..=5 {
        save(&server, "EURUSD", n).await;
    }
    let mut socket = Socket::open(server.address).await;
    let confirmed = socket.subscribe("states", Some(2)).await;
    assert_eq!((&confirmed["after"], &confirmed["seq"]), (&json!(2), &json!(5)));
    assert_eq!(socket.seqs_until_caught_up().await, [3, 4, 5]);
    let folder = server.folder();
    server.stop().await;
    let server = Start { folder: Some(folder), ..Start::default() }.run().await;
    save(&server, "EURUSD", 6).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", Some(3)).await;
    assert_eq!(socket.seqs_until_caught_up().await, [4, 5, 6]);
    save(&server, "EURUSD", 7).await;
    assert_eq!(socket.update().await["seq"], 7);
}

#[tokio::test]
async fn d_082_thousands_of_versions_are_replayed_in_order_while_more_are_written() {
    let server = Local::start().await;
    let items = |batch: u64| -> String {
        let items: Vec<_> = (0..500).map(|n| json!({"op": "save", "state_type": "position", "state_id": format!("s{n}"), "data": {"n": batch}})).collect();
        json!({"items": items}).to_string()
    };
    for batch in 0..4 {
        let _ = server.client.post("/api/v1/batch", items(batch)).await.expect(200);
    }
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", Some(0)).await;
    let client = server.client.clone();
    let writing = tokio::spawn(async move {
        for batch in 4..8 {
            let _ = client.post("/api/v1/batch", items(batch)).await.expect(200);
        }
    });
    for expected in 1..=4000_u64 {
        assert_eq!(socket.update().await["seq"], expected);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn d_082_what_cannot_be_replayed_is_said() {
    let server = Local::start().await;
    save(&server, "EURUSD", 1).await;
    save(&server, "EURUSD", 2).await;
    let mut socket = Socket::open(server.address).await;
    let ahead = socket.subscribe("states", Some(9)).await;
    assert_eq!(
        (&ahead["type"], &ahead["after"], &ahead["seq"]),
        (&json!("cannot_replay"), &json!(9), &json!(2))
    );
    assert!(!ahead["reason"].as_str().unwrap().is_empty());
    socket.subscribe("states", Some(0)).await;
    assert_eq!(socket.seqs_until_caught_up().await, [1, 2]);
    let behind = socket.subscribe("states:position", Some(0)).await;
    assert_eq!(behind["type"], "cannot_replay");
    save(&server, "EURUSD", 3).await;
    assert_eq!(socket.update().await["seq"], 3, "the session goes on");
}

#[tokio::test]
async fn d_082_what_is_not_understood_is_answered_and_the_session_stays() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    for nonsense in [
        "{not json",
        "[]",
        "7",
        "{}",
        r#"{"action":"dance"}"#,
        r#"{"action":"subscribe"}"#,
        r#"{"action":"subscribe","topic":"nonsense"}"#,
        r#"{"action":"subscribe","topic":"states:Bad Type"}"#,
        r#"{"action":"subscribe","topic":"states","after":-1}"#,
    ] {
        socket.say(nonsense).await;
        let error = socket.next_of(&["error", "subscription_confirmed"]).await;
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("error"), &json!("invalid_message")),
            "{nonsense}"
        );
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    socket.say(r#"{"action":"ping"}"#).await;
    socket.next_of(&["pong"]).await;
    socket.subscribe("states", None).await;
    save(&server, "EURUSD", 1).await;
    assert_eq!(socket.update().await["seq"], 1);
}

#[tokio::test]
async fn lists_that_changed_are_announced() {
    let server = Local::start().await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", None).await;
    let _ = server.client.post("/snapshots", r#"{"snapshot_id":"s"}"#).await.expect(201);
    socket.next_of(&["lists_changed"]).await;
}

#[tokio::test]
async fn messages_and_subscriptions_are_limited() {
    let mut options = Options::default();
    options.limits.subscriptions = 2;
    options.limits.sessions = 2;
    let server = with(options).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("state:a", None).await;
    socket.subscribe("state:b", None).await;
    let third = socket.subscribe("state:c", None).await;
    assert_eq!((&third["type"], &third["code"]), (&json!("error"), &json!("too_many_requests")));
    let _second = Socket::open(server.address).await;
    assert_eq!(Socket::try_open(server.address, "/ws", &[]).await.unwrap_err(), 429);
    socket.say("x".repeat((64 << 10) + 1)).await;
    assert_eq!(socket.close_code().await, Some(1009));
    // Its place is free again once the server has noticed that it ended.
    while Socket::try_open(server.address, "/ws", &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// Options with which a session that takes nothing is given up soon.
fn impatient() -> Options {
    let mut options = Options::default();
    options.limits.slow_timeout = Duration::from_millis(300);
    options
}

/// Waits until this many sessions listen.
async fn listeners(server: &Local, count: u64) {
    let wait = async {
        while server.client.get("/api/v1/status").await.json()["listeners"] != count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.expect("sessions that end");
}

#[tokio::test]
async fn d_081_a_reader_that_takes_nothing_blocks_no_writer_and_no_other_reader() {
    let server = with(impatient()).await;
    let mut stalled = Socket::open(server.address).await;
    stalled.subscribe("states", None).await;
    let mut reading = Socket::open(server.address).await;
    reading.subscribe("states", None).await;
    let filler = "x".repeat(1 << 20);
    for n in 1..=24_u64 {
        let data = format!(r#"{{"n":{n},"filler":"{filler}"}}"#);
        let saved = server.client.save("market_data", "big", &data);
        tokio::time::timeout(Duration::from_secs(10), saved).await.expect("a writer that is not held up");
        assert_eq!(reading.update().await["seq"], n);
    }
    listeners(&server, 1).await;
    drop(stalled);
}

#[tokio::test]
async fn d_081_a_reader_that_stayed_behind_is_closed_with_1013() {
    let server = with(impatient()).await;
    let mut stalled = Socket::open(server.address).await;
    stalled.subscribe("states", None).await;
    let filler = "x".repeat(1 << 20);
    let items: Vec<_> = (0..15)
        .map(|n| json!({"op": "save", "state_type": "market_data", "state_id": format!("s{n}"), "data": {"filler": filler}}))
        .collect();
    let _ = server.client.post("/api/v1/batch", json!({"items": items}).to_string()).await.expect(200);
    // The time that a reader may take nothing is what is tested here. One that wakes up after it still hears why.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(stalled.close_code().await, Some(1013));
    let details = server.client.get("/api/v1/status/details").await.expect(200).json();
    assert_eq!(details["sessions"]["too_slow"], 1, "{details}");
}

#[tokio::test]
async fn a_session_that_does_not_answer_pings_is_closed() {
    let mut options = Options::default();
    options.limits.ping_every = Duration::from_millis(50);
    options.limits.idle_timeout = Duration::from_millis(300);
    let server = with(options).await;
    let silent = Socket::open(server.address).await;
    let mut answering = Socket::open(server.address).await;
    answering.subscribe("states", None).await;
    // Only who reads answers pings.
    let reading = tokio::spawn(async move { answering.update().await });
    listeners(&server, 1).await;
    save(&server, "EURUSD", 1).await;
    assert_eq!(reading.await.unwrap()["seq"], 1, "the session that answers is still there");
    drop(silent);
}

#[tokio::test]
async fn d_080_pages_of_other_origins_cannot_listen() {
    let origins = Origins::List(vec!["https://console.example".into()]);
    let server = with(Options { origins, ..Options::default() }).await;
    let own = format!("http://{}", server.address);
    for (origin, allowed) in [
        (own.as_str(), true),
        ("https://console.example", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        for path in ["/ws", "/api/v1/ws"] {
            let opened = Socket::try_open(server.address, path, &[("origin", origin)]).await;
            assert_eq!(opened.map(|_| ()), if allowed { Ok(()) } else { Err(403) }, "{origin} {path}");
        }
    }
}

#[tokio::test]
async fn d_080_with_a_key_a_session_presents_it_by_header_or_subprotocol() {
    let key = "correct horse battery staple";
    let server = with(Options { key: Some(ApiKey::new(key)), ..Options::default() }).await;
    let offer = |key: &str| format!("stateloft, key.{}", URL_SAFE_NO_PAD.encode(key));
    let address = server.address;
    assert_eq!(Socket::try_open(address, "/ws", &[]).await.unwrap_err(), 401);
    assert_eq!(
        Socket::try_open(address, "/ws", &[("sec-websocket-protocol", &offer("wrong"))]).await.unwrap_err(),
        401
    );
    assert_eq!(
        Socket::try_open(address, "/ws", &[("sec-websocket-protocol", "stateloft, key.!!")])
            .await
            .unwrap_err(),
        401
    );
    Socket::try_open(address, "/ws", &[("x-api-key", key)]).await.unwrap();
    let socket =
        Socket::try_open(address, "/api/v1/ws", &[("sec-websocket-protocol", &offer(key))]).await.unwrap();
    assert_eq!(socket.response.headers()["sec-websocket-protocol"], "stateloft", "the key is not sent back");
}

/// Many systems start a program with a small number of file handles, and give it more if it asks.
#[cfg(unix)]
#[tokio::test]
async fn a_small_number_of_file_handles_limits_nobody_who_may_have_more() {
    let server = Server::start_after("ulimit -Sn 64").await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        let mut socket = Socket::open(server.address()).await;
        socket.subscribe("states", None).await;
        sockets.push(socket);
    }
    server.save("position", "a", r#"{"n":1}"#, "bot", "").await;
    for socket in &mut sockets {
        assert_eq!(socket.update().await["seq"], 1);
    }
}
