//! Every page with something on it, as pictures, and from the keyboard.

use statehouse_tests::browser::Browser;
use statehouse_tests::server::Server;

#[tokio::test]
async fn keys_lead_through_the_pages() {
    let server = Server::start().await;
    for id in ["one", "two", "three"] {
        server.save("strategy", id, r#"{"n":1}"#, "bot", "start").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text("[aria-label='Last changes']", "three").await;
    browser.press("gs").await;
    browser.see_text("[aria-label='States']", "two").await;
    assert!(browser.address().await.starts_with("/view/states"));
    browser.press("j").await;
    browser.press("j").await;
    browser.press(thirtyfour::Key::Enter).await;
    browser.see_text("h1", "two").await;
    browser.press("ga").await;
    browser.until("return location.pathname === '/view/activity'", &[], "g a does not lead to Activity").await;
    browser.press("?").await;
    browser.see_text("dialog", "next, previous").await;
    browser.press(thirtyfour::Key::Escape).await;
    browser.press("/").await;
    browser.press("thr").await;
    browser.press(thirtyfour::Key::Enter).await;
    browser.see_text("[aria-label='States'] a", "three").await;
    browser.see_no_text("[aria-label='States'] a", "one").await;
    assert!(browser.address().await.contains("q=thr"), "the search is in the address");
    browser.assert_clean(&[]).await;
    browser.close().await;
}
