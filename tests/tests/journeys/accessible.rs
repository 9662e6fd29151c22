//! What no other journey makes a picture of, looked at by axe: menus and dialogs that are open, pages that show nothing. Whatever is
//! pictured is looked at where it is pictured.

use serde_json::{Value, json};
use stateloft_tests::bots::At;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;
use thirtyfour::Key;

/// Opens a dialog, looks at it, and closes it.
async fn dialog(browser: &Browser, css: &str, words: &str, name: &str) {
    browser.click(css, words).await;
    browser.see("dialog[open]").await;
    browser.assert_accessible(name).await;
    browser.press(Key::Escape).await;
    browser
        .until("return !document.querySelector('dialog[open]')", &[], &format!("{name} does not close"))
        .await;
}

async fn begin(server: &Server, body: Value) -> String {
    let (status, run) = server.post("/runs", body.to_string()).await;
    assert_eq!(status, 201, "{run}");
    run["run_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn pages_that_show_nothing_and_the_list_of_keys() {
    let server = Server::start().await;
    let browser = Browser::open(&server.origin()).await;
    for (address, says) in [
        ("/view/states", "main"),
        ("/view/activity", "main"),
        ("/view/runs", ".no-runs"),
        ("/view/run", "main"),
        ("/view/run?id=none.main.1", "main"),
        ("/view/state?type=position&id=none", "main"),
        ("/view/compare", "h1"),
        ("/view/by-hand?type=position&id=none", "main"),
        ("/view/reconcile?id=none.main.1", "main"),
        ("/view/snapshots", "main"),
        ("/view/restore", "main"),
        ("/view/restore/none", "main"),
        ("/view/handshakes", "main"),
        ("/view/handshake/none", "main"),
        ("/view/import", "main"),
        ("/view/import?tab=quarantine", "main"),
        ("/view/opened", "main"),
        ("/view/health", "main"),
        ("/view/nothing", "main"),
    ] {
        browser.go(address).await;
        browser.see(says).await;
        browser.until("return !document.body.innerText.includes('Loading the page.')", &[], address).await;
        browser.assert_accessible(address).await;
    }
    browser.press("?").await;
    browser.see_text("dialog[open]", "next, previous").await;
    browser.assert_accessible("keys").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn menus_and_dialogs_of_states_snapshots_and_activity() {
    let server = Server::start().await;
    for n in 1..4 {
        server.save("strategy", "one", &format!("{{\"n\":{n},\"side\":\"long\"}}"), "bot", "trail").await;
    }
    server.save("position", "two", r#"{"symbol":"A","side":"long"}"#, "ops", "start").await;
    let snapshot = json!({"snapshot_id": "eod", "description": "all well"}).to_string();
    assert!(server.post("/snapshots", snapshot).await.0.is_success());
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text("[aria-label='States'] a", "one").await;
    browser.press("j").await;
    browser.press("x").await;
    browser.see(".bulk").await;
    browser.assert_accessible("states, one selected").await;
    browser.press(Key::Escape).await;
    for chip in ["type", "author"] {
        browser.click(".filters button", chip).await;
        browser.assert_part_accessible(".menu", &format!("states, menu of {chip}")).await;
        browser.press(Key::Escape).await;
    }
    browser.go("/view/state?type=strategy&id=one").await;
    browser.see(".change").await;
    for tab in ["tree", "text", "patch"] {
        browser.go(&format!("/view/state?type=strategy&id=one&tab={tab}")).await;
        browser.see_text("main", "side").await;
        browser.assert_accessible(&format!("state, {tab}")).await;
    }
    browser.go("/view/state?type=strategy&id=one&path=/n").await;
    browser.see(".steps-chart").await;
    browser.assert_accessible("state, a path over time").await;
    browser.click(".state-head .menu-anchor button", "").await;
    browser.assert_part_accessible(".menu", "state, menu").await;
    dialog(&browser, ".menu button", "Delete", "delete a state").await;
    browser.go("/view/compare?type=strategy&id=one&a=1&b=3").await;
    browser.see_text(".compare-body", "side").await;
    browser.click(".side-card .menu-anchor button", "").await;
    browser.assert_part_accessible(".menu", "compare, a side's menu").await;
    browser.go("/view/activity?sel=2").await;
    browser.see_text("main", "trail").await;
    browser.assert_accessible("activity, one selected").await;
    browser.go("/view/snapshots?compare=eod").await;
    browser.see_text(".since", "Nothing has changed since").await;
    browser.assert_accessible("snapshots, compared").await;
    dialog(&browser, "[aria-label='Forget eod']", "", "forget a snapshot").await;
    browser.go("/view/snapshots?new=1").await;
    browser.see("dialog[open]").await;
    browser.assert_accessible("take a snapshot").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn dialogs_of_a_run_and_of_its_board() {
    let server = Server::start().await;
    let run = begin(&server, json!({"program": "pairs-fx", "lease_seconds": 3600})).await;
    let lots = r#"{"symbol":"EURUSD","side":"long","lots":[{"id":"1","quantity":0.40,"entry_price":1.0880},{"id":"2","quantity":0.80,"entry_price":1.0871}]}"#;
    let body = format!(
        r#"{{"state_type":"position","state_id":"pairs-fx/EURUSD","run_id":"{run}","epoch":1,"data":{lots}}}"#
    );
    assert!(server.post("/states", body).await.0.is_success());
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/run?id={run}")).await;
    browser.see_text(".run-lease", "ends in").await;
    for (button, name) in [("End\u{2026}", "end a run"), ("Take over\u{2026}", "take a run over")] {
        dialog(&browser, ".page-head button", button, name).await;
    }
    browser.click(".page-head .menu-anchor button", "").await;
    browser.assert_part_accessible(".menu", "run, menu").await;
    dialog(&browser, ".menu button", "Mark crashed\u{2026}", "mark a run crashed").await;
    browser.go(&format!("/view/reconcile?id={run}")).await;
    browser.click(".page-head button", "Broker\u{2019}s list").await;
    browser.see("dialog[open] textarea[name='list']").await;
    browser.assert_accessible("broker's list").await;
    let paste = "const field = document.querySelector(\"dialog[open] textarea[name='list']\");
        field.value = arguments[0]; field.dispatchEvent(new Event('input', {bubbles: true})); return true";
    let list = r#"[{"ticket":1,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.0880},{"ticket":9,"symbol":"GBPUSD","type":1,"volume":0.5,"price_open":1.2684}]"#;
    browser.script(paste, &[json!(list)]).await;
    browser.see_text("dialog[open] .list-read", "MT5").await;
    browser.click("dialog[open] button[type='submit']", "Hold it against ours").await;
    browser.see_text(".reconcile-row", "missing here").await;
    for (button, name) in [("Close\u{2026}", "close a lot"), ("Split\u{2026}", "split a lot")] {
        dialog(&browser, ".segments button", button, name).await;
    }
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_plan_that_is_opened_and_the_pages_of_a_busy_day() {
    let server = Server::start().await;
    server.fill_with_demo().await;
    let at = At::new(&server.origin());
    let snapshots = at.get("/snapshots").await;
    let snapshot = snapshots["snapshots"][0]["snapshot_id"].as_str().unwrap().to_owned();
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/restore?target=snapshot:{snapshot}")).await;
    browser.see_text("form.apply button", "Write").await;
    browser.press("j").await;
    browser.press(Key::Enter).await;
    browser.see(".plan-change, .plan-list .empty").await;
    browser.assert_accessible("restore, a state opened").await;
    browser.go(&format!("/view/snapshots?compare={snapshot}")).await;
    browser.see(".since .trow").await;
    browser.assert_accessible("snapshots, compared on a busy day").await;
    browser.go("/view/health").await;
    browser.see_text("main", "SQLite").await;
    browser.assert_accessible("health on a busy day").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
