//! A point was overwritten by somebody who has a token for the bucket.

use std::sync::Arc;

use stateloft_core::api::Code;
use stateloft_core::model::StateKey;
use stateloft_server::service::{Service, Settings, Which};
use stateloft_server::store::Admin as _;
use stateloft_server::store::influx::{InfluxOptions, InfluxStore};
use stateloft_tests::damage::{only_the_second_is_damaged, prepare};
use stateloft_tests::influx::{bucket, shared};

/// The first part of the records of a log, by number: the epoch that wrote it, and its text.
async fn points(options: &InfluxOptions, log: &str) -> Vec<(String, String)> {
    let flux = format!(
        "from(bucket: {{bucket}}) |> range(start: time(v: 0)) |> filter(fn: (r) => r._measurement == \"{log}\") \
         |> group() |> sort(columns: [\"_time\"])"
    );
    let rows = shared().await.query(options, &flux).await;
    rows.iter().map(|row| (row["e"].clone(), row["_value"].clone())).collect()
}

/// Overwrites the second record of a log.
async fn overwrite(options: &InfluxOptions, log: &str, change: impl Fn(&str, &str) -> String) {
    let points = points(options, log).await;
    let ((epoch, second), (_, first)) = (&points[1], &points[0]);
    let text = change(second, first);
    let line = format!("{log},b=s,c=0,e={epoch} d=\"{text}\" 200000000");
    shared().await.write_lines(options, line).await;
}

#[tokio::test]
async fn d_115_a_damaged_version_is_served_by_nobody_and_everything_else_is() {
    /// What the second record of a log becomes, from what it was and from the first one.
    type Change = (&'static str, fn(&str, &str) -> String);
    let changes: [Change; 4] = [
        // Whole data, of another version.
        ("data", |_, first| first.replacen("1:", "2:", 1)),
        // Not a record at all.
        ("data", |_, _| "rubbish".to_owned()),
        // Cut off.
        ("data", |second, _| second[..second.len() - 2].to_owned()),
        // Everything else of another version, while a server has the bucket.
        ("meta", |_, first| first.replacen("1:", "2:", 1)),
    ];
    for (log, change) in changes {
        let options = bucket().await;
        let store = InfluxStore::open(&options).await.unwrap();
        prepare(&store).await;
        overwrite(&options, log, change).await;
        only_the_second_is_damaged(Arc::new(store)).await.shutdown().await;
        if log == "data" {
            // A server that starts on it.
            let store = InfluxStore::open(&options).await.unwrap();
            only_the_second_is_damaged(Arc::new(store)).await.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_server_starts_though_the_last_version_of_a_state_is_damaged() {
    let options = bucket().await;
    let store = InfluxStore::open(&options).await.unwrap();
    prepare(&store).await;
    store.close().await;
    let points = points(&options, "data").await;
    let line = format!("data,b=s,c=0,e={} d=\"3:1:rubbish\" 300000000", points[2].0);
    shared().await.write_lines(&options, line).await;
    let store = InfluxStore::open(&options).await.unwrap();
    let service = Service::start(Arc::new(store), Settings::default()).await.unwrap();
    let key = StateKey::new("position", "b").unwrap();
    let refused = service.get(&key, &Which::Head).await.unwrap_err();
    assert_eq!(refused.code(), Code::Damaged, "{refused}");
    service.shutdown().await;
}
