//! A person takes a snapshot, things go wrong, and the person goes back; then undoes that.

use reqwest::{Method, StatusCode};
use statehouse_tests::browser::Browser;
use statehouse_tests::server::Server;

const STOP: &str = r#"{"entry_price":1.0874,"stop_loss":1.0832}"#;
const BAD_STOP: &str = r#"{"entry_price":1.0874,"stop_loss":1.0790}"#;
const LIMITS: &str = r#"{"max_lots":3}"#;

#[tokio::test]
async fn snapshot_change_restore_undo_with_a_restart_in_the_middle() {
    let mut server = Server::start().await;
    server.save("strategy", "EURUSD/GBPUSD", STOP, "pairs-fx-1", "entry").await;
    server.save("configuration", "risk_limits", LIMITS, "ops.desk", "limits").await;

    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/snapshots").await;
    browser.click("button", "Take a snapshot").await;
    browser.fill("input[name='snapshot_id']", "before-deploy").await;
    browser.click("dialog button", "Take before-deploy").await;
    browser.see_text("[aria-label='Snapshots']", "before-deploy").await;
    browser.pictures("snapshots").await;

    // A bad deploy: one stop moved, one state deleted, one that never should have been.
    server.save("strategy", "EURUSD/GBPUSD", BAD_STOP, "deploy-46", "widen").await;
    let path = "/states/risk_limits?state_type=configuration&user_id=deploy-46";
    assert_eq!(server.request(Method::DELETE, path).send().await.unwrap().status(), StatusCode::OK);
    server.save("strategy", "stray", r#"{"x":1}"#, "deploy-46", "oops").await;

    browser.click("[aria-label='Snapshots'] a", "Compare with now").await;
    for story in ["~ changed", "− deleted since", "+ new since"] {
        browser.see_text("[aria-label='Since the snapshot'] a", story).await;
    }
    browser.pictures("snapshots-compare").await;
    browser.go("/view/restore?target=snapshot%3Abefore-deploy").await;
    browser.see_text("main", "risk_limits").await;
    let button = "1 changed, 1 recreated, 1 deleted";
    browser.see_text("button", button).await;
    browser.pictures("05-restore-plan").await;
    assert_eq!(read(&server, "strategy", "EURUSD%2FGBPUSD").await, BAD_STOP, "a plan writes nothing");

    // The server restarts while the plan is on the screen; the plan still holds.
    assert_eq!(server.stop().await, Some(0), "a polite end");
    server.run().await;
    browser.see_text(".live", "Live").await;

    browser.fill("textarea", "stops were moved by deploy 46").await;
    browser.fill("input[inputmode='numeric']", "1").await;
    browser.click("button", button).await;
    browser.see_text("main", "3 states written").await;
    browser.pictures("05-restore-result").await;
    assert_eq!(read(&server, "strategy", "EURUSD%2FGBPUSD").await, STOP);
    assert_eq!(read(&server, "configuration", "risk_limits").await, LIMITS);
    let (status, _) = server.get("/states/stray?state_type=strategy").await;
    assert_eq!(status, StatusCode::GONE);

    browser.click("button", "Undo").await;
    browser
        .until(
            "return [...document.querySelectorAll('main')].some(m => m.innerText.includes('undo'))",
            &[],
            "no word of the undo",
        )
        .await;
    wait_for(&server, "strategy", "EURUSD%2FGBPUSD", BAD_STOP).await;
    assert_eq!(read(&server, "strategy", "stray").await, r#"{"x":1}"#);
    let (status, report) = server.get("/verify").await;
    assert_eq!((status, &report["ok"]), (StatusCode::OK, &true.into()), "{report}");
    browser.assert_clean(&["WebSocket", "Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_plan_whose_state_moved_writes_nothing_and_is_worked_out_afresh() {
    let server = Server::start().await;
    server.save("strategy", "s", STOP, "bot", "one").await;
    server.save("strategy", "s", BAD_STOP, "bot", "two").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore?target=seq%3A1&state=strategy%2Fs").await;
    browser.see_text("button", "Write 1 state").await;
    browser.fill("textarea", "back to one").await;
    server.save("strategy", "s", r#"{"entry_price":1.0874,"stop_loss":1.0900}"#, "bot", "three").await;
    browser.click("button", "Write 1 state").await;
    browser.see_text("body", "Nothing was written").await;
    let (_, history) = server.get("/states/s/history?state_type=strategy&data=false").await;
    assert_eq!(history["total_count"], 3, "nothing was written");
    let reason = browser.script("return document.querySelector('textarea').value", &[]).await;
    assert_eq!(reason, "back to one", "the reason is kept");
    browser.click("button", "Write 1 state").await;
    browser.see_text("main", "1 state written").await;
    assert_eq!(read(&server, "strategy", "s").await, STOP);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

async fn read(server: &Server, state_type: &str, encoded_id: &str) -> String {
    let path = format!("/states/{encoded_id}/raw?state_type={state_type}");
    server.request(Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

/// Waits for an event on the server's own stream rather than for time to pass.
async fn wait_for(server: &Server, state_type: &str, encoded_id: &str, data: &str) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while read(server, state_type, encoded_id).await != data {
        assert!(tokio::time::Instant::now() < deadline, "{encoded_id} did not become {data}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
