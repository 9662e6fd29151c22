//! Going back to what a file says: bundles, and the backups of older programs.

use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use reqwest::Method;
use serde_json::Value;
use stateloft_tests::server::Server;
use tempfile::TempDir;

use super::{Ran, folder, run_with};

/// A server, and a bundle of it, after which one state has changed, one is deleted and one is new.
struct Desk {
    server: Server,
    here: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let (server, here) = (Server::start().await, folder());
        server.save("strategy", "a/b", r#"{"stop":1.50,"n":1}"#, "ann", "").await;
        server.save("strategy", "gone", r#"{"n":1e22}"#, "ann", "").await;
        server.save("strategy", "calm", r#"{"n":1}"#, "ann", "").await;
        let desk = Self { server, here };
        desk.export("", "book.stateloft").await;
        desk.server.save("strategy", "a/b", r#"{"stop":1.75,"n":1}"#, "ann", "").await;
        desk.server.request(Method::DELETE, "/states/gone?state_type=strategy").send().await.unwrap();
        desk.server.save("strategy", "new", r#"{"n":1}"#, "ann", "").await;
        desk
    }

    async fn export(&self, query: &str, name: &str) -> Vec<u8> {
        let answer = self.server.request(Method::GET, &format!("/export{query}")).send().await.unwrap();
        let bundle = answer.bytes().await.unwrap().to_vec();
        std::fs::write(self.here.path().join(name), &bundle).unwrap();
        bundle
    }

    async fn restore(&self, file: &str, more: &[&str]) -> Ran {
        let origin = self.server.origin();
        let all = [&["restore", "--file", file, "--server", &origin], more].concat();
        run_with(self.here.path(), &all, &[], "").await
    }

    async fn data(&self, id: &str) -> Option<String> {
        let query = format!("/states/-/raw?state_type=strategy&state_id={}", id.replace('/', "%2F"));
        let answer = self.server.request(Method::GET, &query).send().await.unwrap();
        if answer.status().is_success() { Some(answer.text().await.unwrap()) } else { None }
    }

    async fn seq(&self) -> u64 {
        self.server.get("/status").await.1["seq"].as_u64().unwrap()
    }
}

fn file(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

#[tokio::test]
async fn the_states_of_a_bundle_are_looked_at_written_and_taken_back() {
    let desk = Desk::new().await;
    let looked = desk.restore("book.stateloft", &["--dry-run"]).await;
    assert_eq!(looked.code, Some(0), "{}{}", looked.out, looked.err);
    for part in [
        "Back to         the file book.stateloft\n",
        "  changed   strategy a/b  version 2 becomes 3, 1 of 1 paths, valid, exactly as in the file\n",
        "      @@ /stop  -0.25  -14.29 % @@\n      -1.75\n      +1.50\n",
        "  recreated strategy gone  version 2 becomes 3, valid, exactly as in the file\n",
        "Would write     2 states: 1 changed, 1 recreated, 0 deleted; unchanged: 1\n",
    ] {
        assert!(looked.out.contains(part), "{part} in {}", looked.out);
    }
    assert_eq!(desk.seq().await, 6, "nothing was written");
    let (_, rest) = looked.out.split_once("plan ").unwrap();
    let plan = rest.lines().next().unwrap();
    let why = ["--reason", "bad deploy", "--author", "ops"];
    for (more, code) in [(&["--plan-hash", "0"][..], 9), (&[], 13)] {
        let refused = desk.restore("book.stateloft", &[&why, more].concat()).await;
        assert_eq!(refused.code, Some(code), "{}", refused.err);
    }
    let unreasoned = desk.restore("book.stateloft", &["--yes"]).await;
    assert_eq!(unreasoned.code, Some(2), "{}", unreasoned.err);
    let done = desk.restore("book.stateloft", &[&why[..], &["--plan-hash", plan, "--json"]].concat()).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    let record: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&record["target"], &record["reason"], &record["user_id"]),
        (&"documents:book.stateloft".into(), &"bad deploy".into(), &"ops".into())
    );
    assert_eq!(desk.data("a/b").await.as_deref(), Some(r#"{"stop":1.50,"n":1}"#));
    assert_eq!(desk.data("gone").await.as_deref(), Some(r#"{"n":1e22}"#));
    assert!(desk.data("new").await.is_some(), "what is not in the file stays");
    let again = desk.restore("book.stateloft", &[&why[..], &["--yes"]].concat()).await;
    assert_eq!((again.code, desk.seq().await), (Some(0), 8), "there is nothing left to write: {}", again.err);
    let origin = desk.server.origin();
    let undo = ["undo", record["restore_id"].as_str().unwrap(), "--server", &origin];
    let undone = run_with(desk.here.path(), &undo, &[], "").await;
    assert_eq!(undone.code, Some(0), "{}", undone.err);
    assert_eq!(desk.data("a/b").await.as_deref(), Some(r#"{"stop":1.75,"n":1}"#));
    assert_eq!(desk.data("gone").await, None);
}

#[tokio::test]
async fn parts_of_a_file_are_restored_and_others_go_only_when_that_is_asked() {
    let desk = Desk::new().await;
    let yes = ["--reason", "x", "--yes"];
    let part = ["--prefix", "a", "--leave", "strategy/a/b", "/stop"];
    let looked = desk.restore("book.stateloft", &[&part[..], &["--dry-run"]].concat()).await;
    assert!(looked.out.contains("Would write     0 states"), "{}{}", looked.out, looked.err);
    let skipping = ["--skip", "strategy/gone", "--delete-others", "--type", "strategy"];
    let done = desk.restore("book.stateloft", &[&skipping[..], &yes].concat()).await;
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(done.out.contains("wrote 2 states: 1 changed, 0 recreated, 1 deleted"), "{}", done.out);
    assert_eq!((desk.data("new").await, desk.data("gone").await), (None, None));
    // A bundle of some states says nothing of the others, and one from a seq on not what there was.
    desk.server.save("position", "p", r#"{"symbol":"A"}"#, "ann", "").await;
    desk.export("?types=strategy", "part.stateloft").await;
    let looked = desk.restore("part.stateloft", &["--delete-others", "--dry-run"]).await;
    assert!(looked.out.contains("0 deleted"), "{}{}", looked.out, looked.err);
    let other = ["--delete-others", "--dry-run", "--type", "position,strategy"];
    assert_eq!(desk.restore("part.stateloft", &other).await.code, Some(11));
    desk.export("?from=2", "later.stateloft").await;
    let refused = desk.restore("later.stateloft", &["--delete-others", "--dry-run"]).await;
    assert!(refused.code == Some(11) && refused.err.contains("begins with seq 2"), "{}", refused.err);
    assert_eq!(desk.restore("later.stateloft", &["--dry-run"]).await.code, Some(0));
    assert_eq!(desk.restore("book.stateloft", &["now"]).await.code, Some(2), "a moment or a file");
}

#[tokio::test]
async fn what_an_older_program_backed_up_is_restored_and_what_cannot_be_placed_is_said() {
    let desk = Desk::new().await;
    let fixture = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/legacy").join(name);
        std::fs::copy(path, desk.here.path().join(name)).unwrap();
    };
    let name = "s4_backup_20250613_063000.json";
    fixture(name);
    let moved = r#"{"pair":"OIL-GAS","ticket1":77}"#;
    desk.server.save("position", "position_OIL-GAS", moved, "bot", "").await;
    let yes = ["--reason", "desk", "--yes", "--accept-violations"];
    let held = desk.restore(name, &yes).await;
    assert!(held.code == Some(0) && held.out.contains("Would write     0 states"), "{}", held.out);
    assert_eq!(desk.seq().await, 7, "what is protected waits to be unlocked");
    let done = desk
        .restore(name, &[&yes[..], &["--unlock", "position/position_OIL-GAS", "/ticket1"]].concat())
        .await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.err.contains(&format!("not restored: {name}#/positions/1: ")), "{}", done.err);
    let (_, state) = desk.server.get("/states/position_OIL-GAS?state_type=position").await;
    assert_eq!((&state["data"]["ticket1"], &state["operation"]), (&9.into(), &"restore".into()), "{state}");
    // Every shape is understood as an import understands it.
    for name in ["s1_typed.json", "s3_flat.json", "s5_fallback.json", "s8_session.json"] {
        fixture(name);
        let looked = desk.restore(name, &["--dry-run", "--json"]).await;
        let plan: Value = serde_json::from_str(&looked.out).unwrap();
        assert!(plan["counts"]["recreated"].as_u64() > Some(0), "{name}: {plan} {}", looked.err);
    }
}

#[tokio::test]
async fn a_file_that_is_not_whole_or_none_writes_nothing_and_says_where_it_is_wrong() {
    let desk = Desk::new().await;
    let (here, before) = (desk.here.path(), desk.seq().await);
    let mut text = String::new();
    let packed = std::fs::read(here.join("book.stateloft")).unwrap();
    MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    file(here, "changed.stateloft", &text.replacen("1.50", "1.60", 1));
    file(here, "cut.stateloft", &text[..text.len() / 2]);
    std::fs::write(here.join("cut.gz"), &packed[..packed.len() / 2]).unwrap();
    file(here, "cut.json", r#"{"backup_timestamp": "2025-06-13T06:30:00", "positions": [{"#);
    file(here, "sealed.age", "age-encryption.org/v1\n");
    file(here, "other.json", r#"{"what":1}"#);
    for (name, code, words) in [
        ("changed.stateloft", 11, "line 2"),
        ("cut.stateloft", 11, "line "),
        ("cut.gz", 11, "line "),
        ("cut.json", 11, "line 1"),
        ("sealed.age", 2, "with your key with --identity"),
        ("other.json", 11, "no state"),
    ] {
        let refused = desk.restore(name, &["--reason", "x", "--yes"]).await;
        assert_eq!(refused.code, Some(code), "{name}: {}", refused.err);
        assert!(
            refused.err.contains(words) && refused.err.contains("nothing was written"),
            "{}",
            refused.err
        );
    }
    let gone = desk.restore("nowhere", &["--reason", "x", "--yes"]).await;
    assert!(gone.code == Some(1) && gone.err.contains("nowhere"), "{}", gone.err);
    assert_eq!(desk.seq().await, before);
    // As it was unpacked it is the same file.
    file(here, "plain.stateloft", &text);
    assert_eq!(desk.restore("plain.stateloft", &["--dry-run"]).await.code, Some(0));
}

#[tokio::test]
async fn a_stopped_store_is_restored_from_a_file_too() {
    let desk = Desk::new().await;
    let here = desk.here.path();
    let store = here.join("own.db");
    let store = store.to_str().unwrap();
    file(here, "state.json", r#"{"stop":9}"#);
    let saved = run_with(here, &["save", "strategy", "a/b", "state.json", "--db", store], &[], "").await;
    assert_eq!(saved.code, Some(0), "{}", saved.err);
    let restore = ["restore", "--file", "book.stateloft", "--db", store, "--reason", "x", "--yes"];
    let done = run_with(here, &restore, &[], "").await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.contains("wrote 3 states: 1 changed, 2 recreated, 0 deleted"), "{}", done.out);
    let got = run_with(here, &["get", "strategy", "a/b", "--db", store], &[], "").await;
    assert_eq!(got.out, r#"{"stop":1.50,"n":1}"#);
}
