//! A broker's list on the command line: how it stands, as an exit code too, and what is written of it.

use std::path::Path;

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{folder, run, run_with};

const LOTS: &str = r#"{"symbol":"EURUSD","side":"long","lots":[{"id":"a","ticket":38091207,"quantity":0.400,"entry_price":1.0880},{"id":"b","ticket":38084831,"quantity":9007199254740993.10,"entry_price":1.0871}]}"#;

/// A run that holds two lots, and a folder with its broker's lists.
struct Desk {
    server: Server,
    here: tempfile::TempDir,
    asked: String,
}

impl Desk {
    async fn open() -> Self {
        let server = Server::start().await;
        assert_eq!(server.post("/runs", r#"{"program":"grid","lease_seconds":3600}"#).await.0, 201);
        let body = format!(
            r#"{{"state_type":"position","state_id":"grid/EURUSD","data":{LOTS},"run_id":"grid.main.1","epoch":1}}"#
        );
        assert_eq!(server.post("/states", &body).await.0, 201);
        let asked = server.get("/status").await.1["now"].as_str().unwrap().to_owned();
        Self { server, here: folder(), asked }
    }

    fn list(&self, rows: &str) {
        std::fs::write(self.here.path().join("list.json"), rows).unwrap();
    }

    async fn ask(&self, what: &[&str], code: i32) -> (String, String) {
        let origin = self.server.origin();
        let place = ["runs", "--server", &origin, "reconcile", "grid.main.1"];
        ran(self.here.path(), &[&place, what].concat(), code).await
    }

    /// A look at a list, as of when the broker was asked.
    async fn look(&self, rows: &str, code: i32) -> (String, String) {
        self.list(rows);
        self.ask(&["list.json", "--as-of", &self.asked], code).await
    }

    async fn raw(&self) -> String {
        self.server.get("/states/-?state_type=position&state_id=grid/EURUSD").await.1["data"].to_string()
    }
}

async fn ran(here: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let ran = run(here, arguments, &[]).await;
    assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
    (ran.out, ran.err)
}

fn cells(line: &str) -> Vec<&str> {
    line.split('\t').collect()
}

const BOTH: &str = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.4,"price_open":1.088},
    {"ticket":38084831,"symbol":"EURUSD","type":0,"volume":9007199254740993.1,"price_open":1.0871}]"#;

#[tokio::test]
async fn how_both_sides_stand_is_a_table_and_an_exit_code() {
    let mut desk = Desk::open().await;
    let (out, err) = desk.look(BOTH, 0).await;
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(err.contains("2 rows matched, 0 differ, 0 unknown"), "{err}");
    let (out, _) = desk.look(&BOTH.replace("9007199254740993.1", "9007199254740993.3"), 14).await;
    let first = cells(out.lines().next().unwrap());
    assert_eq!(
        first[1..6],
        ["quantity_mismatch", "EURUSD", "9007199254740993.10", "9007199254740993.3", "+0.20"]
    );
    assert_eq!(first[6..], ["", "adopt_theirs keep_ours close"]);
    // What is certain weighs more than what is unknown.
    let (out, _) = desk.look(&BOTH.replace("0.4,", "null,").replace("993.1,", "993.3,"), 14).await;
    assert!(out.contains("unknown (not_said)"), "{out}");
    let (_, err) = desk.look(&BOTH.replace("0.4,", "null,"), 15).await;
    assert!(err.contains("1 row matched, 0 differ, 1 unknown"), "{err}");
    // What cannot be read may be anything.
    let (_, err) = desk.look(&BOTH.replace("}]", "},7]"), 15).await;
    assert!(err.contains("not understood at /2 of the list: it is no object"), "{err}");
    // A call that failed says nothing of anything; an empty list says that all is flat.
    let failed = desk.ask(&["--failure", "time-out", "--as-of", &desk.asked], 15).await.0;
    assert_eq!(failed.matches("no_answer").count(), 2, "{failed}");
    desk.look("[]", 14).await;
    desk.ask(&["list.json", "--as-of", &desk.asked, "--partial"], 15).await;
    // The same as JSON, with exact numbers.
    desk.list(BOTH);
    let (out, _) = desk.ask(&["list.json", "--as-of", &desk.asked, "--json"], 0).await;
    let plan: Value = serde_json::from_str(&out).unwrap();
    let ours: Vec<&Value> =
        plan["rows"].as_array().unwrap().iter().map(|row| &row["quantity"]["ours"]).collect();
    assert!(ours.contains(&&"9007199254740993.10".into()), "{ours:?}");
    // Whether it is of now is for whoever looks to say.
    let (_, err) = desk.ask(&["list.json"], 0).await;
    assert!(err.contains("when the file was written; --as-of"), "{err}");
    let old = ["list.json", "--as-of", "2026-01-01T00:00:00Z"];
    assert!(desk.ask(&old, 15).await.0.contains("changed_since"));
    // Nobody was asked, or in words that are none.
    for (wrong, code) in [
        (&["none.json"][..], 8),
        (&["list.json", "--failure", "x"], 2),
        (&[], 2),
        (&["-"], 2),
        (&["list.json", "--shape", "csv"], 2),
        (&["list.json", "--policy", "close"], 2),
        (&["list.json", "--as-of", "now"], 2),
        (&["list.json", "--as-of", "2100-01-01T00:00:00Z"], 11),
        (&["list.json", "--quantity-tolerance", "little"], 11),
    ] {
        desk.ask(wrong, code).await;
    }
    desk.list("{\"positions\":7}");
    desk.ask(&["list.json"], 11).await;
    desk.list("[1,]");
    desk.ask(&["list.json"], 11).await;
    let origin = desk.server.origin();
    desk.list(BOTH);
    ran(desk.here.path(), &["runs", "--server", &origin, "reconcile", "grid.main.7", "list.json"], 8).await;
    // A store that nobody serves answers the same, and standard input is a list.
    desk.server.stop().await;
    let store = desk.server.database().display().to_string();
    let place = ["runs", "--store", &store, "reconcile", "grid.main.1"];
    let piped =
        run_with(desk.here.path(), &[&place[..], &["-", "--as-of", &desk.asked]].concat(), &[], BOTH).await;
    assert_eq!((piped.code, piped.out.lines().count()), (Some(0), 2), "{}", piped.err);
}

#[tokio::test]
async fn what_is_chosen_is_written_once_it_is_applied_and_nothing_else_is() {
    let mut desk = Desk::open().await;
    let before = desk.raw().await;
    let more = BOTH
        .replace("0.4,", "0.25,")
        .replace("}]", r#"},{"ticket":5,"symbol":"GBPUSD","type":1,"volume":1.50,"price_open":1.2684}]"#);
    let (out, _) = desk.look(&more, 14).await;
    let names: Vec<&str> = out.lines().map(|line| cells(line)[0]).collect();
    let chosen = format!("{}=theirs", names[0]);
    let look = ["list.json", "--as-of", &desk.asked, "--choose", &chosen];
    // A look writes nothing, whatever it chooses.
    for looked in [&look[..], &[&look[..], &["--dry-run"]].concat()] {
        let (out, err) = desk.ask(looked, 14).await;
        assert_eq!(cells(out.lines().next().unwrap())[6], "adopt_theirs");
        assert!(err.contains("writes position grid/EURUSD: 1 change behind version 1"), "{err}");
        assert_eq!(desk.raw().await, before);
    }
    // What would be written is not written: both sides still differ.
    let (out, _) = desk.ask(&["list.json", "--as-of", &desk.asked, "--policy", "adopt"], 14).await;
    assert!(
        out.lines().all(|line| matches!(cells(line)[1..7], ["matched", ..] | [.., "adopt_theirs"])),
        "{out}"
    );
    let apply = |more: &[&str]| {
        let said: Vec<String> =
            [&look[..], &["--apply"], more].concat().iter().map(|&word| word.to_owned()).collect();
        said
    };
    for (wrong, code) in [
        (apply(&[]), 2),
        (apply(&["--reason", "x", "--dry-run"]), 2),
        (apply(&["--reason", "x", "--plan-hash", "0f"]), 9),
        (apply(&["--reason", "x", "--choose", &format!("{}=theirs,price=1", names[1])]), 11),
        (apply(&["--reason", "x", "--choose", "0123456789abcdef.0123456789abcdef=ours"]), 9),
        (apply(&["--reason", "x", "--choose", "first=ours"]), 11),
        (apply(&["--reason", "x", "--choose", &format!("{}=close,reason=manual", names[2])]), 11),
        (vec!["list.json".into(), "--apply".into(), "--reason".into(), "x".into()], 2),
        // Nobody is asked by a look.
        ([&look[..], &["--wait", "3"]].concat().iter().map(|&word| word.to_owned()).collect(), 2),
    ] {
        let words: Vec<&str> = wrong.iter().map(String::as_str).collect();
        desk.ask(&words, code).await;
        assert_eq!(desk.raw().await, before, "{words:?}");
    }
    // One row is left.
    // The run is live, and says nothing: it is named, and waited for.
    let said = apply(&["--reason", "as the broker says", "--author", "ann", "--wait", "1"]);
    let words: Vec<&str> = said.iter().map(String::as_str).collect();
    let (_, err) = desk.ask(&words, 9).await;
    assert!(err.contains("Held by") && err.contains("grid.main.1"), "{err}");
    assert_eq!(desk.raw().await, before);
    let word = ["--wait", "1", "--without-word", "it hangs"];
    let said = apply(&[&["--reason", "as the broker says", "--author", "ann"][..], &word].concat());
    let words: Vec<&str> = said.iter().map(String::as_str).collect();
    let (out, err) = desk.ask(&words, 14).await;
    assert!(out.contains("position grid/EURUSD: version 2, seq"), "{out}");
    assert!(err.contains("takes it back") && err.contains("grid.main.1 has not said yet"), "{err}");
    let written = desk.server.get("/states/-?state_type=position&state_id=grid/EURUSD").await.1;
    assert_eq!((&written["user_id"], &written["description"]), (&"ann".into(), &"as the broker says".into()));
    assert_eq!(written["data"]["lots"][0]["quantity"].to_string(), "0.25");
    // A policy chooses the rest, and then both agree.
    desk.asked = desk.server.get("/status").await.1["now"].as_str().unwrap().to_owned();
    let rest = [
        "list.json",
        "--as-of",
        &desk.asked,
        "--policy",
        "adopt",
        "--apply",
        "--reason",
        "the rest",
        "--author",
        "ann",
        "--wait",
        "1",
        "--without-word",
        "it hangs",
        "--json",
    ];
    let (out, _) = desk.ask(&rest, 0).await;
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["choices"][0]["choice"], "adopt_theirs");
    assert_eq!(
        (&lines[1]["plan"], &lines[1]["versions"][0]["state_id"]),
        (&lines[0]["plan"], &"grid/GBPUSD".into())
    );
    desk.asked = desk.server.get("/status").await.1["now"].as_str().unwrap().to_owned();
    let none = ["list.json", "--as-of", &desk.asked, "--policy", "adopt", "--apply", "--reason", "again"];
    let (_, err) = desk.ask(&none, 0).await;
    assert!(err.contains("nothing is chosen, so nothing was written"), "{err}");
    desk.server.stop().await;
}
