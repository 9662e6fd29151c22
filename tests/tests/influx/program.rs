//! The program on InfluxDB, over HTTP.

use std::time::{Duration, Instant};

use reqwest::Method;
use stateloft_tests::importing::{history, raw};
use stateloft_tests::influx::{Influx, bucket};
use stateloft_tests::server::Server;

#[tokio::test]
async fn d_013_a_snapshot_on_influxdb_holds_the_data_and_is_restored() {
    let mut server = Server::start_in(Influx::variables(&bucket().await)).await;
    let first = r#"{"n":1.0,"big":12345678901234567890}"#;
    for id in ["changed", "deleted", "same"] {
        server.save("position", id, first, "bot", "").await;
    }
    let (status, made) =
        server.post("/snapshots", r#"{"snapshot_id":"noon","description":"all well"}"#).await;
    assert_eq!(status, 201, "{made}");
    server.save("position", "changed", r#"{"n":2}"#, "bot", "").await;
    server.save("position", "later", "{}", "bot", "").await;
    let gone = server
        .request(Method::DELETE, "/states/deleted?state_type=position&user_id=bot")
        .send()
        .await
        .unwrap();
    assert!(gone.status().is_success());
    // The snapshot is in the bucket, not in the server that made it.
    server.kill().await;
    server.run().await;
    let past = "/states/deleted?state_type=position&at=snapshot:noon";
    assert_eq!(server.get(past).await.1["data"]["n"], 1.0);
    let (status, restored) = server.post("/snapshots/noon/restore", r#"{"user_id":"me"}"#).await;
    assert_eq!(status, 200, "{restored}");
    for (id, version) in [("changed", 3), ("deleted", 3), ("same", 1)] {
        assert_eq!(raw(&server, "position", id, version).await, first, "{id}");
        assert_eq!(history(&server, "position", id).await.len() as u64, version, "{id}: history stays");
    }
    let (_, verified) = server.get("/verify?after=0&limit=100").await;
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &verified["seq"]), "{verified}");
}

#[tokio::test]
async fn d_008_d_009_while_influxdb_is_down_nothing_is_empty_and_nothing_is_acknowledged() {
    let mut influx = Influx::start().await;
    let mut variables = Influx::variables(&influx.bucket().await);
    variables.push(("TRADING_STATE_RETRY_ATTEMPTS".into(), "0".into()));
    variables.push(("TRADING_STATE_CIRCUIT_RECOVERY_TIMEOUT".into(), "1".into()));
    let mut server = Server::start_in(variables).await;
    for n in 0..3 {
        server.save("position", "a", &format!(r#"{{"n":{n}}}"#), "bot", "").await;
    }
    influx.kill().await;
    let save = r#"{"state_type":"position","state_id":"a","data":{"n":"lost"}}"#;
    let (status, answer) = server.post("/states", save).await;
    assert_eq!(status, 503, "{answer}");
    for path in ["/states/a/history?state_type=position", "/states/never?state_type=position&version=1"] {
        let started = Instant::now();
        // Heads are known to the owner until its lease has run out; then nothing is.
        loop {
            let (status, answer) = server.get(path).await;
            if status == 503 {
                break;
            }
            assert!(
                path.contains("never") || answer["versions"].as_array().is_some_and(|rows| !rows.is_empty()),
                "{answer}"
            );
            assert!(started.elapsed() < Duration::from_secs(20), "{answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let (status, health) = server.get("/health").await;
    assert_eq!((status.as_u16(), &health["database_connected"]), (503, &false.into()), "{health}");
    influx.run().await;
    // It takes its bucket over again by itself.
    let status = server
        .until_status(|status| status["store"]["up"] == true && status.get("counts_as_of").is_none())
        .await;
    assert!(status["seq"].as_u64().unwrap() >= 3, "{status}");
    server.save("position", "a", r#"{"n":4}"#, "bot", "").await;
    assert_eq!(server.stop().await, Some(0));
}
