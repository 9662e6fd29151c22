//! `cargo xtask bench`: how fast Stateloft is, next to what the machine can do, in one run.
//!
//! Machines differ and are noisy, so every figure stands beside a baseline measured in the same run on the same disk, and
//! the ratio is what counts. Nothing here is a test.
#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

mod baseline;
mod client;
mod diffing;
mod influx;
mod long_history;
mod postgres;
mod reconciling;
mod renewals;
mod saves;
mod server;
mod snapshots;
mod table;
mod watching;

use std::path::Path;
use std::time::Duration;

use table::Table;

/// How long each rate is measured.
const WINDOW: Duration = Duration::from_secs(5);
/// What `--only` takes.
const PARTS: [&str; 8] = ["sqlite", "postgres", "influx", "watching", "runs", "reconcile", "size", "diff"];

// One thread: the load shares the cores with what is measured, as `pgbench` does.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo bench` passes `--bench`; `--quick` leaves the million states out, `--only` all other parts.
    let arguments: Vec<String> = std::env::args().collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    assert!(only.is_none_or(|only| PARTS.contains(&only.as_str())), "--only takes one of {PARTS:?}");
    let wanted = |part: &str| only.is_none_or(|only| only == part);
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("a folder on the disk that is measured");
    let mut table = Table::new();
    if wanted("sqlite") {
        sqlite(&mut table, folder.path()).await;
    }
    if wanted("postgres") {
        postgres::measure(&mut table, WINDOW).await;
    }
    if wanted("influx") {
        influx::measure(&mut table, WINDOW).await;
    }
    if wanted("watching") {
        progress("many subscribers");
        let server = server::Server::start(&folder.path().join("watched.db")).await;
        watching::measure(&mut table, &server, WINDOW).await;
        server.stop().await;
    }
    if wanted("runs") {
        progress("saves beside a thousand runs");
        renewals::measure(&mut table, &folder.path().join("runs.db"), WINDOW).await;
    }
    if wanted("reconcile") {
        progress("plans for thousands of lots");
        reconciling::measure(&mut table);
    }
    if wanted("size") {
        let small = snapshots::of_store_with(&folder.path().join("small.db"), 1_000).await;
        costs(&mut table, "1,000", &small, None);
        if !quick {
            let large = snapshots::of_store_with(&folder.path().join("large.db"), 1_000_000).await;
            costs(&mut table, "1,000,000", &large, Some(&small));
            long_history::measure(&mut table, &folder.path().join("long.db")).await;
        }
    }
    if wanted("diff") {
        progress("difference of two 1 MB documents");
        diffing::measure(&mut table);
    }
    table.print();
}

async fn sqlite(table: &mut Table, folder: &Path) {
    progress("raw SQLite: insert and commit, one row at a time");
    let raw = baseline::raw_sqlite(&folder.join("raw.db"), WINDOW).await;
    table.row("raw SQLite, one row a commit (WAL, synchronous=FULL)", raw, "rows/s", None);
    let server = server::Server::start(&folder.join("saves.db")).await;
    for connections in [1, 16, 64] {
        progress(&format!("durable saves over HTTP, {connections} connections"));
        let rate = saves::saves(&server, connections, WINDOW).await;
        let what = format!("durable validated saves, {connections} connections");
        table.row(&what, rate, "saves/s", Some(rate / raw));
    }
    for connections in [1, 16] {
        progress(&format!("reads of the latest state, {connections} connections"));
        let rate = saves::reads(&server, connections, WINDOW).await;
        let what = format!("latest state over HTTP, {connections} connections");
        table.row(&what, rate, "reads/s", Some(rate / raw));
    }
    server.stop().await;
}

/// The rows of one store; the ratio is to the same in the small store.
fn costs(table: &mut Table, states: &str, costs: &snapshots::Costs, small: Option<&snapshots::Costs>) {
    let mut row = |what: &str, part: fn(&snapshots::Costs) -> Duration| {
        let ratio = small.map(|small| part(costs).as_secs_f64() / part(small).as_secs_f64());
        let note = if small.is_some() { " (ratio: to 1,000 states)" } else { "" };
        table.row(
            &format!("{what}, {states} states{note}"),
            part(costs).as_secs_f64() * 1e3,
            "ms, median",
            ratio,
        );
    };
    row("snapshot over HTTP", |costs| costs.snapshot);
    row("first 100 states over HTTP", |costs| costs.list);
    row("overview over HTTP", |costs| costs.overview);
}

fn progress(what: &str) {
    eprintln!("measuring {what} ...");
}
