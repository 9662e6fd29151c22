//! A snapshot names a moment, so it must cost the same at any size.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};

use crate::client::Client;
use crate::saves::document;
use crate::server::Server;

const BATCH: usize = 1_000;
const SNAPSHOTS: usize = 51;

/// The median time of making a snapshot over HTTP in a store with this many states.
pub(crate) async fn of_store_with(database: &Path, size: usize) -> Duration {
    let server = Server::start(database).await;
    let mut client = Client::connect(&server.address).await;
    for first in (0..size).step_by(BATCH) {
        if first % 100_000 == 0 {
            crate::progress(&format!("filling a store: {first} of {size} states"));
        }
        let (status, answer) = client.send(Method::POST, "/api/v1/batch", batch(first)).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer));
    }
    let mut times = Vec::with_capacity(SNAPSHOTS);
    for n in 0..SNAPSHOTS {
        let start = Instant::now();
        let body = format!(r#"{{"snapshot_id":"bench-{n}"}}"#);
        let (status, answer) = client.send(Method::POST, "/api/v1/snapshots", body).await;
        assert_eq!(status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer));
        times.push(start.elapsed());
    }
    server.stop().await;
    times.sort_unstable();
    times[SNAPSHOTS / 2]
}

fn batch(first: usize) -> String {
    let mut body = String::from(r#"{"user_id":"bench","items":["#);
    for n in first..first + BATCH {
        let comma = if n == first { "" } else { "," };
        let data = document(n as u64);
        write!(
            body,
            r#"{comma}{{"op":"save","state_type":"position","state_id":"state-{n}","data":{data}}}"#
        )
        .expect("writing to a string");
    }
    body.push_str("]}");
    body
}
