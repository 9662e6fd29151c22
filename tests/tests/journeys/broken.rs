//! From a version that is seen to be bad back to before it.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

/// A position; a stop that is no number breaks a rule.
fn position(stop: &str) -> String {
    format!(
        r#"{{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-21T06:12:44Z","quantity":1.2,"entry_price":1.0874,"stop_loss":{stop}}}"#
    )
}

#[tokio::test]
async fn a_bad_version_says_since_when_and_by_whom_and_leads_back_to_before_it() {
    let server = Server::start().await;
    let save = async |stop: &str, author: &str, why: &str| {
        server.save("position", "EURUSD", &position(stop), author, why).await;
    };
    save("1.05", "pairs-fx-1", "open").await;
    save("1.06", "pairs-fx-1", "trail").await;
    save(r#""soon""#, "deploy-46", "new release").await;
    save(r#""later""#, "pairs-fx-1", "trail").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=position&id=EURUSD").await;
    browser.see_text(".state-head .notice", "Invalid since v3, by deploy-46: 2 versions").await;
    browser.pictures("19-broken").await;
    browser.click(".state-head .notice a", "Plan a restore to v2, before this").await;
    browser.see_text(".plan-list", "EURUSD").await;
    browser.see_text(".asked", "seq 2,").await;

    browser.go("/view/state?type=position&id=EURUSD&b=3").await;
    browser.see_text(".state-head .notice", "Invalid since this version, v3, by deploy-46").await;
    browser.press("r").await;
    browser.see_text(".asked", "seq 2,").await;

    browser.go("/view/activity?invalid=1&author=deploy-46").await;
    browser.click(".feed-panel a.trow", "EURUSD").await;
    browser.see_text(".detail", "Invalid since this version, v3, by deploy-46").await;
    browser.see_no_text(".detail .foot", "Plan a restore to v3").await;
    browser.click(".detail .notice a", "Plan a restore to v2, before this").await;
    browser.see_text(".asked", "seq 2,").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_author_of_one_deploy_shows_among_busy_ones_and_positions_show_their_ids() {
    let server = Server::start().await;
    for author in ["a", "b", "c", "d", "e", "f", "g", "h", "i"] {
        for n in 0..12 {
            let data = format!(r#"{{"n":{n},"by":"{author}"}}"#);
            server.save("strategy", &format!("s-{author}"), &data, &format!("bot-{author}"), "beat").await;
        }
    }
    server.save("configuration", "risk", r#"{"max":1}"#, "deploy-46", "release").await;
    for id in ["lot-0001", "lot-0002"] {
        let data = position("1.05");
        server.save("position", id, &data, "bot-a", "open").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".authors a", "deploy-46").await;
    browser.see_text(".authors a", "rare today").await;
    browser.see_text(".positions a", "lot-0001").await;
    browser.see_text(".positions a", "lot-0002").await;
    browser.pictures("19-overview-rare").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
