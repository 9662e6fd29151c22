//! On a store where very much is written: what is searched is searched to the first version, and lists go on to it.

use serde_json::{Value, json};
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

/// So many versions by a busy author, in batches.
async fn busy(server: &Server, versions: usize) {
    for batch in 0..versions / 1000 {
        let item = |n: usize| {
            let data = json!({ "beat": batch * 1000 + n });
            json!({ "op": "save", "state_type": "market_data", "state_id": format!("feed-{}", n), "data": data })
        };
        let items: Vec<Value> = (0..1000).map(item).collect();
        let body = json!({ "items": items, "user_id": "md-feed", "description": "beat" });
        let (status, answer) = server.post("/batch", body.to_string()).await;
        assert!(status.is_success(), "{status}: {answer}");
    }
}

#[tokio::test]
async fn a_filtered_feed_is_searched_to_the_first_version_and_says_so() {
    let server = Server::start().await;
    server.save("configuration", "risk", r#"{"max":1}"#, "deploy-46", "first").await;
    busy(&server, 24_000).await;
    server.save("configuration", "risk", r#"{"max":2}"#, "deploy-46", "second").await;

    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/activity?author=deploy-46").await;
    browser.see_text(".feed-panel a.trow", "v1").await;
    browser.see_text(".feed-panel .foot", "2 found, all 24,002 versions searched").await;
    browser.pictures("20-activity-searched").await;

    browser.go("/view/activity?author=nobody").await;
    browser.see_text(".feed-panel", "No version matches").await;
    browser.see_text(".feed-panel", "all 24,002 versions searched").await;
    server.save("configuration", "risk", r#"{"max":3}"#, "nobody", "now").await;
    browser.see_text(".feed-panel a.trow", "v3").await;

    browser.go("/view/activity?type=Position").await;
    browser.see_text(".feed-panel", "is not the name of a type").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_search_can_be_stopped_and_goes_on() {
    let server = Server::start().await;
    busy(&server, 24_000).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/activity").await;
    browser.see(".feed-panel a.trow").await;
    // A slow network, so that there is something to stop.
    browser.slow(800).await;
    browser.script("history.pushState(null, '', '/view/activity?author=nobody'); dispatchEvent(new PopStateEvent('popstate'))", &[]).await;
    browser.click(".feed-panel button", "Stop").await;
    browser.see_text(".feed-panel", "Nothing matches so far").await;
    browser.see_text(".feed-panel", "searched").await;
    browser.click(".feed-panel button", "Search on").await;
    browser.see_text(".feed-panel", "No version matches").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_rail_goes_on_to_the_first_version() {
    let server = Server::start().await;
    // Enough for several pages, all in bursts: they fold into few rows.
    for n in 0..900 {
        server.save("strategy", "busy", &format!(r#"{{"n":{n}}}"#), "bot", "beat").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=strategy&id=busy").await;
    browser.see_text(".rail", "900 versions").await;
    let first = "const area = document.querySelector('.rail .virtual');
        area.scrollTop = 1e6; area.dispatchEvent(new Event('scroll'));
        return [...document.querySelectorAll('.rail-row b.mono')].some(e => e.innerText === 'v1')";
    browser.until(first, &[], "the rail does not go on to the first version").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
