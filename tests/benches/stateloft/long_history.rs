//! The first page of a very long history, as the console asks for it, and what the state was in the middle of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::client::Client;
use crate::saves::save;
use crate::server::Server;
use crate::snapshots::median;
use crate::table::Table;

const WRITERS: usize = 64;
const PAGE: &str = "/api/v1/states/long/history?state_type=position&data=false&limit=100";
const STATE: &str = "/api/v1/states/long?state_type=position";
const LENGTHS: [(u64, &str); 2] = [(1_000, "1,000"), (1_000_000, "1,000,000")];

/// Median times over HTTP at one length of the history.
struct Costs {
    page: Duration,
    at_seq: Duration,
    at_time: Duration,
}

/// Adds the rows: when the state has few versions, and when it has very many.
pub(crate) async fn measure(table: &mut Table, database: &Path) {
    let server = Server::start(database).await;
    let mut few: Option<Costs> = None;
    for (versions, words) in LENGTHS {
        fill(&server, versions).await;
        // After that: a connection on which nothing is asked for so long is closed.
        let mut client = Client::connect(&server.address).await;
        let costs = Costs::of(&mut client, versions).await;
        let mut row = |what: &str, part: fn(&Costs) -> Duration| {
            let took = part(&costs).as_secs_f64();
            let ratio = few.as_ref().map(|few| took / part(few).as_secs_f64());
            let note = if ratio.is_some() { " (ratio: to 1,000 versions)" } else { "" };
            table.row(&format!("{what} over HTTP, {words} versions{note}"), took * 1e3, "ms, median", ratio);
        };
        row("newest 100 versions of a state", |costs| costs.page);
        row("a state as of a seq in the middle of its history", |costs| costs.at_seq);
        row("a state as of a time in the middle of its history", |costs| costs.at_time);
        few = Some(costs);
    }
    server.stop().await;
}

impl Costs {
    async fn of(client: &mut Client, versions: u64) -> Self {
        let middle = format!("{STATE}&at=seq:{}", versions / 2);
        let (status, answer) = client.send(Method::GET, &middle, String::new()).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(answer));
        let version: serde_json::Value = serde_json::from_slice(answer).expect("a version");
        let time = version["timestamp"].as_str().expect("a version has its time");
        let then = format!("{STATE}&at={time}");
        Self {
            page: asked(client, PAGE).await,
            at_seq: asked(client, &middle).await,
            at_time: asked(client, &then).await,
        }
    }
}

async fn asked(client: &mut Client, path: &str) -> Duration {
    median(client, Method::GET, path, |_| String::new(), StatusCode::OK).await
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
