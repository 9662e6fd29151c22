//! A person takes a snapshot, things go wrong, and the person goes back; then undoes that.

use reqwest::{Method, StatusCode};
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

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
    // The first field has the focus: what is typed at once, with its space, is in it.
    browser.see("dialog input[name='snapshot_id']:focus").await;
    browser.press("before deploy").await;
    browser.see_text("dialog button", "before deploy").await;
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
    // What was looked at, what is there now, and by how much; nothing is written before that was looked at.
    for words in ["1 ticked path of 1 state", "/stop_loss", "1.0790", "1.0900", "+0.0110", "bot, "] {
        browser.see_text(".plan-moved", words).await;
    }
    browser.see_text("form.apply .lacks", "accept the fresh plan").await;
    let shut =
        browser.script("return document.querySelector('form.apply button[type=submit]').disabled", &[]).await;
    assert_eq!(shut, true);
    browser.pictures("17-plan-moved").await;
    browser.click("button", "Accept the fresh plan").await;
    browser.click("button", "Write 1 state").await;
    browser.see_text("main", "1 state written").await;
    assert_eq!(read(&server, "strategy", "s").await, STOP);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

/// A bot saves ten times a second, in other paths than the one that is restored.
#[tokio::test]
async fn a_restore_and_its_undo_are_written_while_a_bot_beats() {
    let server = std::sync::Arc::new(Server::start().await);
    let data = |stop: &str, beat: u64| format!(r#"{{"stop_loss":{stop},"beat":{beat}}}"#);
    server.save("bot_memory", "grid", &data("1.0790", 0), "bot", "one").await;
    server.save("bot_memory", "grid", &data("1.0851", 1), "deploy-46", "two").await;
    let (beats, stop) = tokio::sync::watch::channel(2_u64);
    let bot = {
        let server = std::sync::Arc::clone(&server);
        tokio::spawn(async move {
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(100));
            while !beats.is_closed() {
                pace.tick().await;
                // It keeps its own path, whatever stands in the others: what was restored it has read again. The version is
                // read first, so that what is read after it is at least as new.
                let version = server.get("/states/grid?state_type=bot_memory").await.1["version"].clone();
                let text = read(&server, "bot_memory", "grid").await;
                let stop = text.split([':', ',']).nth(1).unwrap().to_owned();
                let beat = *beats.borrow();
                let body = format!(
                    r#"{{"state_type":"bot_memory","state_id":"grid","expected_version":{version},"data":{{"stop_loss":{stop},"beat":{beat}}}}}"#
                );
                // Whoever was first wrote; the next beat reads again.
                let _ = server.post("/states", body).await;
                beats.send_modify(|beat| *beat += 1);
            }
        })
    };
    let browser = Browser::open(&server.origin()).await;
    browser
        .go("/view/restore?target=seq%3A1&state=bot_memory%2Fgrid&left=bot_memory%252Fgrid%20%2Fbeat")
        .await;
    browser.see_text("button", "Write 1 state").await;
    browser.see_text(".exactness", "1 of 2 paths").await;
    browser.see_text(".exactness", "1 result never existed before").await;
    browser.fill("textarea", "the stop back").await;
    browser.click("button", "Write 1 state").await;
    browser.see_text("main", "1 state written").await;
    browser.see_text("main", "not exactly the target").await;
    assert!(read(&server, "bot_memory", "grid").await.starts_with(r#"{"stop_loss":1.0790,"#));
    browser.click("button", "Undo").await;
    browser.see_text("main", "It undid an earlier restore").await;
    assert!(read(&server, "bot_memory", "grid").await.starts_with(r#"{"stop_loss":1.0851,"#));
    drop(stop);
    bot.await.unwrap();
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn noise_is_shown_and_ticked_and_a_restore_can_be_byte_for_byte() {
    let server = Server::start().await;
    let position = |price: &str, stop: &str| {
        format!(r#"{{"symbol1":"EURUSD","quantity":0.80,"last_price":{price},"stop_loss":{stop}}}"#)
    };
    server.save("position", "p", &position("1.08", "1.0790"), "bot", "one").await;
    server.save("position", "p", &position("1.09", "1.0851"), "bot", "two").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore?target=seq%3A1&state=position%2Fp").await;
    browser.see_text(".exactness", "1 of 2 paths").await;
    browser.click("button.unfold", "p").await;
    browser.click(".plan-foot button", "Show and tick").await;
    browser.see_text(".plan-list", "/last_price").await;
    browser.click("label", "Byte for byte instead").await;
    browser.see_text(".exactness", "exact").await;
    browser.fill("textarea", "all of it").await;
    browser.click("label", "I accept").await;
    browser.click("button", "Write 1 state").await;
    browser.see_text("main", "exactly the target").await;
    assert_eq!(read(&server, "position", "p").await, position("1.08", "1.0790"));
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
