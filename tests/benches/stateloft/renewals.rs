//! What a thousand runs that are live cost the saves beside them: each renews its lease once a second.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use tokio::time::{MissedTickBehavior, interval};

use crate::client::Client;
use crate::saves;
use crate::server::Server;
use crate::table::Table;

const RUNS: u64 = 1_000;
/// Connections that share them.
const CONNECTIONS: u64 = 8;
/// Saves are measured so often with and without renewals, in turn, as machines are noisy.
const TURNS: usize = 5;
const WRITERS: usize = 64;

/// Adds the rates of saves, without and with renewals, and of the renewals.
pub(crate) async fn measure(table: &mut Table, database: &Path, window: Duration) {
    let server = Server::start(database).await;
    begin(&server.address).await;
    let (mut alone, mut beside, mut renewals) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        alone.push(saves::saves(&server, WRITERS, window).await);
        let (rate, renewed) = saves_beside_renewals(&server, window).await;
        beside.push(rate);
        renewals.push(renewed);
    }
    server.stop().await;
    let [alone, beside, renewals] = [alone, beside, renewals].map(median);
    let runs = "1,000 live runs";
    table.row(&format!("durable validated saves, {WRITERS} connections, {runs}"), alone, "saves/s", None);
    let what =
        format!("the same while each renews once a second ({renewals:.0} a second; ratio: to the row above)");
    table.row(&what, beside, "saves/s", Some(beside / alone));
}

async fn begin(address: &str) {
    let mut client = Client::connect(address).await;
    for n in 0..RUNS {
        let body = format!(r#"{{"program":"bench","instance":"i{n}","lease_seconds":3600}}"#);
        let (status, answer) = client.send(Method::POST, "/api/v1/runs", body).await;
        assert_eq!(status, StatusCode::CREATED, "{}", String::from_utf8_lossy(answer));
    }
}

/// Saves and renewals a second.
async fn saves_beside_renewals(server: &Server, window: Duration) -> (f64, f64) {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let mut renewing = Vec::new();
    for connection in 0..CONNECTIONS {
        let mut client = Client::connect(&server.address).await;
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        renewing.push(tokio::spawn(async move {
            let mut each =
                interval(Duration::from_secs(1) / u32::try_from(RUNS / CONNECTIONS).expect("small"));
            each.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut runs = (connection..RUNS).step_by(usize::try_from(CONNECTIONS).expect("small")).cycle();
            while !stop.load(Ordering::Relaxed) {
                each.tick().await;
                let run = runs.next().expect("it has no end");
                let path = format!("/api/v1/runs/bench.i{run}.1/renew");
                let (status, answer) = client.send(Method::POST, &path, "{}").await;
                assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(answer));
                done.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let rate = saves::saves(server, WRITERS, window).await;
    stop.store(true, Ordering::Relaxed);
    for task in renewing {
        task.await.expect("no renewal failed");
    }
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let renewed = done.load(Ordering::Relaxed) as f64 / window.as_secs_f64();
    (rate, renewed)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
