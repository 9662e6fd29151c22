//! What may happen to the files under a server and its store: removed, replaced, cut, copied, on a full disk or one that can
//! only be read. The real program on real files.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod backups;
mod locks;
mod loss;
mod read_only;
mod replaced;
mod room;

use std::path::{Path, PathBuf};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_tests::server::Server;

/// Saves `{"n":n}` and answers what the server says.
async fn save(server: &Server, n: u64) -> (StatusCode, Value) {
    server.post("/states", body(n)).await
}

fn body(n: u64) -> String {
    format!(r#"{{"state_type":"bot_memory","state_id":"a","data":{{"n":{n}}}}}"#)
}

/// What `/readyz` answers.
async fn ready(server: &Server) -> (StatusCode, Value) {
    server.get("/readyz").await
}

/// Waits until `/status` shows this alarm, and returns it.
async fn until_alarm(server: &Server, code: &str) -> Value {
    let status = server.until_status(|status| alarm(status, code).is_some()).await;
    alarm(&status, code).unwrap()
}

/// Waits until `/status` does not show this alarm.
async fn until_quiet(server: &Server, code: &str) {
    server.until_status(|status| alarm(status, code).is_none()).await;
}

fn alarm(status: &Value, code: &str) -> Option<Value> {
    status["alarms"].as_array()?.iter().find(|alarm| alarm["code"] == code).cloned()
}

/// The value that a state has by the server's word.
async fn value(server: &Server) -> Value {
    let (status, state) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!(status, StatusCode::OK, "{state}");
    state["data"]["n"].clone()
}

async fn raw(server: &Server, version: u64) -> String {
    let path = format!("/states/a/raw?state_type=bot_memory&version={version}");
    server.request(Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
