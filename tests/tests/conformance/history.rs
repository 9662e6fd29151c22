//! Reading the past.

use std::sync::Arc;

use stateloft_core::json::Document;
use stateloft_core::model::{Seq, Timestamp, Version, VersionNumber};
use stateloft_server::service::Clock as _;
use stateloft_server::store::{HistoryQuery, OriginFilter, verify_stretch};

use crate::fixture::{Fixture, START, batch, key, save};

fn history(id: &str) -> HistoryQuery {
    HistoryQuery {
        key: key(id),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit: 1000,
        cursor: None,
        with_data: true,
    }
}

async fn numbers(f: &Fixture, query: &HistoryQuery) -> (u64, Vec<u64>) {
    let page = f.store.history(query).await.unwrap();
    (page.total, page.rows.iter().map(|row| row.version.version.0).collect())
}

pub async fn versions_are_found_by_every_address(f: &Fixture) {
    let mut written = Vec::new();
    for n in 0..4 {
        written.push(f.save("a", &format!(r#"{{"n":{n}}}"#)).await);
        f.save("b", &format!(r#"{{"n":{n}}}"#)).await;
    }
    written.push(f.delete("a").await);
    for version in &written {
        let found = Some(version.clone());
        assert_eq!(f.store.version(&key("a"), version.version).await.unwrap(), found);
        assert_eq!(f.store.by_seq(version.seq).await.unwrap(), found);
        assert_eq!(f.store.as_of(&key("a"), version.seq).await.unwrap(), found);
    }
    let seq_between = Seq(written[1].seq.0 + 1);
    assert_eq!(f.store.as_of(&key("a"), seq_between).await.unwrap(), Some(written[1].clone()));
    assert_eq!(f.store.as_of(&key("a"), Seq(u64::MAX)).await.unwrap(), Some(written[4].clone()));
    assert_eq!(f.store.as_of(&key("b"), Seq(1)).await.unwrap(), None, "b was not there yet");
    for nothing in [VersionNumber(0), VersionNumber(6), VersionNumber(u64::MAX)] {
        assert_eq!(f.store.version(&key("a"), nothing).await.unwrap(), None);
    }
    for nothing in [Seq(0), Seq(10), Seq(u64::MAX)] {
        assert_eq!(f.store.by_seq(nothing).await.unwrap(), None);
    }
    assert_eq!(f.store.version(&key("never"), VersionNumber(1)).await.unwrap(), None);
}

pub async fn d_016_data_and_version_belong_together(f: &Fixture) {
    f.save("a", r#"{"version":1}"#).await;
    let (store, clock) = (Arc::clone(&f.store), Arc::clone(&f.clock));
    let writer = tokio::spawn(async move {
        for n in 2..=100 {
            let data = format!(r#"{{"version":{n}}}"#);
            store.commit(&[batch(vec![save("a", &data)])], clock.now()).await.unwrap();
        }
    });
    while !writer.is_finished() {
        let head = f.head("a").await.unwrap();
        assert_eq!(head.data.as_ref().map(Document::text), Some(said(&head).as_str()));
        let as_of = f.store.as_of(&key("a"), Seq(u64::MAX)).await.unwrap().unwrap();
        assert_eq!(as_of.data.as_ref().map(Document::text), Some(said(&as_of).as_str()));
    }
    writer.await.unwrap();
}

fn said(version: &Version) -> String {
    format!(r#"{{"version":{}}}"#, version.version)
}

pub async fn history_is_newest_first_and_paged(f: &Fixture) {
    for n in 0..25 {
        f.save("a", &format!(r#"{{"n":{n}}}"#)).await;
        f.save("b", &format!(r#"{{"n":{n}}}"#)).await;
    }
    f.delete("a").await;
    assert_eq!(numbers(f, &history("a")).await, (26, (1..=26).rev().collect()));
    let mut query = HistoryQuery { limit: 10, with_data: false, ..history("a") };
    let mut seen = Vec::new();
    for page in 0..3 {
        let found = f.store.history(&query).await.unwrap();
        assert_eq!(found.total, 26);
        assert!(found.rows.iter().all(|row| row.data.is_none()));
        seen.extend(found.rows.iter().map(|row| row.version.version.0));
        query.cursor = found.next;
        assert_eq!(query.cursor.is_some(), page < 2);
        f.save("a", &format!(r#"{{"later":{page}}}"#)).await;
    }
    assert_eq!(seen, (1..=26).rev().collect::<Vec<_>>(), "later versions do not shift the pages");
    assert_eq!(numbers(f, &history("never")).await, (0, vec![]));
}

pub async fn history_is_filtered_by_time(f: &Fixture) {
    let mut times = Vec::new();
    for n in 0..5 {
        times.push(f.save("a", &format!(r#"{{"n":{n}}}"#)).await.recorded_at);
        f.save("b", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let between = |from: Option<Timestamp>, to: Option<Timestamp>| HistoryQuery { from, to, ..history("a") };
    let micro = |time: Timestamp, by: i64| Some(Timestamp::from_micros(time.micros() + by));
    let cases = [
        (between(Some(times[1]), Some(times[3])), vec![4, 3, 2]),
        (between(micro(times[1], 1), micro(times[3], -1)), vec![3]),
        (between(Some(times[4]), None), vec![5]),
        (between(None, Some(times[0])), vec![1]),
        (between(micro(times[4], 1), None), vec![]),
        (between(None, micro(times[0], -1)), vec![]),
        (between(Some(times[3]), Some(times[1])), vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(numbers(f, &query).await, (expected.len() as u64, expected), "{query:?}");
    }
}

pub async fn the_log_is_read_in_both_directions(f: &Fixture) {
    for n in 0..10 {
        f.save(&format!("s{}", n % 3), &format!(r#"{{"n":{n}}}"#)).await;
    }
    let seqs = |versions: Vec<Version>| versions.iter().map(|version| version.seq.0).collect::<Vec<_>>();
    assert_eq!(seqs(f.store.after(Seq(0), 4).await.unwrap()), [1, 2, 3, 4]);
    assert_eq!(seqs(f.store.after(Seq(7), 100).await.unwrap()), [8, 9, 10]);
    assert_eq!(seqs(f.store.after(Seq(10), 100).await.unwrap()), [0_u64; 0]);
    assert_eq!(seqs(f.store.after(Seq(u64::MAX), 100).await.unwrap()), [0_u64; 0]);
    assert_eq!(seqs(f.store.before(Seq(u64::MAX), 3).await.unwrap()), [10, 9, 8]);
    assert_eq!(seqs(f.store.before(Seq(3), 100).await.unwrap()), [2, 1]);
    assert_eq!(seqs(f.store.before(Seq(1), 100).await.unwrap()), [0_u64; 0]);
}

pub async fn moments_are_found_by_time(f: &Fixture) {
    let at = |micros: i64| f.store.seq_at(Timestamp::from_micros(micros));
    assert_eq!(at(START).await.unwrap(), Seq(0), "the empty store");
    let mut times = Vec::new();
    for n in 0..9 {
        times.push(f.save("a", &format!(r#"{{"n":{n}}}"#)).await.recorded_at.micros());
    }
    for (n, time) in times.iter().enumerate() {
        assert_eq!(at(*time).await.unwrap(), Seq(n as u64 + 1));
        assert_eq!(at(time - 1).await.unwrap(), Seq(n as u64));
        assert_eq!(at(time + 1).await.unwrap(), Seq(n as u64 + 1));
    }
    assert_eq!(at(i64::MIN).await.unwrap(), Seq(0));
    assert_eq!(at(i64::MAX).await.unwrap(), Seq(9));
}

pub async fn the_chain_is_verified_in_stretches(f: &Fixture) {
    for n in 0..10 {
        f.save(&format!("s{}", n % 2), &format!(r#"{{"n":{n}}}"#)).await;
    }
    let stretch = verify_stretch(f.store.as_ref(), Seq(0), 4).await.unwrap();
    assert_eq!((stretch.ok, stretch.verified_to, stretch.seq), (true, Seq(4), Seq(10)));
    let rest = verify_stretch(f.store.as_ref(), Seq(4), 100).await.unwrap();
    assert_eq!((rest.ok, rest.verified_to), (true, Seq(10)));
    let beyond = verify_stretch(f.store.as_ref(), Seq(11), 100).await.unwrap();
    assert!(!beyond.ok && beyond.fault.unwrap().contains("no such version"));
}
