//! Every page with something on it, as pictures, and from the keyboard.

use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn keys_lead_through_the_pages() {
    let server = Server::start().await;
    for id in ["one", "two", "three"] {
        server.save("strategy", id, r#"{"n":1}"#, "bot", "start").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".last-changes", "three").await;
    browser.press("gs").await;
    browser.see_text("[aria-label='States']", "two").await;
    assert!(browser.address().await.starts_with("/view/states"));
    browser.press("j").await;
    browser.press("j").await;
    browser.press(thirtyfour::Key::Enter).await;
    browser.see_text("h1", "two").await;
    browser.press("ga").await;
    browser
        .until("return location.pathname === '/view/activity'", &[], "g a does not lead to Activity")
        .await;
    browser.press("?").await;
    browser.see_text("dialog", "next, previous").await;
    browser.press(thirtyfour::Key::Escape).await;
    browser
        .until("return !document.querySelector('dialog[open]')", &[], "Escape does not close the help")
        .await;
    browser.press("/").await;
    browser.press("thr").await;
    browser.press(thirtyfour::Key::Enter).await;
    browser.see_text("[aria-label='States'] a", "three").await;
    browser.see_no_text("[aria-label='States'] a", "one").await;
    assert!(browser.address().await.contains("q=thr"), "the search is in the address");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// The pages as people see them on a busy day, for looking at; `docs/overview.png` is one of these.
#[tokio::test]
async fn every_page_on_a_busy_day() {
    let server = Server::start().await;
    server.fill_with_demo().await;
    let (_, positions) = server.get("/states?state_type=position&sort=id&limit=1").await;
    let id = positions["states"][0]["state_id"].as_str().unwrap().to_owned();
    let (_, snapshots) = server.get("/snapshots").await;
    let snapshot = snapshots["snapshots"][0]["snapshot_id"].as_str().unwrap().to_owned();

    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see(".last-changes a").await;
    browser.see_text("main", "Open positions").await;
    browser.pictures("01-overview").await;
    browser.go("/view/states").await;
    browser.see("[aria-label='States'] a").await;
    browser.pictures("02-states").await;
    let encoded = percent_encoded(&id);
    browser.go(&format!("/view/state?type=pair_state&id={encoded}")).await;
    browser.see(".change").await;
    browser.pictures("03-state-busy").await;
    browser.go(&format!("/view/state?type=pair_state&id={encoded}&tab=tree")).await;
    browser.see_text("main", "z_score").await;
    browser.pictures("03-state-tree").await;
    browser.go("/view/activity").await;
    browser.see("main a").await;
    browser.pictures("08-activity").await;
    browser.go("/view/runs").await;
    browser.see_text(".lanes .who", "pairs-fx.1").await;
    browser.see(".track .nobody").await;
    browser.press("j").await;
    browser.see(".beside").await;
    browser.pictures("12-runs-busy").await;
    // On a slow machine leases of the demo may have run out, but this one stands alone in its line.
    browser.click(".run-list a", "pairs-crypto.main.2").await;
    browser.see_text(".run-states a", "/").await;
    browser.see(".run-equity .curve, .run-equity .loading").await;
    browser.pictures("13-run-busy").await;
    browser.go("/view/snapshots").await;
    browser.see_text("main", &snapshot).await;
    browser.pictures("snapshots-busy").await;
    let target = percent_encoded(&snapshot);
    browser.go(&format!("/view/restore?target=snapshot%3A{target}")).await;
    browser.see_text("button", "Write").await;
    browser.pictures("05-restore-plan-busy").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + format!("%{byte:02X}").as_str())
}

#[tokio::test]
async fn who_looks_at_a_plan_fetches_neither_the_board_nor_by_hand() {
    let server = Server::start().await;
    server.save("position", "one", r#"{"symbol":"A","side":"long","quantity":1}"#, "bot", "start").await;
    let browser = Browser::open(&server.origin()).await;
    let fetched =
        "return performance.getEntriesByType('resource').some(entry => entry.name.includes(arguments[0]))";
    browser.go("/view/restore?target=seq:1").await;
    browser.see_text("main", "1 state").await;
    // What is fetched in advance is here when its last piece is.
    browser.until(fetched, &["split_seldom".into()], "nothing is fetched in advance").await;
    browser.until(fetched, &["split_restoring".into()], "the plan is drawn by other code").await;
    for piece in ["split_reconciling", "split_by_hand"] {
        assert_eq!(browser.script(fetched, &[piece.into()]).await, false, "{piece} is fetched for a plan");
    }
    browser.go("/view/by-hand?type=position&id=one").await;
    browser.see_text("h1", "By hand").await;
    browser.until(fetched, &["split_by_hand".into()], "By hand is drawn by other code").await;
    assert_eq!(browser.script(fetched, &["split_reconciling".into()]).await, false);
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_page_whose_code_does_not_come_says_so_and_is_tried_again() {
    let server = Server::start().await;
    server.save("strategy", "one", r#"{"n":1}"#, "bot", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.block(&["*split_*", "*chunk_*"]).await;
    browser.go("/view/states").await;
    browser.see_text("[role='alert']", "code could not be loaded").await;
    browser.block(&[]).await;
    browser.click("main button", "Try again").await;
    browser.see_text("[aria-label='States'] a", "one").await;
    browser.assert_clean(&["Failed to fetch", "Failed to load resource"]).await;
    browser.close().await;
}
