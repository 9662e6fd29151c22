//! What reading costs where histories are long.

use std::time::{Duration, Instant};

use stateloft_core::model::{Seq, StateKey, Timestamp, VersionNumber};
use stateloft_server::service::Service;
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_server::store::{HistoryQuery, OriginFilter, StateStore};
use stateloft_tests::older::{import, update};
use stateloft_tests::postgres::Postgres;

use crate::site::{PATIENCE, key, save, server};

const LONG: u64 = 6_000;
const OTHERS: u64 = 3_000;
/// Rows that PostgreSQL had in its hands, and scans of whole tables, since it was started.
const WORK: &str = "SELECT sum(seq_tup_read) + sum(coalesce(idx_tup_fetch, 0)), sum(seq_scan) \
                    FROM pg_stat_user_tables WHERE schemaname = 'stateloft' AND relname IN ('states', 'versions')";

/// Rows and scans of tables so far. A connection tells what it did when it ends, so all of them must have.
async fn work(settings: &PostgresSettings) -> (u64, u64) {
    let postgres = Postgres::shared();
    let name = &settings.database;
    let others =
        format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()");
    let deadline = Instant::now() + PATIENCE;
    while postgres.sql(name, &others) != "0" {
        assert!(Instant::now() < deadline, "connections are left open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = postgres.sql(name, WORK);
    let (rows, scans) = found.split_once('|').unwrap();
    (rows.parse().unwrap(), scans.parse().unwrap())
}

async fn written_at_once(service: &Service, saves: impl Iterator<Item = (String, u64)>) {
    let saves: Vec<_> = saves.collect();
    for some in saves.chunks(500) {
        let some =
            some.iter().map(|(id, n)| async move { save(service, id, &format!(r#"{{"n":{n}}}"#)).await });
        futures::future::join_all(some).await;
    }
}

/// The older systems had indexes of single columns only: the latest version of a state was looked for in its whole history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_037_no_read_walks_through_a_long_history() {
    let settings = Postgres::shared().database();
    let service = server(&settings).await;
    written_at_once(&service, (0..LONG).map(|n| ("long".to_owned(), n))).await;
    written_at_once(&service, (0..OTHERS).map(|n| (format!("other-{n}"), n))).await;
    service.shutdown().await;

    let asked = async |store: &dyn StateStore| {
        let long = key("long");
        assert_eq!(store.head(&long).await.unwrap().unwrap().version, VersionNumber(LONG));
        assert_eq!(store.as_of(&long, Seq(LONG / 2)).await.unwrap().unwrap().seq, Seq(LONG / 2));
        assert_eq!(store.as_of(&long, Seq(LONG + OTHERS)).await.unwrap().unwrap().seq, Seq(LONG));
        assert_eq!(store.version(&long, VersionNumber(17)).await.unwrap().unwrap().seq, Seq(17));
        assert_eq!(store.by_seq(Seq(LONG + 5)).await.unwrap().unwrap().version, VersionNumber(1));
        let query = HistoryQuery {
            key: long,
            from: None,
            to: None,
            origin: OriginFilter::default(),
            limit: 10,
            cursor: None,
            with_data: true,
        };
        let page = store.history(&query).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (10, LONG));
        let ever = Timestamp::from_micros(i64::MAX);
        assert_eq!(store.imports(Seq(0), ever).await.unwrap().count, 0, "of a store without any");
    };
    let rows = rows_read(&settings, asked).await;
    assert!(rows < 200, "{rows} rows were read to find 16");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_in_a_long_imported_history_is_found_without_walking_through_it() {
    const THEN: i64 = 1_700_000_000_000_000;
    let settings = Postgres::shared().database();
    let service = server(&settings).await;
    let micros = |n: u64| THEN + i64::try_from(n).unwrap() * 10;
    let old = (0..LONG).map(|n| update("old", micros(n), micros(n))).collect();
    assert_eq!(import(&service, old).await.0.imported, LONG);
    written_at_once(&service, (0..OTHERS).map(|n| (format!("other-{n}"), n))).await;
    service.shutdown().await;

    let asked = async |store: &dyn StateStore| {
        let old = StateKey::new("bot_memory", "old").unwrap();
        let at = |n: u64| Timestamp::from_micros(micros(n) + 5);
        for n in [0, 17, LONG / 2] {
            assert_eq!(store.then(&old, at(n)).await.unwrap().unwrap().version, VersionNumber(n + 1));
        }
        let window = (Some(at(99)), Some(at(LONG - 1)));
        let query = HistoryQuery {
            key: old,
            from: window.0,
            to: window.1,
            origin: OriginFilter::default(),
            limit: 10,
            cursor: None,
            with_data: true,
        };
        let page = store.history(&query).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (10, LONG - 100));
        // Of a moment since, nothing of what was imported is looked at.
        let since = store.seq_at(Timestamp::from_micros(i64::MAX)).await.unwrap();
        assert_eq!(store.imports(since, at(LONG)).await.unwrap().count, 0);
    };
    let rows = rows_read(&settings, asked).await;
    assert!(rows < 800, "{rows} rows were read to find 13");
}

/// How many rows the database had in its hands for what is asked, of tables as full as these; none of it may read a whole
/// table.
async fn rows_read(settings: &PostgresSettings, asked: impl AsyncFnOnce(&dyn StateStore)) -> u64 {
    Postgres::shared().sql(&settings.database, "ANALYZE");
    let service = server(settings).await;
    service.shutdown().await;
    let start = work(settings).await;
    let service = server(settings).await;
    service.shutdown().await;
    // What opening a store costs is not what is asked here.
    let opened = work(settings).await;
    let service = server(settings).await;
    asked(service.store().as_ref()).await;
    service.shutdown().await;
    let read = work(settings).await;
    assert_eq!(read.1 - opened.1, opened.1 - start.1, "a whole table was read");
    (read.0 - opened.0).saturating_sub(opened.0 - start.0)
}
