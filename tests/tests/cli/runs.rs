//! Runs on the command line: of a server, and of a store that nobody serves.

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{folder, run};

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
