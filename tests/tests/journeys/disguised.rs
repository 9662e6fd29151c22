//! Ids, keys and values that would look like others, or turn their line round.

use stateloft_tests::browser::Browser;
use stateloft_tests::client::encoded;
use stateloft_tests::server::Server;

/// Ids that look like `BTC/USDT`, or read differently than they are.
const DISGUISED: [(&str, &str, &str); 3] = [
    ("BTC\u{200b}/USDT", ".hidden-char", "U+200B"),
    ("stop\u{202e}0581.1", ".hidden-char", "U+202E"),
    ("B\u{422}C/USDT", ".look-alike", "≠"),
];

#[tokio::test]
async fn what_an_id_a_key_or_a_value_hides_is_shown_on_every_page() {
    let server = Server::start().await;
    server.save("strategy", "BTC/USDT", r#"{"n":1}"#, "bot", "start").await;
    for (id, _, _) in DISGUISED {
        server.save("strategy", id, r#"{"n":1}"#, "bot", "start").await;
        let data = "{\"n\":1,\"limit\":\"1.\u{202e}0582\",\"مفتاح\":12,\"k\u{200b}ey\":2}";
        server.save("strategy", id, data, "b\u{43e}t", "move").await;
    }
    let browser = Browser::open(&server.origin()).await;
    for (id, mark, says) in DISGUISED {
        browser.go("/view/states").await;
        browser.see_text(&format!("[aria-label='States'] {mark}"), says).await;
        browser.go("/view/activity").await;
        browser.see_text(&format!("main {mark}"), says).await;
        browser.go(&format!("/view/state?type=strategy&id={}", encoded(id))).await;
        browser.see_text(&format!("h1 {mark}"), says).await;
        browser.see_text(".change .hidden-char", "U+202E").await;
        browser.see_text(".change .hidden-char", "U+200B").await;
        // Another alphabet is isolated, and not marked.
        browser.see_text(".change bdi", "مفتاح").await;
    }
    browser.pictures("disguised").await;
    browser.go("/view/state?type=strategy&id=BTC/USDT").await;
    browser.see_text("h1", "BTC/USDT").await;
    browser.see_no_text("h1 .hidden-char", "U+").await;
    browser.see_no_text("h1 .look-alike", "≠").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// What the document is called, what a toast says, what stands below a version in the rail, and what a chart's point says.
#[tokio::test]
async fn what_stands_in_titles_toasts_the_rail_and_charts_hides_nothing_either() {
    let server = Server::start().await;
    let id = "stop\u{202e}0581.1";
    server.save("strategy", id, r#"{"n":1}"#, "b\u{202e}ot", "wi\u{200b}den").await;
    server.save("strategy", id, r#"{"n":2}"#, "مفتاح", "again").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/state?type=strategy&id={}&path=/n", encoded(id))).await;
    browser
        .until(
            "return document.title.includes('stop[U+202E]0581.1')",
            &[],
            "the title hides what is in the id",
        )
        .await;
    browser.until("return !document.title.includes('\\u202e')", &[], "the title turns its line round").await;
    browser.see_text(".rail-row .two .hidden-char", "U+202E").await;
    browser.see_text(".rail-row .two .hidden-char", "U+200B").await;
    browser.see_text(".rail-row .two bdi", "مفتاح").await;
    browser.click("button[aria-label='More']", "").await;
    browser.click(".menu button", "Delete").await;
    browser.see_text("dialog h2", "stop[U+202E]0581.1").await;
    browser.fill("dialog textarea, dialog input", "gone").await;
    browser.click("dialog button[type=submit]", "Delete").await;
    browser.see_text(".toast", "Deleted \u{2068}stop[U+202E]0581.1\u{2069}.").await;
    browser.pictures("disguised-toast").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

/// A value in a point of a chart is told like any other.
#[tokio::test]
async fn the_points_of_a_chart_say_what_their_values_hide() {
    let server = Server::start().await;
    for limit in ["1.5", "2.5"] {
        server.save("strategy", "s", &format!("{{\"k\u{200b}ey\":{limit}}}"), "bot", "move").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/state?type=strategy&id=s&path={}", encoded("/k\u{200b}ey"))).await;
    browser.see_text(".over-time .hidden-char", "U+200B").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
