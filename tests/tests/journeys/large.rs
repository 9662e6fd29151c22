//! Very large documents: the tree shows its beginning at once, and small ones do not wait.

use std::fmt::Write as _;

use serde_json::json;
use stateloft_tests::browser::Browser;
use stateloft_tests::server::Server;

#[tokio::test]
async fn the_tree_of_a_first_version_with_100_000_members_is_there_and_small_ones_do_not_wait() {
    let server = Server::start().await;
    let mut large = String::from("{");
    for n in 0..100_000 {
        let _ = write!(large, r#"{}"m{n}":{{"a":{n},"b":"xx"}}"#, if n > 0 { "," } else { "" });
    }
    large.push('}');
    server.save("market_data", "large", &large, "bot", "all of it").await;
    for n in [1, 2] {
        server.save("strategy", "small", &format!(r#"{{"n":{n},"inner":{{"k":{n}}}}}"#), "bot", "beat").await;
    }
    let browser = Browser::open(&server.origin()).await;
    // Leave the large one while it is worked on: the small one is there at once.
    browser.go("/view/state?type=market_data&id=large&tab=tree").await;
    browser.see_text("h1", "large").await;
    browser.script("document.querySelector('a[href^=\"/view/states\"]').click()", &[]).await;
    browser.click("[aria-label='States'] a", "small").await;
    browser.script("document.querySelectorAll('[role=tab]')[1].click()", &[]).await;
    browser.see_text(".tree-row", "inner").await;

    browser.go("/view/state?type=market_data&id=large&tab=tree").await;
    browser.see_text(".tree-row", "m0").await;
    browser.see_text(".tree-row", "2 keys").await;
    browser.pictures("21-tree-large").await;
    // Rows are read as they come into sight, so the end moves while it is gone to.
    let more = "const area = document.querySelector('.changes .virtual');
        area.scrollTop = 1e6; area.dispatchEvent(new Event('scroll'));
        const row = [...document.querySelectorAll('.tree-row')].find(e => e.textContent.includes('200 more changes of 99,800'));
        if (row) row.click();
        return !!row";
    browser.until(more, &[], "the tree does not say that there is more").await;
    let further = "const area = document.querySelector('.changes .virtual');
        area.scrollTop = 1e6; area.dispatchEvent(new Event('scroll'));
        return [...document.querySelectorAll('.tree-row')].some(e => e.innerText.includes(arguments[0]))";
    browser.until(further, &[json!("m399")], "more changes are not laid out").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
