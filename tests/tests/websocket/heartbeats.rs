//! A client that asks for heartbeats knows within seconds whether the server is there, and whether its store is.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stateloft_server::store::Layers;
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::Mood;
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;
use stateloft_tests::socket::Socket;

const STATE: &str = "/states/EURUSD?state_type=position";

fn guard() -> GuardSettings {
    GuardSettings { attempts: 1, commit_attempts: 1, delay: Duration::ZERO, ..GuardSettings::default() }
}

async fn asking(server: &Local, every: &str) -> Socket {
    let path = format!("/ws?client=console&heartbeat={every}");
    Socket::try_open(server.address, &path, &[]).await.unwrap()
}

async fn beat(socket: &mut Socket) -> Value {
    socket.next_of(&["heartbeat"]).await
}

/// The first heartbeat that says this of the store.
async fn beat_with(socket: &mut Socket, store: &str) -> Value {
    loop {
        let beat = beat(socket).await;
        if beat["store"] == store {
            return beat;
        }
    }
}

#[tokio::test]
async fn the_first_heartbeat_comes_at_once_and_further_ones_follow() {
    let server = Local::start().await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    let mut socket = asking(&server, "1").await;
    let first: Value = serde_json::from_str(&socket.next_text().await).unwrap();
    assert_eq!(
        (&first["type"], &first["store"], &first["seq"]),
        (&json!("heartbeat"), &json!("up"), &json!(1))
    );
    server.client.save("position", "EURUSD", r#"{"n":2}"#).await;
    let next = beat(&mut socket).await;
    assert_eq!(next["seq"], 2, "the last seq is said to who listens to nothing, too");
    assert!(next["now"].as_str() > first["now"].as_str(), "{first} {next}");
}

#[tokio::test]
async fn who_does_not_ask_is_sent_none() {
    let server = Local::start().await;
    let mut asking = asking(&server, "1").await;
    let mut silent = Socket::open(server.address).await;
    let mut unclear = Socket::try_open(server.address, "/ws?heartbeat=yes", &[]).await.unwrap();
    for _ in 0..3 {
        let _ = beat(&mut asking).await;
    }
    for socket in [&mut silent, &mut unclear] {
        socket.say(r#"{"action":"ping"}"#).await;
        assert_eq!(socket.next_text().await, r#"{"type":"pong"}"#);
    }
}

#[tokio::test]
async fn heartbeats_say_that_the_store_is_away_and_that_it_is_back() {
    let layers = Layers { guard: Some(guard()), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    let mut socket = asking(&server, "1").await;
    let _ = beat_with(&mut socket, "up").await;
    store.set(Mood::Down);
    // One call that fails is enough: the breaker is still closed.
    let _ = server.client.get(STATE).await.expect(503);
    assert_eq!(beat_with(&mut socket, "away").await["seq"], 1);
    store.set(Mood::Up);
    let _ = server.client.get(STATE).await.expect(200);
    let _ = beat_with(&mut socket, "up").await;
}

#[tokio::test]
async fn heartbeats_tell_a_journal_that_takes_writes_from_a_store_that_is_only_away() {
    let folder = tempfile::tempdir().unwrap();
    let fallback = FallbackSettings::in_folder(folder.path());
    let layers = Layers { guard: Some(guard()), fallback: Some(fallback), ..Layers::default() };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    let mut socket = asking(&server, "1").await;
    let _ = beat_with(&mut socket, "up").await;
    store.set(Mood::Down);
    let _ = server.client.post("/states", save_body("position", "EURUSD", r#"{"n":1}"#)).await.expect(202);
    let _ = beat_with(&mut socket, "journal").await;
}
