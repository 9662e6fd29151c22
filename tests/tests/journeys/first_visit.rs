//! A person opens the console of a new server.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn an_empty_store_says_what_to_do_and_the_first_save_appears() {
    let server = Server::start().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text("h1", "No state yet").await;
    browser.see_text("pre", &format!("{}/api/v1/states", server.origin())).await;
    browser.see_text("body", "Listening for the first version").await;
    browser.pictures("10-empty").await;

    server
        .save("position", "EURUSD/GBPUSD", r#"{"direction":"long","quantity":1.20}"#, "me", "my first state")
        .await;
    browser.see_text(".last-changes a", "EURUSD/GBPUSD").await;
    browser.see_no_text("h1", "No state yet").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// What the first page shows is what can be pasted into a terminal.
#[tokio::test]
async fn the_example_on_the_first_page_works_as_printed() {
    let server = Server::start().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    let example = browser.see_text("pre", "curl").await.text().await.unwrap();
    let ran = tokio::process::Command::new("bash").args(["-c", &example]).output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{example}\n{said}");
    let (_, list) = server.get("/states").await;
    assert_eq!(list["total"], 1, "{said}");
    browser.close().await;
}
