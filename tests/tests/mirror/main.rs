//! Numbers of states as series in a real InfluxDB: as those who draw them read them, and while InfluxDB is away.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::float_cmp,
    reason = "a test has no outside, and fails by panicking; what InfluxDB gives back is the float that it got"
)]

mod away;
mod beside;
mod series;

use std::collections::BTreeMap;

use serde_json::Value;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;
use tempfile::TempDir;

/// A server whose store is a SQLite file and which mirrors numbers.
struct Site {
    server: Server,
    _folder: TempDir,
}

/// Starts one; `more` are settings of the mirror, such as `QUEUE_SIZE`.
async fn site(bucket: &InfluxOptions, fields: &str, more: &[(&str, &str)]) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = Influx::mirror_variables(bucket, fields);
    let path = folder.path().join("stateloft.db").display().to_string();
    environment.push(("TRADING_STATE_SQLITE_PATH".into(), path));
    let more = more.iter().map(|(name, value)| (format!("TRADING_STATE_MIRROR_{name}"), (*value).to_owned()));
    environment.extend(more);
    Site { server: Server::start_in(environment).await, _folder: folder }
}

/// The status of the mirror once it has dealt with everything.
async fn settled(server: &Server) -> Value {
    let done = |status: &Value| {
        let mirror = &status["mirror"];
        mirror["seq"] == status["seq"] && mirror["state"] == "following"
    };
    server.until_status(done).await["mirror"].clone()
}

/// The values of a field by time, oldest first, as anybody asks for them.
async fn values(
    influx: &Influx,
    bucket: &InfluxOptions,
    state_type: &str,
    id: &str,
    field: &str,
) -> Vec<(String, f64)> {
    let flux = format!(
        "from(bucket: {{bucket}}) |> range(start: 0) |> filter(fn: (r) => r._measurement == \"{state_type}\" and \
         r.state_id == \"{id}\" and r._field == \"{field}\") |> keep(columns: [\"_time\", \"_value\"])"
    );
    let rows = influx.query(bucket, &flux).await;
    rows.into_iter().map(|row| (row["_time"].clone(), row["_value"].parse().unwrap())).collect()
}

/// Everything in the bucket but the mirror's marks.
async fn all(influx: &Influx, bucket: &InfluxOptions) -> Vec<BTreeMap<String, String>> {
    let flux = "from(bucket: {bucket}) |> range(start: 0) |> filter(fn: (r) => r._measurement != \"stateloft-mirror\") \
                |> group() |> sort(columns: [\"_time\"])";
    influx.query(bucket, flux).await
}
