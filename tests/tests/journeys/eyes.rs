//! What of a plan has been looked at: set by hand, lost by what moves, and asked for before anything is written.

use serde_json::Value;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;
use thirtyfour::Key;

fn position(stop: &str, limit: &str) -> String {
    format!(r#"{{"quantity":0.80,"stop_loss":{stop},"take_profit":{limit}}}"#)
}

/// Two states, each with two paths that differ from `seq:2`.
async fn moved_stops() -> Server {
    let server = Server::start().await;
    for id in ["alpha", "beta"] {
        server.save("strategy", id, &position("1.0790", "1.0931"), "bot", "entry").await;
    }
    for id in ["alpha", "beta"] {
        server.save("strategy", id, &position("1.0851", "1.0869"), "deploy-46", "widen").await;
    }
    server
}

async fn is_shut(browser: &Browser) -> Value {
    browser.script("return document.querySelector('form.apply button[type=submit]').disabled", &[]).await
}

/// What row the keys are at, and whether it has its eye.
async fn at(browser: &Browser, row: &str, seen: bool) {
    let script = "const row = document.querySelector('.plan-list .cursor');
        return row && row.innerText.includes(arguments[0])
            && row.querySelector('.eye').getAttribute('aria-pressed') === arguments[1]";
    let complaint = format!("the keys are not at {row}, or its eye is not {seen}");
    browser.until(script, &[row.into(), seen.to_string().into()], &complaint).await;
}

#[tokio::test]
async fn eyes_are_set_by_keys_and_the_button_counts_what_has_none() {
    let server = moved_stops().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore?target=seq%3A2").await;
    browser.see_text("form.apply button", "Write 2 states, 4 paths not looked at: 2 changed").await;
    browser.see_text(".plan-list .filter.unseen", "4 not looked at").await;
    // A state whole.
    browser.press("j").await;
    at(&browser, "alpha", false).await;
    browser.press(" ").await;
    at(&browser, "alpha", true).await;
    browser.see_text("form.apply button", "Write 2 states, 2 paths not looked at").await;
    // Path by path.
    browser.press("j").await;
    at(&browser, "beta", false).await;
    browser.press(Key::Enter).await;
    browser.see_text(".plan-change", "/stop_loss").await;
    browser.press("j").await;
    at(&browser, "/stop_loss", false).await;
    browser.press(" ").await;
    at(&browser, "/stop_loss", true).await;
    browser.see_text("form.apply button", "Write 2 states, 1 path not looked at").await;
    browser.pictures("17-eyes").await;
    // The chip shows what has none, and what gets its eye leaves the list.
    browser.click(".plan-list .filter.unseen", "1 not looked at").await;
    browser.see_no_text(".plan-list", "/stop_loss").await;
    browser.see_text(".plan-change", "/take_profit").await;
    browser.click(".plan-change .eye", "").await;
    browser.see_text("form.apply button", "Write 2 states: 2 changed").await;
    browser.see_no_text(".plan-list", "/take_profit").await;
    // What is left out is not asked for.
    browser.click(".plan-list .filter", "all").await;
    assert_eq!(is_shut(&browser).await, true, "a reason is missing");
    browser.fill("textarea", "back").await;
    browser.click("form.apply button", "Write 2 states: 2 changed").await;
    browser.see_text("main", "2 states written").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_moves_loses_its_eye_and_holds_the_write_until_it_has_it_again() {
    let server = moved_stops().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore?target=seq%3A2").await;
    browser.see_text("form.apply button", "4 paths not looked at").await;
    for state in ["alpha", "beta"] {
        browser.press("j").await;
        at(&browser, state, false).await;
        browser.press(" ").await;
    }
    browser.fill("textarea", "back").await;
    browser.see_text("form.apply button", "Write 2 states: 2 changed").await;
    server.save("strategy", "alpha", &position("1.0866", "1.0869"), "pairs-fx-1", "trail").await;
    browser.click("form.apply button", "Write 2 states").await;
    browser.see_text(".plan-moved", "1 ticked path of 1 state").await;
    // One of four, and nothing else, is not looked at.
    browser.see_text("form.apply button", "Write 2 states, 1 path not looked at").await;
    browser.see_text("form.apply .lacks", "1 ticked path has moved").await;
    at(&browser, "/stop_loss", false).await;
    assert_eq!(is_shut(&browser).await, true);
    browser.pictures("17-plan-moved-eyes").await;
    // Its own eye opens the button.
    browser.script("document.activeElement.blur()", &[]).await;
    browser.press(" ").await;
    at(&browser, "/stop_loss", true).await;
    browser.see_text("form.apply button", "Write 2 states: 2 changed").await;
    // It moves once more; now the fresh plan is accepted as a whole, by a key.
    server.save("strategy", "alpha", &position("1.0877", "1.0869"), "pairs-fx-1", "trail").await;
    browser.click("form.apply button", "Write 2 states").await;
    browser.see_text(".plan-moved", "1.0877").await;
    browser.see_text("form.apply .lacks", "1 ticked path has moved").await;
    browser.script("document.activeElement.blur()", &[]).await;
    browser.press("y").await;
    browser.see_text("form.apply button", "Write 2 states: 2 changed").await;
    browser.click("form.apply button", "Write 2 states").await;
    browser.see_text("main", "2 states written").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
