//! `stateloft import` as a process, and what it made, read over HTTP.

use std::time::Duration;

use serde_json::Value;

use crate::client::encoded;
use crate::server::Server;

/// What an import said.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ran {
    /// A figure of the summary.
    #[must_use]
    pub fn figure(&self, name: &str) -> u64 {
        let line = self.out.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("{name} in {self:?}"));
        let number = line[name.len()..].trim_start().split(|c: char| !c.is_ascii_digit()).next();
        number.unwrap().parse().unwrap_or_else(|_| panic!("{line}"))
    }

    /// Checks that standard error has this in it.
    pub fn says(&self, part: &str) {
        assert!(self.err.contains(part), "{part:?} in {}", self.err);
    }
}

/// Imports into a server's store.
pub async fn run(target: &Server, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let arguments = [&["import"], arguments].concat();
    let output = target.command(&arguments).envs(environment.iter().copied()).output();
    let output =
        tokio::time::timeout(Duration::from_mins(9), output).await.expect("it ends").expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let code = output.status.code().expect("an exit code");
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

/// A server on an empty SQLite store, stopped.
pub async fn empty() -> Server {
    let mut server = Server::start().await;
    assert_eq!(server.stop().await, Some(0));
    server
}

/// A state's versions, oldest first, with data.
pub async fn history(server: &Server, state_type: &str, id: &str) -> Vec<Value> {
    let path = format!("/states/{}/history?state_type={state_type}&limit=1000", encoded(id));
    let (status, answer) = server.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    answer["versions"].as_array().unwrap().iter().rev().cloned().collect()
}

/// The document of a version, as text.
pub async fn raw(server: &Server, state_type: &str, id: &str, version: u64) -> String {
    let path = format!("/states/{}/raw?state_type={state_type}&version={version}", encoded(id));
    let answer = server.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}
