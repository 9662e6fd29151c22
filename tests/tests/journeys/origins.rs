//! Which run of a program wrote what, on the rail, in the feed and on a version.

use serde_json::json;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn a_run_is_seen_where_it_begins_and_leads_to_all_that_it_wrote() {
    let server = Server::start().await;
    for (n, state, run) in [
        (1, "grid", Some("run-monday")),
        (2, "grid", Some("run-monday")),
        (3, "grid", Some("run-<b>tuesday</b>")),
        (4, "other", Some("run-<b>tuesday</b>")),
        (5, "grid", None),
        (6, "grid", Some("run-<b>tuesday</b>")),
    ] {
        let mut body =
            json!({"state_type": "strategy", "state_id": state, "data": {"n": n}, "user_id": "bot"});
        if let Some(run) = run {
            body["run_id"] = run.into();
            body["correlation_id"] = "order 5".into();
            body["causation_id"] = "fill 7".into();
        }
        let (status, answer) = server.post("/states", body.to_string()).await;
        assert!(status.is_success(), "{answer}");
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=strategy&id=grid").await;
    browser.see_text(".rail .rail-day", "run run-<b>tuesday</b> begins").await;
    browser.see_text(".state-head .about-line", "fill 7").await;
    browser.pictures("20-origin").await;
    browser.click(".state-head .about-line a", "run-<b>tuesday</b>").await;
    browser.see_text(".filters .about", "3 match").await;
    browser.see_text(".feed-panel", "other").await;
    browser.go("/view/activity?q=run:run-monday").await;
    browser.see_text(".filters .about", "2 match").await;
    browser.see_no_text(".feed-panel", "other").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
