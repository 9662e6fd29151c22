//! A person looks at what was imported, and sees when it was.

use std::sync::Arc;

use stateloft_server::service::{Service, Settings};
use stateloft_server::store::sqlite::SqliteStore;
use stateloft_tests::browser::Browser;
use stateloft_tests::importing::empty;
use stateloft_tests::older::{import, update};

/// 2024-03-05T06:07:08Z
const THEN: i64 = 1_709_618_828_000_000;
const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn an_imported_version_shows_when_it_was_saved_and_that_it_was_imported() {
    let mut server = empty().await;
    let store = SqliteStore::open(&server.database()).await.unwrap();
    let service = Service::start(Arc::new(store), Settings::default()).await.unwrap();
    let rows = vec![
        update("old one", THEN, 1),
        update("old one", THEN + DAY, 2),
        update("other", THEN + 2 * DAY, 1),
    ];
    import(&service, rows).await;
    service.shutdown().await;
    server.run().await;
    server.save("bot_memory", "live", r#"{"n":1}"#, "bot", "here").await;

    let browser = Browser::open(&server.origin()).await;
    let state = "/view/state?type=bot_memory&id=old%20one";
    browser.go(state).await;
    browser.see_text(".about-line", "2024-03-06 06:07:08.000000 UTC").await;
    browser.see_text(".about-line", "imported 20").await;
    browser.see_text("[aria-label='History'] .rail-day", "6 March 2024").await;
    browser.see_text("[aria-label='History'] .rail-day", "5 March 2024").await;
    browser.see_text("[aria-label='History'] .rail-row", "imported").await;
    browser.see_text(".changes", "1 d 0 h between A and B").await;

    // The state at a time before it was imported.
    browser.go(&format!("{state}&b=2024-03-06T06%3A07%3A07Z")).await;
    browser.see_text(".about-line", "2024-03-05 06:07:08.000000 UTC").await;

    browser.go("/view/activity").await;
    browser.see_text(".day", "7 March 2024").await;
    browser.see_text(".feed", "imported, of 2024-03-07").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
