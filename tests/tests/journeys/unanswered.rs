//! A write whose answer is lost: the page says that it does not know, looks, and says what it found.

use reqwest::Method;
use serde_json::Value;
use stateloft_tests::browser::Browser;
use stateloft_tests::gate::{Gate, Writes};
use stateloft_tests::server::Server;

const NOT_KNOWN: &str = "It is not known whether it was written.";

/// A server with one state, and a browser behind a gate, which has given its name.
async fn setting() -> (Server, Gate, Browser) {
    let server = Server::start().await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "bot", "start").await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.5}"#, "bot", "tighten").await;
    let gate = Gate::to(server.address()).await;
    let browser = Browser::open(&gate.origin()).await;
    browser.go("/view/snapshots").await;
    browser.see_text(".live", "Live").await;
    browser.script("localStorage.setItem('stateloft-name', 'ops.desk'); return true", &[]).await;
    (server, gate, browser)
}

async fn open_the_state(browser: &Browser) {
    browser.go("/view/state?type=strategy&id=pairs_fx").await;
    browser.see_text(".live", "Live").await;
    browser.see_text("h1", "pairs_fx").await;
}

/// Asks to delete the state, with a reason, and presses the button.
async fn delete(browser: &Browser) {
    browser.click("[aria-label='More']", "").await;
    browser.click("button", "Delete").await;
    browser.fill("dialog textarea", "not traded any more").await;
    browser.click("dialog button", "Delete pairs_fx").await;
}

async fn history(server: &Server) -> Value {
    server.get("/states/pairs_fx/history?state_type=strategy&data=false").await.1["total_count"].clone()
}

/// Remembers whether these words were ever shown, however short.
async fn watch_for(browser: &Browser, words: &str) {
    let watch = "window.__said = false; new MutationObserver(() => {
            if (document.body.innerText.includes(arguments[0])) window.__said = true;
        }).observe(document.body, { childList: true, subtree: true, characterData: true }); return true";
    let watch = watch.replace("arguments[0]", &Value::from(words).to_string());
    browser.script(&watch, &[]).await;
}

async fn were_never_said(browser: &Browser, words: &str) {
    assert_eq!(browser.script("return window.__said", &[]).await, false, "{words:?} was said");
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_found() {
    let (server, gate, browser) = setting().await;
    gate.set(Writes::AnswerLost);
    open_the_state(&browser).await;
    watch_for(&browser, "othing was written").await;
    delete(&browser).await;
    browser.see_text(".toasts", "It was written, though no answer came.").await;
    browser.see_text(".toasts", "v3 is there with the same content by ops.desk, written at ").await;
    browser.until("return !document.querySelector('dialog[open]')", &[], "the question stays").await;
    were_never_said(&browser, "othing was written").await;
    assert_eq!(history(&server).await, 3);

    // The same for bringing it back, through a proxy that waited in vain.
    gate.set(Writes::GatewayTimeout);
    browser.click("button", "Undelete").await;
    browser.see_text(".toasts", "v4 is there with the same content by ops.desk, written at ").await;
    were_never_said(&browser, "othing was written").await;
    assert_eq!(history(&server).await, 4);
    browser.close().await;
}

#[tokio::test]
async fn a_deletion_that_never_arrived_is_said_to_be_not_there_after_a_look() {
    let (server, gate, browser) = setting().await;
    gate.set(Writes::Lost);
    open_the_state(&browser).await;
    delete(&browser).await;
    browser.see_text("dialog .notice", NOT_KNOWN).await;
    browser.see_text("dialog .notice", "So far the head is still v2. Looking again.").await;
    browser.picture("unanswered-looking").await;
    browser.see_text("dialog .notice", "It was not written: the head is still v2.").await;
    browser.picture("unanswered-not-there").await;
    assert_eq!(history(&server).await, 2);

    // The dialog still works: what is sent now arrives.
    gate.set(Writes::Pass);
    browser.click("dialog button", "Delete pairs_fx").await;
    browser.see_text(".toasts", "v3 is its tombstone").await;
    browser.close().await;
}

#[tokio::test]
async fn what_another_has_written_meanwhile_is_not_taken_for_ones_own() {
    let (server, gate, browser) = setting().await;
    gate.set(Writes::Lost);
    open_the_state(&browser).await;
    delete(&browser).await;
    browser.see_text("dialog .notice", NOT_KNOWN).await;
    let path = "/states/pairs_fx?state_type=strategy&user_id=another";
    assert!(server.request(Method::DELETE, path).send().await.unwrap().status().is_success());
    browser.see_text("dialog .notice", "It was not written: v3 is by another at ").await;
    browser.close().await;
}

#[tokio::test]
async fn a_restore_and_its_undoing_are_found_by_their_plan() {
    let (server, gate, browser) = setting().await;
    browser.go("/view/restore?target=seq%3A1&state=strategy%2Fpairs_fx").await;
    browser.see_text("button", "Write 1 state").await;
    browser.fill("textarea", "back to one").await;
    gate.set(Writes::AnswerLost);
    watch_for(&browser, "othing was written").await;
    browser.click("button", "Write 1 state").await;
    browser.see_text("main", "1 state written").await;
    browser.see_text(".toasts", "The same restore by ops.desk is there, written at ").await;
    assert_eq!(history(&server).await, 3);
    let first = browser.address().await;

    gate.set(Writes::GatewayTimeout);
    browser.click("button", "Undo").await;
    browser
        .until("return location.pathname !== arguments[0]", &[Value::from(first)], "no other restore")
        .await;
    browser.see_text("main", "It undid an earlier restore.").await;
    assert_eq!(history(&server).await, 4);
    were_never_said(&browser, "othing was written").await;
    browser.close().await;
}

#[tokio::test]
async fn a_snapshot_that_the_browser_sends_twice_is_taken_once_and_found() {
    let (server, gate, browser) = setting().await;
    browser.click("button", "Take a snapshot").await;
    browser.fill("input[name='snapshot_id']", "before-deploy").await;
    gate.set(Writes::NextAnswerLost);
    watch_for(&browser, "othing was written").await;
    browser.click("dialog button", "Take before-deploy").await;
    browser.see_text(".toasts", "It is there by ops.desk with the same description, taken at ").await;
    browser.see_text("[aria-label='Snapshots']", "before-deploy").await;
    were_never_said(&browser, "othing was written").await;
    let (_, list) = server.get("/snapshots").await;
    assert_eq!(list["total"], 1, "{list}");

    gate.set(Writes::AnswerLost);
    browser.click("[aria-label='Forget before-deploy']", "").await;
    browser.click("dialog button", "Forget before-deploy").await;
    browser.see_text(".toasts", "The name is not there any more.").await;
    browser.see_no_text("[aria-label='Snapshots'] a", "before-deploy").await;
    were_never_said(&browser, "othing was written").await;
    browser.close().await;
}

#[tokio::test]
async fn a_hand_on_the_breaker_is_found_though_its_answer_is_lost() {
    let (server, gate, browser) = setting().await;
    browser.go("/view/health").await;
    browser.see_text(".page-head", "Everything works").await;
    gate.set(Writes::AnswerLost);
    browser.click("[aria-label='Circuit breaker'] button", "Open by hand").await;
    browser.click("dialog[open] button", "refuse every call").await;
    browser.see_text(".toasts", "It was done, though no answer came. It is open by hand.").await;
    assert_eq!(server.get("/breaker").await.1["forced"], true);
    browser.close().await;
}

#[tokio::test]
async fn a_deletion_that_waits_in_the_journal_is_no_failure_and_not_written_yet() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let variables = [
        ("TRADING_STATE_SQLITE_PATH", inside("stateloft.db")),
        ("TRADING_STATE_ENABLE_FILE_FALLBACK", "true".to_owned()),
        ("TRADING_STATE_FALLBACK_DIR", inside("journal")),
    ];
    let server = Server::start_in(variables.map(|(name, value)| (name.to_owned(), value)).to_vec()).await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "bot", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=strategy&id=pairs_fx").await;
    browser.see_text("h1", "pairs_fx").await;
    browser.see_text(".live", "Live").await;
    assert_eq!(server.post("/breaker/force", r#"{"state":"open"}"#).await.0, 200);
    browser.see_text(".live", "Store away").await;
    browser.see_text(".stale", "writes are kept in its journal").await;
    browser.click("[aria-label='More']", "").await;
    browser.click("button", "Delete").await;
    browser.click("dialog button", "Delete pairs_fx").await;
    browser.see_text("dialog .notice", "Not written yet. Accepted into the journal at ").await;
    assert_eq!(server.post("/breaker/reset", "{}").await.0, 200);
    browser.see_text("main", "Deleted").await;
    browser.see_text(".live", "Live").await;
    browser.close().await;
}
