//! Following the log.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use stateloft_tests::server::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::timeout;

use super::{command, folder, run};

const PATIENCE: Duration = Duration::from_mins(1);

/// A `watch` that runs.
struct Watching {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    err: Lines<BufReader<ChildStderr>>,
    _here: tempfile::TempDir,
}

impl Watching {
    fn new(server: &Server, more: &[&str]) -> Self {
        let (here, origin) = (folder(), server.origin());
        let arguments = [&["watch", "--server", origin.as_str(), "--json"], more].concat();
        let mut watch = command(here.path(), &arguments, &[]);
        let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let err = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, out, err, _here: here }
    }

    async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.out.next_line()).await.expect("a version in time").unwrap();
        serde_json::from_str(&line.expect("a version")).unwrap()
    }

    async fn seqs(&mut self, count: usize) -> Vec<u64> {
        let mut seqs = Vec::new();
        for _ in 0..count {
            seqs.push(self.next().await["seq"].as_u64().unwrap());
        }
        seqs
    }

    /// Waits until it has said that the server is away.
    async fn until_away(&mut self) {
        let said = async {
            while let Some(line) = self.err.next_line().await.unwrap() {
                if line.contains("is away") {
                    return;
                }
            }
            panic!("it ended");
        };
        timeout(PATIENCE, said).await.expect("it says so");
    }
}

#[tokio::test]
async fn every_version_comes_once_and_in_order_across_restarts_of_the_server() {
    let mut server = Server::start().await;
    let save = async |server: &Server, n: u64| {
        server.save("strategy", "s", &format!("{{\"n\":{n}}}"), "ann", "").await;
    };
    for n in 1..=3 {
        save(&server, n).await;
    }
    let mut watching = Watching::new(&server, &["--after", "1", "--data", "--count", "9"]);
    let second = watching.next().await;
    assert_eq!((&second["seq"], &second["data"]), (&2.into(), &serde_json::json!({"n": 2})));
    assert_eq!(watching.seqs(1).await, [3]);
    save(&server, 4).await;
    assert_eq!(watching.seqs(1).await, [4]);
    assert_eq!(server.stop().await, Some(0));
    watching.until_away().await;
    server.run().await;
    for n in 5..=7 {
        save(&server, n).await;
    }
    assert_eq!(watching.seqs(3).await, [5, 6, 7]);
    server.kill().await;
    watching.until_away().await;
    server.run().await;
    for n in 8..=11 {
        save(&server, n).await;
    }
    assert_eq!(watching.seqs(3).await, [8, 9, 10], "and then it has had its nine");
    let ended = timeout(PATIENCE, watching.child.wait()).await.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(watching.out.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn a_type_or_one_state_is_followed_and_what_is_not_of_it_is_not_printed() {
    let server = Server::start().await;
    for (state_type, id) in [("strategy", "a/b"), ("position", "a/b"), ("strategy", "c"), ("strategy", "a/b")]
    {
        server.save(state_type, id, &format!("{{\"n\":\"{}\"}}", uuid::Uuid::now_v7()), "ann", "").await;
    }
    let (here, origin) = (folder(), server.origin());
    for (what, seqs) in [
        (&["strategy/a/b"][..], &["1", "4"][..]),
        (&["strategy", "a/b"], &["1", "4"]),
        (&["strategy"], &["1", "3", "4"]),
        (&[], &["1", "2", "3", "4"]),
        (&["portfolio"], &[]),
    ] {
        let arguments = [&["watch"], what, &["--after", "0", "--once", "--server", &origin]].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let found: Vec<_> = ran.out.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert_eq!(found, seqs, "{what:?}");
    }
    for (more, code) in [(&["--after", "99"][..], 8), (&["Strategy"], 2), (&["--data"], 2)] {
        let arguments = [&["watch", "--once", "--server", origin.as_str()], more].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{more:?}: {}", ran.err);
    }
    let nobody = run(here.path(), &["watch", "--server", "127.0.0.1:1"], &[]).await;
    assert_eq!(nobody.code, Some(10), "{}", nobody.err);
}

#[tokio::test]
async fn without_a_place_in_the_log_only_what_comes_from_now_on_is_printed() {
    let server = Server::start().await;
    server.save("strategy", "s", r#"{"n":1}"#, "ann", "").await;
    let mut watching = Watching::new(&server, &["--count", "1"]);
    server.until_status(|status| status["listeners"] == 1).await;
    server.save("strategy", "s", r#"{"n":2}"#, "ann", "").await;
    assert_eq!(watching.seqs(1).await, [2]);
}
