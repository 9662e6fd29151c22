//! The health page: figures, checking the chain, moving the circuit breaker by hand.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn the_breaker_is_opened_and_reset_and_the_chain_is_checked() {
    let server = Server::start().await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "ops.desk", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".last-changes", "pairs_fx").await;
    browser.press("gh").await;
    browser.see_text("h1", "Health").await;
    browser.see_text(".page-head", "Everything works").await;
    browser.see_text("[aria-label='Store']", "answers").await;
    browser.click("button", "Verify the chain now").await;
    browser.see_text("body", "1 version checked, as they were written").await;
    browser.pictures("09-health").await;

    browser.click("[aria-label='Circuit breaker'] button", "Open by hand").await;
    browser.click("dialog button", "refuse every call").await;
    browser.see_text(".page-head", "circuit breaker is open").await;
    let body = r#"{"state_type":"strategy","state_id":"pairs_fx","data":{"entry_z":2.5}}"#;
    let (status, refused) = server.post("/states", body).await;
    assert_eq!(status, 503, "{refused}");
    browser.click("[aria-label='Circuit breaker'] button", "Reset").await;
    browser.click("dialog[open] button", "Reset it: let calls through").await;
    browser.see_text(".page-head", "Everything works").await;
    let (status, saved) = server.post("/states", body).await;
    assert_eq!(status, 200, "{saved}");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
