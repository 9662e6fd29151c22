//! Comparing, and one version by itself.

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{folder, run};

#[tokio::test]
async fn a_difference_says_where_what_went_and_what_came() {
    let server = Server::start().await;
    let (here, origin) = (folder(), server.origin());
    server.save("strategy", "s", r#"{"stop":1.0832,"note":"a","list":[1,2]}"#, "ann", "open").await;
    server.save("strategy", "s", r#"{"stop":1.0851,"note":"a","list":[1,2,3]}"#, "bob", "trail").await;
    let (made, _) = server.post("/snapshots", r#"{"snapshot_id":"lunch"}"#).await;
    assert_eq!(made, 201);
    server.save("strategy", "s", r#"{"stop":1.0851,"list":[1,2,3]}"#, "bob", "").await;
    let diff = async |more: &[&str]| {
        let arguments = [&["diff", "--server", origin.as_str()], more].concat();
        run(here.path(), &arguments, &[]).await
    };
    let said = diff(&["strategy", "s", "1", "2"]).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(
        lines[0].starts_with("--- strategy s version 1  seq 1  ") && lines[0].ends_with("ann  open"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("+++ strategy s version 2  seq 2  ") && lines[1].ends_with("bob  trail"),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2..5], ["@@ /stop  +0.0019  +0.18 % @@", "-1.0832", "+1.0851"]);
    assert!(!said.out.contains('\u{1b}'), "no colours where nobody looks");
    // Without sides it is what the last version changed; moments are sides, too.
    let last = diff(&["strategy", "s"]).await;
    assert!(last.out.contains("@@ /note @@\n-\"a\"\n"), "{}", last.out);
    let moments = diff(&["strategy", "s", "seq:1", "snapshot:lunch"]).await;
    assert_eq!(moments.out, said.out);
    let json: Value = serde_json::from_str(&diff(&["strategy", "s", "1", "2", "--json"]).await.out).unwrap();
    assert_eq!(json["diff"]["changes"][0]["delta"], "+0.0019");
    let text = diff(&["strategy", "s", "1", "2", "--text"]).await;
    assert!(text.out.contains("\n-  \"stop\": 1.0832,\n+  \"stop\": 1.0851,\n"), "{}", text.out);
    let first = diff(&["strategy", "s", "0", "1"]).await;
    assert!(first.out.starts_with("--- nothing\n"), "{}", first.out);
    for (arguments, code) in [
        (&["strategy", "s", "1", "9"][..], 8),
        (&["strategy", "t"], 8),
        (&["strategy", "s", "x"], 2),
        (&["strategy"], 2),
    ] {
        let ran = diff(arguments).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
    }
}

#[tokio::test]
async fn two_files_are_compared_without_a_server_by_the_rules_of_a_type() {
    let here = folder();
    let write = |name: &str, text: &str| std::fs::write(here.path().join(name), text).unwrap();
    write("old.json", r#"{"legs":[{"symbol":"A","volume":1},{"symbol":"B","volume":2}],"last_price":1}"#);
    write("new.json", r#"{"legs":[{"symbol":"B","volume":2.5},{"symbol":"A","volume":1.0}],"last_price":2}"#);
    let said = run(here.path(), &["diff", "position", "--files", "old.json", "new.json"], &[]).await;
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("@@ /legs/[B]/volume  +0.5  +25.00 %  lots @@\n-2\n+2.5\n"), "{}", said.out);
    assert!(said.out.contains("(1 more in what is noise by its schema; --all shows them)"), "{}", said.out);
    let same = run(here.path(), &["diff", "--files", "old.json", "old.json"], &[]).await;
    assert!(same.out.ends_with("(the same, byte for byte)\n"), "{}", same.out);
    write("bad.json", "{\n  \"a\": 1,\n}");
    let bad = run(here.path(), &["diff", "--files", "old.json", "bad.json"], &[]).await;
    assert_eq!(bad.code, Some(11), "{}", bad.err);
    assert!(bad.err.contains("bad.json: ") && bad.err.contains("line 2"), "{}", bad.err);
}

#[tokio::test]
async fn show_finds_a_version_by_its_id_or_seq_and_says_what_it_changed() {
    let server = Server::start().await;
    let (here, origin) = (folder(), server.origin());
    server.save("strategy", "other", r#"{"n":0}"#, "ann", "").await;
    server.save("strategy", "a/b", r#"{"n":1}"#, "ann", "").await;
    let saved = server.save("strategy", "a/b", r#"{"n":2}"#, "bob", "why\u{1b}[31m not").await;
    let id = saved["version_id"].as_str().unwrap();
    for name in [id, "3", "seq:3"] {
        let shown = run(here.path(), &["show", name, "--server", &origin], &[]).await;
        assert_eq!(shown.code, Some(0), "{}", shown.err);
        for part in [
            "State           strategy a/b\n",
            "Version         2, update\n",
            "Author          bob\n",
            "@@ /n  +1  +100.00 % @@\n-1\n+2\n",
        ] {
            assert!(shown.out.contains(part), "{part} in {}", shown.out);
        }
        assert!(shown.out.contains("why\\u{1b}[31m not") && !shown.out.contains('\u{1b}'), "{}", shown.out);
    }
    let json = run(here.path(), &["show", "3", "--json", "--server", &origin], &[]).await;
    let event: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&event["version_id"], &event["data"]), (&id.into(), &serde_json::json!({"n": 2})));
    for (name, code) in [("4", 8), ("99", 8), ("3-00000000", 8), ("0", 2), ("x", 2)] {
        let ran = run(here.path(), &["show", name, "--server", &origin], &[]).await;
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}
