//! Behind a proxy that rewrites addresses, a page is of the state whose name it shows, or says that it is not.

use serde_json::Value;
use stateloft_tests::browser::Browser;
use stateloft_tests::client::encoded;
use stateloft_tests::rewriting::{Proxy, Rewriting};
use stateloft_tests::server::Server;

/// Ids that a proxy bends, and what it bends each into.
const TWINS: [(&str, &str); 4] = [("x/", "x"), ("a//b", "a/b"), ("up/../down", "down"), ("x%2Fy", "x/y")];

async fn setting() -> (Server, Proxy, Browser) {
    let server = Server::start().await;
    for (id, twin) in TWINS {
        for id in [id, twin] {
            let data = serde_json::json!({"i am": id}).to_string();
            server.save("strategy", id, &data, "bot", "start").await;
        }
    }
    let proxy = Proxy::to(server.address()).await;
    let browser = Browser::open(&proxy.origin()).await;
    browser.go("/view/snapshots").await;
    browser.see_text(".live", "Live").await;
    browser.script("localStorage.setItem('stateloft-name', 'ops.desk'); return true", &[]).await;
    (server, proxy, browser)
}

/// The address of a state's page as the console writes it.
fn page(id: &str) -> String {
    format!("/view/state?type=strategy&id={}", encoded(id))
}

async fn operation(server: &Server, id: &str) -> Value {
    let id = encoded(id);
    let path = format!("/states/-/history?state_type=strategy&state_id={id}&data=false&limit=1");
    server.get(&path).await.1["versions"][0]["operation"].clone()
}

#[tokio::test]
async fn each_twin_is_shown_as_itself_and_only_the_one_on_the_page_is_deleted() {
    let (server, _proxy, browser) = setting().await;
    for (id, twin) in TWINS {
        for name in [twin, id] {
            browser.go(&format!("{}&tab=tree", page(name))).await;
            browser.see_text("h1", name).await;
            browser.see_text("main", &format!("\"{name}\"")).await;
        }
        browser.click("[aria-label='More']", "").await;
        browser.click("button", "Delete").await;
        browser.fill("dialog textarea", "one of two").await;
        browser.click("dialog button", &format!("Delete {id}")).await;
        browser.see_text(".toasts", &format!("Deleted {id}.")).await;
        assert_eq!(operation(&server, id).await, "delete", "{id}");
        assert_eq!(operation(&server, twin).await, "create", "{twin} was not asked for");
    }
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn an_answer_of_another_state_is_refused_in_words() {
    let (server, proxy, browser) = setting().await;
    proxy.set(Rewriting::Queries);
    for (id, twin) in TWINS.into_iter().take(3) {
        // The page itself comes first; only what it asks for is bent.
        browser.go(&page(id)).await;
        browser.see_text("main", "the answer is of strategy").await;
        browser.see_no_text("main", &format!("\"{twin}\"")).await;
    }
    for (id, twin) in TWINS {
        assert_eq!(operation(&server, id).await, "create", "{id}");
        assert_eq!(operation(&server, twin).await, "create", "{twin}");
    }
    browser.close().await;
}

#[tokio::test]
async fn a_snapshot_is_forgotten_by_its_own_name() {
    let (server, _proxy, browser) = setting().await;
    for name in ["night/", "night"] {
        let (status, _) =
            server.post("/snapshots", serde_json::json!({"snapshot_id": name}).to_string()).await;
        assert_eq!(status, 201, "{name}");
    }
    browser.go("/view/snapshots").await;
    browser.see_text("main", "night/").await;
    browser.click("[aria-label='Forget night/']", "").await;
    browser.click("dialog button", "Forget").await;
    browser.see_text(".toasts", "Forgot the name night/.").await;
    let (_, left) = server.get("/snapshots").await;
    let names: Vec<&Value> =
        left["snapshots"].as_array().unwrap().iter().map(|s| &s["snapshot_id"]).collect();
    assert_eq!(names, ["night"]);
    browser.close().await;
}
