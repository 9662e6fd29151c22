//! `kill -9` in the middle of 16 writers: what was acknowledged is there, and nothing else is wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use reqwest::{Client, StatusCode};
use serde_json::Value;
use stateloft_core::api::EventPage;
use stateloft_tests::influx::{self, Influx};
use stateloft_tests::server::{Server, program};
use tokio::sync::watch;
use tokio::task::JoinSet;

const ROUNDS: u64 = 3;
const WRITERS: u64 = 16;
/// Acknowledged saves of a round before the server is killed.
const SAVES: u64 = 400;

/// A save that the server said is stored.
struct Acknowledged {
    state_id: String,
    version: u64,
    seq: u64,
    data: String,
}

/// Saves until the server is gone. Every third save goes to a state that all writers share.
async fn write(origin: String, round: u64, writer: u64, count: watch::Sender<u64>) -> Vec<Acknowledged> {
    let client = Client::new();
    let mut acknowledged = Vec::new();
    for n in 0_u64.. {
        let state_id = if n % 3 == 0 { "shared é/1".to_owned() } else { format!("own {writer}") };
        let data = format!(
            r#"{{"round":{round},"writer":{writer},"n":{n},"exact":[1.0,1e22,-0.0,0.{:030}],"s":"é / \u00e9"}}"#,
            n + 1
        );
        let body = format!(r#"{{"state_type":"bot_memory","state_id":"{state_id}","data":{data}}}"#);
        let request = client.post(format!("{origin}/api/v1/states"));
        let Ok(answer) = request.header("content-type", "application/json").body(body).send().await else {
            return acknowledged;
        };
        let status = answer.status();
        // The connection may break inside an answer: that one is not an acknowledgement.
        let Ok(text) = answer.text().await else { return acknowledged };
        assert!(status.is_success(), "{status}: {text}");
        let saved: Value = serde_json::from_str(&text).unwrap();
        acknowledged.push(Acknowledged {
            state_id,
            version: saved["version"].as_u64().unwrap(),
            seq: saved["seq"].as_u64().unwrap(),
            data,
        });
        count.send_modify(|count| *count += 1);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_save_is_lost_when_the_server_is_killed() {
    kill(Server::start().await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_save_is_lost_when_the_server_on_influxdb_is_killed() {
    // Each restart waits until the lease of the killed server has run out.
    let environment = Influx::variables(&influx::bucket().await);
    kill(Server::start_in(environment).await, 2).await;
}

async fn kill(mut server: Server, rounds: u64) {
    let mut all = Vec::new();
    for round in 1..=rounds {
        let mut writers = JoinSet::new();
        let (count, mut counted) = watch::channel(0);
        for writer in 0..WRITERS {
            writers.spawn(write(server.origin(), round, writer, count.clone()));
        }
        counted.wait_for(|count| *count >= SAVES).await.unwrap();
        server.kill().await;
        all.extend(writers.join_all().await.into_iter().flatten());
        assert!(all.len() as u64 >= SAVES * round);
        verify_beside_nobody(&server).await;
        server.run().await;
        check(&server, &all).await;
    }
}

/// `stateloft verify` on what the killed server left.
async fn verify_beside_nobody(server: &Server) {
    let mut command = tokio::process::Command::new(program());
    command.arg("verify").envs(server.store_variables());
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("whole"), "{text}");
}

async fn check(server: &Server, all: &[Acknowledged]) {
    let log = read_log(server).await;
    let mut last: HashMap<String, u64> = HashMap::new();
    for (index, (state_id, version, _)) in log.iter().enumerate() {
        let expected = last.entry(state_id.clone()).or_default();
        *expected += 1;
        assert_eq!(version, expected, "{state_id} at seq {}: its versions have no gap", index + 1);
    }
    for save in all {
        let (state_id, version, data) = &log[usize::try_from(save.seq).unwrap() - 1];
        assert_eq!((state_id, version), (&save.state_id, &save.version), "seq {}", save.seq);
        assert_eq!(data, &save.data, "{state_id} v{version} came back byte for byte");
    }
    let (status, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!((status, &verified["ok"]), (StatusCode::OK, &Value::from(true)), "{verified}");
    assert_eq!(verified["verified_to"].as_u64(), Some(log.len() as u64), "{verified}");
}

/// Every version in the order of seq: id, number and the exact data.
async fn read_log(server: &Server) -> Vec<(String, u64, String)> {
    let (mut log, mut after) = (Vec::new(), 0);
    loop {
        let request = server.request(reqwest::Method::GET, &format!("/events?after={after}&limit=1000"));
        let text = request.send().await.unwrap().text().await.unwrap();
        let page: EventPage = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        for event in page.events {
            assert_eq!(event.version.seq.0, log.len() as u64 + 1, "the log has no gap");
            let data = event.data.unwrap().text().to_owned();
            log.push((event.version.state_id.to_string(), event.version.version.0, data));
        }
        after = page.next_after.0;
        if after >= page.seq.0 {
            return log;
        }
    }
}
