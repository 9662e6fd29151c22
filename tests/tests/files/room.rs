//! A full disk: a small file system of the server's own, in a mount namespace of its own.

use reqwest::StatusCode;
use stateloft_tests::server::Server;
use tokio::process::Command;

use crate::{ready, save, until_alarm, until_quiet};

/// The folder of the database becomes a file system of 8 MiB that only the server sees.
const SMALL_DISK: &str = r#"exec unshare -rm sh -c 'mount -t tmpfs -o size=8m tmpfs "$(dirname "$5")" && exec "$0" "$@"' "$0" "$@""#;

/// Runs shell commands in the folder of the database, as the server sees it.
async fn inside(server: &Server, shell: &str) {
    let script = format!("cd '{}' && {shell}", server.database().parent().unwrap().display());
    let id = server.id().to_string();
    let done = Command::new("nsenter")
        .args(["-t", &id, "-U", "-m", "--preserve-credentials", "sh", "-c", &script])
        .status()
        .await
        .unwrap();
    assert!(done.success(), "{script}");
}

async fn large(server: &Server) -> (StatusCode, serde_json::Value) {
    let data = format!(r#"{{"filler":"{}","n":{}}}"#, "x".repeat(200_000), moment());
    server.post("/states", format!(r#"{{"state_type":"bot_memory","state_id":"b","data":{data}}}"#)).await
}

#[expect(clippy::disallowed_methods, reason = "a test may look at the machine's clock")]
fn moment() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
}

#[tokio::test]
async fn a_server_on_a_full_disk_is_not_ready_also_when_nobody_writes_and_is_again_when_there_is_room() {
    let server = Server::start_after(SMALL_DISK).await;
    assert!(save(&server, 1).await.0.is_success());
    inside(&server, "head -c 7500000 /dev/zero > filler").await;
    let alarm = until_alarm(&server, "disk_full").await;
    assert_eq!(alarm["stops"], "writes", "{alarm}");
    let (status, problem) = ready(&server).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    assert!(problem["detail"].as_str().unwrap().contains("disk_full"), "{problem}");
    inside(&server, "rm filler").await;
    until_quiet(&server, "disk_full").await;
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    assert!(save(&server, 2).await.0.is_success());
}

#[tokio::test]
async fn a_write_that_found_no_room_is_said_until_one_finds_it_again() {
    let server = Server::start_after(SMALL_DISK).await;
    let mut saves = 0;
    let refused = loop {
        let (status, answer) = large(&server).await;
        if !status.is_success() {
            break answer;
        }
        saves += 1;
        assert!(saves < 100, "the disk has no end");
    };
    assert_eq!(refused["code"], "store_unavailable", "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("nothing was written"), "{refused}");
    let (status, problem) = ready(&server).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    inside(&server, "mount -o remount,size=64m .").await;
    until_quiet(&server, "disk_full").await;
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    assert!(large(&server).await.0.is_success());
    let (_, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!(verified["ok"], true, "{verified}");
}
