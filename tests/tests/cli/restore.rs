//! Snapshots and going back.

use std::process::Stdio;

use serde_json::Value;
use stateloft_tests::server::Server;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Ran, command, folder, run_with};

/// A server with a snapshot `eod` and three states that have moved since: one changed, one deleted, one new.
struct Moved {
    server: Server,
    here: TempDir,
    origin: String,
}

impl Moved {
    async fn new() -> Self {
        let server = Server::start().await;
        server.save("strategy", "a/b", r#"{"stop":1.50,"n":1}"#, "ann", "").await;
        server.save("strategy", "gone", r#"{"n":1}"#, "ann", "").await;
        server.save("strategy", "calm", r#"{"n":1}"#, "ann", "").await;
        let moved = Self { here: folder(), origin: server.origin(), server };
        let made =
            moved.run(&["snapshot", "create", "eod", "--reason", "all well", "--author", "ann"], "").await;
        assert_eq!(made.code, Some(0), "{}", made.err);
        assert!(
            made.out.starts_with("snapshot eod names seq 3, made ")
                && made.out.ends_with(" by ann: all well\n"),
            "{}",
            made.out
        );
        moved.server.save("strategy", "a/b", r#"{"stop":1.75,"n":1}"#, "ann", "").await;
        let deleted = moved
            .server
            .request(reqwest::Method::DELETE, "/states/gone?state_type=strategy")
            .send()
            .await
            .unwrap();
        assert!(deleted.status().is_success());
        moved.server.save("strategy", "new", r#"{"n":1}"#, "ann", "").await;
        moved
    }

    async fn run(&self, arguments: &[&str], input: &str) -> Ran {
        let all = [arguments, &["--server", self.origin.as_str()]].concat();
        run_with(self.here.path(), &all, &[], input).await
    }

    async fn seq(&self) -> u64 {
        self.server.get("/status").await.1["seq"].as_u64().unwrap()
    }
}

const RESTORE: [&str; 4] = ["restore", "snapshot:eod", "--reason", "bad deploy"];

#[tokio::test]
async fn a_plan_is_shown_and_only_a_yes_writes_it() {
    let moved = Moved::new().await;
    for (input, code) in [("n\n", 13), ("", 13), ("yess\n", 13)] {
        let refused = moved.run(&RESTORE, input).await;
        assert_eq!(refused.code, Some(code), "{input:?}: {}{}", refused.out, refused.err);
        assert!(
            refused.err.contains("Write 3 states: 1 changed, 1 recreated, 1 deleted? [y/N] "),
            "{}",
            refused.err
        );
        assert_eq!(moved.seq().await, 6, "nothing was written");
    }
    let written = moved.run(&RESTORE, "y\n").await;
    assert_eq!(written.code, Some(0), "{}{}", written.out, written.err);
    for part in [
        "Back to         snapshot:eod (seq 3, ",
        "  changed   strategy a/b  version 2 becomes 3, 1 of 1 paths, valid, exactly as it was\n",
        "      @@ /stop  -0.25  -14.29 % @@\n      -1.75\n      +1.50\n",
        "  recreated strategy gone  version 2 becomes 3, valid, exactly as it was\n",
        "  deleted   strategy new  version 1 becomes 2\n",
        "Would write     3 states: 1 changed, 1 recreated, 1 deleted; unchanged: 1\n",
        ": wrote 3 states: 1 changed, 1 recreated, 1 deleted, seq 7 to 9\n",
    ] {
        assert!(written.out.contains(part), "{part} in {}", written.out);
    }
    let data = moved.run(&["get", "strategy", "a/b"], "").await;
    assert_eq!(data.out, r#"{"stop":1.50,"n":1}"#);
    let again = moved.run(&RESTORE, "").await;
    assert_eq!(again.code, Some(0), "there is nothing to write, and nothing to ask: {}", again.err);
    // What was restored is taken back as it says.
    let (_, restore) = written.out.trim().rsplit_once("restore ").unwrap();
    let undone = moved.run(&["undo", restore.split(':').next().unwrap()], "").await;
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    let data = moved.run(&["get", "strategy", "a/b"], "").await;
    assert_eq!(data.out, r#"{"stop":1.75,"n":1}"#);
}

#[tokio::test]
async fn a_plan_that_moves_while_it_is_looked_at_is_a_conflict_and_says_what_moved() {
    let moved = Moved::new().await;
    let arguments = [&RESTORE[..], &["--server", moved.origin.as_str()]].concat();
    let mut asked = command(moved.here.path(), &arguments, &[]);
    asked.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut asked = asked.spawn().unwrap();
    let (mut stdin, mut stderr) = (asked.stdin.take().unwrap(), asked.stderr.take().unwrap());
    let mut said = Vec::new();
    while !said.ends_with(b"[y/N] ") {
        let byte = stderr.read_u8().await.expect("a question");
        said.push(byte);
    }
    moved.server.save("strategy", "a/b", r#"{"stop":1.80,"n":1}"#, "bob", "").await;
    stdin.write_all(b"y\n").await.unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).await.unwrap();
    let ended = asked.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(9), "{rest}");
    assert!(
        rest.contains("strategy a/b") && rest.contains("/stop: 1.75 is 1.80 now") && rest.contains("bob"),
        "{rest}"
    );
    assert_eq!(moved.seq().await, 7, "nothing was written");
}

#[tokio::test]
async fn a_plan_is_written_unasked_by_its_hash_and_only_while_it_holds() {
    let moved = Moved::new().await;
    let dry: Value =
        serde_json::from_str(&moved.run(&["restore", "snapshot:eod", "--dry-run", "--json"], "").await.out)
            .unwrap();
    let hash = dry["plan"].as_str().unwrap().to_owned();
    assert_eq!(dry["counts"]["changed"], 1);
    assert_eq!(moved.seq().await, 6, "a dry run writes nothing");
    let other = moved.run(&[&RESTORE[..], &["--plan-hash", &"0".repeat(64)]].concat(), "").await;
    assert_eq!(other.code, Some(9), "{}", other.err);
    let written = moved.run(&[&RESTORE[..], &["--plan-hash", &hash, "--json"]].concat(), "").await;
    assert_eq!(written.code, Some(0), "{}", written.err);
    let restore: Value = serde_json::from_str(&written.out).unwrap();
    assert_eq!((&restore["plan"], &restore["reason"]), (&hash.as_str().into(), &"bad deploy".into()));
    assert_eq!(restore["versions"].as_array().unwrap().len(), 3);
    let stale = moved.run(&[&RESTORE[..], &["--plan-hash", &hash]].concat(), "").await;
    assert_eq!(stale.code, Some(0), "everything is as it was already: {}", stale.err);
    let unreasoned = moved.run(&["restore", "snapshot:eod", "--yes"], "").await;
    assert_eq!(unreasoned.code, Some(2), "{}", unreasoned.err);
    let unknown = moved.run(&["restore", "snapshot:none", "--dry-run"], "").await;
    assert_eq!(unknown.code, Some(8), "{}", unknown.err);
}

#[tokio::test]
async fn a_restore_is_limited_to_states_and_leaves_what_is_to_be_left() {
    let moved = Moved::new().await;
    let one = moved.run(&[&RESTORE[..], &["--yes", "--state", "strategy/gone"]].concat(), "").await;
    assert_eq!(one.code, Some(0), "{}", one.err);
    assert_eq!(moved.seq().await, 7);
    let left = moved
        .run(
            &[&RESTORE[..], &["--yes", "--leave", "strategy/a/b", "/stop", "--skip", "strategy/new"]]
                .concat(),
            "",
        )
        .await;
    assert_eq!(left.code, Some(0), "{}", left.err);
    assert_eq!(moved.seq().await, 7, "nothing else was to be written: {}", left.out);
    let strange =
        moved.run(&[&RESTORE[..], &["--yes", "--leave", "strategy/a/b", "/none"]].concat(), "").await;
    assert_eq!(strange.code, Some(11), "{}", strange.err);
    assert!(strange.err.contains("/none"), "{}", strange.err);
}

#[tokio::test]
async fn snapshots_are_made_listed_shown_and_forgotten() {
    let moved = Moved::new().await;
    let taken = moved.run(&["snapshot", "create", "eod"], "").await;
    assert_eq!(taken.code, Some(9), "{}", taken.err);
    let past: Value = serde_json::from_str(
        &moved.run(&["snapshot", "create", "a/b c", "--seq", "1", "--json"], "").await.out,
    )
    .unwrap();
    assert_eq!((&past["snapshot_id"], &past["seq"]), (&"a/b c".into(), &1.into()));
    let listed = moved.run(&["snapshot", "list"], "").await;
    let names: Vec<_> = listed.out.lines().map(|line| line.split('\t').take(2).collect::<Vec<_>>()).collect();
    assert_eq!(names, [["a/b c", "1"], ["eod", "3"]]);
    let lines = moved.run(&["snapshot", "list", "--json", "--limit", "1"], "").await;
    assert_eq!(lines.out.lines().count(), 1);
    let shown = moved.run(&["snapshot", "show", "a/b c"], "").await;
    assert!(shown.out.starts_with("snapshot a/b c names seq 1, made "), "{}", shown.out);
    let forgotten = moved.run(&["snapshot", "delete", "a/b c"], "").await;
    assert_eq!(forgotten.code, Some(0), "{}", forgotten.err);
    let gone = moved.run(&["snapshot", "show", "a/b c"], "").await;
    assert_eq!(gone.code, Some(8), "{}", gone.err);
}
