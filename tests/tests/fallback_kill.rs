//! `kill -9` while writes go to the fallback journal, and while they are replayed: what was acknowledged is in the store
//! once, and in order.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use reqwest::{Client, StatusCode};
use serde_json::Value;
use stateloft_tests::server::Server;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: u64 = 3;
const WRITERS: u64 = 6;
/// Acknowledged writes of a round before the server is killed.
const WRITES: u64 = 150;

/// A write that the server said is safe in the journal.
struct Kept {
    pending_id: String,
    state_id: String,
    n: u64,
}

async fn write(origin: String, round: u64, writer: u64, count: watch::Sender<u64>) -> Vec<Kept> {
    let client = Client::new();
    let mut kept = Vec::new();
    for n in 0_u64.. {
        let state_id = format!("writer {writer}");
        let n = round * 1_000_000 + n;
        let body = format!(r#"{{"state_type":"bot_memory","state_id":"{state_id}","data":{{"n":{n}}}}}"#);
        let request = client.post(format!("{origin}/api/v1/states"));
        let Ok(answer) = request.header("content-type", "application/json").body(body).send().await else {
            return kept;
        };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return kept };
        assert_eq!(status, StatusCode::ACCEPTED, "{text}");
        let pending: Value = serde_json::from_str(&text).unwrap();
        kept.push(Kept { pending_id: pending["pending_id"].as_str().unwrap().to_owned(), state_id, n });
        count.send_modify(|count| *count += 1);
    }
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_046_no_write_of_the_journal_is_lost_or_made_twice_when_the_server_is_killed() {
    let folder = TempDir::new().unwrap();
    let shell = format!(
        "export TRADING_STATE_ENABLE_FILE_FALLBACK=true TRADING_STATE_FALLBACK_DIR='{}'",
        folder.path().display()
    );
    let mut server = Server::start_after(&shell).await;
    let mut all = Vec::new();
    for round in 1..=ROUNDS {
        let (status, forced) = server.post("/breaker/force", r#"{"state":"open"}"#).await;
        assert_eq!(status, StatusCode::OK, "{forced}");
        let mut writers = JoinSet::new();
        let (count, mut counted) = watch::channel(0);
        for writer in 0..WRITERS {
            writers.spawn(write(server.origin(), round, writer, count.clone()));
        }
        counted.wait_for(|count| *count >= WRITES).await.unwrap();
        server.kill().await;
        all.extend(writers.join_all().await.into_iter().flatten());
        // Killed again in the middle of the replay.
        server.run().await;
        server.until_status(|status| status["fallback"]["replayed"].as_u64() > Some(5)).await;
        server.kill().await;
        server.run().await;
        server.until_status(|status| status["fallback"]["pending"] == 0).await;
        check(&server, &all).await;
    }
}

async fn check(server: &Server, all: &[Kept]) {
    let mut log: Vec<(String, String, u64)> = Vec::new();
    loop {
        let (_, page) = server.get(&format!("/events?after={}&limit=1000", log.len())).await;
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            break;
        }
        for event in events {
            assert_eq!(event["seq"], log.len() as u64 + 1);
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            log.push((text("batch_id"), text("state_id"), event["data"]["n"].as_u64().unwrap()));
        }
    }
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, (id, ..)) in log.iter().enumerate() {
        places.entry(id).or_default().push(place);
    }
    let mut last: HashMap<&str, u64> = HashMap::new();
    for (id, state_id, n) in &log {
        let before = last.insert(state_id, *n).unwrap_or_default();
        assert!(before < *n, "{state_id}: {n} came after {before} ({id})");
    }
    for kept in all {
        let found = places.get(kept.pending_id.as_str()).map(Vec::as_slice);
        let Some([place]) = found else { panic!("{} is at {found:?}", kept.pending_id) };
        assert_eq!((&log[*place].1, log[*place].2), (&kept.state_id, kept.n));
    }
    let (_, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!(verified["ok"], true, "{verified}");
    let (_, conflicts) = server.get("/fallback/conflicts").await;
    assert_eq!(conflicts["conflicts"], Value::Array(Vec::new()));
}
