//! What must cost the same however large the store is: a snapshot, which only names a moment, and the first pages that
//! the console asks for.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};

use crate::client::Client;
use crate::saves::document;
use crate::server::Server;

const BATCH: usize = 1_000;
const TIMES: usize = 51;

/// Median times over HTTP in one store.
pub(crate) struct Costs {
    pub(crate) snapshot: Duration,
    pub(crate) list: Duration,
    pub(crate) overview: Duration,
}

/// Fills a store with this many states and asks it.
pub(crate) async fn of_store_with(database: &Path, size: usize) -> Costs {
    let server = Server::start(database).await;
    let mut client = Client::connect(&server.address).await;
    for first in (0..size).step_by(BATCH) {
        if first % 100_000 == 0 {
            crate::progress(&format!("filling a store: {first} of {size} states"));
        }
        let (status, answer) = client.send(Method::POST, "/api/v1/batch", batch(first)).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(answer));
    }
    let body = |n| format!(r#"{{"snapshot_id":"bench-{n}"}}"#);
    let costs = Costs {
        snapshot: median(&mut client, Method::POST, "/api/v1/snapshots", body, StatusCode::CREATED).await,
        list: median(&mut client, Method::GET, "/api/v1/states?limit=100", |_| String::new(), StatusCode::OK)
            .await,
        overview: median(&mut client, Method::GET, "/api/v1/overview", |_| String::new(), StatusCode::OK)
            .await,
    };
    server.stop().await;
    costs
}

pub(crate) async fn median(
    client: &mut Client,
    method: Method,
    path: &str,
    body: impl Fn(usize) -> String,
    expected: StatusCode,
) -> Duration {
    let mut times = Vec::with_capacity(TIMES);
    for n in 0..TIMES {
        let start = Instant::now();
        let (status, answer) = client.send(method.clone(), path, body(n)).await;
        assert_eq!(status, expected, "{}", String::from_utf8_lossy(answer));
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[TIMES / 2]
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
