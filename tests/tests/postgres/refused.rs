//! A database that refuses connections is known to be away at once: nobody waits for the time-out.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use tempfile::TempDir;

/// Far less than the time-out, which is 30 s where nothing else is said, and far more than a refusal takes.
const LONG_BEFORE_THE_TIME_IS_OVER: Duration = Duration::from_secs(10);
const HEAD: &str = "/states/a?state_type=bot_memory";

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(LONG_BEFORE_THE_TIME_IS_OVER, work).await;
    done.unwrap_or_else(|_| panic!("{what} waits for a database that refuses its connections"))
}

fn variables(names: &[(&str, &str)]) -> Vec<(String, String)> {
    names.iter().map(|(name, value)| (format!("TRADING_STATE_{name}"), (*value).to_owned())).collect()
}

async fn breaker(server: &Server) -> Value {
    server.get("/breaker").await.1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_of_a_stopped_database_is_503_at_once() {
    let postgres = Postgres::start();
    let server = Server::start_on(&postgres.database()).await;
    server.save("bot_memory", "a", "{}", "bot", "why").await;
    postgres.stop("fast");
    for path in [
        "/readyz",
        HEAD,
        "/states/a/history?state_type=bot_memory",
        "/states",
        "/snapshots",
        "/overview",
        "/events?after=0",
        "/verify",
    ] {
        let (status, problem) = soon(path, server.get(path)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {problem}");
        assert_eq!(problem["code"], "store_unavailable", "{path}: {problem}");
        // So that the next one asks the database, too.
        server.post("/breaker/reset", "{}").await;
    }
    let (status, told) = soon("/status", server.get("/status")).await;
    assert_eq!((status, &told["store"]["up"]), (StatusCode::OK, &false.into()), "{told}");
    server.post("/breaker/reset", "{}").await;
    let figures = soon("/metrics", server.request(Method::GET, "/metrics").send()).await.unwrap();
    assert_eq!(figures.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_refusals_open_the_breaker() {
    let postgres = Postgres::start();
    let settings = variables(&[("RETRY_ATTEMPTS", "0")]);
    let server = Server::start_on_with(&postgres.database(), settings).await;
    server.save("bot_memory", "a", "{}", "bot", "why").await;
    postgres.stop("fast");
    // What the server itself reads counts as well.
    for _ in 1..=5 {
        assert_eq!(soon("a read", server.get(HEAD)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
    let open = breaker(&server).await;
    assert_eq!((&open["state"], &open["failure_threshold"]), (&"open".into(), &5.into()), "{open}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_journal_the_last_known_heads_are_read_at_once() {
    let postgres = Postgres::start();
    let folder = TempDir::new().unwrap();
    let folder_text = folder.path().display().to_string();
    let settings = variables(&[("ENABLE_FILE_FALLBACK", "true"), ("FALLBACK_DIR", &folder_text)]);
    let server = Server::start_on_with(&postgres.database(), settings).await;
    server.save("bot_memory", "a", r#"{"n":1.0}"#, "bot", "why").await;
    postgres.stop("fast");
    let reads = (0..8).map(|_| async {
        let read = server.request(Method::GET, HEAD).send().await.unwrap();
        assert_eq!(read.status(), StatusCode::OK);
        assert!(read.headers().contains_key("age"), "{:?}", read.headers());
        assert!(read.text().await.unwrap().contains("1.0"));
    });
    soon("a stale read", futures::future::join_all(reads)).await;
    let save = r#"{"state_type":"bot_memory","state_id":"a","data":{"n":2}}"#;
    assert_eq!(soon("a save", server.post("/states", save)).await.0, StatusCode::ACCEPTED);
    assert_eq!(soon("/readyz", server.get("/readyz")).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

/// Reads open the breaker in a moment. A save does not fail for that while the restart is younger than its retries last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_bridged_for_a_save_though_reads_have_opened_the_breaker() {
    let postgres = Postgres::start();
    // Its retries last 28 s: enough for a restart on a machine that is busy.
    let settings = variables(&[("RETRY_DELAY", "4"), ("CIRCUIT_FAILURE_THRESHOLD", "1")]);
    let server = Server::start_on_with(&postgres.database(), settings).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "why").await;
    postgres.stop("fast");
    assert_eq!(soon("a read", server.get(HEAD)).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(breaker(&server).await["state"], "open");
    let saving = server.save("bot_memory", "a", r#"{"n":2}"#, "bot", "during the restart");
    let restarting = async {
        tokio::task::yield_now().await;
        tokio::task::block_in_place(|| postgres.run());
    };
    let (saved, ()) = tokio::join!(saving, restarting);
    assert_eq!(saved["version"], 2, "{saved}");
}
