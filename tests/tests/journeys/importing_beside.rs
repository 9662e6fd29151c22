//! Importing beside a program that saves ten times a second.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::importing::{accept, drop_files, state_file};

const BUSY: &str = "/states/-?state_type=position&state_id=position_EURUSD-P00";

async fn beat(server: &Server, n: u64) {
    let data = json!({"symbol1": "EURUSD", "symbol2": "P00", "volume1": 0.25, "beat": n}).to_string();
    server.save("position", "position_EURUSD-P00", &data, "pairs-fx-1", "beat").await;
}

/// A program that has saved a state of the file, and goes on until it is stopped.
async fn program(server: &Arc<Server>) -> JoinHandle<()> {
    beat(server, 0).await;
    let server = Arc::clone(server);
    tokio::spawn(async move {
        let mut beats = interval(Duration::from_millis(100));
        for n in 1_u64.. {
            beats.tick().await;
            beat(&server, n).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_program_that_saves_ten_times_a_second_the_others_are_written_and_its_state_is_left() {
    let server = Arc::new(Server::start().await);
    let program = program(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("trading_state.json", &state_file(3, None))]).await;
    browser.see_text(".import-note", "Not ticked").await;
    browser.pictures("16-import-beside").await;
    accept(&browser).await;
    browser.click(".apply .act", "Write").await;
    browser.see_text(".import-result", "0 changed").await;
    program.abort();
    let (_, written) = server.get("/states/-?state_type=position&state_id=position_EURUSD-P01").await;
    assert_eq!(written["version"], 1, "{written}");
    let (_, busy) = server.get(BUSY).await;
    assert!(busy["data"]["beat"].is_u64(), "it is the program's: {busy}");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_program_that_saves_ten_times_a_second_its_older_state_goes_into_the_history() {
    let server = Arc::new(Server::start().await);
    let program = program(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("trading_state.json", &state_file(1, Some("2025-07-14T18:41:58")))]).await;
    browser.click(".import-note button", "Put it in history only").await;
    browser.see_text(".import-note", "In the history only: the state stays as it is.").await;
    accept(&browser).await;
    browser.click(".apply .act", "Write 3 versions").await;
    browser.see_text(".import-result", "1 in history only").await;
    program.abort();
    let (_, busy) = server.get(BUSY).await;
    assert!(busy["data"]["beat"].is_u64(), "it is the program's: {busy}");
    browser.assert_clean(&[]).await;
    browser.close().await;
}
