//! What was saved is what is read, to the last digit, on the screen too.

use reqwest::Method;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

const NUMBERS: &[&str] = &[
    "9007199254740993",
    "-9223372036854775808",
    "18446744073709551615",
    "0.123456789012345678901234567890",
    "123456789012345678901234567890.5",
    "1e22",
    "-0.0",
    "5.000000000000001",
    "100000.0",
    "1E-7",
];

const IDS: &[&str] = &[
    "x/y z-é",
    "a?b#c",
    "100%25",
    "..",
    "<script>alert(1)</script>",
    "\"quoted\" & 'more'",
    "名前",
    " leading",
];

#[tokio::test]
async fn numbers_are_shown_as_they_were_spelled() {
    let server = Server::start().await;
    let members: Vec<String> =
        NUMBERS.iter().enumerate().map(|(n, text)| format!("\"n{n}\":{text}")).collect();
    let data = format!("{{{}}}", members.join(","));
    server.save("strategy", "numbers", "{}", "bot", "empty").await;
    server.save("strategy", "numbers", &data, "bot", "all of them").await;
    let raw = server.request(Method::GET, "/states/numbers/raw?state_type=strategy").send().await.unwrap();
    assert_eq!(raw.text().await.unwrap(), data);

    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/state?type=strategy&id=numbers").await;
    for number in NUMBERS {
        browser.see_text(".change .new", number).await;
    }
    browser.go("/view/state?type=strategy&id=numbers&tab=tree").await;
    for number in NUMBERS {
        browser.see_text("main", number).await;
    }
    // The difference of numbers beyond what a double holds.
    server
        .save("strategy", "numbers", &data.replace("9007199254740993", "9007199254740994"), "bot", "one more")
        .await;
    browser.go("/view/state?type=strategy&id=numbers&tab=changes").await;
    browser.see_text(".change", "+1").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// D-038 in the console: every legal id can be listed, opened and read.
#[tokio::test]
async fn d_038_every_legal_id_can_be_opened() {
    let server = Server::start().await;
    for id in IDS {
        server.save("strategy", id, r#"{"here":true}"#, "bot <b>", "<i>why</i>").await;
    }
    let browser = Browser::open(&server.origin()).await;
    for id in IDS {
        browser.go("/view/states?sort=id").await;
        browser.click("[aria-label='States'] a", id.trim()).await;
        browser.see_text("h1", id.trim()).await;
        browser.see_text(".change", "here").await;
    }
    browser.assert_clean(&[]).await;
    browser.close().await;
}
