//! `kill -9` in the middle of an import: all of it is there, or nothing; and run again it is there once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use stateloft_tests::server::program;
use tempfile::TempDir;
use tokio::process::Command;

const STATES: u64 = 1_000;

/// A file with many positions, large enough that writing it takes a while.
fn large(folder: &Path) {
    let note = "n".repeat(2_000);
    let positions: Vec<String> =
        (0..STATES).map(|n| format!(r#""P{n}-Q":{{"qty":{n}.10,"note":"{note}"}}"#)).collect();
    let text = format!(
        r#"{{"active_positions":{{{}}},"last_save_time":"2025-06-01T00:00:00Z"}}"#,
        positions.join(",")
    );
    std::fs::write(folder.join("large.json"), text).unwrap();
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn output(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().await.unwrap()
}

/// Imports the file, and says how many of its items were there already.
async fn imported(folder: &Path) -> u64 {
    let done = output(folder, &["import", "large.json", "--yes", "--json"]).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    found["counts"]["unchanged"].as_u64().unwrap()
}

/// Kills an import as soon as the store's files hold so many bytes.
async fn killed_at(folder: &Path, bytes: u64) {
    let mut import = command(folder, &["import", "large.json", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let size = || {
        let files = ["data/stateloft.db", "data/stateloft.db-wal"].map(|name| folder.join(name));
        files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|about| about.len()).sum::<u64>()
    };
    while size() < bytes && import.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let _ = import.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_is_wholly_there_or_not_at_all() {
    // From before the first byte of the store to the middle of its one large commit.
    for bytes in [0, 1, 100 << 10, 1 << 20, 2 << 20] {
        let here = TempDir::new().unwrap();
        large(here.path());
        killed_at(here.path(), bytes).await;
        let found = imported(here.path()).await;
        assert!(found == 0 || found == STATES + 1, "killed at {bytes} bytes: {found} of {STATES} are there");
        assert_eq!(imported(here.path()).await, STATES + 1);
        let whole = output(here.path(), &["verify"]).await;
        assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    }
}
