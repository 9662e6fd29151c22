//! Writes of which it is certain that nothing was written, whatever they had begun.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use sqlx::Connection as _;
use stateloft_core::api::{Code, CreateSnapshot};
use stateloft_core::model::{Seq, StateId};
use stateloft_server::clock::SystemClock;
use stateloft_server::service::{Service, Settings};
use stateloft_server::store::Layers;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_server::store::postgres::{PostgresSettings, PostgresStore};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use tempfile::TempDir;

use crate::site::{PATIENCE, save};

/// The lock of whoever writes.
const TURN: i64 = 8_319_381_564_205_854_567;

fn set_read_only(postgres: &Postgres, to: &str) {
    postgres.sql("postgres", &format!("ALTER SYSTEM SET default_transaction_read_only = {to}"));
    postgres.sql("postgres", "SELECT pg_reload_conf()");
}

/// The second save of a server does what the first has left for later, so that the next one only commits.
async fn writing(server: &Server) {
    for n in 0..2 {
        server.save("bot_memory", "a", &format!(r#"{{"n":{n}}}"#), "bot", "why").await;
    }
}

/// Saves something new each time until the database has taken the setting in; the first save that was not written, and what
/// was answered.
async fn until_refused(server: &Server) -> (u64, StatusCode, Value) {
    let until = tokio::time::Instant::now() + PATIENCE;
    for n in 2.. {
        let save = format!(r#"{{"state_type":"bot_memory","state_id":"a","data":{{"n":{n}}}}}"#);
        let (status, answer) = server.post("/states", save).await;
        if status != StatusCode::OK {
            return (n, status, answer);
        }
        assert!(tokio::time::Instant::now() < until, "the database goes on taking saves");
    }
    unreachable!("there are enough numbers")
}

fn quick(more: &[(&str, String)]) -> Vec<(String, String)> {
    let settings = [("RETRY_DELAY", "0.01".to_owned()), ("CONNECTION_TIMEOUT", "5".to_owned())];
    let all = settings.iter().chain(more);
    all.map(|(name, value)| (format!("TRADING_STATE_{name}"), value.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_database_is_said_to_have_written_nothing() {
    let postgres = Postgres::start();
    let server = Server::start_on_with(&postgres.database(), quick(&[])).await;
    writing(&server).await;
    set_read_only(&postgres, "on");
    let (_, status, refused) = until_refused(&server).await;
    let refused = (status, refused);
    let snapshot = server.post("/snapshots", r#"{"snapshot_id":"s"}"#).await;
    let batch = r#"{"items":[{"op":"save","state_type":"bot_memory","state_id":"b","data":{}}]}"#;
    let batch = server.post("/batch", batch).await;
    let delete = server.request(Method::DELETE, "/states/a?state_type=bot_memory").send().await.unwrap();
    let delete = (delete.status(), delete.json().await.unwrap());
    for (status, problem) in [refused, snapshot, batch, delete] {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        assert_eq!(problem["code"], "store_unavailable", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("nothing was written"), "{problem}");
    }
    let (status, _) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!(status, StatusCode::OK, "it can be read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_journal_a_read_only_database_gets_every_save_when_it_takes_them_again() {
    let (postgres, folder) = (Postgres::start(), TempDir::new().unwrap());
    let journal =
        [("ENABLE_FILE_FALLBACK", "true".to_owned()), ("FALLBACK_DIR", folder.path().display().to_string())];
    let server = Server::start_on_with(&postgres.database(), quick(&journal)).await;
    writing(&server).await;
    set_read_only(&postgres, "on");
    let (n, status, pending) = until_refused(&server).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{pending}");
    set_read_only(&postgres, "off");
    server.until_status(|status| status["fallback"]["pending"] == 0).await;
    let (_, head) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!((&head["batch_id"], &head["data"]["n"]), (&pending["pending_id"], &n.into()));
}

/// The turn to write does not come: what would commit was never sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_time_is_over_before_it_was_sent_has_written_nothing() {
    let settings = PostgresSettings { patience: Duration::from_secs(2), ..Postgres::shared().database() };
    let service = guarded(&settings).await;
    save(&service, "a", "{}").await;
    let host = &settings.hosts[0];
    let url = format!("postgresql://{}@{}:{}/{}", settings.user, host.host, host.port, settings.database);
    let mut other = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TURN).execute(&mut other).await.unwrap();
    let snapshot = || CreateSnapshot {
        snapshot_id: StateId::new("evening").unwrap(),
        description: None,
        user_id: None,
        seq: None,
    };
    let refused = service.create_snapshot(snapshot()).await.unwrap_err();
    assert_eq!(refused.code(), Code::StoreUnavailable, "{refused}");
    assert!(refused.to_string().contains("nothing was written"), "{refused}");
    other.close().await.unwrap();
    let made = service.create_snapshot(snapshot()).await.unwrap();
    assert_eq!(made.seq, Seq(1), "the name was free");
}

async fn guarded(settings: &PostgresSettings) -> Arc<Service> {
    let guard = GuardSettings { timeout: settings.patience, commit_attempts: 1, ..GuardSettings::default() };
    let store = Arc::new(PostgresStore::open(settings.clone()).await.unwrap());
    let layered = Layers { guard: Some(guard), ..Layers::default() }
        .around(store, Arc::new(SystemClock::default()))
        .await
        .unwrap();
    let settings = Settings { resilience: layered.resilience, ..Settings::default() };
    Service::start(layered.store, settings).await.unwrap()
}
