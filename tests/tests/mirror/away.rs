//! InfluxDB does not answer, or the server stops.

use std::time::{Duration, Instant};

use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;
use tokio::net::TcpListener;

use crate::{settled, site, values};

async fn save(server: &Server, numbers: std::ops::Range<u64>) {
    for n in numbers {
        server.save("position", "a", &format!(r#"{{"n":{n}}}"#), "bot", "").await;
    }
}

async fn found(influx: &Influx, bucket: &InfluxOptions) -> Vec<u64> {
    let points = values(influx, bucket, "position", "a", "n").await;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
    points.into_iter().map(|(_, value)| value as u64).collect()
}

#[tokio::test]
async fn while_influxdb_is_away_saves_go_on_and_what_is_too_old_is_lost_and_counted() {
    let mut influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let site = site(&bucket, "position=/n", &[("QUEUE_SIZE", "100")]).await;
    save(&site.server, 0..10).await;
    assert_eq!(settled(&site.server).await["points"], 10);
    influx.kill().await;
    let started = Instant::now();
    save(&site.server, 10..260).await;
    assert!(started.elapsed() < Duration::from_secs(10), "saves do not wait: {:?}", started.elapsed());
    let away = site.server.until_status(|status| status["mirror"]["lost"] == 150).await;
    let mirror = &away["mirror"];
    assert_eq!((&mirror["state"], &mirror["behind"]), (&"away".into(), &100.into()), "{mirror}");
    assert!(mirror["fault"].as_str().is_some_and(|fault| fault.contains("InfluxDB")), "{mirror}");
    assert_eq!((&away["store"]["up"], &away["seq"]), (&true.into(), &260.into()));
    influx.run().await;
    let mirror = settled(&site.server).await;
    assert_eq!((&mirror["points"], &mirror["lost"]), (&110.into(), &150.into()), "{mirror}");
    assert!(mirror.get("fault").is_none(), "{mirror}");
    assert_eq!(found(&influx, &bucket).await, (0..10).chain(160..260).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_frozen_influxdb_keeps_no_save_waiting_and_its_absence_does_not_stop_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let frozen = InfluxOptions { url: format!("http://{}", listener.local_addr().unwrap()), ..bucket };
    let mut site = site(&frozen, "position=/n", &[]).await;
    let started = Instant::now();
    save(&site.server, 0..50).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let status = site.server.until_status(|status| status["seq"] == 50).await;
    assert_eq!((&status["mirror"]["state"], &status["mirror"]["points"]), (&"starting".into(), &0.into()));
    let started = Instant::now();
    assert_eq!(site.server.stop().await, Some(0));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

/// Killed while points wait, or stopped for a while in which nobody mirrors: it goes on from its mark.
#[tokio::test]
async fn after_a_restart_nothing_is_missing_and_nothing_is_double() {
    let mut influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let mut site = site(&bucket, "position=/n", &[]).await;
    save(&site.server, 0..20).await;
    settled(&site.server).await;
    influx.kill().await;
    save(&site.server, 20..50).await;
    site.server.kill().await;
    influx.run().await;
    site.server.run().await;
    let mirror = settled(&site.server).await;
    assert_eq!(
        (&mirror["points"], &mirror["lost"]),
        (&30.into(), &0.into()),
        "only what was missing: {mirror}"
    );
    assert_eq!(found(&influx, &bucket).await, (0..50).collect::<Vec<_>>());
}

/// What the bucket says of another store, such as one that was there before, does not make this one's versions be skipped.
#[tokio::test]
async fn the_mark_of_another_store_is_not_believed() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    for numbers in [0..7, 100..105] {
        let site = site(&bucket, "position=/n", &[]).await;
        save(&site.server, numbers.clone()).await;
        settled(&site.server).await;
        let found = found(&influx, &bucket).await;
        assert!(numbers.clone().all(|n| found.contains(&n)), "{numbers:?} in {found:?}");
    }
    // This one has versions before it is mirrored for the first time.
    let site = site(&bucket, "portfolio=/n", &[]).await;
    save(&site.server, 200..210).await;
    settled(&site.server).await;
    let mut variables = site.server.store_variables();
    let fields = variables.iter_mut().find(|(name, _)| name.ends_with("MIRROR_FIELDS")).unwrap();
    fields.1 = "position=/n".into();
    let mut stopped = site.server;
    assert_eq!(stopped.stop().await, Some(0));
    let again = Server::start_in(variables).await;
    settled(&again).await;
    let found = found(&influx, &bucket).await;
    assert!((200..210).all(|n| found.contains(&n)), "{found:?}");
}
