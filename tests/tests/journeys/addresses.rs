//! An address that somebody typed, copied or cut: what of it the page cannot read is said.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn what_a_page_cannot_read_in_its_address_is_said_and_plans_nothing() {
    let server = Server::start().await;
    for id in ["A/B", "C/D"] {
        server.save("position", id, r#"{"symbol":"A","stop_loss":1}"#, "bot", "start").await;
        server.save("position", id, r#"{"symbol":"A","stop_loss":2}"#, "bot", "move").await;
    }
    let browser = Browser::open(&server.origin()).await;
    for (address, says) in [
        ("/view/states?types=order", "is type meant?"),
        ("/view/states?at=2026-03-01T10:00:00Z", "what you see is now"),
        ("/view/state?type=position&id=A/B&b=2026-03-01T10:00:00+02:00", "write %2B in its place"),
        ("/view/restore?target=seq:1&states=position/A/B", "Nothing is planned."),
        ("/view/restore?target=seq:1&state=position/A/B&left=stop_loss", "the pointer of a path"),
        ("/view/restore?target=seq:1&state=A", "a type, / and an id"),
    ] {
        browser.go(address).await;
        browser.see_text("main [role='note']", says).await;
        if address.contains("restore") {
            browser.see_no_text("main button", "Write").await;
        }
    }
    browser.pictures("address-misread").await;
    // What is named in the right form, and is not there, the server refuses by name.
    browser.go("/view/restore?target=seq:1&state=position/A/B&left=position%252FA%252FB%20/nosuch").await;
    browser.see_text("main", "/nosuch").await;
    browser.see_no_text("main [role='note']", "could not be read").await;
    browser.go("/view/restore?target=seq:1&state=position/A/B&left=position%252FA%252FB%20/stop_loss").await;
    browser.see_text("main", "Restore plan").await;
    browser.see_no_text("main", "could not be read").await;
    browser.close().await;
}
