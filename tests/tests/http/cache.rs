//! The cache of heads: its figures, and that it is never behind.

use std::sync::Arc;
use std::time::Duration;

use stateloft_server::store::Layers;
use stateloft_server::store::cached::{CacheSettings, Ownership};
use stateloft_tests::client::save_body;
use stateloft_tests::faulty::{FaultyStore, Mood};
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;

fn layers(ownership: Ownership) -> Layers {
    let cache = CacheSettings { max_size: 2, ..CacheSettings::default() };
    Layers { cache: Some((cache, ownership)), ..Layers::default() }
}

async fn read(server: &Local, id: &str) -> u16 {
    server.client.get(&format!("/states/{id}?state_type=position")).await.status.as_u16()
}

async fn version(server: &Local, id: &str) -> u64 {
    let reply = server.client.get(&format!("/states/{id}?state_type=position")).await.expect(200);
    reply.json()["version"].as_u64().unwrap()
}

#[tokio::test]
async fn d_117_the_figures_add_up_and_what_is_absent_is_known_too() {
    let hand = Arc::new(Hand::default());
    let (server, store) = Local::start_layered(layers(Ownership::Sole), hand.clone()).await;
    let calls = store.calls();
    assert_eq!(read(&server, "none").await, 404);
    assert_eq!(read(&server, "none").await, 404);
    assert_eq!(store.calls(), calls + 1, "an absent state is not asked for twice");
    server.client.save("position", "a", "{}").await;
    let calls = store.calls();
    assert_eq!((read(&server, "a").await, read(&server, "a").await), (200, 200));
    assert_eq!(store.calls(), calls, "what was written is known");
    server.client.save("position", "b", "{}").await;
    hand.turn(Duration::from_mins(5));
    assert_eq!(read(&server, "a").await, 200);
    let status = server.client.get("/api/v1/status").await.expect(200).json();
    let cache = &status["caches"][0];
    let figures = ["size", "max_size", "hits", "misses", "evictions", "expirations"].map(|name| &cache[name]);
    assert_eq!(figures.map(|figure| figure.as_u64().unwrap()), [1, 2, 3, 2, 1, 2], "{cache}");
    assert_eq!((&cache["name"], &cache["hit_rate"]), (&"heads".into(), &60.0.into()));
    assert!(cache["cleanup_runs"].as_u64().unwrap() > 0, "{cache}");
}

#[tokio::test]
async fn d_117_many_who_ask_for_the_same_state_ask_the_store_once() {
    let (server, store) = Local::start_layered(layers(Ownership::Sole), Arc::new(Hand::default())).await;
    store.set(Mood::Frozen);
    let calls = store.calls();
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let client = server.client.clone();
            tokio::spawn(async move { client.get("/states/a?state_type=position").await.status.as_u16() })
        })
        .collect();
    while store.calls() == calls {
        tokio::task::yield_now().await;
    }
    store.set(Mood::Up);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 404);
    }
    assert_eq!(store.calls(), calls + 1);
}

#[tokio::test]
async fn d_026_what_another_server_wrote_is_read_at_once() {
    let (one, store) = Local::start_layered(layers(Ownership::Shared), Arc::new(Hand::default())).await;
    let hand = Arc::new(Hand::default());
    let two = Local::serve_layered(layers(Ownership::Shared), hand, &store, one.folder()).await;
    for n in 1..=50_u64 {
        let (writer, reader) = if n % 2 == 0 { (&one, &two) } else { (&two, &one) };
        writer.client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
        assert_eq!(version(reader, "a").await, n);
        assert_eq!(version(writer, "a").await, n);
    }
}

#[tokio::test]
async fn a_write_that_ended_without_an_answer_is_not_hidden_by_the_cache() {
    let (server, store): (_, Arc<FaultyStore>) =
        Local::start_layered(layers(Ownership::Sole), Arc::new(Hand::default())).await;
    server.client.save("position", "a", r#"{"n":1}"#).await;
    assert_eq!(version(&server, "a").await, 1);
    store.set(Mood::Forgetful);
    let reply = server.client.post("/states", save_body("position", "a", r#"{"n":2}"#)).await;
    let _ = reply.expect_problem(503, "outcome_unknown");
    store.set(Mood::Up);
    assert_eq!(version(&server, "a").await, 2);
    server.client.save("position", "a", r#"{"n":3}"#).await;
    assert_eq!(version(&server, "a").await, 3);
}
