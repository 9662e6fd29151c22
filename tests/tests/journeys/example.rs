//! A stranger's page with the component in it, `docs/example.html`: two documents are pasted, verdict and difference are seen.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stateloft_tests::browser::Browser;
use stateloft_tests::files::Files;

/// The package that the console's build has made, beside the folder that this test was compiled to.
fn package() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let package = program.ancestors().nth(3).unwrap().join("component");
    assert!(
        package.join("stateloft_core.js").is_file(),
        "`cargo xtask component` makes {}",
        package.display()
    );
    package
}

async fn opened() -> (Files, Browser) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs");
    let files = Files::serve(&[("docs", docs), ("target/component", package())]).await;
    let browser = Browser::open(&files.origin()).await;
    browser.go("/docs/example.html").await;
    browser.see_text("#verdict", "valid").await;
    (files, browser)
}

/// As one pastes: all at once, in place of what stood there.
async fn paste(browser: &Browser, field: &str, text: &str) {
    let paste = "const field = document.getElementById(arguments[0]);
        field.focus(); field.select(); return document.execCommand('insertText', false, arguments[1])";
    assert_eq!(browser.script(paste, &[json!(field), json!(text)]).await, json!(true));
}

/// The table of changes, row by row.
async fn changes(browser: &Browser) -> Value {
    let rows = "return [...document.querySelectorAll('#changes tr')]
        .map(row => [...row.cells].map(cell => cell.textContent))";
    browser.script(rows, &[]).await
}

#[tokio::test]
async fn two_documents_are_pasted_and_verdict_and_difference_are_seen() {
    let (_files, browser) = opened().await;
    let expected = json!([
        ["/stop_loss", "1.0790", "1.0815", "+0.0025, +0.23 %"],
        ["/note", "", "\"to break-even\"", ""]
    ]);
    assert_eq!(changes(&browser).await, expected);
    browser.assert_fits("example").await;
    browser.picture("30-example").await;

    // Numbers that no float holds, and a text that would be markup.
    paste(&browser, "old", r#"{"symbol": "EURUSD", "n": 9007199254740993, "text": "a"}"#).await;
    paste(&browser, "new", r#"{"symbol": 7, "n": 9007199254740994, "text": "<img src=x onerror=alert(1)>"}"#)
        .await;
    browser.see_text("#verdict", "invalid").await;
    browser.see_text("#violations li", "/symbol 7 must be a text").await;
    let expected = json!([
        ["/symbol", "\"EURUSD\"", "7", ""],
        ["/n", "9007199254740993", "9007199254740994", "+1, 0.00 %"],
        ["/text", "\"a\"", "\"<img src=x onerror=alert(1)>\"", ""],
    ]);
    assert_eq!(changes(&browser).await, expected);
    assert_eq!(browser.script("return document.images.length", &[]).await, json!(0));
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_no_document_is_told_with_its_place_and_the_page_goes_on() {
    let (_files, browser) = opened().await;
    paste(&browser, "new", r#"{"a": 1, "a": 2}"#).await;
    let told = browser.see_text("#verdict", "After: duplicate key \"a\" at line 1, column 10").await;
    assert!(told.text().await.unwrap().contains("name each key once"));
    assert_eq!(changes(&browser).await, json!([]));
    paste(&browser, "old", r#"{"qty": NaN}"#).await;
    browser.see_text("#verdict", "Before: NaN and Infinity are not JSON numbers").await;
    paste(&browser, "old", r#"{"qty": 1}"#).await;
    paste(&browser, "new", r#"{"qty": 1.0}"#).await;
    browser.see_no_text("#verdict", "After").await;
    paste(&browser, "type", "no_rules_of_mine").await;
    browser.see_text("#verdict", "not checked").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
