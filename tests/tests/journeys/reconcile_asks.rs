//! Reconcile beside a live program: whom a write asks is said before the button, the program makes way, and what it has then is seen.

use serde_json::{Value, json};
use stateloft_tests::bots::At;
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::reconcile::{LIST, LOTS, give, id, pairs, raw, walk_to};

/// The program: it makes way once it is let, and reads what was written.
fn makes_way(server: &Server, run: &Value) -> (oneshot::Sender<()>, JoinHandle<Value>) {
    let (at, run) = (At::new(&server.origin()), id(run).to_owned());
    let (let_it, may) = oneshot::channel();
    let works = tokio::spawn(async move {
        let renew = format!("/runs/{run}/renew");
        let asked = async |kind: &str| loop {
            let (_, renewed) = at.post(&renew, &json!({})).await;
            let asks = renewed["asks"].as_array().cloned().unwrap_or_default();
            let ask = asks.into_iter().find(|ask| ask["kind"] == kind);
            if let Some(ask) = ask {
                return ask;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        let ask = asked("pause").await;
        may.await.unwrap();
        let path =
            |word: &str| format!("/runs/{run}/handshakes/{}/{word}", ask["handshake"].as_str().unwrap());
        let word = json!({"epoch": 1, "note": "0 orders in flight"});
        assert_eq!(at.post(&path("paused"), &word).await.0, 200);
        let told = asked("reload").await;
        assert_eq!(at.post(&path("reloaded"), &json!({"epoch": 1, "seq": told["seq"]})).await.0, 200);
        told["seq"].clone()
    });
    (let_it, works)
}

/// Chooses theirs of two rows, and writes it with a reason.
async fn choose_and_write(browser: &Browser, wait: &str) {
    for lot in ["38091207", "38092655"] {
        walk_to(browser, lot).await;
        browser.press("1").await;
    }
    browser.see_text("form.apply", "pairs-fx.main.1 holds some of it, and is asked first").await;
    browser.fill("form.apply textarea", "as the broker says").await;
    browser.fill("form.apply input[autocomplete='username']", "ann").await;
    browser.fill(".waits-for input", wait).await;
    browser.see_text("form.apply button[type='submit']", "Write 2 lots: 1 adjusted, 1 adopted").await;
    let open = "return !document.querySelector(\"form.apply button[type='submit']\").disabled";
    browser.until(open, &[], "it cannot be written").await;
    browser.click("form.apply button[type='submit']", "Write 2 lots").await;
    browser.see(".shake-grid").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_is_asked_before_its_lots_are_written_and_what_it_has_then_is_seen() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/reconcile?id={}", id(&run))).await;
    give(&browser, LIST, "MT5").await;
    browser.see_text(".plan-aside", "is not asked").await;
    let (let_it, works) = makes_way(&server, &run);
    choose_and_write(&browser, "90").await;
    browser.see_text("h1", "Reconcile").await;
    browser.see_text(".page-head .about", "waiting for pairs-fx.main.1 · nothing is written yet").await;
    browser.see_text(".shake-card", "what pairs-fx.main.1 and its broker say is reconciled, by ann").await;
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS, "nothing is written before its word");
    browser.pictures("14-reconcile-asks").await;
    browser.press("gs").await;
    browser.see_text(".shake-bar", "A reconcile waits for pairs-fx.main.1").await;
    browser.click(".shake-bar a", "Look").await;
    browser.see(".shake-grid").await;
    let_it.send(()).unwrap();
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    works.await.unwrap();
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS.replace("0.40", "0.30"));
    // From there to what was written, and to what the program has of it.
    browser.click(".shake-card a", "What was written").await;
    browser.see_text(".reconcile-result", "2 states written").await;
    browser.see_text(".reconcile-result .told", "written, and read by all who hold it").await;
    browser.pictures("14-reconcile-told").await;
    browser.screen(Screen::Phone).await;
    browser.assert_fits("what the program has of what was reconciled").await;
    browser.screen(Screen::Wide).await;
    // Taking it back is a restore, which asks the program again, as it is live.
    let (let_it, works) = makes_way(&server, &run);
    browser.click(".reconcile-result button", "Undo: write the 2 states as they were before").await;
    browser.see_text("h1", "Restore").await;
    let_it.send(()).unwrap();
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    works.await.unwrap();
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_word_nothing_is_written_and_list_choices_and_reason_are_there_again() {
    let server = Server::start().await;
    let run = pairs(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/reconcile?id={}", id(&run))).await;
    give(&browser, LIST, "MT5").await;
    choose_and_write(&browser, "2").await;
    browser.see_text(".page-head .about", "no word · nothing was written").await;
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS);
    // The board is as it was left.
    browser.click(".shake-card a", "Look at the plan").await;
    browser.see_text("form.apply button[type='submit']", "Write 2 lots: 1 adjusted, 1 adopted").await;
    let reason = browser.script("return document.querySelector('form.apply textarea').value", &[]).await;
    assert_eq!(reason, "as the broker says");
    browser.script("history.back()", &[]).await;
    // An operator's word writes it, and the program owes that it has read.
    browser.fill(".without-word textarea", "it hangs").await;
    browser.click(".without-word button", "Write 2 states without the word of pairs-fx.main.1").await;
    browser.see_text(".page-head .about", "written · pairs-fx.main.1 has not said that it has read it").await;
    assert_eq!(raw(&server, "pairs-fx/EURUSD").await, LOTS.replace("0.40", "0.30"));
    browser.click(".shake-card a", "What was written").await;
    browser.see_text(".reconcile-result .told", "has not said that it has read it").await;
    browser.pictures("14-reconcile-not-read").await;
    let data = json!({"state_type": "position", "state_id": "pairs-fx/EURUSD", "data": {"symbol": "EURUSD", "lots": []},
        "run_id": run["run_id"], "epoch": run["epoch"]});
    let (status, refused) = server.post("/states", data.to_string()).await;
    assert_eq!((status.as_u16(), &refused["code"]), (409, &json!("run_paused")), "{refused}");
    // What was written is not chosen any more by whoever comes back.
    browser.click(".crumbs a", "pairs-fx.main.1").await;
    browser.see(".run-lease").await;
    browser.press("b").await;
    browser.see_text(".about-line", "kept with the last commit, MT5").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
