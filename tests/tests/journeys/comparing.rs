//! A person asks what changed.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

const V1: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-21T06:12:44Z","quantity":0.8,"entry_price":1.0874,"stop_loss":1.0790,"note":"first lot only"}"#;
const V2: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-21T06:12:44Z","quantity":0.80,"entry_price":1.0874,"stop_loss":1.0832,"max_favorable_pnl":212.40}"#;
const V3: &str = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","entry_time":"2026-11-21T06:27:44Z","quantity":1.20,"entry_price":1.0874,"stop_loss":1.0851,"max_favorable_pnl":212.40}"#;

#[tokio::test]
async fn any_two_versions_are_compared_exactly() {
    let server = Server::start().await;
    for (data, why) in [(V1, "first lot filled"), (V2, "trail stop"), (V3, "second lot")] {
        server.save("position", "EURUSD/GBPUSD", data, "pairs-fx-1", why).await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.click("[aria-label='States'] a", "EURUSD/GBPUSD").await;
    browser.see_text("h1", "EURUSD/GBPUSD").await;

    // The head against the version before it.
    for change in ["stop_loss", "+0.0019", "+0.18", "+15 min", "+0.40", "+50.00"] {
        browser.see_text(".change", change).await;
    }
    // A value of before is not marked as out of date.
    let italic =
        "return [...document.querySelectorAll('.change .old')].map(cell => getComputedStyle(cell).fontStyle)";
    let styles = browser.script(italic, &[]).await;
    assert!(
        styles
            .as_array()
            .is_some_and(|styles| !styles.is_empty() && styles.iter().all(|style| style == "normal"))
    );
    browser.pictures("03-state").await;

    // An older version against the one before: same value in another spelling, one path gone, one new.
    browser.click("[aria-label='History'] button", "trail stop").await;
    for change in ["+0.0042", "spelling", "max_favorable_pnl", "note"] {
        browser.see_text(".change", change).await;
    }
    assert!(browser.address().await.contains("b=2"), "the pair is in the address");
    browser.driver().back().await.unwrap();
    browser.see_text(".change", "+0.0019").await;
    browser.driver().forward().await.unwrap();
    browser.see_text(".change", "+0.0042").await;

    // First and last, on the page made for it, from an address that somebody sent.
    browser.go("/view/compare?type=position&id=EURUSD%2FGBPUSD&a=1&b=3").await;
    browser.see_text("body", "+0.0061").await;
    browser.see_text("body", "+0.57").await;
    browser.pictures("04-compare").await;
    browser.press("2").await;
    browser.see_text("[role='tab'][aria-selected='true']", "Tree").await;
    browser.press("3").await;
    browser.see_text("body", "\"stop_loss\": 1.0851").await;
    browser.pictures("04-compare-side-by-side").await;
    browser.press("4").await;
    browser.see_text("body", "\"op\"").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
