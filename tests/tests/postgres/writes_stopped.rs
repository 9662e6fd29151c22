//! A database that answers and takes no writes: everybody is told, whether anybody writes or not, until it takes them again.

use reqwest::StatusCode;
use serde_json::Value;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use tempfile::TempDir;

/// What raises an error before each statement that inserts versions; `53100` is PostgreSQL's code for a full disk.
const FULL: &str = "
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON stateloft.versions EXECUTE FUNCTION full_disk()";
const SAVE: &str = r#"{"state_type":"bot_memory","state_id":"a","data":{"n":2}}"#;

fn set_read_only(postgres: &Postgres, to: &str) {
    postgres.sql("postgres", &format!("ALTER SYSTEM SET default_transaction_read_only = {to}"));
    postgres.sql("postgres", "SELECT pg_reload_conf()");
}

fn alarm<'a>(status: &'a Value, code: &str) -> Option<&'a Value> {
    status["alarms"].as_array()?.iter().find(|alarm| alarm["code"] == code)
}

async fn is_not_ready(server: &Server, code: &str) {
    let status = server.until_status(|status| alarm(status, code).is_some()).await;
    assert_eq!(alarm(&status, code).unwrap()["stops"], "writes", "{status}");
    let (status, problem) = server.get("/readyz").await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    assert!(problem["detail"].as_str().unwrap().contains(code), "{problem}");
    assert_eq!(server.get("/states/a?state_type=bot_memory").await.0, StatusCode::OK, "it can be read");
}

async fn is_ready_again(server: &Server, code: &str) {
    server.until_status(|status| alarm(status, code).is_none()).await;
    assert_eq!(server.get("/readyz").await.0, StatusCode::OK);
    server.save("bot_memory", "a", r#"{"n":3}"#, "bot", "again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_a_read_only_database_is_not_ready_also_when_nobody_writes_and_is_when_it_takes_writes() {
    let postgres = Postgres::start();
    let server = Server::start_on(&postgres.database()).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "first").await;
    set_read_only(&postgres, "on");
    is_not_ready(&server, "cannot_write").await;
    set_read_only(&postgres, "off");
    is_ready_again(&server, "cannot_write").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_has_no_room_or_lost_a_right_is_said_until_a_trial_finds_it_again() {
    let postgres = Postgres::start();
    let settings = postgres.database();
    let server = Server::start_on(&settings).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "first").await;
    postgres.sql(&settings.database, FULL);
    let (status, problem) = server.post("/states", SAVE).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"store_unavailable".into()));
    assert_eq!(problem["detail"], "the store has no room; nothing was written");
    is_not_ready(&server, "disk_full").await;
    postgres.sql(&settings.database, "DROP FUNCTION full_disk CASCADE");
    is_ready_again(&server, "disk_full").await;

    let other = FULL.replace("53100", "42501");
    postgres.sql(&settings.database, &other);
    assert_eq!(server.post("/states", SAVE).await.0, StatusCode::SERVICE_UNAVAILABLE);
    is_not_ready(&server, "cannot_write").await;
    postgres.sql(&settings.database, "DROP FUNCTION full_disk CASCADE");
    is_ready_again(&server, "cannot_write").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_journal_a_read_only_database_is_said_and_stops_no_writes() {
    let (postgres, folder) = (Postgres::start(), TempDir::new().unwrap());
    let journal = [
        ("TRADING_STATE_ENABLE_FILE_FALLBACK".to_owned(), "true".to_owned()),
        ("TRADING_STATE_FALLBACK_DIR".to_owned(), folder.path().display().to_string()),
    ];
    let server = Server::start_on_with(&postgres.database(), journal.to_vec()).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "first").await;
    set_read_only(&postgres, "on");
    let status = server.until_status(|status| alarm(status, "cannot_write").is_some()).await;
    let said = alarm(&status, "cannot_write").unwrap();
    assert_eq!(said["stops"], "part", "{said}");
    assert!(said["detail"].as_str().unwrap().contains("fallback journal"), "{said}");
    let (status, ready) = server.get("/readyz").await;
    assert_eq!((status, &ready["alarms"][0]), (StatusCode::OK, &"cannot_write".into()), "{ready}");
    assert_eq!(server.post("/states", SAVE).await.0, StatusCode::ACCEPTED);
    set_read_only(&postgres, "off");
    let status = server.until_status(|status| status["fallback"]["pending"] == 0).await;
    assert_eq!(status["seq"], 2, "{status}");
    server.until_status(|status| alarm(status, "cannot_write").is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_journal_is_replayed_no_status_misses_a_write_that_was_answered() {
    const WRITES: u64 = 300;
    let (postgres, folder) = (Postgres::start(), TempDir::new().unwrap());
    let journal = [
        ("TRADING_STATE_ENABLE_FILE_FALLBACK".to_owned(), "true".to_owned()),
        ("TRADING_STATE_FALLBACK_DIR".to_owned(), folder.path().display().to_string()),
    ];
    let server = Server::start_on_with(&postgres.database(), journal.to_vec()).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "first").await;
    set_read_only(&postgres, "on");
    server.until_status(|status| alarm(status, "cannot_write").is_some()).await;
    for n in 1..=WRITES {
        let save = format!(r#"{{"state_type":"bot_memory","state_id":"{n}","data":{{}}}}"#);
        assert_eq!(server.post("/states", &save).await.0, StatusCode::ACCEPTED);
    }
    set_read_only(&postgres, "off");
    loop {
        let (_, status) = server.get("/status").await;
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let pending = number(&status["fallback"]["pending"]);
        // A status of before the counting failed says so, and is not held against it.
        if status["counts_as_of"].is_null() {
            assert!(number(&status["seq"]) + pending > WRITES, "{status}");
        }
        if pending == 0 {
            return assert_eq!(status["seq"], 1 + WRITES, "{status}");
        }
    }
}
