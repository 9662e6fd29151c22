//! Runs on the command line: of a server, and of a store that nobody serves.

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{folder, run, run_with};

#[tokio::test]
async fn runs_are_listed_shown_and_ended_by_an_operator() {
    let mut server = Server::start().await;
    for body in [
        r#"{"program":"grid","host":"box-7","pid":4711,"capital":100.10,"lease_seconds":3600}"#,
        r#"{"program":"grid","instance":"b","code":"9f3c2ab","lease_seconds":3600}"#,
        r#"{"program":"other","lease_seconds":3600}"#,
    ] {
        let (status, begun) = server.post("/runs", body).await;
        assert_eq!(status, 201, "{begun}");
    }
    let (here, origin) = (folder(), server.origin());
    let said = async |place: [&str; 2], what: &[&str], code: i32| {
        let arguments = [&["runs"], place.as_slice(), what].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    };
    let ask = async |what: &[&str], code: i32| said(["--server", &origin], what, code).await;
    let listed = ask(&["list"], 0).await;
    let ids: Vec<_> = listed.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(ids, ["other.main.1", "grid.b.1", "grid.main.1"]);
    let listed = ask(&["list", "--program", "grid", "--instance", "b", "--json"], 0).await;
    let row: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!((&row["run"]["run_id"], &row["live"]), (&"grid.b.1".into(), &true.into()));
    let shown = ask(&["show", "grid.main.1"], 0).await;
    assert!(shown.contains("active, live") && shown.contains("box-7") && shown.contains("100.10"), "{shown}");
    let ended = ask(&["end", "grid.main.1", "--final-value", "100.3", "--reason", "evening"], 0).await;
    assert!(ended.contains("stopped") && ended.contains("Result      0.20"), "{ended}");
    ask(&["end", "grid.main.1"], 9).await;
    ask(&["show", "grid.main.2"], 8).await;
    ask(&["show", "grid"], 2).await;
    ask(&["end", "grid.b.1", "--final-value", "\"1\""], 2).await;
    ask(&["mark-crashed", "grid.b.1"], 2).await;
    let crashed = ask(&["mark-crashed", "grid.b.1", "--reason", "taken away", "--author", "ann"], 0).await;
    assert!(crashed.contains("crashed") && crashed.contains("taken away"), "{crashed}");
    assert_eq!(ask(&["list", "--status", "active"], 0).await.lines().count(), 1);
    server.stop().await;
    let store = server.database().display().to_string();
    let ask = async |what: &[&str], code: i32| said(["--store", &store], what, code).await;
    assert!(ask(&["show", "grid.b.1"], 0).await.contains("crashed"));
    assert!(ask(&["end", "other.main.1", "--completed"], 0).await.contains("completed"));
}

#[tokio::test]
async fn what_a_run_left_is_printed_with_its_data_and_its_checkpoints() {
    let mut server = Server::start().await;
    for instance in ["main", "b"] {
        let body = format!(r#"{{"program":"grid","instance":"{instance}","lease_seconds":3600}}"#);
        assert_eq!(server.post("/runs", &body).await.0, 201);
    }
    let exact = r#"{"symbol":"AAPL261218C00150000","side":"long","quantity":0.750,"entry_price":1.2340e-5}"#;
    let order = r#"{"client_order_id":"c-1","status":"partially_filled","quantity":1,"filled_quantity":0.3}"#;
    let first = format!(
        r#"{{"name":"open","pinned":true,"states":[{{"state_type":"position","state_id":"a","data":{exact}}},
            {{"state_type":"order","state_id":"c-1","data":{order}}}]}}"#
    );
    assert_eq!(server.post("/runs/grid.main.1/checkpoints", &first).await.0, 201);
    let later = r#"{"state_type":"position","state_id":"a","data":{"symbol":"A","quantity":0},"run_id":"grid.main.1","epoch":1}"#;
    assert_eq!(server.post("/states", later).await.0, 200);
    let by_hand =
        r#"{"state_type":"order","state_id":"c-1","data":{"client_order_id":"c-1","status":"canceled"}}"#;
    assert_eq!(server.post("/states", by_hand).await.0, 200);
    for _ in 0..3 {
        assert_eq!(server.post("/runs/grid.main.1/checkpoints", "{}").await.0, 201);
    }
    let (here, origin) = (folder(), server.origin());
    let said = async |place: [&str; 2], what: &[&str], code: i32| {
        let arguments = [&["runs"], place.as_slice(), what].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    };
    let ask = async |what: &[&str], code: i32| said(["--server", &origin], what, code).await;
    let drift = r#"{"state_type":"drift","state_id":"grid.main","data":{"rows":[]},"run_id":"grid.main.1"}"#;
    assert_eq!(server.post("/states", drift).await.0, 201);
    let left = ask(&["resume", "grid"], 0).await;
    assert!(
        left.contains("grid.main.1") && left.contains("active, live") && left.contains("Checkpoint  4 "),
        "{left}"
    );
    assert!(left.contains("0 open positions in 3 states, 0 pending orders"), "{left}");
    assert!(
        left.contains("order c-1, written by something else since") && left.contains("canceled"),
        "{left}"
    );
    assert!(!left.contains("drift"), "what the server keeps of runs is none of its states: {left}");
    let lines = ask(&["resume", "grid.main", "--at-checkpoint", "--json"], 0).await;
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 3, "the run and its states: {lines:?}");
    let run: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(run["last_checkpoint"]["number"], 4);
    let listed = ask(&["checkpoints", "grid.main.1", "--limit", "2"], 0).await;
    let numbers: Vec<_> = listed.lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(numbers, ["4", "3"]);
    let listed = ask(&["checkpoints", "grid.main.1", "--all", "--json"], 0).await;
    let last: Value = serde_json::from_str(listed.lines().last().unwrap()).unwrap();
    assert_eq!((&last["number"], &last["name"], &last["pinned"]), (&1.into(), &"open".into(), &true.into()));
    ask(&["resume", "grid.b", "--at-checkpoint"], 8).await;
    ask(&["resume", "grid.c"], 8).await;
    ask(&["resume", "grid/c"], 2).await;
    ask(&["checkpoints", "grid.main.2"], 8).await;
    // A stopped store says the same, and what a state held is exact.
    let before = server.get("/runs/grid.main.1").await.1;
    server.stop().await;
    let store = server.database().display().to_string();
    let left = said(["--store", &store], &["resume", "grid", "--json"], 0).await;
    assert_eq!(left.lines().count(), 3);
    let told: Value = serde_json::from_str(left.lines().next().unwrap()).unwrap();
    assert_eq!(told["last_checkpoint"], before["last_checkpoint"]);
}

#[tokio::test]
async fn all_active_runs_are_marked_as_crashed_only_with_their_number() {
    let mut server = Server::start().await;
    for program in ["grid", "trend", "carry"] {
        let body = format!(r#"{{"program":"{program}","lease_seconds":3600}}"#);
        assert_eq!(server.post("/runs", &body).await.0, 201);
    }
    let (here, origin) = (folder(), server.origin());
    let ask = async |what: &[&str], code: i32| {
        let arguments = [&["runs", "--server", &origin, "mark-crashed"], what].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        (ran.out, ran.err)
    };
    let gone = ["--all", "--reason", "the machine is gone"];
    let (_, asked) = ask(&gone, 13).await;
    for (typed, code) in [("2\n", 13), ("yes\n", 13)] {
        let arguments = [&["runs", "--server", &origin, "mark-crashed"], &gone[..]].concat();
        assert_eq!(run_with(here.path(), &arguments, &[], typed).await.code, Some(code), "{typed:?}");
    }
    assert!(asked.contains("trend.main.1") && asked.contains("how many"), "{asked}");
    ask(&[&gone[..], &["--count", "2"]].concat(), 9).await;
    ask(&[&gone[..], &["--count", "1", "--program", "gri"]].concat(), 9).await;
    ask(&["--all", "grid.main.1", "--reason", "x"], 2).await;
    ask(&["--count", "1", "--reason", "x"], 2).await;
    let typed = [&["runs", "--server", &origin, "mark-crashed", "--program", "carry"], &gone[..]].concat();
    let marked = run_with(here.path(), &typed, &[], "1\n").await;
    assert_eq!((marked.code, marked.out.trim()), (Some(0), "carry.main.1"), "{}", marked.err);
    let (marked, _) = ask(&[&gone[..], &["--count", "2", "--author", "ann", "--json"]].concat(), 0).await;
    let marked: Value = serde_json::from_str(&marked).unwrap();
    assert_eq!(marked["runs"].as_array().unwrap().len(), 2);
    assert!(marked["runs"].as_array().unwrap().iter().all(|run| run["status"] == "crashed"), "{marked}");
    ask(&[&gone[..], &["--count", "0"]].concat(), 0).await;
    server.stop().await;
}

#[tokio::test]
async fn a_run_is_paused_and_let_go_by_an_operator_and_one_that_gives_no_word_is_said_to_go_on() {
    let server = Server::start().await;
    assert_eq!(server.post("/runs", r#"{"program":"grid","lease_seconds":3600}"#).await.0, 201);
    let (here, origin) = (folder(), server.origin());
    let ask = async |what: &[&str], code: i32| {
        let arguments = [&["runs", "--server", &origin], what].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        format!("{}{}", ran.out, ran.err)
    };
    ask(&["pause", "grid.main.1"], 2).await;
    ask(&["pause", "grid.main.2", "--reason", "news"], 8).await;
    let silent = ask(&["pause", "grid.main.1", "--reason", "news", "--wait", "1"], 9).await;
    assert!(silent.contains("gave no word") && silent.contains("told to go on"), "{silent}");
    ask(&["go-on", "grid.main.1"], 8).await;
    // A run that answers as soon as it hears.
    let answers = async {
        loop {
            let (_, renewed) = server.post("/runs/grid.main.1/renew", "{}").await;
            let asked = &renewed["asks"][0];
            if asked["kind"] == "pause" {
                let path =
                    format!("/runs/grid.main.1/handshakes/{}/paused", asked["handshake"].as_str().unwrap());
                return server.post(&path, r#"{"epoch":1,"note":"flat"}"#).await;
            }
        }
    };
    let pausing = ask(&["pause", "grid.main.1", "--reason", "news", "--author", "ann", "--wait", "600"], 0);
    let (paused, (status, said)) = tokio::join!(pausing, answers);
    assert!(
        paused.contains("Status      paused") && paused.contains("It says     flat"),
        "{paused} {status} {said}"
    );
    ask(&["pause", "grid.main.1", "--reason", "again"], 9).await;
    let gone_on = ask(&["go-on", "grid.main.1", "--json"], 0).await;
    let gone_on: Value = serde_json::from_str(gone_on.trim()).unwrap();
    assert_eq!((&gone_on["status"], &gone_on["runs"][0]["note"]), (&"stopped".into(), &"flat".into()));
    ask(&["go-on", "grid.main.1"], 8).await;
}

#[tokio::test]
async fn a_run_is_asked_to_ask_its_broker_and_what_it_answered_is_shown() {
    let server = Server::start().await;
    assert_eq!(server.post("/runs", r#"{"program":"grid","lease_seconds":3600}"#).await.0, 201);
    let (here, origin) = (folder(), server.origin());
    let ask = async |what: &[&str], code: i32| {
        let arguments = [&["runs", "--server", &origin], what].concat();
        let ran = run(here.path(), &arguments, &[]).await;
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}{}", ran.out, ran.err);
        format!("{}{}", ran.out, ran.err)
    };
    ask(&["ask"], 2).await;
    ask(&["ask", "grid.main.2"], 8).await;
    let said = ask(&["ask", "grid.main.1", "--reason", "two rows are unknown", "--author", "ann"], 0).await;
    assert!(said.contains("Because     two rows") && said.contains("Heard       not yet"), "{said}");
    let again: Value = serde_json::from_str(ask(&["ask", "grid.main.1", "--json"], 0).await.trim()).unwrap();
    assert_eq!(again["user_id"], "ann", "it is asked already: {again}");
    assert_eq!(server.post("/runs/grid.main.1/renew", "{}").await.0, 200);
    let shown = ask(&["show", "grid.main.1"], 0).await;
    assert!(shown.contains(", with a renewal") && shown.contains("Answered    not yet"), "{shown}");
    let (_, status) = server.get("/status").await;
    let report = serde_json::json!({"options": {"as_of": status["now"], "failure": "it timed out"},
        "answers": again["ask"], "epoch": 1});
    assert_eq!(server.post("/runs/grid.main.1/reconcile", report.to_string()).await.0, 200);
    let shown = ask(&["show", "grid.main.1"], 0).await;
    assert!(shown.contains("the broker has not, it timed out"), "{shown}");
    ask(&["ask", "grid.main.1"], 0).await;
    ask(&["mark-crashed", "grid.main.1", "--reason", "gone"], 0).await;
    let shown = ask(&["show", "grid.main.1"], 0).await;
    assert!(shown.contains("Answered    never"), "{shown}");
    let refused = ask(&["ask", "grid.main.1"], 9).await;
    assert!(refused.contains("only a live run can ask its broker"), "{refused}");
}

#[tokio::test]
async fn what_is_left_is_found_though_the_session_of_an_earlier_run_was_deleted() {
    let server = Server::start().await;
    for n in 1..=3 {
        assert_eq!(server.post("/runs", r#"{"program":"grid","lease_seconds":3600}"#).await.0, 201);
        if n == 3 {
            break;
        }
        assert_eq!(server.post(&format!("/runs/grid.main.{n}/end"), r#"{"status":"stopped"}"#).await.0, 200);
    }
    let deleted = server.request(reqwest::Method::DELETE, "/states/grid.main.1?state_type=session");
    assert_eq!(deleted.send().await.unwrap().status(), 200);
    let here = folder();
    let ran = run(here.path(), &["runs", "--server", &server.origin(), "resume", "grid"], &[]).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("grid.main.3"), "{}", ran.out);
}
