//! The first page of a very long history, as the console asks for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::{Method, StatusCode};

use crate::client::Client;
use crate::saves::save;
use crate::server::Server;
use crate::snapshots::median;
use crate::table::Table;

const WRITERS: usize = 64;
const PAGE: &str = "/api/v1/states/long/history?state_type=position&data=false&limit=100";

/// Adds two rows: the newest page when the state has few versions, and when it has very many.
pub(crate) async fn measure(table: &mut Table, database: &Path) {
    let server = Server::start(database).await;
    let mut client = Client::connect(&server.address).await;
    let mut few = None;
    for (versions, words) in [(1_000, "1,000"), (1_000_000, "1,000,000")] {
        fill(&server, versions).await;
        let took =
            median(&mut client, Method::GET, PAGE, |_| String::new(), StatusCode::OK).await.as_secs_f64();
        let ratio = few.map(|few| took / few);
        let note = if ratio.is_some() { " (ratio: to 1,000 versions)" } else { "" };
        let what = format!("newest 100 versions of a state over HTTP, {words} versions{note}");
        table.row(&what, took * 1e3, "ms, median", ratio);
        few = Some(took);
    }
    server.stop().await;
}

/// Saves until the state has about so many versions.
async fn fill(server: &Server, versions: u64) {
    let next = Arc::new(AtomicU64::new(1));
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let (mut client, next) = (Client::connect(&server.address).await, Arc::clone(&next));
        writers.push(tokio::spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n > versions {
                    return;
                }
                if n % 100_000 == 0 {
                    crate::progress(&format!("filling a history: {n} of {versions} versions"));
                }
                let (status, answer) = client.send(Method::POST, "/api/v1/states", save("long", n)).await;
                assert!(status.is_success(), "{status}: {}", String::from_utf8_lossy(answer));
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no save failed");
    }
}
