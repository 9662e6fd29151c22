//! A person says by hand what the broker has done with a position: part of a lot closed, a stop moved, a lot added.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stateloft_core::json::number::same_value;
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use thirtyfour::Key;

const ID: &str = "btc-grid/BTCUSD";
const BEFORE: &str = concat!(
    r#"{"symbol":"BTCUSD","side":"long","quantity":0.35,"currency":"USD","base":"BTC","realized_pnl":318.40,"last_price":94802.0,"#,
    r#""note":"mine","lots":["#,
    r#"{"id":"g-0418","quantity":0.10,"entry_price":93880.0,"entry_time":"2025-11-20T18:22:40Z","status":"open"},"#,
    r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2025-11-21T03:44:12Z","stop_loss":93900,"status":"open"},"#,
    r#"{"id":"g-0424","quantity":0.10,"entry_price":94455.0,"entry_time":"2025-11-21T07:31:05Z","status":"open"}]}"#
);

async fn raw(server: &Server) -> String {
    let path = "/states/btc-grid%2FBTCUSD/raw?state_type=position";
    server.request(Method::GET, path).send().await.unwrap().text().await.unwrap()
}

async fn versions(server: &Server) -> u64 {
    let (_, history) = server.get("/states/btc-grid%2FBTCUSD/history?state_type=position&data=false").await;
    history["total_count"].as_u64().unwrap()
}

/// A position with three lots, whose price was saved a few times.
async fn with_three_lots() -> Server {
    let server = Server::start().await;
    for price in ["94120.5", "94400.0", "94310.25", "94802.0"] {
        server.save("position", ID, &BEFORE.replace("94802.0", price), "btc-grid", "tick").await;
    }
    server
}

fn address(rest: &str) -> String {
    format!("/view/by-hand?type=position&id=btc-grid/BTCUSD{rest}")
}

/// Goes on with Tab until this has the focus.
async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..80 {
        let there = "return document.activeElement === document.querySelector(arguments[0])";
        if browser.script(there, &[css.into()]).await == true {
            return;
        }
        browser.press(Key::Tab).await;
    }
    panic!("no Tab leads to {css}");
}

/// Replaces what stands in the field that has the focus.
async fn retype(browser: &Browser, text: &str) {
    let chain = browser.driver().action_chain().key_down(Key::Control).send_keys("a").key_up(Key::Control);
    chain.send_keys(text).perform().await.unwrap();
}

async fn control_enter(browser: &Browser) {
    let chain =
        browser.driver().action_chain().key_down(Key::Control).send_keys(Key::Enter).key_up(Key::Control);
    chain.perform().await.unwrap();
}

async fn is_shut(browser: &Browser) -> Value {
    browser.script("return document.querySelector('.apply button[type=submit]').disabled", &[]).await
}

const BUTTON: &str = ".apply button[type=submit]";

#[tokio::test]
async fn a_part_of_a_lot_is_closed_from_the_keyboard_and_taken_back() {
    let server = with_three_lots().await;
    let before = raw(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=position&id=btc-grid/BTCUSD").await;
    browser.see_text(".state-head", "By hand").await;
    browser.see_text(".state-head .chip", "v4, head").await;
    browser.press("h").await;
    browser.see_text(".by-hand-lots", "g-0421").await;
    browser.see_text(".by-hand-lots", "+102.225").await;
    browser.see_text(BUTTON, "Choose a lot").await;
    tab_to(&browser, "input[aria-label='Lot g-0418']").await;
    browser.press(Key::Down).await;
    browser.see_text(".lot-choice.selected", "g-0421").await;
    tab_to(&browser, "#by-hand-quantity-to-close").await;
    retype(&browser, "0.05").await;
    tab_to(&browser, "#by-hand-exit-price").await;
    retype(&browser, "94795.5").await;
    browser.see_text("#by-hand-exit-price-note", "-6.5, -0.01 % from the last saved price").await;
    tab_to(&browser, "#by-hand-exit-time").await;
    retype(&browser, "2025-11-21 09:45:40").await;
    browser.see_text("#by-hand-exit-time-note", "2025-11-21T09:45:40Z").await;
    tab_to(&browser, "#by-hand-broker-s-order-id").await;
    retype(&browser, "g-0421-c1").await;
    browser.see_text("#by-hand-broker-s-order-id-note", "no order here has this id").await;
    browser.see_text(".works", "0.05 × (94795.5 - 94120.5) = +33.75 USD").await;
    browser.see_text(".by-hand-saved", "1 volatile path left to the program").await;
    browser.see_text("main", "No order is sent.").await;
    browser.see_text(".by-hand-chart", "exit, as typed").await;
    browser.see_text(BUTTON, "Say why").await;
    control_enter(&browser).await;
    assert_eq!(raw(&server).await, before, "nothing is written without a reason");
    tab_to(&browser, "#by-hand-why").await;
    browser.press("Closed by hand at the broker, funding spike").await;
    browser.see_text(BUTTON, "Write v5: close 0.05 of 0.35 BTC, realized +33.75").await;
    browser.pictures("15-by-hand").await;
    control_enter(&browser).await;
    browser.see_text("main", "1 state written").await;
    browser.see_text("main", "to what was said by hand").await;

    let lot = r#"{"id":"g-0421","quantity":0.15,"entry_price":94120.5,"entry_time":"2025-11-21T03:44:12Z","stop_loss":93900,"status":"open"}"#;
    let closed = concat!(
        r#"{"id":"g-0421.1","quantity":0.05,"entry_price":94120.5,"entry_time":"2025-11-21T03:44:12Z","stop_loss":93900,"status":"closed","#,
        r#""part_of":"g-0421","exit_time":"2025-11-21T09:45:40Z","exit_price":94795.5,"exit_reason":"manual","exit_order":"g-0421-c1","pnl":33.75},"#,
        r#"{"id":"g-0421","quantity":0.10,"entry_price":94120.5,"entry_time":"2025-11-21T03:44:12Z","stop_loss":93900,"status":"open","opened_quantity":0.15}"#
    );
    let wanted = before.replace(lot, closed).replace(":0.35", ":0.30").replace("318.40", "352.15");
    assert_eq!(raw(&server).await, wanted);
    let (_, head) = server.get("/states/btc-grid%2FBTCUSD?state_type=position").await;
    assert_eq!(head["description"], "Closed by hand at the broker, funding spike");

    browser.click("button", "Undo").await;
    browser.see_text("main", "It undid an earlier restore").await;
    assert_eq!(raw(&server).await, before);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_cannot_be_right_stops_the_button_and_names_its_field() {
    let server = with_three_lots().await;
    let before = raw(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&address("&lot=g-0421")).await;
    browser.fill("#by-hand-exit-price", "94795.5").await;
    browser.fill("#by-hand-exit-time", "-5 min").await;
    browser.fill("#by-hand-why", "closed").await;
    browser.see_text(BUTTON, "close 0.15 of 0.35 BTC, realized +101.25").await;
    for (field, typed, said) in [
        (
            "#by-hand-quantity-to-close",
            "0.16",
            "Quantity to close: 0.16 is more than it holds, which is 0.15",
        ),
        ("#by-hand-exit-price", "94,795.5", "Exit price: a comma may be a point"),
        ("#by-hand-exit-time", "2025-11-21T03:44:11Z", "Exit time: is before the entry"),
    ] {
        let good = browser.script("return document.querySelector(arguments[0]).value", &[field.into()]).await;
        browser.fill(field, typed).await;
        browser.see_text(BUTTON, said).await;
        assert_eq!(is_shut(&browser).await, true);
        browser.see(&format!("{field}[aria-invalid='true']")).await;
        control_enter(&browser).await;
        browser.fill(field, good.as_str().unwrap()).await;
        browser.see_text(BUTTON, "close 0.15 of 0.35 BTC").await;
    }
    // What only looks wrong may be written.
    browser.fill("#by-hand-exit-price", "9479.55").await;
    browser.see_text("#by-hand-exit-price-note.c-warn", "from the last saved price").await;
    browser.see_text(BUTTON, "Write v5").await;
    assert_eq!(raw(&server).await, before);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_lot_that_moves_is_shown_beside_what_was_typed_and_what_else_a_program_saves_stays() {
    let server = with_three_lots().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&address("&lot=g-0421")).await;
    browser.fill("#by-hand-exit-price", "94795.5").await;
    browser.fill("#by-hand-exit-time", "-5 min").await;
    browser.fill("#by-hand-why", "closed").await;
    browser.see_text(BUTTON, "Write v5").await;
    // A price and another member move: that is none of this.
    let ticked = BEFORE.replace("94802.0", "94900.0").replace(r#""note":"mine""#, r#""note":"another""#);
    server.save("position", ID, &ticked, "btc-grid", "tick").await;
    browser.see_text(".page-head", "from v5").await;
    browser.see_text(BUTTON, "Write v6").await;
    let half = ticked.replace(r#""quantity":0.15"#, r#""quantity":0.12"#).replace(":0.35", ":0.32");
    server.save("position", ID, &half, "btc-grid", "a fill").await;
    browser.see_text(".by-hand-moved", "It moved while you typed. Nothing was written.").await;
    browser.see_text(".by-hand-moved", "looked at 0.15, is now 0.12").await;
    browser.see_text(".by-hand-moved", "v6, btc-grid").await;
    assert_eq!(is_shut(&browser).await, true);
    control_enter(&browser).await;
    assert_eq!(raw(&server).await, half, "nothing was written");
    let kept = "return [...document.querySelectorAll('.by-hand input.mono, #by-hand-why')].map(field => field.value).join('|')";
    assert_eq!(browser.script(kept, &[]).await, "0.12|94795.5|-5 min||closed");
    browser.pictures("15-by-hand-moved").await;
    browser.click(".by-hand-moved button", "Go on with what it is now").await;
    browser.see_text(BUTTON, "close 0.12 of 0.32 BTC, realized +81").await;
    browser.click(BUTTON, "Write").await;
    browser.see_text("main", "1 state written").await;
    let now = raw(&server).await;
    assert!(now.contains(r#""last_price":94900.0"#) && now.contains(r#""note":"another""#), "{now}");
    assert!(now.contains(r#""quantity":0.20,"#) && now.contains(r#""realized_pnl":399.40"#), "{now}");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

/// The program saves between the plan and the write: the server refuses, and nothing is lost of what was typed.
#[tokio::test]
async fn a_lot_that_moves_at_the_very_moment_is_not_written_over() {
    let server = with_three_lots().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&address("&lot=g-0421")).await;
    browser.fill("#by-hand-exit-price", "94795.5").await;
    browser.fill("#by-hand-exit-time", "-5 min").await;
    browser.fill("#by-hand-why", "closed").await;
    browser.see_text(BUTTON, "Write v5").await;
    let moved = BEFORE.replace(r#""quantity":0.15"#, r#""quantity":0.12"#).replace(":0.35", ":0.32");
    tokio::join!(
        async {
            server.save("position", ID, &moved, "btc-grid", "a fill").await;
        },
        control_enter(&browser)
    );
    // Whoever was first wrote; never both on top of each other.
    browser
        .until(
            "const text = document.body.innerText;
             return text.includes('1 state written') || text.includes('It moved while you typed') || text.includes('Nothing was written')",
            &[],
            "no word of the write",
        )
        .await;
    let now = raw(&server).await;
    let whole = now.contains(r#""quantity":0.20,"#) && now.contains(r#""pnl":101.25"#);
    assert!(now == moved || whole, "{now}");
    browser.close().await;
}

/// Renews a run and does what it is asked, until it is told to stop; answers how often it was asked to pause and to reload.
async fn live_program(
    server: Arc<Server>,
    run: Value,
    stop: tokio::sync::watch::Receiver<bool>,
) -> (u32, u32) {
    let path = |rest: &str| format!("/runs/{}{rest}", run["run_id"].as_str().unwrap());
    let (mut paused, mut reloaded) = (0, 0);
    let mut pace = tokio::time::interval(Duration::from_millis(200));
    while !*stop.borrow() {
        pace.tick().await;
        let (_, said) = server.post(&path("/renew"), json!({"epoch": run["epoch"]}).to_string()).await;
        for ask in said["asks"].as_array().into_iter().flatten() {
            let at = |word: &str| path(&format!("/handshakes/{}/{word}", ask["handshake"].as_str().unwrap()));
            if ask["kind"] == "pause" {
                paused += 1;
                server.post(&at("paused"), json!({"epoch": run["epoch"]}).to_string()).await;
            } else {
                reloaded += 1;
                let seq = ask["seq"].as_u64().unwrap_or(0);
                server.post(&at("reloaded"), json!({"epoch": run["epoch"], "seq": seq}).to_string()).await;
            }
        }
    }
    (paused, reloaded)
}

#[tokio::test]
async fn a_live_program_is_asked_first_and_told_to_read_again() {
    let server = Arc::new(Server::start().await);
    let begin = json!({"program": "btc-grid", "lease_seconds": 3600, "host": "box-7", "pid": 4711});
    let (status, run) = server.post("/runs", begin.to_string()).await;
    assert_eq!(status, 201, "{run}");
    let data: Value = serde_json::from_str(BEFORE).unwrap();
    let body = json!({"state_type": "position", "state_id": ID, "data": data, "run_id": run["run_id"]});
    let (status, answer) = server.post("/states", body.to_string()).await;
    assert!(status.is_success(), "{answer}");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let program = tokio::spawn(live_program(Arc::clone(&server), run.clone(), stopped));

    let browser = Browser::open(&server.origin()).await;
    // From its row on the page of the run.
    browser.go(&format!("/view/run?id={}", run["run_id"].as_str().unwrap())).await;
    browser.see_text(".run-book .lot", "g-0424").await;
    browser.click(".run-book .lot a[href*='lot=g-0424']", "By hand").await;
    browser.see_text(".lot-choice.selected", "g-0424").await;
    browser.click(".segments button", "Adjust stop, target").await;
    browser.fill("#by-hand-stop", "94455.0").await;
    browser.fill("#by-hand-why", "to break even").await;
    browser.see_text(".by-hand-aside", "is live").await;
    browser.see_text(".by-hand-aside", "asked to pause").await;
    browser.see_text(BUTTON, "Write v2: stop 94455.0 of g-0424").await;
    browser.pictures("15-by-hand-live").await;
    browser.click(BUTTON, "Write v2").await;
    browser.see_text("main", "1 state written").await;
    let (_, head) = server.get("/states/btc-grid%2FBTCUSD?state_type=position").await;
    assert_eq!(head["data"]["lots"][2]["stop_loss"], 94455.0);
    browser.until("return document.body.innerText.includes('1 state written')", &[], "the result went").await;
    let restore = browser.address().await.rsplit('/').next().unwrap().to_owned();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let (_, handshake) = server.get(&format!("/handshakes/{restore}")).await;
        if handshake["waits_for"].as_array().is_none_or(Vec::is_empty) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{handshake}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.send(true).unwrap();
    let (paused, reloaded) = program.await.unwrap();
    assert!(paused > 0 && reloaded > 0, "paused {paused}, reloaded {reloaded}");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn all_is_closed_a_lot_is_added_and_what_has_no_words_is_refused() {
    let server = with_three_lots().await;
    server
        .save(
            "position",
            "pair",
            r#"{"BTC":{"symbol":"BTC","quantity":1},"ETH":{"symbol":"ETH","quantity":2}}"#,
            "bot",
            "map",
        )
        .await;
    server
        .save(
            "position",
            "flat",
            r#"{"symbol":"A","side":"short","quantity":"2.5","entry_price":10}"#,
            "bot",
            "no lots",
        )
        .await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&address("&mode=add")).await;
    browser.fill("#by-hand-lot-s-id", "g-0421").await;
    browser.fill("#by-hand-quantity", "0.05").await;
    browser.fill("#by-hand-entry-price", "94800.5").await;
    browser.fill("#by-hand-entry-time", "-5 min").await;
    browser.fill("#by-hand-why", "a fill that was missed").await;
    browser.see_text(BUTTON, "Lot’s id: there is a lot g-0421 already").await;
    browser.fill("#by-hand-lot-s-id", "g-0425").await;
    browser.click(BUTTON, "Write v5: add 0.05 BTC as g-0425").await;
    browser.see_text("main", "1 state written").await;
    assert!(raw(&server).await.contains(r#"{"id":"g-0425","quantity":0.05,"entry_price":94800.5,"#.replace(r#""quantity""#, r#""side":"long","quantity""#).as_str()));

    browser.go(&address("&mode=all")).await;
    browser.screen(Screen::Phone).await;
    browser.see_text(".works", "no data yet").await;
    browser.fill("#by-hand-exit-price", "0").await;
    browser.fill("#by-hand-exit-time", "now").await;
    browser.fill("#by-hand-why", "worthless").await;
    browser.assert_fits("by hand on a phone").await;
    browser.screen(Screen::Zoomed).await;
    browser.assert_fits("by hand at 200 %").await;
    browser.see_text(BUTTON, "close all 4 lots, 0.40 BTC, realized -37").await;
    browser.click(BUTTON, "Write v6").await;
    browser.see_text("main", "1 state written").await;
    browser.screen(Screen::Wide).await;
    let (_, head) = server.get("/states/btc-grid%2FBTCUSD?state_type=position").await;
    let lots = head["data"]["lots"].as_array().unwrap();
    assert!(lots.iter().all(|lot| lot["status"] == "closed" && lot["exit_price"] == 0), "{head}");
    assert!(same_value(&head["data"]["quantity"].to_string(), "0"), "{head}");

    browser.go("/view/by-hand?type=position&id=flat").await;
    browser.see_text(".by-hand-whole", "short, no lots, 2.5").await;
    browser.see_text(".by-hand-chart", "No data: no price was saved").await;
    browser.fill("#by-hand-quantity-to-close", "1").await;
    browser.fill("#by-hand-exit-price", "8").await;
    browser.fill("#by-hand-exit-time", "now").await;
    browser.fill("#by-hand-why", "half of it").await;
    browser.see_text(".works", "1 × (10 - 8) = +2").await;
    browser.click(BUTTON, "close 1 of 2.5, realized +2").await;
    browser.see_text("main", "1 state written").await;
    let (_, flat) = server.get("/states/flat?state_type=position").await;
    assert_eq!(flat["data"], json!({"symbol": "A", "side": "short", "quantity": "1.5", "entry_price": 10}));

    browser.go("/view/by-hand?type=position&id=pair").await;
    browser.see_text("main", "is a map of positions").await;
    browser.see_text("main a", "See the document").await;
    assert_eq!(versions(&server).await, 6);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
