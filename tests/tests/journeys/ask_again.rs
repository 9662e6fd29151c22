//! Ask again: the board has the program ask its broker, waits where everybody sees it, and holds the newer list against ours.

use serde_json::{Value, json};
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

const RUN: &str = "pairs-fx.main.1";
const LOTS: &str = r#"{"symbol":"EURUSD","direction":"long","lots":[{"id":"a","ticket":38091207,"quantity":"0.40","entry_price":"1.0880"},{"id":"b","ticket":38084831,"quantity":"0.80","entry_price":"1.0871"}]}"#;
const SHORT: &str =
    r#"{"symbol":"NZDUSD","side":"short","quantity":"0.60","entry_price":"0.5917","ticket":38090118}"#;
/// The first of two pages: less of the first lot, and nothing of the others.
const PAGE: &str = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.0880}]"#;
/// All of it.
const WHOLE: &str = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.0880},{"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.80,"price_open":1.0871},{"ticket":38090118,"symbol":"NZDUSD","type":1,"volume":0.60,"price_open":0.5917}]"#;

async fn save(server: &Server, id: &str, data: &str) {
    let body = format!(
        r#"{{"state_type":"position","state_id":"pairs-fx/{id}","run_id":"{RUN}","epoch":1,"data":{data}}}"#
    );
    let (status, answer) = server.post("/states", body).await;
    assert!(status.is_success(), "{answer}");
}

/// What the program hears with its next renewal.
async fn renewed(server: &Server) -> Value {
    let (status, renewed) = server.post(&format!("/runs/{RUN}/renew"), "{}").await;
    assert!(status.is_success(), "{renewed}");
    renewed["ask_reconcile"].clone()
}

/// The program's report of what its broker says now, or of what the call failed with.
async fn report(server: &Server, list: Option<&str>, partial: bool) {
    let ask = renewed(server).await;
    let mut body = json!({"options": {"as_of": server.get("/status").await.1["now"], "partial": partial},
        "answers": ask["ask"], "epoch": 1});
    match list {
        Some(list) => body["list"] = serde_json::from_str(list).unwrap(),
        None => body["options"]["failure"] = json!("504 of the gateway"),
    }
    let (status, plan) = server.post(&format!("/runs/{RUN}/reconcile"), body.to_string()).await;
    assert!(status.is_success() && plan["answered"] == ask["ask"], "{plan}");
}

/// Moves with `j` until the keys are at the row of this id.
async fn walk_to(browser: &Browser, lot: &str) {
    for _ in 0..20 {
        let here = "const row = document.querySelector('.reconcile-row.cursor .who'); return row ? row.innerText : ''";
        if browser.script(here, &[]).await.as_str().is_some_and(|text| text.contains(lot)) {
            return;
        }
        let before = browser.script(here, &[]).await;
        browser.press("j").await;
        let moved = "const row = document.querySelector('.reconcile-row.cursor .who');
            return !!row && row.innerText !== arguments[0]";
        browser.until(moved, &[before], "j moves").await;
    }
    panic!("no row of {lot}");
}

#[tokio::test]
async fn the_program_is_asked_by_key_waited_for_in_words_and_its_newer_list_keeps_what_was_chosen() {
    let server = Server::start().await;
    let body = json!({"program": "pairs-fx", "host": "box-7", "lease_seconds": 3600}).to_string();
    assert!(server.post("/runs", body).await.0.is_success());
    save(&server, "EURUSD", LOTS).await;
    save(&server, "NZDUSD", SHORT).await;
    let browser = Browser::open(&server.origin()).await;
    let page = format!("/view/reconcile?id={RUN}");
    browser.go(&page).await;
    browser.see_text(".ask-again", "There is no list of the broker\u{2019}s").await;
    browser.see_text(".ask-again", "pairs-fx.main.1 on box-7").await;
    browser.see_text(".ask-again button", "Ask the bot again").await;
    browser.pictures("14-reconcile-ask").await;
    browser.go(&page).await;
    browser.see_text(".ask-again button", "Ask the bot again").await;
    browser.press("a").await;
    browser.see_text(".ask-again.warn", "pairs-fx.main.1 on box-7 is asked").await;
    browser.see_text(".ask-again", "It has not heard that yet").await;
    let none = "return !document.querySelector('.ask-again button') && ![...document.querySelectorAll('.pick button')]
        .some(button => button.innerText.includes('Ask again'))";
    browser.until(none, &[], "what is asked already can be asked").await;
    let ask = renewed(&server).await;
    assert!(ask["ask"].is_string(), "{ask}");
    browser.see_text(".ask-again", "with its renewal. No list for").await;
    browser.pictures("14-reconcile-ask-waits").await;
    browser.go(&page).await;
    browser.see_text(".ask-again", "with its renewal. No list for").await;
    report(&server, Some(PAGE), true).await;
    browser.see_text(".ask-again", "A newer list is here, of").await;
    browser.see_text(".ask-again", "1 differs, 2 unknown. What you have chosen stays").await;
    browser.picture("14-reconcile-ask-newer").await;
    browser.click(".ask-again button", "Hold it against ours").await;
    browser.see_text(".about-line", "its program gave when it was asked, MT5, not whole").await;
    browser.see_text(".ask-again", "2 rows are unknown").await;
    walk_to(&browser, "38091207").await;
    browser.press("1").await;
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 adjusted; 2 unknown left").await;
    browser.fill("form.apply textarea", "partly filled").await;
    browser.picture("14-reconcile-ask-rows").await;
    // From the row, this time; the same list is whole then, and what was chosen of it stays.
    browser.click(".trow.reconcile-row .pick button", "Ask again").await;
    browser.see_text(".ask-again.warn", "is asked").await;
    report(&server, Some(WHOLE), false).await;
    browser.click(".ask-again button", "Hold it against ours").await;
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 adjusted").await;
    browser.see_no_text("form.apply button[type='submit']", "unknown").await;
    let reason = browser.script("return document.querySelector('form.apply textarea').value", &[]).await;
    assert_eq!(reason, "partly filled", "the reason stays");
    browser.until("return !document.querySelector('.ask-again')", &[], "nothing is unknown any more").await;
    // A fill that is later than the list: it is unknown, and the broker is silent.
    save(&server, "NZDUSD", &SHORT.replace("0.60", "0.70")).await;
    browser.see_text(".ask-again", "1 row is unknown").await;
    browser.press("a").await;
    browser.see_text(".ask-again.warn", "is asked").await;
    report(&server, None, false).await;
    browser.see_text(".ask-again.warn", "504 of the gateway").await;
    browser.see_text(".ask-again button", "Ask the bot again").await;
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 adjusted; 1 unknown left").await;
    browser.pictures("14-reconcile-ask-failed").await;
    // Who does not run is not asked.
    browser.press("a").await;
    browser.see_text(".ask-again.warn", "is asked").await;
    let stop = json!({"status": "stopped"}).to_string();
    assert!(server.post(&format!("/runs/{RUN}/end"), stop).await.0.is_success());
    browser.see_text(".ask-again", "pairs-fx.main.1 does not run. It was asked at").await;
    browser.until(none, &[], "what does not run can be asked").await;
    browser.pictures("14-reconcile-ask-ended").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
