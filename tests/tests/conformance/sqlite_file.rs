//! What only a file can do wrong.

use std::path::Path;
use std::sync::Arc;

use stateloft_core::model::{Seq, Timestamp, VersionNumber};
use stateloft_server::service::Clock as _;
use stateloft_server::store::sqlite::SqliteStore;
use stateloft_server::store::{Admin as _, Commits as _, Heads as _, StoreError, verify_all};

use crate::fixture::{Fixture, batch, delete, everything, key, save, snapshot_id};

async fn open(folder: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(&folder.join("deep/er/stateloft.db")).await
}

fn fixture(store: SqliteStore) -> Fixture {
    Fixture::new(Arc::new(store), None)
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let f = fixture(open(folder.path()).await.unwrap());
    f.save("a", r#"{"n":1.0}"#).await;
    f.save("b", "{}").await;
    f.delete("b").await;
    f.snapshot("s").await.unwrap();
    let (tip, list) = (f.store.tip().await.unwrap(), f.store.list(&everything()).await.unwrap());
    let log = f.store.after(Seq(0), 100).await.unwrap();
    f.store.close().await;
    let f = fixture(open(folder.path()).await.unwrap());
    assert_eq!(f.store.tip().await.unwrap(), tip);
    assert_eq!(f.store.list(&everything()).await.unwrap(), list);
    assert_eq!(f.store.after(Seq(0), 100).await.unwrap(), log);
    assert!(f.store.snapshot(&snapshot_id("s")).await.unwrap().is_some());
    assert_eq!(f.save("c", "{}").await.seq, Seq(4));
    assert_eq!(f.save("a", "{}").await.version.0, 2);
    f.check_chain().await;
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await.unwrap();
    let refused = open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("in use by another stateloft server"), "{refused}");
    first.close().await;
    let closed =
        first.commit(&[batch(vec![save("a", "{}")])], stateloft_core::model::Timestamp::default()).await;
    assert!(matches!(closed, Err(StoreError::NotWritten(_))), "{closed:?}");
    open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_reader_sees_what_a_running_server_writes_and_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/stateloft.db");
    let missing = SqliteStore::open_read_only(&path).await.unwrap_err();
    assert!(missing.to_string().contains("there is no file"), "{missing}");
    assert!(!path.exists());
    let f = fixture(open(folder.path()).await.unwrap());
    f.save("a", "{}").await;
    let reader = SqliteStore::open_read_only(&path).await.unwrap();
    assert_eq!(reader.tip().await.unwrap().seq, Seq(1));
    f.save("a", r#"{"n":2}"#).await;
    assert_eq!(reader.head(&key("a")).await.unwrap(), f.head("a").await);
    assert_eq!(verify_all(&reader, |_, _| {}).await.unwrap(), Ok(Seq(2)));
    let refused =
        reader.commit(&[batch(vec![delete("a")])], stateloft_core::model::Timestamp::default()).await;
    assert!(matches!(refused, Err(StoreError::NotWritten(_))), "{refused:?}");
    reader.close().await;
    f.save("a", r#"{"n":3}"#).await;
}

/// Runs SQL on the file behind the store's back.
async fn meddle(folder: &Path, sql: &'static str) {
    let path = folder.join("deep/er/stateloft.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

#[tokio::test]
async fn a_newer_file_is_refused_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await.unwrap().close().await;
    meddle(folder.path(), "PRAGMA user_version = 99").await;
    let refused = open(folder.path()).await.unwrap_err();
    assert_eq!(refused, StoreError::TooNew { found: 99, known: 7 });
    assert!(refused.to_string().contains("99"), "{refused}");
}

/// Makes of a file of layout 7 what the program before it would have written.
const LAYOUT_6: &str = "DROP TABLE run_leases; PRAGMA user_version = 6";

/// The same of a file of layout 6.
const LAYOUT_5: &str = "DROP TABLE origins; PRAGMA user_version = 5";

/// The same of a file of layout 5.
const LAYOUT_4: &str = "DROP INDEX versions_imported; PRAGMA user_version = 4";

/// The same of a file of layout 4.
const LAYOUT_3: &str = "DROP TABLE receipts; PRAGMA user_version = 3";

/// The same of a file of layout 3.
const LAYOUT_2: &str = "\
    ALTER TABLE meta ADD COLUMN listed INTEGER NOT NULL DEFAULT 0; \
    UPDATE meta SET listed = 2; \
    UPDATE states SET listed_seq = (SELECT min(seq) FROM versions WHERE versions.state_pk = states.state_pk); \
    PRAGMA user_version = 2";

/// The same of a file of layout 2.
const LAYOUT_1: &str = "\
    ALTER TABLE states RENAME COLUMN listed_seq TO head_seq; \
    UPDATE states SET head_seq = (SELECT max(seq) FROM versions WHERE versions.state_pk = states.state_pk); \
    ALTER TABLE meta DROP COLUMN listed; \
    CREATE UNIQUE INDEX versions_version ON versions (state_pk, version); \
    PRAGMA user_version = 1";

#[tokio::test]
async fn an_older_file_is_brought_up_to_date() {
    for (layout, back) in [(6, 1), (5, 2), (4, 3), (3, 4), (2, 5), (1, 6)] {
        let folder = tempfile::tempdir().unwrap();
        let f = fixture(open(folder.path()).await.unwrap());
        for id in ["a", "b", "a", "c", "a"] {
            f.save(id, &format!(r#"{{"seq":{}}}"#, f.tip().await.0)).await;
        }
        f.delete("c").await;
        f.store.close().await;
        for step in &[LAYOUT_6, LAYOUT_5, LAYOUT_4, LAYOUT_3, LAYOUT_2, LAYOUT_1][..back] {
            meddle(folder.path(), step).await;
        }
        let path = folder.path().join("deep/er/stateloft.db");
        let reader = SqliteStore::open_read_only(&path).await.unwrap_err();
        assert!(reader.to_string().contains(&format!("layout {layout}, older than 7")), "{reader}");
        let f = fixture(open(folder.path()).await.unwrap());
        assert_eq!(f.ids(&everything()).await, ["a", "b"]);
        assert_eq!(f.head("a").await.unwrap().seq, Seq(5));
        assert_eq!(f.store.version(&key("a"), VersionNumber(2)).await.unwrap().unwrap().seq, Seq(3));
        assert_eq!(f.save("b", "{}").await.version.0, 2);
        assert_eq!(f.ids(&everything()).await, ["b", "a"]);
        let activity = f.store.activity(Timestamp::from_micros(0), 60_000_000).await.unwrap();
        let counted: u64 = activity.by_type.iter().map(|(_, count)| count).sum();
        assert_eq!(counted, 7, "each version is counted once");
        f.check_chain().await;
    }
}

/// The program's former name, which is written nowhere else but in the error.
const FORMER: &str = concat!("state", "house");

#[tokio::test]
async fn a_store_of_the_former_name_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join(format!("{FORMER}.db")), folder.path().join("stateloft.db"));
    std::fs::write(&old, "anything").unwrap();
    for refused in [SqliteStore::open(&new).await, SqliteStore::open_read_only(&new).await] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
        let said = refused.to_string();
        assert!(said.contains(&*old.to_string_lossy()) && said.contains("new name"), "{said}");
        assert!(!new.exists());
    }
    // Under a name of one's own it is nobody else's business, nor where the store is there.
    SqliteStore::open(&folder.path().join("mine.db")).await.unwrap().close().await;
    std::fs::rename(folder.path().join("mine.db"), &new).unwrap();
    let _ = std::fs::rename(folder.path().join("mine.db.seal"), folder.path().join("stateloft.db.seal"));
    SqliteStore::open(&new).await.unwrap().close().await;
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    meddle(folder.path(), "CREATE TABLE theirs (x)").await;
    let refused = open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    let path = folder.path().join("deep/er/stateloft.db");
    std::fs::write(&path, "this is not a database, but a text of some length to be sure".repeat(100))
        .unwrap();
    let refused = open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("this is not a database"));
}

/// A log does not say what is missing at its end, but a server that runs has seen it.
#[tokio::test]
async fn d_021_a_server_misses_the_last_version_that_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let f = fixture(open(folder.path()).await.unwrap());
    let service = f.service().await;
    for n in 1..=3 {
        crate::service::save(&service, "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    assert!(service.verify(Seq(0), 100).await.unwrap().ok);
    meddle(folder.path(), "DELETE FROM versions WHERE seq = 3").await;
    let report = service.verify(Seq(0), 100).await.unwrap();
    assert_eq!(report.fault.as_deref(), Some("the log ends at seq 2, but went to seq 3 before"));
    assert!(!report.ok);
}

/// And so does whoever looks later, once the end was noted: with the next commit after a minute, or without one.
#[tokio::test]
async fn d_021_a_missing_end_is_found_once_it_was_noted() {
    for with_a_commit in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let f = fixture(open(folder.path()).await.unwrap());
        // The first commit after a start notes what there was before.
        for n in 1..=3 {
            f.save("a", &format!(r#"{{"n":{n}}}"#)).await;
        }
        f.clock.set(f.clock.now().micros() + 61_000_000);
        if with_a_commit {
            f.save("a", "{}").await;
        } else {
            assert_eq!(f.store.keep_up(f.clock.now()).await, Ok(false));
        }
        meddle(folder.path(), "DELETE FROM versions WHERE seq >= 3").await;
        let path = folder.path().join("deep/er/stateloft.db");
        let reader = SqliteStore::open_read_only(&path).await.unwrap();
        let fault = verify_all(&reader, |_, _| {}).await.unwrap().unwrap_err();
        assert!(fault.text.contains("the log ends at seq 2, but the store's counter says 3"), "{fault:?}");
    }
}

#[tokio::test]
async fn d_021_every_kind_of_tampering_is_found() {
    let cases = [
        (r#"UPDATE versions SET data = '{"n":2.5}' WHERE seq = 2"#, 1, "is not what was stored"),
        ("UPDATE versions SET author = 'somebody else' WHERE seq = 3", 2, "chain hash"),
        ("UPDATE versions SET recorded_at = recorded_at + 1 WHERE seq = 3", 2, "chain hash"),
        ("UPDATE versions SET operation = 'create' WHERE seq = 2", 1, "chain hash"),
        ("UPDATE versions SET data = '{\"n\":' WHERE seq = 2", 1, "cannot be read"),
        ("DELETE FROM versions WHERE seq = 2", 1, "it is missing"),
        ("DELETE FROM versions WHERE seq = 5", 4, "the log ends at seq 4"),
        ("UPDATE versions SET version = 9 WHERE seq = 3", 2, "chain hash"),
        ("UPDATE meta SET chain_hash = zeroblob(32)", 5, "another chain hash"),
    ];
    for (sql, verified_to, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        let f = fixture(open(folder.path()).await.unwrap());
        for n in 1..=5 {
            f.save("a", &format!(r#"{{"n":{n}}}"#)).await;
        }
        f.store.close().await;
        meddle(folder.path(), sql).await;
        let store = SqliteStore::open_read_only(&folder.path().join("deep/er/stateloft.db")).await.unwrap();
        let fault = verify_all(&store, |_, _| {}).await.unwrap().unwrap_err();
        assert!(fault.text.contains(words), "{sql}: {fault:?}");
        assert_eq!(fault.verified_to, Seq(verified_to), "{sql}: {fault:?}");
    }
}
