//! Saving, reading and listing, over a running server and over a store that nobody serves.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stateloft_tests::server::Server;
use tempfile::TempDir;

use super::{Ran, folder, run, run_with};

/// Numbers that no 64-bit float holds, keys in no order, characters of every kind.
const EXACT: &str = r#"{"z":5.000000000000001,"a":123456789012345678901234567890.000000000000000000000000000001,"é\"":"\u0041/\n","n":-0.0,"e":1e22,"list":[1.50,{}]}"#;

/// Who is asked.
enum Asked {
    Server(Box<Server>),
    Store,
}

/// The same commands to a server and to a stopped store.
struct Desk {
    here: TempDir,
    asked: Asked,
}

impl Desk {
    async fn both() -> [Self; 2] {
        let server = Asked::Server(Box::new(Server::start().await));
        [Self { here: folder(), asked: server }, Self { here: folder(), asked: Asked::Store }]
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "").await
    }

    async fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let (flag, place) = match &self.asked {
            Asked::Server(server) => ("--server", server.origin()),
            Asked::Store => ("--store", self.here.path().join("desk.db").display().to_string()),
        };
        // In front of `--`, behind which nothing is a flag.
        let mut all = vec![arguments[0], flag, &place];
        all.extend(&arguments[1..]);
        run_with(self.here.path(), &all, &[], input).await
    }

    async fn done(&self, arguments: &[&str], input: &str) -> String {
        let ran = self.run_with(arguments, input).await;
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }
}

#[tokio::test]
async fn what_is_saved_comes_back_byte_for_byte_under_any_id() {
    for desk in Desk::both().await {
        for id in
            ["EURUSD/GBPUSD", "a b", "Größe é", "it's \"quoted\"", "--help", "-", "a?b#c%2F&d=e", "..", "x/"]
        {
            desk.done(&["save", "strategy", "--", id], EXACT).await;
            let got = desk.done(&["get", "strategy", "--", id], "").await;
            assert_eq!(got, EXACT, "{id}");
            let whole: Value =
                serde_json::from_str(&desk.done(&["get", "--json", "strategy", "--", id], "").await).unwrap();
            assert_eq!(whole["state_id"], id);
            let hash = Sha256::digest(got.as_bytes())
                .iter()
                .fold(String::new(), |hex, byte| hex + format!("{byte:02x}").as_str());
            assert_eq!(whole["content_hash"], hash.as_str(), "{id}");
        }
        let listed = desk.done(&["list", "--sort", "id", "--json"], "").await;
        assert_eq!(listed.lines().count(), 9, "{listed}");
    }
}

#[tokio::test]
async fn a_file_is_saved_without_its_white_space_and_laid_out_again_on_request() {
    for desk in Desk::both().await {
        std::fs::write(desk.here.path().join("state.json"), "{ \"b\" : [1.50, 2],\n\t\"a\": {} }\n").unwrap();
        desk.done(&["save", "strategy", "s", "state.json"], "").await;
        assert_eq!(desk.done(&["get", "strategy", "s"], "").await, r#"{"b":[1.50,2],"a":{}}"#);
        let pretty = desk.done(&["get", "strategy", "s", "--pretty"], "").await;
        assert_eq!(pretty, "{\n  \"b\": [\n    1.50,\n    2\n  ],\n  \"a\": {}\n}\n");
        assert_eq!(desk.done(&["get", "strategy", "s", "--fields", "/b/0"], "").await, "1.50");
        assert_eq!(
            desk.done(&["get", "strategy", "s", "--fields", "/a,/b/1"], "").await,
            r#"{"/a":{},"/b/1":2}"#
        );
        let absent = desk.run(&["get", "strategy", "s", "--fields", "/b/7"]).await;
        assert_eq!(absent.code, Some(8), "{}", absent.err);
        assert!(absent.err.contains("/b/7") && absent.out.is_empty(), "{}", absent.err);
    }
}

#[tokio::test]
async fn the_past_is_read_by_version_and_by_moment_and_a_deleted_state_is_not_found() {
    for desk in Desk::both().await {
        for n in 1..=3 {
            desk.done(
                &["save", "strategy", "s", "--author", "ann", "--reason", "step"],
                &format!("{{\"n\":{n}}}"),
            )
            .await;
        }
        assert_eq!(desk.done(&["get", "strategy", "s", "--version", "2"], "").await, r#"{"n":2}"#);
        assert_eq!(desk.done(&["get", "strategy", "s", "--at", "seq:1"], "").await, r#"{"n":1}"#);
        let history = desk.done(&["history", "strategy", "s", "--json"], "").await;
        let versions: Vec<Value> = history.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let numbers: Vec<_> = versions.iter().map(|row| row["version"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [3, 2, 1]);
        assert_eq!((&versions[0]["user_id"], &versions[0]["description"]), (&"ann".into(), &"step".into()));
        assert!(versions[0].get("data").is_none(), "not asked for");
        let two = desk.done(&["history", "strategy", "s", "--limit", "2"], "").await;
        let columns: Vec<Vec<_>> = two.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(columns.len(), 2, "{two}");
        assert_eq!(columns[0][..2], ["3", "3"]);
        assert_eq!(columns[0][3..7], ["ann", "update", "7 bytes", "valid"]);
        assert_eq!(columns[0][7], "~1  /n 2 → 3 +1");
    }
}

#[tokio::test]
async fn each_kind_of_failure_has_an_exit_code_of_its_own_and_prints_no_data() {
    for desk in Desk::both().await {
        desk.done(&["save", "position", "p"], r#"{"n":1}"#).await;
        let cases: [(&[&str], &str, i32, &str); 9] = [
            (&["get", "position", "none"], "", 8, "position none"),
            (&["get", "position", "p", "--version", "7"], "", 8, "7"),
            (&["save", "position", "p", "--if-version", "9"], "{}", 9, "is at version 1"),
            (&["save", "position", "p", "--if-absent"], "{}", 9, "position p"),
            (&["save", "position", "p"], "{\"n\":None}", 11, "line 1"),
            (&["save", "position", "p"], "[1]", 11, "object"),
            (&["save", "position", "p", "nowhere.json"], "", 8, "nowhere.json"),
            (&["get", "Position", "p"], "", 2, "Position"),
            (&["get", "position", "p", "--at", "yesterday"], "", 2, "yesterday"),
        ];
        for (arguments, input, code, words) in cases {
            let ran = desk.run_with(arguments, input).await;
            assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains(words), "{words} in {}", ran.err);
            assert_eq!(ran.out, "", "{arguments:?}");
        }
        assert_eq!(desk.done(&["get", "position", "p"], "").await, r#"{"n":1}"#, "nothing was written");
    }
}

#[tokio::test]
async fn a_save_says_what_it_made_and_what_is_wrong_with_it() {
    for desk in Desk::both().await {
        let first = desk.run_with(&["save", "position", "p"], r#"{"symbol1":"EURUSD"}"#).await;
        assert_eq!(first.code, Some(0), "{}", first.err);
        assert!(first.out.starts_with("position p: saved as version 1, seq 1, invalid ("), "{}", first.out);
        assert!(first.err.contains("breaks a rule at "), "{}", first.err);
        let again =
            desk.run_with(&["save", "position", "p", "--if-version", "1"], r#"{"symbol1": "EURUSD"}"#).await;
        assert!(again.out.starts_with("position p: unchanged at version 1"), "{}{}", again.out, again.err);
        let origin = [
            "save",
            "position",
            "p",
            "--run-id",
            "r1",
            "--correlation-id",
            "c1",
            "--causation-id",
            "f1",
            "--json",
        ];
        let saved: Value = serde_json::from_str(&desk.done(&origin, "{}").await).unwrap();
        assert_eq!([&saved["run_id"], &saved["correlation_id"], &saved["causation_id"]], ["r1", "c1", "f1"]);
        let strange = desk.run_with(&["save", "positons", "p"], "{}").await;
        assert_eq!(strange.code, Some(0), "{}", strange.err);
        assert!(strange.err.contains("position"), "{}", strange.err);
    }
}

#[tokio::test]
async fn a_list_has_as_many_rows_as_there_are_states_however_many_pages_that_takes() {
    let server = Server::start().await;
    let items: Vec<String> = (0..1205)
        .map(|n| {
            format!(r#"{{"op":"save","state_type":"strategy","state_id":"s{n:04}","data":{{"n":{n}}}}}"#)
        })
        .collect();
    let (status, answer) = server.post("/batch", format!(r#"{{"items":[{}]}}"#, items.join(","))).await;
    assert!(status.is_success(), "{answer}");
    server.save("position", "EURUSD", "{}", "bob", "").await;
    let here = folder();
    let list = async |more: &[&str]| {
        let origin = server.origin();
        let arguments = [&["list", "--server", origin.as_str()], more].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        ran.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = list(&["--sort", "id"]).await;
    assert_eq!(all.len(), 1206);
    assert!(all[0].starts_with("position\tEURUSD\t1\t1206\t"), "{}", all[0]);
    assert!(all[1205].starts_with("strategy\ts1204\t1\t1205\t"), "{}", all[1205]);
    assert_eq!(list(&["strategy", "--prefix", "s12", "--limit", "3"]).await.len(), 3);
    assert_eq!(list(&["--author", "bob"]).await.len(), 1);
    assert_eq!(list(&["--at", "seq:0"]).await.len(), 0);
    assert_eq!(list(&["--validity", "invalid"]).await.len(), 1);
    let data = list(&["position", "--json", "--data"]).await;
    let row: Value = serde_json::from_str(&data[0]).unwrap();
    assert_eq!(row["data"], serde_json::json!({}));
}

#[tokio::test]
async fn a_store_that_is_served_can_be_read_beside_its_server_and_not_written() {
    let server = Server::start().await;
    server.save("strategy", "s", r#"{"n":1}"#, "ann", "").await;
    let (here, database) = (folder(), server.database().display().to_string());
    let got = run(here.path(), &["get", "strategy", "s", "--store", &database], &[]).await;
    assert_eq!((got.code, got.out.as_str()), (Some(0), r#"{"n":1}"#), "{}", got.err);
    let refused = run_with(here.path(), &["save", "strategy", "s", "--store", &database], &[], "{}").await;
    assert_eq!(refused.code, Some(10), "{}", refused.err);
    assert!(refused.err.contains("in use by another stateloft server"), "{}", refused.err);
    for command in [&["list"][..], &["snapshot", "create", "eod"], &["restore", "seq:0", "--reason", "x"]] {
        let none = run(here.path(), &[command, &["--store", "none.db"]].concat(), &[]).await;
        assert_eq!(none.code, Some(10), "{}", none.err);
        assert!(!here.path().join("none.db").exists(), "{command:?} makes no store");
    }
    let made = run_with(here.path(), &["save", "strategy", "s", "--store", "none.db"], &[], "{}").await;
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.err.contains("there is no store at none.db yet; it is made"), "{}", made.err);
}
