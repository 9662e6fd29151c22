//! Low windows and long values: everything can be reached and read.

use serde_json::json;
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use thirtyfour::Key;

/// How many pixels of the first element that matches are in sight once it has been scrolled to.
const IN_SIGHT: &str = "const e = document.querySelector(arguments[0]);
    if (!e) return false;
    e.scrollIntoView({ block: 'start' });
    const { top, bottom } = e.getBoundingClientRect();
    const covered = [...document.querySelectorAll('.top, .side')].map(bar => bar.getBoundingClientRect());
    const from = Math.max(top, ...covered.filter(bar => bar.width > 500 && bar.top <= 0).map(bar => bar.bottom));
    const to = Math.min(bottom, innerHeight, ...covered.filter(bar => bar.width > 500 && bar.top > 0).map(bar => bar.top));
    return to - from >= arguments[1]";

#[tokio::test]
async fn lists_have_a_height_and_the_write_button_is_in_sight_in_low_windows() {
    let server = Server::start().await;
    for n in 0..40 {
        server.save("strategy", &format!("s{n}"), r#"{"n":1,"m":1}"#, "bot", "start").await;
    }
    for n in 0..12 {
        server.save("strategy", &format!("s{n}"), r#"{"n":2,"m":2}"#, "bot", "later").await;
    }
    let lists = [
        ("/view/states", ".states-table .virtual"),
        ("/view/activity", ".feed-panel .virtual"),
        ("/view/state?type=strategy&id=s1&tab=tree", ".changes .virtual"),
        ("/view/restore?target=seq%3A40", ".plan-list .virtual"),
    ];
    let browser = Browser::open(&server.origin()).await;
    for (screen, least, name) in [(Screen::Laptop, 220, "22-laptop"), (Screen::Zoomed, 130, "22-zoomed")] {
        browser.screen(screen).await;
        for (at, (address, list)) in lists.into_iter().enumerate() {
            browser.go(address).await;
            browser.see(list).await;
            let complaint = format!("{list} has no usable height on {screen:?}");
            browser.until(IN_SIGHT, &[json!(list), json!(least)], &complaint).await;
            browser.assert_fits(address).await;
            browser.picture(&format!("{name}-{at}")).await;
        }
        browser.see_text(".apply .act", "Write 12 states").await;
        let there = "const { top, bottom } = document.querySelector('.apply .act').getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight";
        browser.until(there, &[], &format!("the write button must be looked for on {screen:?}")).await;
    }
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn long_values_open_whole_from_every_view_and_by_keyboard() {
    let server = Server::start().await;
    let note = |end: &str| format!(r#"{{"note":"{}{end}","n":1}}"#, "long ".repeat(80));
    server.save("strategy", "s", &note("THE OLD END"), "bot", "start").await;
    server.save("strategy", "s", &note("THE NEW END"), "bot", "later").await;
    let browser = Browser::open(&server.origin()).await;
    let closes = async |browser: &Browser| {
        browser.see_text("dialog.whole-value", "THE NEW END").await;
        browser.press(Key::Escape).await;
        browser
            .until("return !document.querySelector('dialog[open]')", &[], "Escape does not close it")
            .await;
    };
    for tab in ["changes", "tree"] {
        browser.go(&format!("/view/state?type=strategy&id=s&tab={tab}")).await;
        browser.see_text(".changes", "note").await;
        browser.press("n").await;
        browser.press("v").await;
        browser.see_text("dialog.whole-value", "THE OLD END").await;
        closes(&browser).await;
        browser.click(".changes .whole", "whole").await;
        closes(&browser).await;
    }
    let focus =
        "const row = [...document.querySelectorAll('.tree-row')].find(e => e.innerText.includes('note'));
        if (row) row.focus(); return !!row";
    browser.until(focus, &[], "the row is not there").await;
    browser.press(Key::Enter).await;
    closes(&browser).await;
    browser.go("/view/compare?type=strategy&id=s&a=1&b=2").await;
    browser.click(".text-line .whole", "whole").await;
    browser.pictures("22-whole-value").await;
    closes(&browser).await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
