//! The program starts while InfluxDB is away, and takes the bucket when it comes.

use std::process::Stdio;
use std::time::Duration;

use reqwest::StatusCode;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_influxdb_and_takes_the_bucket_when_it_comes() {
    let mut influx = Influx::start().await;
    let (options, folder) = (influx.bucket().await, TempDir::new().unwrap());
    let mut environment = Influx::variables(&options);
    environment.push(("TRADING_STATE_ENABLE_FILE_FALLBACK".into(), "true".into()));
    environment.push(("TRADING_STATE_FALLBACK_DIR".into(), folder.path().display().to_string()));
    let mut before = Server::start_in(environment.clone()).await;
    before.save("bot_memory", "a", r#"{"n":1.0}"#, "bot", "first").await;
    before.stop().await;
    influx.kill().await;

    let mut server = Server::start_without_store(environment).await;
    assert_eq!(server.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let (status, head) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!((status, &head["version"]), (StatusCode::OK, &1.into()), "{head}");
    let save = r#"{"state_type":"bot_memory","state_id":"a","data":{"n":2}}"#;
    let (status, pending) = server.post("/states", save).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{pending}");

    influx.run().await;
    server.until_ready().await;
    server.until_status(|status| status["fallback"]["pending"] == 0 && status["verified_seq"] == 2).await;
    let (status, saved) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!((status, &saved["version"]), (StatusCode::OK, &2.into()), "{saved}");
    assert_eq!(saved["batch_id"], pending["pending_id"]);
    let after = server.save("bot_memory", "a", r#"{"n":3}"#, "bot", "straight").await;
    assert_eq!(after["seq"], 3);
    assert_eq!(server.stop().await, Some(0));
}

/// A wrong token or a bucket that does not exist ends the start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_057_a_wrong_token_or_bucket_ends_the_start() {
    let options = stateloft_tests::influx::bucket().await;
    let missing = InfluxOptions { bucket: "nowhere".into(), ..options.clone() };
    let mut locked = Influx::variables(&options);
    locked.retain(|(name, _)| !name.ends_with("TOKEN"));
    locked.push(("TRADING_STATE_INFLUXDB_TOKEN".into(), "wrong".into()));
    for environment in [Influx::variables(&missing), locked] {
        let server = Server::not_started(environment);
        let mut command = server.command(&["serve", "--listen", "127.0.0.1:0"]);
        let done = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
        let done = tokio::time::timeout(Duration::from_secs(20), done).await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains("InfluxDB answered 40"), "{said}");
    }
}
