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

#[tokio::test]
async fn a_backup_of_a_served_bucket_makes_the_same_store_in_another_one() {
    let server = Server::start_in(Influx::variables(&bucket().await)).await;
    for n in 0..30 {
        server
            .save("position", &format!("s{}/é", n % 7), &format!(r#"{{"n":{n},"x":1.50}}"#), "bot", "")
            .await;
    }
    let here = tempfile::tempdir().unwrap();
    let (online, beside) = (here.path().join("online"), here.path().join("beside"));
    let (online, beside) = (online.display().to_string(), beside.display().to_string());
    let variables = Influx::variables(&bucket().await);
    let (origin, empty) = (server.origin(), Server::not_started(variables.clone()));
    for (of, arguments) in [
        (&server, &["backup", "--server", &origin, "--out", &online][..]),
        (&server, &["backup", "--out", &beside]),
        (&empty, &["import", &beside]),
    ] {
        let ended = of.command(arguments).output().await.unwrap();
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
        assert!(ended.status.success(), "{arguments:?}: {said}");
    }
    let other = Server::start_in(variables).await;
    let everything = "/events?after=0&limit=1000";
    assert_eq!(server.get(everything).await, other.get(everything).await);
    let again = other.command(&["import", &online, "--server", &other.origin()]).output().await.unwrap();
    let said = String::from_utf8([again.stdout, again.stderr].concat()).unwrap();
    assert!(said.contains("There already   30 versions"), "{said}");
}
