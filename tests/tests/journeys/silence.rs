//! While a server or its store is not heard, nothing on the screen claims to be so now, and it says of when it is.

use serde_json::Value;
use stateloft_tests::browser::Browser;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;

const POSITION: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","quantity":1.20,"entry_price":1.0874,"stop_loss":1.0832,"entry_time":"2026-11-21T06:12:44Z"}"#;
const STALE: &str = ".stale";

async fn desk() -> (Server, Browser) {
    let server = Server::start().await;
    server.save("position", "EURUSD/GBPUSD", POSITION, "pairs-fx-1", "entry").await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "ops.desk", "start").await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.5}"#, "ops.desk", "tighten").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".last-changes", "pairs_fx").await;
    browser.see_text(".live", "Live").await;
    (server, browser)
}

/// The code of the other pages has come: they can be gone to without a server.
async fn until_all_code_is_there(browser: &Browser) {
    let there = "return performance.getEntriesByType('resource').filter(r => /split_.*wasm/.test(r.name) && r.responseEnd > 0).length >= 5";
    browser.until(there, &[], "the other pages' code did not come").await;
}

/// Goes to a page as a click does, without asking the server for it.
async fn turn_to(browser: &Browser, address: &str) {
    let click = "const a = document.createElement('a'); a.href = arguments[0]; document.querySelector('main').append(a);
        a.click(); a.remove(); return true";
    browser.script(click, &[Value::from(address)]).await;
}

/// The page says of when it is and why, and nowhere that all is well.
async fn says_its_age(browser: &Browser, why: &str) {
    browser.see_text(STALE, "As of ").await;
    browser.see_text(STALE, " old").await;
    browser.see_text(STALE, why).await;
    browser.see_no_text(".live", "Live").await;
    browser.see_text(".side .foot", "all as of ").await;
    browser.see_no_text(".strip", "now").await;
}

#[tokio::test]
async fn every_page_says_its_age_from_the_first_missed_heartbeat_until_the_server_is_back() {
    let (mut server, browser) = desk().await;
    until_all_code_is_there(&browser).await;
    turn_to(&browser, "/view/health").await;
    browser.see_text(".page-head", "Everything works").await;
    turn_to(&browser, "/").await;
    browser.see_text(".positions", "All 1").await;

    server.kill().await;
    let why = "the server does not answer";
    says_its_age(&browser, why).await;
    browser.see_text(".health", "no data").await;
    browser.pictures("silence-overview").await;
    turn_to(&browser, "/view/health").await;
    browser.see_text(".page-head", "No data since ").await;
    browser.see_no_text("main", "Everything works").await;
    browser.see_no_text("[aria-label='Store'] .chip", "answers").await;
    browser.see_text("[aria-label='Store'] .chip", "as of ").await;
    browser.see(".health-page.amber").await;
    browser.pictures("silence-health").await;
    for (address, sign, picture) in [
        ("/view/states", "States", Some("silence-states")),
        ("/view/state?type=strategy&id=pairs_fx", "pairs_fx", Some("silence-state")),
        ("/view/compare?type=strategy&id=pairs_fx&a=1&b=2", "Compare", None),
        ("/view/restore", "Restore plan", None),
        ("/view/activity", "Activity", None),
        ("/view/snapshots", "Snapshots", None),
    ] {
        turn_to(&browser, address).await;
        browser.see_text("h1", sign).await;
        says_its_age(&browser, why).await;
        browser.see_no_text("main", "was written").await;
        if let Some(name) = picture {
            browser.see_text(".notice", "Could not be read. The server did not answer. No data.").await;
            browser.pictures(name).await;
        }
    }
    // Of what was never read there is no figure at all.
    turn_to(&browser, "/").await;
    browser.see_text(".positions .head", "no data").await;
    browser.see_no_text(".positions .head", "0").await;
    browser.see_text(".look .head", "no data").await;

    server.run().await;
    browser.see_text(".toasts", "Up to date again.").await;
    browser.see_no_text(STALE, "As of").await;
    browser.see_text(".live", "Live").await;
    browser.see_text(".positions", "All 1").await;
    turn_to(&browser, "/view/health").await;
    browser.see_text(".page-head", "Everything works").await;
    browser.see_no_text(".side .foot", "as of").await;
    browser.assert_clean(&["WebSocket", "Failed to load resource", "Failed to fetch"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_server_that_hangs_behind_an_open_connection_is_not_live() {
    let (server, browser) = desk().await;
    server.freeze().await;
    says_its_age(&browser, "the server does not answer").await;
    browser.see_text(".live", "No answer").await;
    server.thaw().await;
    browser.see_text(".toasts", "Up to date again.").await;
    browser.see_text(".live", "Live").await;
    browser.close().await;
}

#[tokio::test]
async fn a_tab_that_slept_claims_nothing_when_it_wakes() {
    let (server, browser) = desk().await;
    browser.see_no_text(STALE, "As of").await;
    server.freeze().await;
    // An hour later the tab is looked at again. Whatever it shows then it shows before anything could come.
    let wake = "const done = arguments[arguments.length - 1]; const now = Date.now; Date.now = () => now() + 3600e3;
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
        setTimeout(() => done([document.querySelector('.live').innerText, (document.querySelector('.stale') || {}).innerText || '']), 0)";
    let shown = browser.driver().execute_async(wake, Vec::new()).await.unwrap().json().clone();
    assert!(!shown[0].as_str().unwrap().contains("Live"), "{shown}");
    assert!(shown[1].as_str().unwrap().contains("1 h old"), "{shown}");
    server.thaw().await;
    browser.see_no_text(STALE, "As of").await;
    browser.see_text(".live", "Live").await;
    browser.close().await;
}

#[tokio::test]
async fn a_device_without_a_network_says_so_and_sends_nothing() {
    let (mut server, browser) = desk().await;
    until_all_code_is_there(&browser).await;
    turn_to(&browser, "/view/snapshots?new=1").await;
    browser.see_text("dialog[open]", "Take a snapshot").await;
    browser.offline(true).await;
    server.kill().await;
    browser.see_text(STALE, "this device is offline").await;
    browser.see_text(".live", "Offline").await;
    browser.click("dialog button", "Take eod").await;
    browser
        .see_text("dialog .notice", "Nothing was written. This device is offline, nothing was sent.")
        .await;
    server.run().await;
    browser.offline(false).await;
    browser.see_no_text(STALE, "As of").await;
    browser.see_text(".live", "Live").await;
    let (_, list) = server.get("/snapshots").await;
    assert_eq!(list["total"], 0, "{list}");
    browser.close().await;
}

#[tokio::test]
async fn a_store_that_is_away_is_told_from_a_server_that_is_away() {
    let postgres = Postgres::start();
    let more = [("TRADING_STATE_RETRY_ATTEMPTS", "0"), ("TRADING_STATE_CONNECTION_TIMEOUT", "2")];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = Server::start_on_with(&postgres.database(), more.to_vec()).await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "ops.desk", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text("[aria-label='States'] a", "pairs_fx").await;
    browser.see_text(".live", "Live").await;

    postgres.stop("fast");
    let (status, _) = server.get("/states?limit=1").await;
    assert_eq!(status, 503);
    says_its_age(&browser, "the server answers, its store does not; writes are refused").await;
    browser.see_text(".live", "Store away").await;
    browser.pictures("silence-store").await;
    // What is asked for now cannot be read, and nobody speaks of writing.
    turn_to(&browser, "/view/snapshots").await;
    browser.see_text(".notice", "Could not be read. The store did not answer (503). No data.").await;
    browser.see_no_text(".notice", "nothing was written").await;
    turn_to(&browser, "/view/health").await;
    browser.see_text(".page-head", "The ").await;
    browser.see_no_text(".page-head", "Everything works").await;

    postgres.run();
    browser.see_text(".toasts", "Up to date again.").await;
    browser.see_text(".live", "Live").await;
    browser.see_no_text(STALE, "As of").await;
    browser.see_text(".page-head", "Everything works").await;
    browser.assert_clean(&["WebSocket", "Failed to load resource", "Failed to fetch"]).await;
    browser.close().await;
}
