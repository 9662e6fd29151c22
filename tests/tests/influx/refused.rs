//! An InfluxDB that refuses connections is known to be away at once, and to have stored nothing.

use std::time::Duration;

use reqwest::StatusCode;
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;

/// Far less than the time-out, which is set to ten times as much.
const LONG_BEFORE_THE_TIME_IS_OVER: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_to_an_influxdb_that_is_gone_is_said_to_have_written_nothing() {
    let mut influx = Influx::start().await;
    let mut environment = Influx::variables(&influx.bucket().await);
    environment.push(("TRADING_STATE_CONNECTION_TIMEOUT".into(), "120".into()));
    environment.push(("TRADING_STATE_RETRY_ATTEMPTS".into(), "0".into()));
    let mut server = Server::start_in(environment).await;
    server.save("bot_memory", "a", r#"{"n":1}"#, "bot", "first").await;
    influx.kill().await;
    let save = r#"{"state_type":"bot_memory","state_id":"a","data":{"n":2}}"#;
    let asked = async {
        let (status, problem) = server.post("/states", save).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        assert_eq!(problem["code"], "store_unavailable", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("nothing was written"), "{problem}");
        assert_eq!(server.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    };
    tokio::time::timeout(LONG_BEFORE_THE_TIME_IS_OVER, asked).await.expect("a refusal is known at once");
    influx.run().await;
    server.post("/breaker/reset", "{}").await;
    server.until_ready().await;
    let saved = server.save("bot_memory", "a", r#"{"n":3}"#, "bot", "again").await;
    assert_eq!((&saved["version"], &saved["seq"]), (&2.into(), &2.into()), "nothing came in between");
}
