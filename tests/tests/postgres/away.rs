//! The program starts while its database is away, and takes it when it comes.

use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;
use tempfile::TempDir;

const SAVE: &str = r#"{"state_type":"bot_memory","state_id":"a","data":{"n":2}}"#;

fn with_journal(settings: &PostgresSettings, folder: &TempDir) -> Vec<(String, String)> {
    let mut environment = Server::variables(settings);
    environment.push(("TRADING_STATE_ENABLE_FILE_FALLBACK".into(), "true".into()));
    environment.push(("TRADING_STATE_FALLBACK_DIR".into(), folder.path().display().to_string()));
    environment
}

async fn ready(server: &Server) -> (StatusCode, Value) {
    server.get("/readyz").await
}

/// What the program says when it does not start, and its exit code.
async fn refused(server: &Server) -> (Option<i32>, String) {
    let started = Instant::now();
    let mut command = server.command(&["serve", "--listen", "127.0.0.1:0"]);
    let done = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let done = tokio::time::timeout(Duration::from_secs(20), done).await.expect("it ends").unwrap();
    assert!(started.elapsed() < Duration::from_secs(15), "it is said at once");
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_its_store_and_takes_it_when_it_comes() {
    let postgres = Postgres::start();
    let (settings, folder) = (postgres.database(), TempDir::new().unwrap());
    let environment = with_journal(&settings, &folder);
    let mut before = Server::start_in(environment.clone()).await;
    before.save("bot_memory", "a", r#"{"n":1.0}"#, "bot", "first").await;
    before.stop().await;
    postgres.stop("fast");

    let mut server = Server::start_without_store(environment).await;
    let (status, problem) = ready(&server).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"store_unavailable".into()));
    assert!(problem["detail"].as_str().unwrap().contains("has not been reached"), "{problem}");
    let list = server.request(Method::GET, "/states?stale=refuse").send().await.unwrap();
    assert_eq!(list.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(list.headers()["retry-after"], "1");
    let head = server.request(Method::GET, "/states/a?state_type=bot_memory").send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.headers().contains_key("age"), "{:?}", head.headers());
    assert!(head.text().await.unwrap().contains("1.0"));
    let (status, pending) = server.post("/states", SAVE).await;
    assert_eq!((status, &pending["durable"]), (StatusCode::ACCEPTED, &"fallback".into()), "{pending}");
    how_it_is_without_its_store(&server).await;
    let mut early = Socket::open(server.address()).await;
    assert_eq!(early.subscribe("states", None).await["type"], "error", "from now on is not known yet");

    postgres.run();
    server.until_ready().await;
    server.until_status(|status| status["fallback"]["pending"] == 0).await;
    let (status, saved) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!((status, &saved["version"], &saved["data"]["n"]), (StatusCode::OK, &2.into(), &2.into()));
    let (_, conflicts) = server.get("/fallback/conflicts").await;
    assert_eq!(conflicts["conflicts"], Value::Array(Vec::new()));
    // What runs beside requests runs, too: the checker, and the listener for other servers' events.
    server.until_status(|status| status["verified_seq"] == 2 && status["chain_fault"].is_null()).await;
    let other = Server::start_on(&settings).await;
    assert_eq!(early.subscribe("states", Some(0)).await["type"], "subscription_confirmed");
    other.save("bot_memory", "b", "{}", "bot", "elsewhere").await;
    for seq in 1..=3 {
        assert_eq!(early.update().await["seq"], seq);
    }
    assert_eq!(server.stop().await, Some(0));
}

/// Everything that does not need the store is told, and nothing is made up in place of what does.
async fn how_it_is_without_its_store(server: &Server) {
    let (status, told) = server.get("/status").await;
    assert_eq!((status, &told["store"]["up"]), (StatusCode::OK, &false.into()), "{told}");
    assert_eq!(told["fallback"]["pending"], 1, "{told}");
    for unknown in ["seq", "states_live", "states_deleted", "states_invalid", "snapshots"] {
        assert_eq!(told.get(unknown), Some(&Value::Null), "{unknown}");
    }
    let (_, details) = server.get("/status/details").await;
    let incident = &details["incident"];
    assert_eq!(incident["journaled"], 1, "{incident}");
    assert!(
        incident["answered_at"].is_null() && incident["ended_at"].is_null(),
        "it is not over: {incident}"
    );
    let figures = server.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(figures.status(), StatusCode::OK);
    let figures = figures.text().await.unwrap();
    assert!(figures.contains("\nstateloft_store_up 0\n"), "{figures}");
    assert!(figures.contains("\nstateloft_fallback_pending 1\n"), "{figures}");
    assert!(!figures.contains("stateloft_seq") && !figures.contains("stateloft_states"), "{figures}");
    let asked =
        server.command(&["status", "--server", &server.address().to_string()]).output().await.unwrap();
    let said = String::from_utf8_lossy(&asked.stdout);
    assert_eq!(asked.status.code(), Some(10), "{said}");
    assert!(said.contains("does not answer") && said.contains("Versions        no data"), "{said}");
    assert!(said.contains("1 writes wait"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_journal_writes_are_refused_until_the_store_is_there() {
    let postgres = Postgres::start();
    let settings = postgres.database();
    postgres.stop("fast");
    let mut server = Server::start_without_store(Server::variables(&settings)).await;
    let answer = server.request(Method::POST, "/states").header("content-type", "application/json");
    let answer = answer.body(SAVE).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "store_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("nothing was written"), "{problem}");
    postgres.run();
    server.until_ready().await;
    let saved = server.save("bot_memory", "a", "{}", "bot", "first").await;
    assert_eq!(saved["seq"], 1, "nothing was written before");
    // A server that never found its store ends as well as any other.
    postgres.stop("fast");
    let mut lonely = Server::start_without_store(Server::variables(&settings)).await;
    assert_eq!(lonely.stop().await, Some(0));
}

/// What waiting does not mend ends the start with a clear word, also when it shows only when the store comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_057_a_wrong_setting_ends_the_start_and_is_not_tried_for_ever() {
    let postgres = Postgres::start();
    let good = postgres.database();
    let missing = PostgresSettings { database: "nowhere".into(), ..good.clone() };
    postgres.sql("postgres", "CREATE ROLE secret LOGIN SUPERUSER PASSWORD 'open-sesame'");
    let locked = PostgresSettings { user: "secret".into(), ..good.clone() };
    postgres.sql("postgres", "CREATE ROLE weak LOGIN");
    let weak = PostgresSettings { user: "weak".into(), ..good.clone() };
    for (settings, word) in [(&missing, "nowhere"), (&locked, "password"), (&weak, "permission denied")] {
        let (code, said) = refused(&Server::not_started(Server::variables(settings))).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(word), "{said}");
    }
    postgres.stop("fast");
    let mut late = Server::start_without_store(Server::variables(&missing)).await;
    assert_eq!(ready(&late).await.0, StatusCode::SERVICE_UNAVAILABLE);
    postgres.run();
    assert_eq!(late.ended().await, Some(1), "the database is still missing when PostgreSQL is there");
}

/// The database stands still with a save in it. That one is accepted when its time is over and every later one at once;
/// when the database goes on, what it was given before may be written late, and still nothing is made twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_gets_every_save_once() {
    const ROUNDS: u64 = 3;
    let postgres = Postgres::start();
    let (settings, folder) = (postgres.database(), TempDir::new().unwrap());
    let mut environment = with_journal(&settings, &folder);
    environment.push(("TRADING_STATE_CONNECTION_TIMEOUT".into(), "1".into()));
    environment.push(("TRADING_STATE_CIRCUIT_RECOVERY_TIMEOUT".into(), "0.2".into()));
    let server = Server::start_in(environment).await;
    let mut expected: Vec<u64> = Vec::new();
    let mut ids: Vec<Value> = Vec::new();
    for round in 1..=ROUNDS {
        let first = round * 100;
        // The one in doubt names the head that it expects: made on top of itself it would be a conflict.
        let expected_version = (round - 1) * 6 + 1;
        let body = |n: u64| {
            let expected = if n == first + 1 { expected_version.to_string() } else { "null".to_owned() };
            format!(
                r#"{{"state_type":"bot_memory","state_id":"a","data":{{"n":{n}}},"expected_version":{expected}}}"#
            )
        };
        let saved = server.save("bot_memory", "a", &format!(r#"{{"n":{first}}}"#), "bot", "why").await;
        ids.push(saved["batch_id"].clone());
        expected.push(first);
        postgres.signal("STOP");
        for n in first + 1..first + 6 {
            let started = Instant::now();
            let (status, pending) = server.post("/states", body(n)).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{pending}");
            let limit = Duration::from_millis(if n == first + 1 { 5_000 } else { 900 });
            assert!(started.elapsed() < limit, "save {n} took {:?}", started.elapsed());
            ids.push(pending["pending_id"].clone());
            expected.push(n);
        }
        let live = server.request(Method::GET, "/livez").send().await.unwrap();
        assert_eq!(live.status(), StatusCode::OK);
        postgres.signal("CONT");
        server.until_status(|status| status["fallback"]["pending"] == 0).await;
    }
    let (_, page) = server.get("/events?after=0&limit=1000").await;
    let events = page["events"].as_array().unwrap();
    let told: Vec<_> = events.iter().map(|event| event["data"]["n"].as_u64().unwrap()).collect();
    assert_eq!(told, expected, "each once, in order");
    let batches: Vec<_> = events.iter().map(|event| event["batch_id"].clone()).collect();
    assert_eq!(batches, ids);
    let (_, conflicts) = server.get("/fallback/conflicts").await;
    assert_eq!(conflicts["conflicts"], Value::Array(Vec::new()));
    let (_, verified) = server.get("/verify?after=0&limit=1000").await;
    assert_eq!(verified["ok"], true, "{verified}");
}

/// The breaker leaves a store alone for as long as it is told, but not once the database has answered somebody else of this
/// server: what was saved meanwhile is replayed then, and not an hour later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_back_is_used_again_however_long_the_breaker_would_wait() {
    let postgres = Postgres::start();
    let (settings, folder) = (postgres.database(), TempDir::new().unwrap());
    let mut environment = with_journal(&settings, &folder);
    for (name, value) in [
        ("CONNECTION_TIMEOUT", "1"),
        ("CIRCUIT_FAILURE_THRESHOLD", "1"),
        ("CIRCUIT_RECOVERY_TIMEOUT", "3600"),
    ] {
        environment.push((format!("TRADING_STATE_{name}"), value.into()));
    }
    let server = Server::start_in(environment).await;
    server.save("bot_memory", "a", r#"{"n":0}"#, "bot", "before").await;
    for (n, frozen) in [(1, false), (2, true)] {
        if frozen {
            postgres.signal("STOP");
        } else {
            postgres.stop("fast");
        }
        let body = format!(r#"{{"state_type":"bot_memory","state_id":"a","data":{{"n":{n}}}}}"#);
        let (status, pending) = server.post("/states", body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{pending}");
        let away = server.until_status(|status| status["breaker"]["state"] == "open").await;
        assert_eq!(away["breaker"]["recovery_timeout_seconds"], 3600.0, "{away}");
        if frozen {
            postgres.signal("CONT");
        } else {
            postgres.run();
        }
        server.until_status(|status| status["fallback"]["pending"] == 0).await;
        let (_, saved) = server.get("/states/a?state_type=bot_memory").await;
        assert_eq!((&saved["version"], &saved["data"]["n"]), (&(n + 1).into(), &n.into()), "{saved}");
    }
    let (_, status) = server.get("/status").await;
    assert_eq!(status["breaker"]["state"], "closed", "{status}");
}
