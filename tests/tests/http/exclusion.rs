//! Many clients change the same states at once.

use serde_json::{Value, json};
use stateloft_tests::local::Local;

const CLIENTS: u64 = 12;
const STEPS: u64 = 10;
const COUNTER: &str = "/api/v1/states/counter?state_type=bot_memory";

fn step(n: u64, version: u64) -> String {
    json!({
        "state_type": "bot_memory", "state_id": "counter", "expected_version": version,
        "user_id": "tester", "data": {"n": n},
    })
    .to_string()
}

/// The older systems held a lock of threads while they waited, which keeps no two tasks of one thread apart and stops all
/// of them, and their transaction was none.
#[tokio::test]
async fn d_025_what_is_read_changed_and_written_is_never_lost_and_a_batch_is_whole_or_nothing() {
    let server = Local::start().await;
    let client = &server.client;
    client.save("bot_memory", "counter", r#"{"n":0}"#).await;
    let counting = (0..CLIENTS).map(|_| async {
        let mut done = 0;
        let mut refused = 0;
        while done < STEPS {
            let read = client.get(COUNTER).await.expect(200).json();
            let n = read["data"]["n"].as_u64().unwrap();
            let answer = client.post("/api/v1/states", step(n + 1, read["version"].as_u64().unwrap())).await;
            match answer.status.as_u16() {
                200 => done += 1,
                409 => refused += 1,
                other => panic!("{other}"),
            }
        }
        refused
    });
    let living = async {
        for _ in 0..20 {
            let _ = client.get("/livez").await.expect(200);
        }
    };
    let (refused, ()) = tokio::join!(futures::future::join_all(counting), living);
    let head = client.get(COUNTER).await.expect(200).json();
    assert_eq!(head["data"]["n"], CLIENTS * STEPS, "{refused:?} were refused");
    assert_eq!(head["version"], CLIENTS * STEPS + 1);
    assert!(refused.iter().sum::<u64>() > 0, "nobody ever met anybody: this proves nothing");

    // One item that cannot be written keeps the others from being written.
    let item = |id: &str, expected: Option<u64>| {
        json!({"op": "save", "state_type": "bot_memory", "state_id": id,
        "data": {"n": 1}, "expected_version": expected})
    };
    let batch = json!({"user_id": "tester", "items": [item("first", None), item("counter", Some(1)), item("last", None)]});
    let _ = client.post("/api/v1/batch", batch.to_string()).await.expect_problem(409, "version_conflict");
    for id in ["first", "last"] {
        let path = format!("/api/v1/states/{id}?state_type=bot_memory");
        let _ = client.get(&path).await.expect_problem(404, "state_not_found");
    }
    let status: Value = client.get("/api/v1/status").await.expect(200).json();
    assert_eq!(status["seq"], head["seq"]);
}
