//! Lists stand still while somebody points, selects or reads, say what waits, and are found again where they were left.

use reqwest::StatusCode;
use serde_json::json;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;
use thirtyfour::Key;

const ROW: &str = "[aria-label='States'] a.trow";

async fn store() -> Server {
    let server = Server::start().await;
    for id in ["one", "two", "three"] {
        server.save("strategy", id, r#"{"n":1}"#, "bot", "start").await;
    }
    server
}

async fn five_more(server: &Server, named: &str) {
    for n in 1..=5 {
        server.save("strategy", &format!("{named}-{n}"), r#"{"n":1}"#, "bot", "busy").await;
    }
}

/// The text of the rows that match, top first.
async fn rows(browser: &Browser, css: &str) -> Vec<String> {
    let script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)";
    let rows = browser.script(script, &[json!(css)]).await;
    serde_json::from_value(rows).unwrap()
}

async fn point_at(browser: &Browser, css: &str) {
    let element = browser.see(css).await;
    browser.driver().action_chain().move_to_element_center(&element).perform().await.unwrap();
}

#[tokio::test]
async fn a_list_of_states_stands_still_while_somebody_points_or_selects() {
    let server = store().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text(ROW, "three").await;

    point_at(&browser, ROW).await;
    five_more(&server, "pointed").await;
    browser.see_text(".new-pill", "5 new").await;
    assert!(rows(&browser, ROW).await[0].contains("three"), "what is pointed at stays where it is");
    point_at(&browser, "h1").await;
    browser.see_text(ROW, "pointed-5").await;
    browser.see_no_text(".states-table", "5 new").await;

    browser.press("j").await;
    browser.press("x").await;
    browser.see_text(".bulk", "1 state selected").await;
    five_more(&server, "selected").await;
    browser.see_text(".new-pill", "5 new").await;
    browser.pictures("18-states-still").await;
    assert!(rows(&browser, ROW).await[0].contains("pointed-5"), "a tick stays on its row");
    browser.click(".new-pill", "5 new").await;
    browser.see_text(ROW, "selected-5").await;
    browser.see_text(".bulk", "1 state selected").await;

    browser.press(Key::Escape).await;
    browser.press(Key::Escape).await;
    point_at(&browser, "h1").await;
    five_more(&server, "free").await;
    browser.see_text(ROW, "free-5").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_feed_the_overview_and_the_rail_stand_still_as_well() {
    let server = store().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/activity").await;
    let feed = ".feed-panel a.trow";
    browser.click(feed, "two").await;
    browser.see_text(".detail", "two").await;
    point_at(&browser, "h1").await;
    five_more(&server, "feed").await;
    browser.see_text(".new-pill", "5 new").await;
    assert!(rows(&browser, feed).await[0].contains("three"), "a selected version keeps its row");
    browser.press(Key::Escape).await;
    browser.see_text(feed, "feed-5").await;

    browser.go("/").await;
    let changes = ".last-changes a.trow";
    browser.see_text(changes, "feed-5").await;
    point_at(&browser, changes).await;
    five_more(&server, "overview").await;
    browser.see_text(".last-changes .new-pill", "5 new").await;
    assert!(rows(&browser, changes).await[0].contains("feed-5"));
    point_at(&browser, "h1, .side b").await;
    browser.see_text(changes, "overview-5").await;

    browser.go("/view/state?type=strategy&id=one").await;
    browser.see_text(".rail-row", "v1").await;
    point_at(&browser, ".rail-row").await;
    for (n, author) in [(2, "ops.desk"), (3, "bot")] {
        server.save("strategy", "one", &format!(r#"{{"n":{n}}}"#), author, "later").await;
    }
    browser.see_text(".rail .new-pill", "2 new").await;
    assert_eq!(rows(&browser, ".rail-row").await.len(), 1);
    browser.see_text(".rail", "3 versions").await;
    point_at(&browser, "h1").await;
    browser.see_text(".rail-row", "v3").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn back_returns_to_the_place_in_the_list() {
    let server = Server::start().await;
    for n in 0..150 {
        server.save("strategy", &format!("s{n:03}"), r#"{"n":1}"#, "bot", "start").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text(ROW, "s149").await;
    let scroll = "const area = document.querySelector('.states-table .virtual');
        area.scrollTop = 1e6; area.dispatchEvent(new Event('scroll'));
        return [...document.querySelectorAll(arguments[0])].some(e => e.innerText.includes('s000'))";
    browser.until(scroll, &[json!(ROW)], "the list does not go on to its end").await;
    let place = "return document.querySelector('.states-table .virtual').scrollTop";
    browser.script("document.querySelector('.states-table .virtual').scrollTop = 2000", &[]).await;
    browser.see_text(ROW, "s080").await;
    let before = browser.script(place, &[]).await;
    let open = "[...document.querySelectorAll(arguments[0])].find(e => e.innerText.includes('s080')).click()";
    browser.script(open, &[json!(ROW)]).await;
    browser.see_text("h1", "s080").await;
    server.save("strategy", "s149", r#"{"n":2}"#, "bot", "meanwhile").await;
    browser.driver().back().await.unwrap();
    browser.see_text(ROW, "s080").await;
    let there = format!("return document.querySelector('.states-table .virtual').scrollTop === {before}");
    browser.until(&there, &[], "Back does not return to the place").await;
    browser.see_text(".new-pill", "1 new").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn back_returns_to_the_place_in_a_plan_with_what_was_unfolded_seen_and_typed() {
    let server = Server::start().await;
    for n in 0..60 {
        server.save("strategy", &format!("s{n:03}"), r#"{"n":1}"#, "bot", "start").await;
    }
    for n in 0..60 {
        server.save("strategy", &format!("s{n:03}"), r#"{"n":2}"#, "bot", "move").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore?target=seq%3A60").await;
    browser.see_text("form.apply button", "60 paths not looked at").await;
    browser.fill("textarea", "back to the start").await;
    let scroll = "const area = document.querySelector('.plan-list .virtual');
        area.scrollTop = 1200; area.dispatchEvent(new Event('scroll'));
        return [...document.querySelectorAll('.plan-state')].some(e => e.innerText.includes('s040'))";
    browser.until(scroll, &[], "the plan does not reach its fortieth state").await;
    browser.click(".plan-state .unfold", "s040").await;
    browser.see_text(".plan-change", "/n").await;
    browser.click(".plan-change .eye", "").await;
    browser.see_text("form.apply button", "59 paths not looked at").await;
    let place = "return document.querySelector('.plan-list .virtual').scrollTop";
    let before = browser.script(place, &[]).await;
    browser.click(".side a", "Activity").await;
    browser.see(".feed-panel a.trow").await;
    browser.driver().back().await.unwrap();
    browser.see_text(".plan-change", "/n").await;
    let there = format!("return document.querySelector('.plan-list .virtual').scrollTop === {before}");
    browser.until(&there, &[], "Back does not return to the place in the plan").await;
    browser.see_text("form.apply button", "59 paths not looked at").await;
    let reason = browser.script("return document.querySelector('textarea').value", &[]).await;
    assert_eq!(reason, "back to the start", "what was typed is kept");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn back_returns_to_the_place_in_the_earlier_restores() {
    let server = Server::start().await;
    server.save("strategy", "s", r#"{"n":0}"#, "bot", "start").await;
    for n in 1..=30 {
        server.save("strategy", "s", &format!(r#"{{"n":{n}}}"#), "bot", "on").await;
        let mut request = json!({"target": "seq:1"});
        let (status, plan) = server.post("/restores", request.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{plan}");
        request["reason"] = format!("back from {n}").into();
        let apply = format!("/restores/{}/apply", plan["plan"].as_str().unwrap());
        let (status, done) = server.post(&apply, request.to_string()).await;
        assert!(status.is_success(), "{done}");
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/restore").await;
    browser.see_text(".earlier-row", "back from 30").await;
    let scroll = "const body = document.querySelector('.earlier .body');
        body.scrollTop = 300; body.dispatchEvent(new Event('scroll')); return body.scrollTop === 300";
    browser.until(scroll, &[], "the earlier restores do not scroll").await;
    browser.click(".side a", "Activity").await;
    browser.see(".feed-panel a.trow").await;
    browser.driver().back().await.unwrap();
    browser.see_text(".earlier-row", "back from 30").await;
    let there = "return document.querySelector('.earlier .body').scrollTop === 300";
    browser.until(there, &[], "Back does not return to the place in the earlier restores").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_filter_by_type_marks_a_type_that_looks_like_a_slip() {
    let server = Server::start().await;
    for n in 0..5 {
        server.save("strategy", &format!("s{n}"), r#"{"n":1}"#, "bot", "start").await;
    }
    server.save("stratgy", "s5", r#"{"n":1}"#, "bot", "slip").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.click(".chips button", "type").await;
    browser.see_text(".menu label", "stratgy").await;
    browser.see_text(".menu label .chip", "strategy?").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
