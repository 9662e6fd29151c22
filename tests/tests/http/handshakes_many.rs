//! A restore under many runs: what it asks of the store stays bounded.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stateloft_tests::bots::At;
use stateloft_tests::local::Local;

const RUNS: usize = 20;
const STATES: usize = 100;

/// The sizes of all versions of a state, added up, and how many they are.
async fn written(at: &At, state_type: &str, id: &str) -> (u64, u64) {
    let (mut bytes, mut versions, mut cursor) = (0, 0, String::new());
    loop {
        let page = at.get(&format!("/states/{id}/history?state_type={state_type}&limit=1000{cursor}")).await;
        for version in page["versions"].as_array().unwrap() {
            bytes += version["size"].as_u64().unwrap();
            versions += 1;
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (bytes, versions),
        }
    }
}

fn run(n: usize) -> String {
    format!("bot{n:02}.main.1")
}

async fn save(at: &At, n: usize, value: u64) -> Value {
    let item = |k: usize| {
        json!({"op": "save", "state_type": "bot_memory", "state_id": format!("bot{n:02}/some-instrument-{k:03}"),
            "data": {"n": value}})
    };
    let items: Vec<Value> = (0..STATES).map(item).collect();
    let (status, said) = at.post("/batch", &json!({"items": items, "run_id": run(n), "epoch": 1})).await;
    assert_eq!(status, 200, "{said}");
    said["seq"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_of_many_runs_writes_little_and_who_holds_what_is_found_at_once_again() {
    let server = Local::start().await;
    let at = At::new(&format!("http://{}", server.address));
    let mut good = Value::Null;
    for n in 0..RUNS {
        let begin = json!({"program": format!("bot{n:02}"), "lease_seconds": 3600});
        assert_eq!(at.post("/runs", &begin).await.0, 201);
        good = save(&at, n, 1).await;
    }
    for n in 0..RUNS {
        save(&at, n, 2).await;
    }
    let request = json!({"target": format!("seq:{good}"), "scope": {"types": ["bot_memory"]}});
    let mut times = Vec::new();
    let mut plan = Value::Null;
    for _ in 0..2 {
        let begun = Instant::now();
        plan = at.post("/restores", &request).await.1;
        times.push(begun.elapsed());
    }
    println!("plans: {times:?}");
    let held = plan["held_by"].as_array().unwrap();
    assert_eq!((held.len(), held[0]["states"].as_array().unwrap().len()), (RUNS, STATES));
    let applying = {
        let at = at.clone();
        let path = format!("/restores/{}/apply", plan["plan"].as_str().unwrap());
        let mut order = request.clone();
        order["reason"] = json!("bad deploy");
        order["handshake"] = json!({"wait_seconds": 600});
        tokio::spawn(async move { at.post(&path, &order).await })
    };
    let open = at.until("/handshakes", |found| found["handshakes"][0]["status"] == "asking").await;
    let id = open["handshakes"][0]["handshake"].as_str().unwrap().to_owned();
    for word in ["paused", "reloaded"] {
        for n in 0..RUNS {
            let (_, renewed) = at.post(&format!("/runs/{}/renew", run(n)), &json!({})).await;
            let ask = &renewed["asks"][0];
            assert_eq!(ask["states"].as_array().unwrap().len(), STATES, "the run is told all of them");
            let mut said = json!({"epoch": 1});
            if word == "reloaded" {
                said["seq"] = ask["seq"].clone();
            }
            let path = format!("/runs/{}/handshakes/{id}/{word}", run(n));
            assert_eq!(at.post(&path, &said).await.0, 200);
        }
        if word == "paused" {
            at.until(&format!("/handshakes/{id}"), |shown| shown["status"] == "written").await;
        }
    }
    let (status, restore) = tokio::time::timeout(Duration::from_mins(2), applying).await.unwrap().unwrap();
    assert_eq!(status, 200, "{restore}");
    let shown = at.get(&format!("/handshakes/{id}")).await;
    let row = &shown["runs"][0];
    assert_eq!((row["states"].as_array().unwrap().len(), &row["more"]), (20, &json!(80)), "{row}");
    assert_eq!(shown["waits_for"], json!([]));
    let (bytes, versions) = written(&at, "handshake", &id).await;
    println!("handshake: {versions} versions, {bytes} bytes");
    // With all names in it, each of its versions would be 150 KB.
    assert!(versions >= 2 * RUNS as u64 && bytes < 4 << 20, "{versions} versions of {bytes} bytes");
    let mut of_pauses = 0;
    for n in 0..RUNS {
        of_pauses += written(&at, "pause", &run(n)).await.0;
    }
    println!("pauses: {of_pauses} bytes");
    assert!(of_pauses < 1 << 20, "{of_pauses} bytes");
}
