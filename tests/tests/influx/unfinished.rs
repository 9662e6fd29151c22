//! Groups of which nobody knows whether they were stored.

use stateloft_core::model::Seq;
use stateloft_server::store::influx::{InfluxOptions, InfluxStore};
use stateloft_server::store::{Admin as _, Log as _, StoreError};
use stateloft_tests::influx::{bucket, shared};

use crate::proxy::{Fate, Proxy};
use crate::{commit, eventually, save, verified};

async fn open() -> (Proxy, InfluxOptions, InfluxStore) {
    let direct = bucket().await;
    let proxy = Proxy::start(&direct.url).await;
    let through = InfluxOptions { url: format!("http://{}", proxy.address), ..direct.clone() };
    let store = InfluxStore::open(&through).await.unwrap();
    commit(&store, vec![save("a", r#"{"n":1}"#)]).await.unwrap();
    (proxy, direct, store)
}

async fn fails(store: &InfluxStore, proxy: &Proxy, fate: Fate) {
    proxy.next(fate);
    let failed = commit(store, vec![save("a", r#"{"n":"doubtful"}"#), save("b", "{}")]).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    assert!(proxy.is_done());
}

async fn texts(store: &InfluxStore) -> Vec<String> {
    let log = store.after(Seq(0), 100).await.unwrap();
    log.iter()
        .map(|version| format!("{} {}", version.key.state_id, version.data.as_ref().unwrap().text()))
        .collect()
}

/// The log must be this, for the server that wrote it, for a reader, and after a restart.
async fn holds(store: InfluxStore, options: &InfluxOptions, expected: &[&str]) {
    assert_eq!(texts(&store).await, expected);
    assert_eq!(verified(&store).await.0, expected.len() as u64);
    let reader = InfluxStore::open_read_only(options).await.unwrap();
    assert_eq!(texts(&reader).await, expected);
    verified(&reader).await;
    store.close().await;
    let again = InfluxStore::open(options).await.unwrap();
    assert_eq!(texts(&again).await, expected);
    commit(&again, vec![save("c", "{}")]).await.unwrap();
    assert_eq!(verified(&again).await.0, expected.len() as u64 + 1);
}

#[tokio::test]
async fn versions_that_no_commit_point_covers_do_not_exist() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::IsLost).await;
    assert_eq!(texts(&store).await, [r#"a {"n":1}"#]);
    let reader = InfluxStore::open_read_only(&options).await.unwrap();
    assert_eq!(texts(&reader).await, [r#"a {"n":1}"#]);
    commit(&store, vec![save("a", r#"{"n":3}"#)]).await.unwrap();
    holds(store, &options, &[r#"a {"n":1}"#, r#"a {"n":3}"#]).await;
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_and_built_upon() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::AnswerIsLost).await;
    commit(&store, vec![save("a", r#"{"n":3}"#)]).await.unwrap();
    let expected = [r#"a {"n":1}"#, r#"a {"n":"doubtful"}"#, "b {}", r#"a {"n":3}"#];
    holds(store, &options, &expected).await;
}

#[tokio::test]
async fn a_commit_point_that_arrives_late_never_came_to_be() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::IsHeld).await;
    commit(&store, vec![save("a", r#"{"n":3}"#)]).await.unwrap();
    assert_eq!(proxy.release().await, "HTTP/1.1 204 No Content");
    commit(&store, vec![save("a", r#"{"n":4}"#)]).await.unwrap();
    holds(store, &options, &[r#"a {"n":1}"#, r#"a {"n":3}"#, r#"a {"n":4}"#]).await;
}

#[tokio::test]
async fn a_late_commit_point_does_not_come_to_be_after_a_restart_either() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::IsHeld).await;
    store.close().await;
    let next = InfluxStore::open(&options).await.unwrap();
    assert_eq!(proxy.release().await, "HTTP/1.1 204 No Content");
    assert_eq!(texts(&next).await, [r#"a {"n":1}"#]);
    commit(&next, vec![save("b", r#"{"n":2}"#)]).await.unwrap();
    holds(next, &options, &[r#"a {"n":1}"#, r#"b {"n":2}"#]).await;
}

/// How many points there are of these logs, whoever wrote them.
async fn points(options: &InfluxOptions, logs: &[&str]) -> usize {
    let mut count = 0;
    for log in logs {
        let flux = format!(
            "from(bucket: {{bucket}}) |> range(start: 0, stop: 2200-01-01T00:00:00Z) |> filter(fn: (r) => r._measurement == \"{log}\")"
        );
        count += shared().await.query(options, &flux).await.len();
    }
    count
}

/// Waits until a log has so many points.
async fn comes_to(options: &InfluxOptions, log: &str, expected: usize) {
    eventually(&format!("{log} has {expected} points"), || async {
        (points(options, &[log]).await == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_left_unfinished_is_deleted_by_the_next_epoch_and_nothing_else_is() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::IsLost).await;
    assert_eq!(points(&options, &["meta", "data"]).await, 6, "one version is there, two are doubtful");
    commit(&store, vec![save("a", r#"{"n":3}"#)]).await.unwrap();
    for log in ["meta", "data", "commits"] {
        comes_to(&options, log, 2).await;
    }
    holds(store, &options, &[r#"a {"n":1}"#, r#"a {"n":3}"#]).await;
}

/// The next owner tidies up after one that was killed, and after points that came when it was gone.
#[tokio::test]
async fn what_arrives_late_is_deleted_by_a_later_owner() {
    let (proxy, options, store) = open().await;
    fails(&store, &proxy, Fate::IsHeld).await;
    store.close().await;
    let next = InfluxStore::open(&options).await.unwrap();
    // These are deleted last: what comes after that is left to the next owner.
    comes_to(&options, "meta", 1).await;
    assert_eq!(proxy.release().await, "HTTP/1.1 204 No Content");
    assert_eq!(points(&options, &["commits"]).await, 2, "a commit point that came too late");
    commit(&next, vec![save("b", r#"{"n":2}"#)]).await.unwrap();
    assert_eq!(points(&options, &["commits"]).await, 3);
    next.close().await;
    let last = InfluxStore::open(&options).await.unwrap();
    comes_to(&options, "commits", 2).await;
    holds(last, &options, &[r#"a {"n":1}"#, r#"b {"n":2}"#]).await;
}
