//! An InfluxDB that answers and takes no writes: everybody is told, whether anybody writes or not.

use reqwest::StatusCode;
use serde_json::Value;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::{Influx, bucket};
use stateloft_tests::server::Server;

use crate::proxy::Proxy;

fn has(status: &Value, code: &str) -> bool {
    status["alarms"].as_array().is_some_and(|alarms| alarms.iter().any(|alarm| alarm["code"] == code))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_influxdb_that_takes_no_writes_is_said_until_it_takes_the_lease_again() {
    let options = bucket().await;
    let proxy = Proxy::start(&options.url).await;
    let through = InfluxOptions { url: format!("http://{}", proxy.address), ..options };
    let mut server = Server::start_in(Influx::variables(&through)).await;
    server.save("position", "a", r#"{"n":1}"#, "bot", "first").await;
    let full = r#"{"code":"internal error","message":"write wal: no space left on device"}"#;
    let forbidden = r#"{"code":"forbidden","message":"insufficient permissions for write"}"#;
    for (status, body, code) in
        [("500 Internal Server Error", full, "disk_full"), ("403 Forbidden", forbidden, "cannot_write")]
    {
        proxy.refuse_writes(Some((status, body)));
        // Nobody saves: the lease is what is refused.
        server.until_status(|status| has(status, code)).await;
        let (status, problem) = server.get("/readyz").await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()),
            "{problem}"
        );
        let save = r#"{"state_type":"position","state_id":"a","data":{"n":2}}"#;
        let (status, problem) = server.post("/states", save).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        proxy.refuse_writes(None);
        server.until_status(|status| !has(status, code)).await;
        server.until_ready().await;
    }
    server.save("position", "a", r#"{"n":3}"#, "bot", "again").await;
}
