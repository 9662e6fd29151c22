//! Saves and reads over HTTP by several connections at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::server::Server;

/// A two-leg position of about 600 bytes; `n` makes it differ from the one before.
pub(crate) fn document(n: u64) -> String {
    format!(
        r#"{{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-21T06:12:44.118402Z","quantity":1.20,"entry_price":1.0874,"stop_loss":1.0832,"take_profit":1.0931,"ticket1":38084831,"ticket2":38084832,"volume1":1.20,"volume2":0.94,"entry_exec_price1":1.08741,"entry_exec_price2":1.27013,"entry_mid_price1":1.08740,"entry_mid_price2":1.27011,"monetary_value1":104391.36,"monetary_value2":119392.22,"max_favorable_pnl":212.40,"trailing_stop_level":-8.64,"order1_type":"buy","order2_type":"sell","unrealized_pnl":{n}.25,"legs":[{{"symbol":"EURUSD","volume":1.20}},{{"symbol":"GBPUSD","volume":0.94}}]}}"#
    )
}

/// The body of a save.
pub(crate) fn save(id: &str, n: u64) -> String {
    let data = document(n);
    format!(
        r#"{{"state_type":"position","state_id":"{id}","user_id":"bench","description":"trail stop","data":{data}}}"#
    )
}

/// Acknowledged saves a second, each connection writing to states of its own.
pub(crate) async fn saves(server: &Server, connections: usize, window: Duration) -> f64 {
    during(server, connections, window, |connection, n| {
        let id = format!("pair-{connection}-{}", n % 20);
        (Method::POST, "/api/v1/states".to_owned(), save(&id, n), &[StatusCode::OK, StatusCode::CREATED])
    })
    .await
}

/// Reads a second of states that [`saves`] wrote with at least as many connections.
pub(crate) async fn reads(server: &Server, connections: usize, window: Duration) -> f64 {
    during(server, connections, window, |connection, n| {
        let path = format!("/api/v1/states/pair-{connection}-{}?state_type=position", n % 20);
        (Method::GET, path, String::new(), &[StatusCode::OK])
    })
    .await
}

type Call = (Method, String, String, &'static [StatusCode]);

async fn during(server: &Server, connections: usize, window: Duration, call: fn(usize, u64) -> Call) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for connection in 0..connections {
        let mut client = Client::connect(&server.address).await;
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        tasks.push(tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                let (method, path, body, expected) = call(connection, n);
                let (status, answer) = client.send(method, &path, body).await;
                assert!(expected.contains(&status), "{status}: {}", String::from_utf8_lossy(answer));
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    rate(&stop, &done, tasks, window).await
}

/// How much is done a second by tasks that count what they do and end when they are stopped.
pub(crate) async fn rate(
    stop: &AtomicBool,
    done: &AtomicU64,
    tasks: Vec<JoinHandle<()>>,
    window: Duration,
) -> f64 {
    let start = Instant::now();
    tokio::time::sleep(window).await;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no request failed");
    }
    rate
}
