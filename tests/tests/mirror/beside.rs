//! Several servers, and a store that is itself an InfluxDB.

use stateloft_server::store::postgres::PostgresHost;
use stateloft_tests::influx::Influx;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;

use crate::{all, settled, values};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_postgresql_write_the_same_points() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let database = Postgres::shared().database();
    let variables = Influx::mirror_variables(&bucket, "position=/n,/m");
    let one = Server::start_on_with(&database, variables.clone()).await;
    let other = Server::start_on_with(&database, variables).await;
    for n in 0..20 {
        let server = if n % 2 == 0 { &one } else { &other };
        server
            .save("position", &format!("s{}", n % 3), &format!(r#"{{"n":{n},"m":{n}.5}}"#), "bot", "")
            .await;
    }
    for server in [&one, &other] {
        let mirror = settled(server).await;
        assert_eq!((&mirror["points"], &mirror["lost"]), (&20.into(), &0.into()), "{mirror}");
    }
    assert_eq!(all(&influx, &bucket).await.len(), 40, "two values of each version, once");
    let found = values(&influx, &bucket, "position", "s1", "n").await;
    assert_eq!(found.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0]);
}

/// A failover to a standby that had not received everything: the mirror notices that its place is in no log any more, and
/// goes on with the one that there is. What was drawn already stays drawn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_is_followed_where_it_goes_on() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let primary = Postgres::start();
    let standby = primary.start_standby();
    let mut settings = primary.database();
    settings.hosts.push(PostgresHost { host: "127.0.0.1".into(), port: standby.port() });
    let mut server = Server::start_on_with(&settings, Influx::mirror_variables(&bucket, "position=/n")).await;
    for n in 1..=8 {
        if n == 6 {
            primary.part_from(&standby);
        }
        server.save("position", "a", &format!(r#"{{"n":{n}}}"#), "bot", "").await;
    }
    assert_eq!(settled(&server).await["points"], 8);
    primary.kill();
    standby.promote();
    server.until_ready().await;
    for n in 100..103 {
        let saved = server.save("position", "a", &format!(r#"{{"n":{n}}}"#), "bot", "").await;
        assert_eq!(saved["seq"], n - 94, "after the five that the standby had");
    }
    // Everything of the log that there is now, once more or for the first time.
    let status = server.until_status(|status| status["mirror"]["points"] == 8 + 8).await;
    let mirror = &status["mirror"];
    assert_eq!((&mirror["lost"], &mirror["behind"]), (&0.into(), &0.into()), "{mirror}");
    let found = values(&influx, &bucket, "position", "a", "n").await;
    let expected = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0, 101.0, 102.0];
    assert_eq!(found.iter().map(|(_, n)| *n).collect::<Vec<_>>(), expected);
}

/// The bucket of the store is refused where it is named; under another name of its server it is not disturbed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_s_own_bucket_is_not_disturbed() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let fields = "epochs=/d,lease=/d,meta=/d,data=/d,records=/d,commits=/d,trading_state=/d";
    let mut variables = Influx::variables(&bucket);
    variables.extend(Influx::mirror_variables(&bucket, fields));
    let refused = Server::refused_in(variables.clone()).await;
    assert!(refused.contains("is the bucket of the store; allowed: another bucket"), "{refused}");
    let url = variables.iter_mut().find(|(name, _)| name.ends_with("MIRROR_INFLUXDB_URL")).unwrap();
    url.1 = url.1.replace("127.0.0.1", "localhost");
    let mut server = Server::start_in(variables).await;
    let types = ["epochs", "lease", "meta", "data", "records", "commits", "trading_state"];
    for _ in 0..2 {
        for of_type in types {
            let before = server.get("/status").await.1["seq"].as_u64().unwrap();
            server.save(of_type, "a", &format!(r#"{{"d":{before}}}"#), "bot", "").await;
        }
        let seq = settled(&server).await["seq"].clone();
        assert_eq!(server.stop().await, Some(0));
        server.run().await;
        let (_, verified) = server.get("/verify?after=0&limit=1000").await;
        assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &seq), "{verified}");
    }
    assert_eq!(values(&influx, &bucket, "epochs-series", "a", "d").await.len(), 2);
    assert_eq!(values(&influx, &bucket, "position", "a", "d").await.len(), 0);
}
