//! Connecting, and what is found there.

use std::time::Duration;

use stateloft_core::model::{Seq, Timestamp, VersionNumber};
use stateloft_server::service::Service;
use stateloft_server::store::postgres::{Password, PostgresHost, PostgresSettings, PostgresStore, Tls};
use stateloft_server::store::{Admin as _, Commits as _, Heads as _, ListQuery, StoreError, verify_all};
use stateloft_tests::postgres::Postgres;

use crate::site::{key, save, server, whole};

async fn refused(settings: &PostgresSettings) -> StoreError {
    PostgresStore::open(settings.clone()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_make_the_tables_once() {
    let settings = Postgres::shared().database();
    let starting: Vec<_> = (0..6).map(|_| tokio::spawn(PostgresStore::open(settings.clone()))).collect();
    let mut stores = Vec::new();
    for store in starting {
        stores.push(store.await.unwrap().unwrap());
    }
    for store in stores {
        assert_eq!(store.tip().await.unwrap().seq, Seq(0));
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_a_restart_of_the_server() {
    let settings = Postgres::shared().database();
    let first = server(&settings).await;
    save(&first, "a", r#"{"n":1.0,"s":"é \u0001"}"#).await;
    let saved = save(&first, "a", r#"{"n":1e22}"#).await;
    first.shutdown().await;
    let second = server(&settings).await;
    assert_eq!(second.store().head(&saved.key).await.unwrap(), Some(saved));
    assert_eq!(save(&second, "b", "{}").await.seq, Seq(3));
    whole(&second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_what_a_running_server_writes_and_cannot_write() {
    let settings = Postgres::shared().database();
    let empty = PostgresStore::open_read_only(settings.clone()).await.unwrap_err();
    assert!(empty.to_string().contains("holds no store yet"), "{empty}");
    let writer = server(&settings).await;
    save(&writer, "a", "{}").await;
    let reader = PostgresStore::open_read_only(settings).await.unwrap();
    save(&writer, "a", r#"{"n":2}"#).await;
    assert_eq!(verify_all(&reader, |_, _| {}).await.unwrap(), Ok(Seq(2)));
    let refused = reader.commit(&[], stateloft_core::model::Timestamp::default()).await;
    assert!(matches!(refused, Err(StoreError::NotWritten(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused_with_both_numbers() {
    let postgres = Postgres::shared();
    let settings = postgres.database();
    PostgresStore::open(settings.clone()).await.unwrap().close().await;
    postgres.sql(&settings.database, "UPDATE stateloft.meta SET layout = 99");
    assert_eq!(refused(&settings).await, StoreError::TooNew { found: 99, known: 7 });
    let reader = PostgresStore::open_read_only(settings).await.unwrap_err();
    assert_eq!(reader, StoreError::TooNew { found: 99, known: 7 });
}

/// Makes of tables of layout 7 what the program before it would have written.
const LAYOUT_6: &str =
    "SET search_path = stateloft; DROP TABLE run_leases, run_watch; UPDATE meta SET layout = 6";

/// The same of tables of layout 6.
const LAYOUT_5: &str = "SET search_path = stateloft; DROP TABLE origins; UPDATE meta SET layout = 5";

/// The same of tables of layout 5.
const LAYOUT_4: &str =
    "SET search_path = stateloft; DROP INDEX versions_imported; UPDATE meta SET layout = 4";

/// The same of tables of layout 4.
const LAYOUT_3: &str = "SET search_path = stateloft; DROP TABLE receipts; UPDATE meta SET layout = 3";

/// The same of tables of layout 3.
const LAYOUT_2: &str = "SET search_path = stateloft; \
    ALTER TABLE meta ADD COLUMN listed bigint NOT NULL DEFAULT 0, ADD COLUMN last_state bigint NOT NULL DEFAULT 0; \
    UPDATE meta SET listed = 2, last_state = (SELECT max(state_pk) FROM states); \
    UPDATE states SET listed_seq = (SELECT min(seq) FROM versions WHERE versions.state_pk = states.state_pk); \
    UPDATE meta SET layout = 2";

/// The same of tables of layout 2.
const LAYOUT_1: &str = "SET search_path = stateloft; \
    ALTER TABLE states RENAME COLUMN listed_seq TO head_seq; \
    UPDATE states SET head_seq = (SELECT max(seq) FROM versions WHERE versions.state_pk = states.state_pk); \
    ALTER TABLE meta DROP COLUMN listed; \
    ALTER TABLE meta ADD CONSTRAINT meta_id_check CHECK (id = 1); \
    CREATE UNIQUE INDEX versions_version ON versions (state_pk, version); \
    UPDATE meta SET layout = 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_of_the_former_name_is_named_and_may_be_renamed() {
    let former = concat!("state", "house");
    let postgres = Postgres::shared();
    let settings = postgres.database();
    let first = server(&settings).await;
    let _ = save(&first, "a", "{}").await;
    first.shutdown().await;
    postgres.sql(&settings.database, &format!("ALTER SCHEMA stateloft RENAME TO {former}"));
    let error = refused(&settings).await;
    let command = format!("ALTER SCHEMA {former} RENAME TO stateloft");
    assert!(matches!(&error, StoreError::Refused(text) if text.contains(&command)), "{error}");
    postgres.sql(&settings.database, &command);
    assert_eq!(server(&settings).await.store().tip().await.unwrap().seq, Seq(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_schema_is_brought_up_to_date() {
    let postgres = Postgres::shared();
    for (layout, back) in [(6, 1), (5, 2), (4, 3), (3, 4), (2, 5), (1, 6)] {
        let settings = postgres.database();
        let first = server(&settings).await;
        for (n, id) in ["a", "b", "a", "c", "a"].into_iter().enumerate() {
            save(&first, id, &format!(r#"{{"n":{n}}}"#)).await;
        }
        first.shutdown().await;
        for step in &[LAYOUT_6, LAYOUT_5, LAYOUT_4, LAYOUT_3, LAYOUT_2, LAYOUT_1][..back] {
            postgres.sql(&settings.database, step);
        }
        let reader = PostgresStore::open_read_only(settings.clone()).await.unwrap_err();
        assert!(reader.to_string().contains(&format!("layout {layout}, older than 7")), "{reader}");
        let second = server(&settings).await;
        let listed = async || {
            let page = second.store().list(&ListQuery { limit: 10, ..ListQuery::default() }).await.unwrap();
            page.rows.into_iter().map(|row| row.version.state_id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(listed().await, ["a", "c", "b"]);
        let found = second.store().version(&key("a"), VersionNumber(2)).await.unwrap();
        assert_eq!(found.unwrap().seq, Seq(3));
        assert_eq!(save(&second, "b", "{}").await.version, VersionNumber(2));
        assert_eq!(listed().await, ["b", "a", "c"]);
        assert_eq!(counted(&second).await, 6, "each version is counted once");
        whole(&second).await;
    }
}

/// How many versions the counters of activity know, with those that they do not count yet.
async fn counted(service: &Service) -> u64 {
    let activity = service.store().activity(Timestamp::from_micros(0), 60_000_000).await.unwrap();
    activity.by_type.iter().map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_others_are_left_alone() {
    let postgres = Postgres::shared();
    for theirs in ["CREATE TABLE stateloft.theirs (x int)", "CREATE TABLE stateloft.meta (id int)"] {
        let settings = postgres.database();
        postgres.sql(&settings.database, &format!("CREATE SCHEMA stateloft; {theirs}"));
        let refused = refused(&settings).await;
        assert!(matches!(refused, StoreError::Damaged(_)), "{refused}");
    }
    // Tables with our names in other schemas do not matter.
    let settings = postgres.database();
    postgres.sql(&settings.database, "CREATE TABLE meta (x text); CREATE TABLE states (y int)");
    let service = server(&settings).await;
    save(&service, "a", "{}").await;
    assert_eq!(postgres.sql(&settings.database, "SELECT count(*) FROM meta"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_021_tampering_is_found() {
    let postgres = Postgres::shared();
    for (sql, words) in [
        (r#"UPDATE versions SET data = '{"n":2.5}' WHERE seq = 2"#, "is not what was stored"),
        ("UPDATE versions SET author = 'somebody else' WHERE seq = 3", "chain hash"),
        ("DELETE FROM versions WHERE seq = 2", "it is missing"),
        ("DELETE FROM versions WHERE seq = 5", "the log ends at seq 4"),
        ("UPDATE meta SET chain_hash = decode(repeat('00', 32), 'hex')", "another chain hash"),
    ] {
        let settings = postgres.database();
        let first = server(&settings).await;
        for n in 1..=5 {
            save(&first, "a", &format!(r#"{{"n":{n}}}"#)).await;
        }
        // A server that stops notes where the log ends.
        first.shutdown().await;
        let service = server(&settings).await;
        postgres.sql(&settings.database, &format!("SET search_path = stateloft; {sql}"));
        let fault = verify_all(service.store().as_ref(), |_, _| {}).await.unwrap().unwrap_err();
        assert!(fault.text.contains(words), "{sql}: {fault:?}");
    }
}

/// The password opens the door, and no error that a wrong one causes shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_used_and_never_shown() {
    let postgres = Postgres::shared();
    let mut settings = postgres.database();
    // Roles belong to the whole server, which nobody else asks for this one.
    postgres.sql("postgres", "CREATE ROLE secret LOGIN SUPERUSER PASSWORD 'open-sesame'");
    settings.user = "secret".into();
    settings.password = Some(Password::new("wrong-sesame"));
    let error = refused(&settings).await;
    assert!(!format!("{error} {error:?} {settings:?}").contains("wrong-sesame"), "{error}");
    settings.password = Some(Password::new("open-sesame"));
    let service = server(&settings).await;
    save(&service, "a", "{}").await;
}

/// Of several hosts the one that answers is taken; when none does, each is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_the_one_that_answers_is_taken() {
    let mut settings = Postgres::shared().database();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    settings.hosts.insert(0, PostgresHost { host: "127.0.0.1".into(), port: nobody });
    let service = server(&settings).await;
    save(&service, "a", "{}").await;
    assert_eq!(whole(&service).await, Seq(1));
    settings.hosts.truncate(1);
    settings.patience = Duration::from_secs(5);
    let error = refused(&settings).await.to_string();
    assert!(error.contains(&format!("127.0.0.1:{nobody}")), "{error}");
}

/// Where TLS is asked for, the server must show a certificate for its name that somebody trusted signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_verified_as_asked() {
    let postgres = Postgres::start();
    let plain = |host: &str, tls| PostgresSettings {
        hosts: vec![PostgresHost { host: host.into(), port: postgres.port() }],
        tls: Some(tls),
        ..postgres.database()
    };
    let error = refused(&plain("localhost", Tls::VerifyFull)).await.to_string();
    assert!(error.to_lowercase().contains("tls"), "the server offers none yet: {error}");
    let certificate = postgres.offer_tls();
    let trusting = |host: &str, tls| PostgresSettings {
        root_certificate: Some(certificate.path().to_owned()),
        ..plain(host, tls)
    };
    for settings in [
        trusting("localhost", Tls::VerifyFull),
        trusting("127.0.0.1", Tls::VerifyCa),
        plain("127.0.0.1", Tls::Require),
        plain("127.0.0.1", Tls::Prefer),
        plain("127.0.0.1", Tls::Disable),
    ] {
        let service = server(&settings).await;
        save(&service, "a", "{}").await;
        let encrypted = format!(
            "SELECT bool_and(s.ssl) FROM pg_stat_ssl AS s JOIN pg_stat_activity AS a USING (pid) \
             WHERE a.datname = '{}' AND a.application_name = 'stateloft'",
            settings.database
        );
        let expected = if settings.tls == Some(Tls::Disable) { "f" } else { "t" };
        assert_eq!(postgres.sql("postgres", &encrypted), expected, "{settings:?}");
    }
    for (settings, why) in [
        (plain("localhost", Tls::VerifyFull), "nobody trusted signed it"),
        (plain("localhost", Tls::VerifyCa), "nobody trusted signed it"),
        (trusting("127.0.0.1", Tls::VerifyFull), "it is for another name"),
    ] {
        let error = refused(&settings).await.to_string();
        assert!(error.to_lowercase().contains("certificate"), "{why}: {error}");
    }
}
