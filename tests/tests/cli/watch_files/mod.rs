//! Watching what a bot writes: files and databases that the tests write as bots do, while `stateloft watch-files` runs.

mod databases;
mod files;
mod outages;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use stateloft_tests::server::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

use super::command;

const PATIENCE: Duration = Duration::from_mins(2);
/// Soon enough for a test that waits for what is said after a while.
const SOON: [&str; 4] = ["--every", "0.2", "--patience", "0.5"];

/// A `watch-files` that runs.
struct Sidecar {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    err: Lines<BufReader<ChildStderr>>,
}

impl Sidecar {
    /// Starts it in a folder.
    fn start(server: &Server, here: &Path, arguments: &[&str]) -> Self {
        let origin = server.origin();
        // Unless the test says itself how long is a while.
        let soon = if arguments.contains(&"--patience") { &SOON[..2] } else { &SOON[..] };
        let all = [&["watch-files", "--server", origin.as_str(), "--json"], soon, arguments].concat();
        let mut child =
            command(here, &all, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let err = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, out, err }
    }

    /// The next version that it made.
    async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.out.next_line()).await.expect("a version in time").unwrap();
        serde_json::from_str(&line.expect("a version")).unwrap()
    }

    /// Waits until it says this, and returns the line.
    async fn until_said(&mut self, words: &str) -> String {
        let said = async {
            while let Some(line) = self.err.next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
            }
            panic!("it ended without saying {words:?}");
        };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("it does not say {words:?}"))
    }

    /// SIGTERM: its exit code, and what it said since.
    async fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(sent.success());
        let mut said = String::new();
        let ended = async {
            while let Some(line) = self.err.next_line().await.unwrap() {
                said.push_str(&line);
                said.push('\n');
            }
            self.child.wait().await.unwrap().code()
        };
        let code = timeout(PATIENCE, ended).await.expect("it ends");
        (code, said)
    }

    /// `kill -9`.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Looks once, with what it printed; it must end with this code.
async fn once(server: &Server, here: &Path, arguments: &[&str], code: i32) -> (Vec<Value>, String) {
    let origin = server.origin();
    let all = [&["watch-files", "--once", "--json", "--server", origin.as_str()], arguments].concat();
    let ran = super::run(here, &all, &[]).await;
    assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
    (ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), ran.err)
}

/// The head of a state.
async fn head(server: &Server, state_type: &str, id: &str) -> Value {
    let (status, head) =
        server.get(&format!("/states/-?state_type={state_type}&state_id={}", encoded(id))).await;
    assert_eq!(status, 200, "{state_type} {id}: {head}");
    head
}

/// Waits until the data of a state is this.
async fn until_data(server: &Server, state_type: &str, id: &str, data: &Value) -> Value {
    let path = format!("/states/-?state_type={state_type}&state_id={}", encoded(id));
    let there = async {
        loop {
            let (_, head) = server.get(&path).await;
            if head["data"] == *data {
                return head;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, there).await.unwrap_or_else(|_| panic!("{state_type} {id} does not become {data}"))
}

/// The data of each version of a state, oldest first.
async fn versions(server: &Server, state_type: &str, id: &str) -> Vec<Value> {
    let path =
        format!("/states/-/history?state_type={state_type}&state_id={}&data=true&limit=1000", encoded(id));
    let (status, history) = server.get(&path).await;
    assert_eq!(status, 200, "{history}");
    let mut data: Vec<_> =
        history["versions"].as_array().unwrap().iter().map(|version| version["data"].clone()).collect();
    data.reverse();
    data
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Writes a file as careful programs do: beside it, and then in its place.
fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}
