//! What others do shows at once, on every page, without a reload.

use reqwest::Method;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn a_save_a_delete_and_a_lost_connection_show_in_the_list() {
    let mut server = Server::start().await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.0}"#, "ops.desk", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text("[aria-label='States'] a", "pairs_fx").await;

    server.save("configuration", "risk limits/é", r#"{"max":1}"#, "ops.desk", "start").await;
    browser.see_text("[aria-label='States'] a", "risk limits/é").await;
    server.save("configuration", "risk limits/é", r#"{"max":3}"#, "ops.desk", "raise").await;
    browser.see_text("[aria-label='States'] a", "max +2").await;

    // The server is gone for a while, and writes go on as soon as it is back: nothing of them is missed.
    server.kill().await;
    browser.see_text(".live", "Reconnecting").await;
    server.run().await;
    server.save("strategy", "pairs_fx", r#"{"entry_z":2.5}"#, "ops.desk", "tighten").await;
    browser.see_text("[aria-label='States'] a", "entry_z +0.5").await;
    browser.see_text(".live", "Live").await;

    let path = "/states/pairs_fx?state_type=strategy&user_id=ops.desk";
    let deleted = server.request(Method::DELETE, path).send().await.unwrap();
    assert!(deleted.status().is_success(), "{}", deleted.status());
    browser.see_no_text("[aria-label='States'] a", "pairs_fx").await;
    browser.assert_clean(&["WebSocket", "Failed to load resource", "Failed to fetch"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_paused_feed_stands_still_and_drops_nothing() {
    let server = Server::start().await;
    server.save("strategy", "pairs_fx", r#"{"n":0}"#, "bot", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/activity").await;
    browser.see_text("a, button", "pairs_fx").await;
    browser.click("button", "Pause").await;
    for n in 1..=5 {
        let id = format!("state-{n}");
        server.save("strategy", &id, &format!(r#"{{"n":{n}}}"#), "bot", "while paused").await;
    }
    browser.see_text("body", "5 new").await;
    browser.see_no_text("main a", "state-5").await;
    browser.click("button", "Resume").await;
    for n in 1..=5 {
        browser.see_text("main", &format!("state-{n}")).await;
    }
    browser.assert_clean(&[]).await;
    browser.close().await;
}
