//! What is in the bucket.

use serde_json::Value;
use stateloft_tests::influx::Influx;

use crate::{all, settled, site, values};

#[tokio::test]
async fn numbers_are_series_by_type_and_state_with_the_times_of_their_versions() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let site = site(&bucket, "position=/total_pnl,/risk/var,portfolio=/equity", &[]).await;
    let mut times = Vec::new();
    for data in [
        r#"{"total_pnl":1,"risk":{"var":0.25}}"#,
        r#"{"total_pnl":-2.50,"risk":{"var":"a text"},"other":9}"#,
        r#"{"total_pnl":12345678901234567890}"#,
    ] {
        let saved = site.server.save("position", "EURUSD/GBPUSD", data, "bot", "").await;
        times.push(saved["timestamp"].as_str().unwrap().to_owned());
    }
    site.server.save("portfolio", "main", r#"{"equity":1e6,"total_pnl":3}"#, "bot", "").await;
    site.server.save("strategy", "main", r#"{"total_pnl":3}"#, "bot", "").await;
    let path = "/states/EURUSD%2FGBPUSD?state_type=position&user_id=bot";
    assert!(site.server.request(reqwest::Method::DELETE, path).send().await.unwrap().status().is_success());
    let mirror = settled(&site.server).await;

    let found = values(&influx, &bucket, "position", "EURUSD/GBPUSD", "total_pnl").await;
    // InfluxDB leaves zeros at the end out.
    let digits = |time: &String| time.trim_end_matches('Z').trim_end_matches('0').to_owned();
    let found_times: Vec<String> = found.iter().map(|(time, _)| digits(time)).collect();
    assert_eq!(found_times, times.iter().map(digits).collect::<Vec<_>>(), "a point's time is its version's");
    let found: Vec<f64> = found.into_iter().map(|(_, value)| value).collect();
    assert_eq!(found, [1.0, -2.5, 12_345_678_901_234_567_000.0]);
    assert_eq!(values(&influx, &bucket, "position", "EURUSD/GBPUSD", "risk/var").await.len(), 1);
    assert_eq!(values(&influx, &bucket, "portfolio", "main", "equity").await[0].1, 1e6);
    assert_eq!(all(&influx, &bucket).await.len(), 5, "nothing else is mirrored");
    let figures = ["points", "lost", "absent", "not_numbers", "behind", "types", "fields"];
    let figures: Vec<&Value> = figures.iter().map(|name| &mirror[name]).collect();
    assert_eq!(figures, [4, 0, 1, 1, 0, 2, 3], "{mirror}");
}

#[tokio::test]
async fn d_014_any_id_and_any_name_become_series_that_a_plain_query_finds() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let fields = r#"position=/a b"=\,/time,/_value,/é${x}"#;
    let site = site(&bucket, fields, &[]).await;
    let id = "a b=\"c\" \\ ${x} é #'\u{a0}";
    site.server.save("position", id, r#"{"a b\"=\\":1,"time":2,"_value":3,"é${x}":4}"#, "bot", "").await;
    // Without its encoding it would be another's.
    site.server.save("position", "a%20b", r#"{"time":5}"#, "bot", "").await;
    site.server.save("position", "a b", r#"{"time":6}"#, "bot", "").await;
    let mirror = settled(&site.server).await;
    assert_eq!((&mirror["points"], &mirror["lost"]), (&3.into(), &0.into()), "{mirror}");
    let id = "a%20b%3D%22c%22%20%5C%20%24%7Bx%7D%20%C3%A9%20%23%27%C2%A0";
    for (field, value) in
        [("a%20b%22%3D%5C", 1.0), ("/time", 2.0), ("/_value", 3.0), ("%C3%A9%24%7Bx%7D", 4.0)]
    {
        let found = values(&influx, &bucket, "position", id, field).await;
        assert_eq!(found.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [value], "{field}");
    }
    assert_eq!(values(&influx, &bucket, "position", "a%2520b", "/time").await[0].1, 5.0);
    assert_eq!(values(&influx, &bucket, "position", "a%20b", "/time").await[0].1, 6.0);
}

/// Saves of one state that are committed together, and so at one time of the clock, have times of their own in the log.
#[tokio::test]
async fn versions_of_one_moment_do_not_overwrite_each_other() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    let site = site(&bucket, "position=/n", &[]).await;
    let body = |n: u64| format!(r#"{{"state_type":"position","state_id":"a","data":{{"n":{n}}}}}"#);
    let saves = (0..100).map(|n| site.server.post("/states", body(n)));
    for (status, answer) in futures::future::join_all(saves).await {
        assert!(status.is_success(), "{answer}");
    }
    let mirror = settled(&site.server).await;
    let points = values(&influx, &bucket, "position", "a", "n").await;
    assert_eq!(points.len() as u64, mirror["seq"].as_u64().unwrap(), "{mirror}");
    assert_eq!(mirror["points"], points.len(), "{mirror}");
    let mut found: Vec<f64> = points.into_iter().map(|(_, value)| value).collect();
    found.sort_by(f64::total_cmp);
    assert_eq!(found, (0..100).map(f64::from).collect::<Vec<_>>());
}

/// Somebody else has written whole numbers under that name: InfluxDB refuses floats there.
#[tokio::test]
async fn what_influxdb_refuses_is_counted_and_the_rest_is_stored() {
    let influx = Influx::start().await;
    let bucket = influx.bucket().await;
    influx.write_lines(&bucket, "position,state_id=x n=1i\n".into()).await;
    let site = site(&bucket, "position=/n,portfolio=/n", &[]).await;
    site.server.save("position", "a", r#"{"n":1}"#, "bot", "").await;
    site.server.save("portfolio", "a", r#"{"n":2}"#, "bot", "").await;
    let mirror = settled(&site.server).await;
    assert_eq!((&mirror["points"], &mirror["lost"]), (&1.into(), &1.into()), "{mirror}");
    assert!(mirror["refusal"].as_str().unwrap().contains("field type conflict"), "{mirror}");
    assert_eq!(values(&influx, &bucket, "portfolio", "a", "n").await.len(), 1);
    let said = site.server.command(&["status", "--server", &site.server.address().to_string()]).output();
    let said = String::from_utf8(said.await.unwrap().stdout).unwrap();
    assert!(said.contains("Mirror          1 points, 1 lost, 0 versions behind; follows"), "{said}");
    assert!(said.contains("InfluxDB refused points: "), "{said}");
}
