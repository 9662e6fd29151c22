//! How the server has been: series, incidents, who listens, sizes.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use stateloft_server::service::Settings;
use stateloft_server::store::Layers;
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::socket::Socket;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

async fn details(server: &Local) -> Value {
    server.client.get("/api/v1/status/details").await.expect(200).json()
}

async fn series(server: &Local) -> Value {
    server.client.get("/api/v1/status/series").await.expect(200).json()
}

/// Asks until the details say what is wanted.
async fn until(server: &Local, wanted: impl Fn(&Value) -> bool) -> Value {
    let asked = tokio::time::timeout(PATIENCE, async {
        loop {
            let details = details(server).await;
            if wanted(&details) {
                return details;
            }
        }
    });
    asked.await.expect("the details say so in time")
}

fn guard() -> GuardSettings {
    GuardSettings {
        attempts: 1,
        commit_attempts: 1,
        delay: Duration::ZERO,
        failure_threshold: 2,
        // The hand is turned by no more than really passes.
        recovery_timeout: Duration::from_millis(2),
        ..GuardSettings::default()
    }
}

/// A server behind a breaker with a journal, its store, and the folder of the journal.
async fn with_journal() -> (Local, Arc<FaultyStore>, Arc<Hand>, TempDir) {
    let (hand, folder) = (Arc::new(Hand::default()), TempDir::new().unwrap());
    let settings =
        FallbackSettings { poll: Duration::from_millis(5), ..FallbackSettings::in_folder(folder.path()) };
    let layers = Layers { guard: Some(guard()), fallback: Some(settings), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, hand.clone()).await;
    (server, store, hand, folder)
}

#[tokio::test]
async fn the_series_begins_with_the_server_and_counts_what_it_did() {
    let step = Duration::from_millis(40);
    let server =
        Start { settings: Settings { series_step: step, ..Settings::default() }, ..Start::default() }
            .run()
            .await;
    let started = details(&server).await["known_since"].clone();
    let first = series(&server).await;
    assert_eq!((&first["since"], &first["step_seconds"]), (&started, &json!(0.04)));
    for n in 0..30 {
        server.client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    // Refused and unchanged saves are no versions.
    let _ = server.client.post("/states", save_body("position", "a", r#"{"n":29}"#)).await.expect(200);
    let now = tokio::time::timeout(PATIENCE, async {
        loop {
            let now = series(&server).await;
            if now["saves"].as_array().unwrap().len() >= 5 {
                return now;
            }
        }
    });
    let now = now.await.expect("steps pass");
    let list = |name: &str| now[name].as_array().unwrap_or_else(|| panic!("{name} in {now}")).clone();
    let saves = list("saves");
    assert_eq!(saves.iter().filter_map(Value::as_u64).sum::<u64>(), 30, "{now}");
    for name in ["commit_p99_ms", "pool_in_use", "cache_hit_rate", "event_lag_p99_ms", "fallback_pending"] {
        assert_eq!(list(name).len(), saves.len(), "{name}");
    }
    let measured = |name: &str| {
        list(name).iter().zip(&saves).filter(|(v, s)| v.is_number() && s.as_u64() > Some(0)).count()
    };
    assert!(measured("commit_p99_ms") > 0, "{now}");
    assert!(list("cache_hit_rate").iter().all(Value::is_null), "there is no cache: {now}");
    assert!(list("fallback_pending").iter().all(Value::is_null), "there is no journal: {now}");
}

#[tokio::test]
async fn an_incident_is_told_from_the_first_failure_to_the_last_replay() {
    let (server, store, hand, _folder) = with_journal().await;
    let client = &server.client;
    client.save("position", "a", r#"{"n":1}"#).await;
    client.save("position", "b", r#"{"n":1}"#).await;
    let before = details(&server).await;
    assert_eq!((&before["incident"], &before["incidents"]), (&Value::Null, &json!(0)));
    assert_eq!(before["working_since"], before["known_since"]);

    store.set(Mood::Down);
    for (id, n) in [("a", 2), ("a", 3), ("b", 2)] {
        let _ =
            client.post("/states", save_body("position", id, &format!(r#"{{"n":{n}}}"#))).await.expect(202);
    }
    let _ = client.get("/api/v1/states?stale=refuse").await.expect(503);
    let away = details(&server).await;
    let incident = &away["incident"];
    assert_eq!(away["working_since"], Value::Null);
    assert_eq!(
        (&incident["journaled"], &incident["ended_at"], &incident["lost"]),
        (&json!(3), &Value::Null, &Value::Null)
    );
    let open = series(&server).await;
    assert_eq!(open["breaker"].as_array().unwrap().last().unwrap()["state"], "open", "{open}");
    assert_eq!(open["fallback_pending"].as_array().unwrap().last().unwrap(), 3);

    // Somebody else moves b meanwhile.
    let other = Arc::new(FaultyStore::new(Arc::clone(store.behind())));
    let elsewhere = Local::serve_layered(Layers::default(), hand.clone(), &other, server.folder()).await;
    elsewhere.client.save("position", "b", r#"{"n":9}"#).await;
    store.set(Mood::Up);
    hand.turn(Duration::from_millis(2));
    let over = until(&server, |details| {
        !details["incident"]["ended_at"].is_null() && !details["incident"]["last_seq"].is_null()
    })
    .await;
    let incident = &over["incident"];
    assert_eq!(
        (&incident["replayed"], &incident["conflicts"], &incident["lost"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!((&incident["first_seq"], &incident["last_seq"]), (&json!(4), &json!(5)));
    assert_eq!((&incident["opened"], &incident["by_hand"]), (&json!(1), &json!(false)));
    assert_eq!((&over["incidents"], &over["working_since"]), (&json!(1), &incident["ended_at"]));
    let times: Vec<_> =
        ["began_at", "answered_at", "ended_at"].map(|name| incident[name].as_str().unwrap()).into();
    assert!(times.is_sorted(), "{times:?}");
    let breaker = series(&server).await["breaker"].clone();
    let states: Vec<_> =
        breaker.as_array().unwrap().iter().map(|turn| turn["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["closed", "open", "half_open", "closed"]);
    // What the journal's disk has left is known where there is a journal.
    assert!(over["journal_disk_free_bytes"].as_u64() > Some(0), "{over}");
}

#[tokio::test]
async fn without_a_journal_refused_and_unknown_writes_are_counted() {
    let layers = Layers { guard: Some(guard()), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    let client = &server.client;
    store.set(Mood::Forgetful);
    let _ = client.post("/states", save_body("position", "a", "{}")).await.expect(503);
    store.set(Mood::Down);
    for _ in 0..3 {
        let _ = client.post("/states", save_body("position", "b", "{}")).await.expect(503);
    }
    store.set(Mood::Up);
    let _ = client.post("/api/v1/breaker/reset", "").await.expect(200);
    let _ = client.get("/states/a?state_type=position").await.expect(200);
    let over = until(&server, |details| !details["incident"]["ended_at"].is_null()).await;
    let incident = &over["incident"];
    assert_eq!(
        (&incident["refused"], &incident["unknown"], &incident["journaled"]),
        (&json!(3), &json!(1), &json!(0))
    );
    let _ = client.post("/api/v1/breaker/force", r#"{"state":"open"}"#).await.expect(200);
    let by_hand = details(&server).await;
    assert_eq!((&by_hand["incident"]["by_hand"], &by_hand["incidents"]), (&json!(true), &json!(2)));
}

#[tokio::test]
async fn who_listens_is_listed_the_furthest_behind_first() {
    let server = Local::start().await;
    server.client.save("position", "a", r#"{"n":1}"#).await;
    server.client.save("position", "a", r#"{"n":2}"#).await;
    let mut named = Socket::try_open(server.address, "/ws?client=risk%20guard&token=old", &[]).await.unwrap();
    let mut nameless = Socket::open(server.address).await;
    let silent = Socket::open(server.address).await;
    named.subscribe("states:position", Some(0)).await;
    nameless.subscribe("state:a", None).await;
    assert_eq!(named.subscribe("states", Some(99)).await["type"], "cannot_replay");
    server.client.save("position", "a", r#"{"n":3}"#).await;
    let listed = until(&server, |details| {
        details["listeners"].as_array().unwrap().iter().filter(|listener| listener["seq"] == 3).count() == 2
    })
    .await;
    let listeners = listed["listeners"].as_array().unwrap();
    let one = |client: Value, topics: Value| {
        let found = listeners.iter().find(|one| one["client"] == client && one["topics"] == topics);
        found.unwrap_or_else(|| panic!("{client} in {listed}"))
    };
    let risk = one(json!("risk guard"), json!(["states:position"]));
    assert_eq!(
        (&risk["sent_last_hour"], &risk["behind"], &risk["kind"]),
        (&json!(3), &json!(0), &json!("websocket"))
    );
    assert!(risk["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{risk}");
    assert_eq!(one(Value::Null, json!(["state:a"]))["sent_last_hour"], 1);
    assert_eq!(one(Value::Null, json!([]))["behind"], 0);
    assert_eq!((&listed["sessions"]["replays"], &listed["sessions"]["impossible"]), (&json!(1), &json!(1)));
    drop((named, nameless, silent));
    until(&server, |details| details["listeners_total"] == 0).await;
}

#[tokio::test]
async fn sizes_connections_and_versions_are_those_of_the_store() {
    let server = Local::start().await;
    let big = format!(r#"{{"text":"{}"}}"#, "x".repeat(200_000));
    server.client.save("position", "a", &big).await;
    let found = details(&server).await;
    let sizes = &found["sizes"];
    assert!(sizes["history_bytes"].as_u64() > Some(200_000), "{sizes}");
    assert!(
        sizes["heads_bytes"].as_u64() > Some(0) && sizes["heads_bytes"].as_u64() < Some(100_000),
        "{sizes}"
    );
    assert!(
        found["pool"]["max"].as_u64() > Some(0) && found["pool"]["longest_wait_ms"].is_number(),
        "{found}"
    );
    assert_eq!((&found["versions"]["layout"], &found["versions"]["api"]), (&json!(7), &json!("v1")));
    assert!(found["slowest_read"].is_null(), "nobody measures without a guard: {found}");

    let layers = Layers { guard: Some(guard()), ..Layers::default() };
    let (guarded, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    guarded.client.save("position", "a", "{}").await;
    let found = details(&guarded).await;
    assert!(found["slowest_read"]["took_ms"].is_number(), "{found}");
    assert!(
        found["sizes"].is_null() && found["pool"].is_null(),
        "memory has no size and no connections: {found}"
    );
    assert!(store.behind().take_pool_peak().is_none());
    store.set(Mood::Frozen);
    assert_eq!(
        details(&guarded).await["versions"]["api"],
        "v1",
        "a frozen store keeps nobody waiting for details"
    );
    store.set(Mood::Up);
}

/// How many messages the event lag was measured of.
async fn measured(server: &Local) -> u64 {
    let status = server.client.get("/api/v1/status").await.expect(200).json();
    status["event_lag"]["count"].as_u64().unwrap()
}

#[tokio::test]
async fn the_event_lag_is_that_of_what_is_sent_live_and_never_of_what_is_replayed() {
    let server = Local::start().await;
    for n in 1..=30 {
        server.client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let mut replaying = Socket::open(server.address).await;
    replaying.subscribe("states", Some(0)).await;
    assert_eq!(replaying.seqs_until_caught_up().await.len(), 30);
    let stream = server.client.request(reqwest::Method::GET, "/api/v1/events?after=10");
    let stream = stream.header("accept", "text/event-stream");
    let mut stream = stream.send().await.unwrap().error_for_status().unwrap().bytes_stream();
    let mut heard = String::new();
    while !heard.contains("event: caught_up") {
        heard.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
    assert_eq!(heard.matches("event: state_update").count(), 20);
    assert_eq!(measured(&server).await, 0, "nothing was sent but what was there before");

    server.client.save("position", "a", r#"{"n":31}"#).await;
    assert_eq!(replaying.update().await["seq"], 31);
    let both = async { while measured(&server).await < 2 {} };
    tokio::time::timeout(PATIENCE, both).await.expect("one for each of the two");

    // Going back over what is known is no news either, on a connection that has been live.
    let mut again = Socket::open(server.address).await;
    again.subscribe("states:strategy", None).await;
    assert!(again.seqs_until_caught_up().await.is_empty());
    again.subscribe("states:position", Some(0)).await;
    assert_eq!(again.seqs_until_caught_up().await.len(), 31);
    assert_eq!(measured(&server).await, 2);
}
