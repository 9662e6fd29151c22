//! Reconcile: the broker's list is given, choices are made from the keyboard, written in one commit, and taken back.

use serde_json::{Value, json};
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use thirtyfour::Key;

pub(crate) const LOTS: &str = r#"{"symbol":"EURUSD","direction":"long","last":1.0891,"lots":[{"id":"a","ticket":38091207,"quantity":"0.40","entry_price":"1.0880"},{"id":"b","ticket":38084831,"quantity":0.80,"entry_price":1.08710}]}"#;
const SHORT: &str =
    r#"{"symbol":"NZDUSD","side":"short","quantity":0.60,"entry_price":0.5917,"ticket":38090118}"#;
/// Less of the first lot, the second one as it is, one that nobody knows here, and not the third.
pub(crate) const LIST: &str = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.0880},{"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.8,"price_open":1.0871},{"ticket":38092655,"symbol":"GBPUSD","type":1,"volume":0.50,"price_open":1.2684}]"#;

/// A live run with three lots in two positions.
pub(crate) async fn pairs(server: &Server) -> Value {
    let body = json!({"program": "pairs-fx", "lease_seconds": 3600}).to_string();
    let (status, run) = server.post("/runs", body).await;
    assert_eq!(status, 201, "{run}");
    save(server, &run, "pairs-fx/EURUSD", LOTS).await;
    save(server, &run, "pairs-fx/NZDUSD", SHORT).await;
    run
}

pub(crate) async fn save(server: &Server, run: &Value, id: &str, data: &str) {
    let named = format!(r#""run_id":{},"epoch":{},"user_id":"pairs-fx""#, run["run_id"], run["epoch"]);
    let body = format!(r#"{{"state_type":"position","state_id":"{id}",{named},"data":{data}}}"#);
    let (status, answer) = server.post("/states", body).await;
    assert!(status.is_success(), "{answer}");
}

pub(crate) async fn raw(server: &Server, id: &str) -> String {
    let path = format!("/states/-/raw?state_type=position&state_id={id}");
    server.request(reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

pub(crate) fn id(run: &Value) -> &str {
    run["run_id"].as_str().unwrap()
}

/// Pastes a list into the dialog, and holds it against ours.
pub(crate) async fn give(browser: &Browser, list: &str, says: &str) {
    paste(browser, list, says).await;
    browser.click("dialog[open] button[type='submit']", "Hold it against ours").await;
    browser.until("return !document.querySelector('dialog[open]')", &[], "the dialog stays").await;
}

async fn paste(browser: &Browser, list: &str, says: &str) {
    browser.click(".page-head button", "Broker\u{2019}s list").await;
    browser.see("dialog[open] textarea[name='list']").await;
    // As a paste does it: at once.
    let paste = "const field = document.querySelector(\"dialog[open] textarea[name='list']\");
        field.value = arguments[0]; field.dispatchEvent(new Event('input', {bubbles: true})); return true";
    browser.script(paste, &[json!(list)]).await;
    browser.see_text("dialog[open] .list-read", says).await;
}

/// Moves with `j` until the keys are at the row of this id.
pub(crate) async fn walk_to(browser: &Browser, lot: &str) {
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
async fn a_list_is_held_against_ours_chosen_by_keys_written_and_taken_back() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/run?id={}", id(&run))).await;
    browser.see_text(".run-lease", "ends in").await;
    browser.press("b").await;
    browser.see_text("main", "No list of the broker\u{2019}s has been given").await;
    browser.see_text(".reconcile-row .side-cell.unsure", "no answer").await;
    browser
        .until("return !document.querySelector('form.apply')", &[], "without a list there is no button")
        .await;
    browser.pictures("14-reconcile-nothing").await;
    give(&browser, LIST, "MT5, 3 open positions").await;
    browser.see_text(".reconcile-row", "missing there").await;
    for (row, says) in [
        ("38091207", "0.30"),
        ("38092655", "no such lot"),
        ("38090118", "not in the list"),
        ("38084831", "spelling only"),
    ] {
        let shown = "const [id, says] = arguments;
            return [...document.querySelectorAll('.trow.reconcile-row')].some(r => r.innerText.includes(id) && r.innerText.includes(says))";
        browser.until(shown, &[json!(row), json!(says)], &format!("{row} says {says}")).await;
    }
    // Under the policy halt nothing is chosen for anybody.
    browser.see_text("form.apply button[type='submit']", "Nothing chosen").await;
    walk_to(&browser, "38091207").await;
    browser.press("1").await;
    browser.see_text(".what", "0.40").await;
    walk_to(&browser, "38092655").await;
    browser.press("1").await;
    browser.see_text(".what", "into pairs-fx/GBPUSD").await;
    walk_to(&browser, "38090118").await;
    browser.press("1").await;
    browser.fill("dialog[open] input.field", "0.5931").await;
    let pick = "const field = document.querySelector(\"dialog[open] select[name='reason']\");
        field.value = 'recovered_closed'; field.dispatchEvent(new Event('change', {bubbles: true})); return true";
    browser.script(pick, &[]).await;
    browser.click("dialog[open] button[type='submit']", "Choose to close it").await;
    browser
        .see_text("form.apply button[type='submit']", "Write 3 lots: 1 adjusted, 1 adopted, 1 closed")
        .await;
    browser.see_text("form.apply .lacks", "Say why").await;
    browser.press(Key::Enter).await;
    browser.see_text(".reconcile-detail", "opened 0.60 at 0.5917").await;
    browser.see_text(".reconcile-detail", "does not list it").await;
    browser.pictures("14-reconcile").await;
    let before = server.get("/status").await.1["seq"].clone();
    assert_eq!(before, 3, "nothing is written until the button is pressed");
    browser.fill("form.apply textarea", "partly closed by hand").await;
    browser.fill("form.apply input.field", "ann").await;
    // The run ends: nobody has to be asked.
    let (status, _) =
        server.post(&format!("/runs/{}/end", id(&run)), json!({"status": "stopped"}).to_string()).await;
    assert!(status.is_success());
    browser.click("form.apply button[type='submit']", "Write 3 lots").await;
    browser.see_text(".reconcile-result", "3 states written").await;
    browser.see_text(".reconcile-result", "by ann").await;
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS.replace("0.40", "0.30"));
    assert!(
        raw(&server, "pairs-fx/NZDUSD")
            .await
            .ends_with(r#""status":"closed","exit_price":0.5931,"exit_reason":"recovered_closed"}"#)
    );
    assert!(raw(&server, "pairs-fx/GBPUSD").await.contains(r#""quantity":0.50"#));
    browser.see_text(".drift", "adopted").await;
    browser.pictures("14-reconcile-result").await;
    // What was written is in the address, and the list is kept with it.
    browser.go(&browser.address().await).await;
    browser.see_text(".reconcile-result", "3 states written").await;
    browser.see_text(".about-line", "kept with the last commit, MT5").await;
    browser.click(".reconcile-result button", "Undo: write the 3 states as they were before").await;
    browser.see_text("main", "3 states written").await;
    browser.see_text("main", "undo of a reconcile").await;
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS);
    assert_eq!(raw(&server, "pairs-fx/NZDUSD").await, SHORT);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_row_that_moved_writes_nothing_stands_on_top_and_the_other_choices_stay() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/reconcile?id={}", id(&run))).await;
    give(&browser, LIST, "MT5").await;
    walk_to(&browser, "38091207").await;
    browser.press("1").await;
    walk_to(&browser, "38090118").await;
    browser.press("2").await;
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 adjusted, 1 kept as ours").await;
    browser.fill("form.apply textarea", "as the broker says").await;
    // What the page hears is held back, so that only the server knows that the lot moves.
    browser.click(".top .live", "").await;
    browser.see_text(".top .live", "Paused").await;
    save(&server, &run, "pairs-fx/EURUSD", &LOTS.replace("0.40", "0.55")).await;
    let before = server.get("/status").await.1["seq"].clone();
    browser.click("form.apply button[type='submit']", "Write 1 lot").await;
    browser.see_text(".reconcile-list", "Nothing was written: 1 row moved").await;
    assert_eq!(server.get("/status").await.1["seq"], before);
    let first = "return document.querySelector('.trow.reconcile-row').innerText";
    browser.until(&format!("{first}.includes('moved')"), &[], "what moved stands on top").await;
    let top = browser.script(first, &[]).await;
    let top = top.as_str().unwrap();
    assert!(top.contains("38091207") && top.contains("unknown"), "{top}");
    browser.see_text("form.apply button[type='submit']", "Record 1 kept as ours; 1 unknown left").await;
    let reason = browser.script("return document.querySelector('form.apply textarea').value", &[]).await;
    assert_eq!(reason, "as the broker says", "the reason is kept");
    browser.pictures("14-reconcile-moved").await;
    browser.click("form.apply button[type='submit']", "Record 1").await;
    browser.see_text(".reconcile-result", "no state was written").await;
    assert!(raw(&server, "pairs-fx/EURUSD").await.contains("0.55"), "the fill stays");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn nothing_can_be_chosen_of_what_nobody_knows_and_flat_is_not_unknown() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/reconcile?id={}&policy=adopt", id(&run))).await;
    // The third lot is flat, the second one has no quantity, and the list is not whole.
    let list = r#"[{"ticket":38090118,"symbol":"NZDUSD","side":"short","quantity":0},{"ticket":38084831,"symbol":"EURUSD","quantity":null}]"#;
    paste(&browser, list, "plain, 1 open position").await;
    browser.click("dialog[open] label", "It is not whole").await;
    browser.click("dialog[open] button[type='submit']", "Hold it against ours").await;
    browser.see_text(".side-cell.is-flat", "it said 0").await;
    browser.see_text(".side-cell.unsure", "did not say how much").await;
    walk_to(&browser, "38084831").await;
    for key in ["1", "2", "3"] {
        browser.press(key).await;
    }
    let offered = "return [...document.querySelectorAll('.trow.reconcile-row')]
        .filter(r => r.innerText.includes('unknown')).every(r => !r.querySelector('.segments'))";
    browser.until(offered, &[], "an unknown row has no choice").await;
    // Under the policy adopt the flat one is closed, and only that.
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 closed; 2 unknown left").await;
    browser.see_text(".what", "No answer never closes anything").await;
    // A call that failed is no list.
    browser.click(".page-head button", "Broker\u{2019}s list").await;
    browser.click("dialog[open] .segments button", "The call failed").await;
    browser.see_text("dialog[open] .lacks", "Say what the call failed with").await;
    browser.fill("dialog[open] input.field", "time-out after 10 s").await;
    browser.click("dialog[open] button[type='submit']", "Hold it against ours").await;
    browser.see_text("main", "The broker has not answered since").await;
    browser.see_text("main", "time-out after 10 s").await;
    browser
        .until(
            "return !document.querySelector('form.apply, .trow.reconcile-row .segments')",
            &[],
            "no answer offers nothing",
        )
        .await;
    // What cannot be read is said by line and column, and nothing is asked.
    browser.click(".page-head button", "Broker\u{2019}s list").await;
    browser.fill("dialog[open] textarea[name='list']", "[\n {\"ticket\": 1,}]").await;
    browser.see_text("dialog[open] .list-read", "line 2, column").await;
    browser
        .until(
            "return document.querySelector('dialog[open] button[type=submit]').disabled",
            &[],
            "what cannot be read can be sent",
        )
        .await;
    browser.pictures("14-reconcile-list").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_agrees_is_one_line_and_ten_thousand_rows_are_walked_on_a_phone_too() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/reconcile?id={}", id(&run))).await;
    let same = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.40,"price_open":1.0880},{"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.8,"price_open":1.0871},{"ticket":38090118,"symbol":"NZDUSD","type":1,"volume":0.6,"price_open":0.5917}]"#;
    give(&browser, same, "MT5, 3 open positions").await;
    browser.see_text(".calm", "All 3 rows matched, as of").await;
    browser.click(".drift button", "Record what this list says").await;
    browser.click(".calm button", "Show 3 rows").await;
    browser.see_text(".reconcile-row", "matched").await;
    // What both agreed on is known from now on.
    browser.see_text(".trow.reconcile-row .side-cell", "ago").await;
    browser.pictures("14-reconcile-calm").await;
    let many: Vec<Value> = (0..10_000)
        .map(|nth| json!({"ticket": 50_000_000 + nth, "symbol": "EURUSD", "type": 0, "volume": 0.1, "price_open": 1.08}))
        .collect();
    browser.go(&format!("/view/reconcile?id={}", id(&run))).await;
    give(&browser, &Value::from(many).to_string(), "MT5, 10,000 open positions").await;
    browser.see_text(".reconcile-chips button", "10,000 missing here").await;
    let drawn = browser.script("return document.querySelectorAll('.trow.reconcile-row').length", &[]).await;
    assert!(drawn.as_u64().unwrap() < 80, "{drawn} rows are in the page");
    browser.screen(Screen::Phone).await;
    browser.click(".trow.reconcile-row .segments button", "Theirs").await;
    browser.see_text("form.apply button[type='submit']", "Write 1 lot: 1 adopted").await;
    browser.assert_fits("reconcile of 10,000").await;
    let apart = "const rows = [...document.querySelectorAll('.trow.reconcile-row')].map(r => r.getBoundingClientRect());
        return rows.every((r, at) => at === 0 || r.top >= rows[at - 1].bottom - 1)";
    browser.until(apart, &[], "rows lie on each other").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
