//! One owner at a time, and what is there after it is gone.

use std::time::{Duration, Instant};

use stateloft_core::model::{Seq, SnapshotKind, StateId, StateKey, Timestamp};
use stateloft_server::store::influx::{InfluxOptions, InfluxStore, LeaseTimes};
use stateloft_server::store::{
    Admin as _, Commits as _, Heads as _, ListQuery, Log as _, NewSnapshot, OriginFilter, Points as _,
    StoreError, WriteRequest,
};
use stateloft_tests::influx::bucket;

use crate::{commit, eventually, save, verified};

#[tokio::test]
async fn d_012_d_014_large_documents_and_any_text_are_there_after_a_restart() {
    let options = bucket().await;
    let store = InfluxStore::open(&options).await.unwrap();
    // Larger than one part, and not to be compressed away.
    let digits = (0..200_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string());
    let noise = digits.collect::<Vec<_>>().concat();
    for data in [r#"{"n":1.0}"#, &format!(r#"{{"noise":"{noise}"}}"#), r#"{"n":-0.0,"e":"é, \" \\ = ${x}"}"#]
    {
        commit(&store, vec![save("a/é \"x\", =\\ ${y}", data), save("b", data)]).await.unwrap();
    }
    let id = StateId::new("end of \"day\", =1").unwrap();
    let new = NewSnapshot {
        id: id.clone(),
        description: Some("d".into()),
        author: None,
        kind: SnapshotKind::Manual,
        seq: None,
    };
    let now = Timestamp::from_micros(1_800_000_000_000_001);
    store.commit(&[WriteRequest::CreateSnapshot(new)], now).await.unwrap();
    let query = ListQuery { limit: 100, with_data: true, ..ListQuery::default() };
    let tip = store.tip().await.unwrap();
    let (list, log) = (store.list(&query).await.unwrap(), store.after(Seq(0), 100).await.unwrap());
    let (snapshot, totals) = (store.snapshot(&id).await.unwrap(), store.totals().await.unwrap());
    assert_eq!((log.len(), tip.seq, snapshot.is_some()), (6, Seq(6), true));
    store.close().await;
    assert!(matches!(store.tip().await, Err(StoreError::Unavailable(_))), "closed");

    let store = InfluxStore::open(&options).await.unwrap();
    assert_eq!(store.tip().await.unwrap(), tip);
    assert_eq!(store.list(&query).await.unwrap(), list);
    assert_eq!(store.after(Seq(0), 100).await.unwrap(), log);
    assert_eq!(store.snapshot(&id).await.unwrap(), snapshot);
    assert_eq!(store.totals().await.unwrap(), totals);
    commit(&store, vec![save("b", "{}")]).await.unwrap();
    assert_eq!(verified(&store).await, Seq(7));
}

#[tokio::test]
async fn d_011_what_is_years_old_is_still_the_present() {
    let options = bucket().await;
    let store = InfluxStore::open(&options).await.unwrap();
    let long_ago = Timestamp::from_micros(1_000_000_000_000_000);
    let writes = vec![save("old", r#"{"since":"2001"}"#)];
    store.commit(&[crate::batch(writes)], long_ago).await.unwrap().remove(0).unwrap();
    commit(&store, vec![save("new", "{}")]).await.unwrap();
    store.close().await;
    let store = InfluxStore::open(&options).await.unwrap();
    let key = StateKey::new("position", "old").unwrap();
    let head = store.head(&key).await.unwrap().unwrap();
    assert_eq!((head.recorded_at, head.data.unwrap().text()), (long_ago, r#"{"since":"2001"}"#));
    assert_eq!(store.as_of(&key, Seq(2)).await.unwrap().unwrap().seq, Seq(1));
    assert_eq!(verified(&store).await, Seq(2));
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_is_gone() {
    let options = bucket().await;
    let first = InfluxStore::open(&options).await.unwrap();
    let refused = InfluxStore::open(&options).await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("in use by another stateloft server"), "{refused}");
    commit(&first, vec![save("a", "{}")]).await.unwrap();
    first.close().await;
    let closed = commit(&first, vec![save("a", "{}")]).await;
    assert!(matches!(closed, Err(StoreError::NotWritten(_))), "{closed:?}");
    let second = InfluxStore::open(&options).await.unwrap();
    assert_eq!(second.tip().await.unwrap().seq, Seq(1));
}

#[tokio::test]
async fn of_servers_that_start_at_once_one_becomes_the_owner() {
    let options = bucket().await;
    let lease = LeaseTimes { settle: Duration::from_secs(1), ..options.lease };
    let options = InfluxOptions { lease, ..options };
    let attempts = (0..6).map(|_| InfluxStore::open(&options));
    let opened = futures::future::join_all(attempts).await;
    assert_eq!(opened.iter().filter(|store| store.is_ok()).count(), 1, "{opened:?}");
    for store in &opened {
        assert!(matches!(store, Ok(_) | Err(StoreError::InUse(_))), "{store:?}");
    }
}

fn short(options: InfluxOptions) -> InfluxOptions {
    let lease = LeaseTimes { good: Duration::from_secs(3), ..options.lease };
    InfluxOptions { lease, ..options }
}

#[tokio::test]
async fn a_bucket_that_was_left_without_a_word_is_taken_over_when_its_lease_has_run_out() {
    let options = short(bucket().await);
    let first = InfluxStore::open(&options).await.unwrap();
    commit(&first, vec![save("a", "{}")]).await.unwrap();
    // Dropped, it does not give the lease back: as if its process were killed.
    drop(first);
    let started = Instant::now();
    let second = eventually("taking over", || async { InfluxStore::open(&options).await.ok() }).await;
    assert!(started.elapsed() >= Duration::from_secs(2), "the lease was waited for: {:?}", started.elapsed());
    commit(&second, vec![save("a", r#"{"n":2}"#)]).await.unwrap();
    assert_eq!(verified(&second).await, Seq(2));
}

#[tokio::test]
async fn a_reader_sees_what_a_running_server_wrote_and_cannot_write() {
    let options = bucket().await;
    let store = InfluxStore::open(&options).await.unwrap();
    commit(&store, vec![save("a", "{}"), save("b", r#"{"n":1}"#)]).await.unwrap();
    let reader = InfluxStore::open_read_only(&options).await.unwrap();
    assert_eq!(verified(&reader).await, Seq(2));
    let key = StateKey::new("position", "b").unwrap();
    assert_eq!(reader.head(&key).await.unwrap(), store.head(&key).await.unwrap());
    let refused = commit(&reader, vec![save("a", r#"{"n":2}"#)]).await;
    assert!(matches!(refused, Err(StoreError::NotWritten(_))), "{refused:?}");
    reader.close().await;
    commit(&store, vec![save("a", r#"{"n":3}"#)]).await.unwrap();
}

#[tokio::test]
async fn d_010_many_versions_are_read_in_order_whether_near_or_far_apart() {
    let options = bucket().await;
    let store = InfluxStore::open(&options).await.unwrap();
    for round in 0..30 {
        let noisy = (0..100).map(|n| save(&format!("noisy {n}"), &format!(r#"{{"round":{round},"n":{n}}}"#)));
        let quiet = save("quiet", &format!(r#"{{"round":{round}}}"#));
        commit(&store, noisy.chain([quiet]).collect()).await.unwrap();
    }
    assert_eq!(verified(&store).await, Seq(3_030));
    let query = stateloft_server::store::HistoryQuery {
        key: StateKey::new("position", "quiet").unwrap(),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit: 100,
        cursor: None,
        with_data: true,
    };
    let history = store.history(&query).await.unwrap();
    let rounds: Vec<String> =
        history.rows.iter().map(|row| row.data.as_ref().unwrap().text().to_owned()).collect();
    let expected: Vec<String> = (0..30).rev().map(|round| format!(r#"{{"round":{round}}}"#)).collect();
    assert_eq!(rounds, expected);
    let past = ListQuery { at: Some(Seq(1_515)), limit: 1_000, with_data: true, ..ListQuery::default() };
    let list = store.list(&past).await.unwrap();
    assert_eq!((list.total, list.rows.len()), (101, 101));
    assert!(list.rows.iter().all(|row| row.data.as_ref().unwrap().text().contains(r#""round":14"#)));
}
