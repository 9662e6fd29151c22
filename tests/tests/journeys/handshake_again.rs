//! What was asked of live programs is asked once more: from a page that never asked, and when a restore is taken back.

use serde_json::{Value, json};
use stateloft_tests::bot::Manner;
use stateloft_tests::bots::At;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;
use tokio::task::JoinHandle;

use crate::handshake::{bot, column, limit, restore};

/// Somebody else asks for a restore, without any console.
fn asks(at: &At, plan: &(String, Value), wait: u64) -> JoinHandle<(u16, Value)> {
    let (at, plan) = (at.clone(), plan.clone());
    tokio::spawn(async move { at.apply(&plan, &json!({"wait_seconds": wait})).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_not_ask_leaves_out_who_is_silent_and_writes_the_rest() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let seq = at.limits_were_moved(&["good", "rude"]).await;
    let _good = bot(&server, "good", 3_600, Manner::Answers).await;
    let _rude = bot(&server, "rude", 3_600, Manner::Silent).await;
    let applying = asks(&at, &at.plan(seq, &["good", "rude"]).await, 90);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.click(".shake-bar a", "Look").await;
    browser.see_text(".page-head .about", "waiting for rude.main.1").await;
    browser.see_text(".shake-card", "2 changed").await;
    browser.pictures("18-handshake-elsewhere").await;
    browser.click(".shake-act button", "Leave rude out, write 1 state").await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    assert_eq!((limit(&server, "good").await, limit(&server, "rude").await), (json!(1), json!(2)));
    assert_eq!(applying.await.unwrap().1["code"], "handshake_stopped");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_did_not_ask_writes_without_a_word_under_his_own_name_while_the_server_remembers_it() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("rude").await;
    let _rude = bot(&server, "rude", 3_600, Manner::Silent).await;
    let plan = at.plan(good, &["rude"]).await;
    let (_, refused) = asks(&at, &plan, 1).await.unwrap();
    assert_eq!(refused["code"], "no_word", "{refused}");
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/handshake/{}", refused["handshake"].as_str().unwrap())).await;
    browser.see_text(&format!("{} .never", column("rude")), "no word until").await;
    browser.fill("form.without-word textarea", "it hangs").await;
    browser.fill("form.without-word input[autocomplete='username']", "bob").await;
    browser.click("form.without-word button", "Write 1 state without the word of rude.main.1").await;
    browser.see_text(".page-head .about", "rude.main.1 has not said that it has read it").await;
    browser.see_text(".shake-card", "by bob. “bad deploy”").await;
    browser.see_text(".shake-card", "Without a word: “it hangs”, said by bob").await;
    assert_eq!(limit(&server, "rude").await, 1);
    let (_, restores) = server.get("/restores?limit=1").await;
    let restore = &restores["restores"][0];
    assert_eq!((&restore["user_id"], &restore["reason"]), (&json!("bob"), &json!("bad deploy")));
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_server_remembers_is_said_and_can_only_be_planned_anew() {
    let mut server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("rude").await;
    let _rude = bot(&server, "rude", 3_600, Manner::Silent).await;
    let (_, refused) = asks(&at, &at.plan(good, &["rude"]).await, 1).await.unwrap();
    let path = format!("/handshakes/{}/order", refused["handshake"].as_str().unwrap());
    let (status, order) = server.get(&path).await;
    assert_eq!((status.as_u16(), &order["body"]["reason"]), (200, &json!("bad deploy")), "{order}");
    assert!(order["path"].as_str().unwrap().ends_with("/apply"), "{order}");
    server.kill().await;
    server.run().await;
    let (status, forgotten) = server.get(&path).await;
    assert_eq!((status.as_u16(), &forgotten["code"]), (404, &json!("order_not_kept")), "{forgotten}");
    let (status, none) = server.get("/handshakes/none/order").await;
    assert_eq!((status.as_u16(), &none["code"]), (404, &json!("handshake_not_found")), "{none}");
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/handshake/{}", refused["handshake"].as_str().unwrap())).await;
    browser.see_text(".shake-act", "What was asked for is not remembered").await;
    browser.until("return !document.querySelector('.without-word')", &[], "what is not known is sent").await;
    browser.click(".shake-act a", "Plan a restore").await;
    browser.see("h1").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_asked_is_taken_back_and_the_program_is_asked_again() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("poll").await;
    let mut polling = bot(&server, "poll", 3_600, Manner::Answers).await;
    let browser = Browser::open(&server.origin()).await;
    restore(&browser, good, &["poll"], "90").await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    polling.until("reloaded 200 OK 1").await;
    browser.click(".shake-card a", "What was written, and Undo").await;
    browser.click(".result .undo", "Undo: write the state as it was before").await;
    // It has a handshake of its own, and the page follows it.
    browser.see_text(".shake-card", "Undo of restore").await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    polling.until("reloaded 200 OK 2").await;
    assert_eq!(limit(&server, "poll").await, 2);
    browser.pictures("18-handshake-undo").await;
    let (_, list) = server.get("/handshakes?run_id=poll.main.1").await;
    assert_eq!(list["handshakes"].as_array().unwrap().len(), 2, "{list}");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
