//! Figures for Prometheus.

use std::collections::BTreeMap;
use std::sync::Arc;

use stateloft_server::store::Layers;
use stateloft_server::store::cached::{CacheSettings, Ownership};
use stateloft_server::store::guarded::GuardSettings;
use stateloft_tests::client::Client;
use stateloft_tests::faulty::Mood;
use stateloft_tests::hand::Hand;
use stateloft_tests::local::Local;

/// The samples of a page, after checking that each belongs to the family before it.
async fn samples(client: &Client) -> BTreeMap<String, String> {
    let page = client.get("/api/v1/metrics").await.expect(200);
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let mut family = "";
    let mut found = BTreeMap::new();
    for line in page.text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            family = declared.split(' ').next().unwrap();
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert_eq!(name.split('{').next().unwrap(), family, "{line}");
            assert_eq!(found.insert(name.to_owned(), value.to_owned()), None, "{line}: twice");
        }
    }
    assert!(page.text.ends_with('\n'));
    found
}

#[tokio::test]
async fn they_are_those_of_the_status_and_go_on_while_the_store_is_away() {
    let guard = GuardSettings { failure_threshold: 1, attempts: 1, ..GuardSettings::default() };
    let layers = Layers {
        guard: Some(guard),
        cache: Some((CacheSettings::default(), Ownership::Sole)),
        ..Layers::default()
    };
    let (server, store) = Local::start_layered(layers, Arc::new(Hand::default())).await;
    let client = &server.client;
    let empty = samples(client).await;
    assert_eq!((&*empty["stateloft_seq"], &*empty["stateloft_store_up"]), ("0", "1"));
    assert_eq!(empty["stateloft_commit_seconds{quantile=\"0.99\"}"], "NaN", "nothing was measured");
    for n in 1..=3 {
        client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let _ = client.get("/api/v1/states/a?state_type=position").await.expect(200);
    let busy = samples(client).await;
    assert_eq!(busy["stateloft_seq"], "3");
    assert_eq!(busy["stateloft_states{state=\"live\"}"], "1");
    let seconds: f64 = busy["stateloft_commit_seconds{quantile=\"0.99\"}"].parse().unwrap();
    assert!(seconds > 0.0);
    assert_eq!(busy["stateloft_breaker_state{state=\"closed\"}"], "1");
    assert!(busy.keys().any(|name| name.starts_with("stateloft_cache_hits_total{cache=")), "{busy:?}");
    store.set(Mood::Down);
    let _ = client.get("/readyz").await.expect(503);
    let away = samples(client).await;
    assert_eq!((&*away["stateloft_store_up"], &*away["stateloft_seq"]), ("0", "3"));
    assert_eq!(away["stateloft_breaker_state{state=\"open\"}"], "1");
}
