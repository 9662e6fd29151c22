//! A full disk: nothing is acknowledged that is not stored, reading goes on, and saving works again by itself as soon
//! as there is room.
//!
//! A limit on the size of the server's files stands for the full disk: writing beyond it fails as it does there, and
//! it can be lifted while the server runs.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use reqwest::{Method, StatusCode};
use stateloft_tests::server::Server;

/// 512-byte blocks: 3 MiB.
const LIMIT: &str = "ulimit -S -f 6144; trap '' XFSZ";
const SAVES_MAX: u64 = 3_000;

fn data(n: u64) -> String {
    format!(r#"{{"n":{n},"filler":"{}"}}"#, "x".repeat(16_000))
}

fn body(n: u64) -> String {
    format!(r#"{{"state_type":"bot_memory","state_id":"a","data":{}}}"#, data(n))
}

async fn raw(server: &Server, path: &str) -> String {
    server.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn nothing_is_acknowledged_on_a_full_disk_and_saving_works_again_by_itself() {
    let server = Server::start_after(LIMIT).await;
    let mut stored = 0;
    let refusal = loop {
        let (status, answer) = server.post("/states", body(stored + 1)).await;
        if status != StatusCode::CREATED && status != StatusCode::OK {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
            break answer;
        }
        stored += 1;
        assert_eq!(answer["version"], stored);
        assert!(stored < SAVES_MAX, "the limit has no effect");
    };
    assert_eq!(refusal["code"], "store_unavailable", "{refusal}");
    let again = server.post("/states", body(stored + 1)).await;
    assert_eq!(again.0, StatusCode::SERVICE_UNAVAILABLE, "still full");
    assert_eq!(raw(&server, "/states/a/raw?state_type=bot_memory").await, data(stored), "reading goes on");

    let lifted = tokio::process::Command::new("prlimit")
        .args(["--pid", &server.id().to_string(), "--fsize=unlimited"])
        .status()
        .await
        .unwrap();
    assert!(lifted.success());
    let (status, saved) = server.post("/states", body(stored + 1)).await;
    assert_eq!((status, saved["version"].as_u64()), (StatusCode::OK, Some(stored + 1)), "{saved}");
    let (_, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!(
        (&verified["ok"], verified["verified_to"].as_u64()),
        (&true.into(), Some(stored + 1)),
        "{verified}"
    );
    for n in 1..=stored + 1 {
        let path = format!("/states/a/raw?state_type=bot_memory&version={n}");
        assert_eq!(raw(&server, &path).await, data(n));
    }
}
