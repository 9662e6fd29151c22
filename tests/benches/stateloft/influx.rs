//! Saves with InfluxDB as the store, next to InfluxDB's own line writes: the same document as a field of its own series,
//! one line a request, and many lines a request.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::Influx;

use crate::saves;
use crate::server::Server;
use crate::table::Table;

/// Lines of a large write.
const MANY: u64 = 1_000;

/// Adds two rows for each number of clients: InfluxDB's own writes of single lines as the baseline, then saves over HTTP;
/// and what it does with many lines at once, and what a read costs.
pub(crate) async fn measure(table: &mut Table, window: Duration) {
    let influx = Arc::new(Influx::start().await);
    let server = Server::start_on_influx(&influx.bucket().await).await;
    for clients in [1, 16, 64] {
        crate::progress(&format!("InfluxDB's own writes of one line, {clients} clients"));
        let raw = lines(&influx, &Arc::new(influx.bucket().await), clients, 1, window).await;
        table.row(&format!("InfluxDB, one line a write, {clients} clients"), raw, "lines/s", None);
        crate::progress(&format!("durable saves over HTTP on InfluxDB, {clients} connections"));
        let rate = saves::saves(&server, clients, window).await;
        table.row(
            &format!(
                "durable validated saves on InfluxDB, {clients} connections (ratio: to one line a write)"
            ),
            rate,
            "saves/s",
            Some(rate / raw),
        );
    }
    let reads = saves::reads(&server, 16, window).await;
    table.row("latest state over HTTP on InfluxDB, 16 connections", reads, "reads/s", None);
    server.stop().await;
    let many = lines(&influx, &Arc::new(influx.bucket().await), 2, MANY, window).await;
    table.row(&format!("InfluxDB, {MANY} lines a write, 2 clients"), many, "lines/s", None);
}

/// Lines a second that InfluxDB has on the disk, written by so many clients, so many at once.
async fn lines(
    influx: &Arc<Influx>,
    bucket: &Arc<InfluxOptions>,
    clients: usize,
    at_once: u64,
    window: Duration,
) -> f64 {
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let data = Arc::new(STANDARD.encode(saves::document(0)));
    let mut tasks = Vec::new();
    for client in 0..clients {
        let (influx, bucket, data) = (Arc::clone(influx), Arc::clone(bucket), Arc::clone(&data));
        let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
        tasks.push(tokio::spawn(async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut text = String::new();
                for _ in 0..at_once {
                    n += 1;
                    let id = n % 20;
                    writeln!(text, "position,id=pair-{client}-{id} data=\"{data}\" {n}").expect("memory");
                }
                influx.write_lines(&bucket, text).await;
                done.fetch_add(at_once, Ordering::Relaxed);
            }
        }));
    }
    saves::rate(&stop, &done, tasks, window).await
}
