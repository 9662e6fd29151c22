//! The health page while a real PostgreSQL is away: the journal fills, conflicts are settled, the breaker is moved by hand.

use serde_json::Value;
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use thirtyfour::Key;

const BREAKER: &str = "[aria-label='Circuit breaker']";
const JOURNAL: &str = "[aria-label='Fallback journal']";

fn body(id: &str, data: &str) -> String {
    format!(
        r#"{{"state_type":"strategy","state_id":"{id}","user_id":"pairs-fx-1","description":"trail","data":{data}}}"#
    )
}

/// Saves while the store is away.
async fn save_for_later(server: &Server, id: &str, data: &str) {
    let (status, pending) = server.post("/states", body(id, data)).await;
    assert_eq!((status.as_u16(), &pending["durable"]), (202, &Value::from("fallback")), "{pending}");
}

/// A server on SQLite with a journal, and their folder.
async fn with_a_journal() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let variables = [
        ("TRADING_STATE_SQLITE_PATH", inside("stateloft.db")),
        ("TRADING_STATE_ENABLE_FILE_FALLBACK", "true".to_owned()),
        ("TRADING_STATE_FALLBACK_DIR", inside("journal")),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
    (Server::start_in(variables).await, folder)
}

async fn head(server: &Server, id: &str) -> (Value, Value) {
    let (_, state) = server.get(&format!("/states/{id}?state_type=strategy")).await;
    (state["version"].clone(), state["data"]["n"].clone())
}

/// The conflict card of one state.
fn conflict(id: &str) -> String {
    format!("[aria-label='Conflict: strategy {id}']")
}

/// Looks at the three sides of one conflict and keeps what is stored; of the other the waiting write.
async fn settle_both_ways(browser: &Browser) {
    let alpha = conflict("alpha");
    for (side, data) in [
        ("what the writer saw, v1", r#"{"n":1}"#),
        ("stored, v2 by ops.desk", r#"{"n":9,"by":"elsewhere"}"#),
        ("waiting, save", r#"{"n":2,"by":"waiting"}"#),
    ] {
        browser.see_text(&format!("{alpha} figure"), side).await;
        browser.see_text(&format!("{alpha} figure"), data).await;
    }
    let to_the_top = "document.querySelector('.conflict').scrollIntoView({ block: 'center' }); return true";
    browser.until(to_the_top, &[], "the conflict is not there").await;
    browser.pictures("09-health-conflict").await;
    browser.click(&format!("{alpha} button"), "Keep what is stored").await;
    browser.see_no_text(".conflict h3", "alpha").await;
    let beta = conflict("beta");
    browser.click(&format!("{beta} button"), "Write the waiting one on top").await;
    browser.see_no_text(".conflict h3", "beta").await;
}

#[tokio::test]
async fn an_outage_from_the_first_failure_to_the_last_decision() {
    let postgres = Postgres::start();
    let (settings, folder) = (postgres.database(), tempfile::tempdir().unwrap());
    let folder = folder.path().display().to_string();
    let more = [
        ("TRADING_STATE_ENABLE_FILE_FALLBACK", "true"),
        ("TRADING_STATE_FALLBACK_DIR", &folder),
        ("TRADING_STATE_RETRY_ATTEMPTS", "0"),
        ("TRADING_STATE_RETRY_DELAY", "0.1"),
        // Until the breaker opens, each call waits so long for a server that refuses connections.
        ("TRADING_STATE_CONNECTION_TIMEOUT", "2"),
    ];
    let more = more.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let server = Server::start_on_with(&settings, more.to_vec()).await;
    for id in ["alpha", "beta"] {
        server.save("strategy", id, r#"{"n":1}"#, "pairs-fx-1", "start").await;
    }
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/health").await;
    browser.see_text(".page-head", "Everything works, for").await;
    browser.see_text("[aria-label='Store']", "PostgreSQL").await;
    browser.see_text("[aria-label='Store']", "Size, heads and history").await;
    browser.see_text("[aria-label='Store'] figcaption", "commit p99").await;
    browser.see_text("[aria-label='Connection pool']", "of 10").await;
    browser.see_text("[aria-label='Listeners'] tbody", "console").await;
    browser.see_text("[aria-label='Versions']", "Layout of its tables").await;
    let no_incident =
        "return !document.querySelector('.incident') && !document.querySelector('.health-page.amber')";
    browser.until(no_incident, &[], "an incident is shown though there was none").await;

    postgres.stop("fast");
    save_for_later(&server, "gamma", r#"{"n":1}"#).await;
    save_for_later(&server, "alpha", r#"{"n":2,"by":"waiting"}"#).await;
    save_for_later(&server, "beta", r#"{"n":2,"by":"waiting"}"#).await;
    browser.see_text(".page-head", "The store is away, 3 writes wait in the journal").await;
    browser.see(".health-page.amber").await;
    browser.see_text("[aria-label='Writes that wait']", "strategy alpha").await;
    browser.see_text(JOURNAL, "takes the writes").await;
    browser.see_text(".incident", "3 writes went to the local journal, 3 wait to be replayed").await;
    browser.pictures("09-health-amber").await;

    // By the keyboard: a question first, which Escape takes away again.
    let focus = "const b = [...document.querySelectorAll(arguments[0] + ' button')].find(b => b.innerText.startsWith(arguments[1])); b.focus(); return true";
    browser.script(focus, &[Value::from(BREAKER), Value::from("Open by hand")]).await;
    browser.press(Key::Enter).await;
    browser.see_text("dialog[open]", "Open the circuit breaker?").await;
    browser.press(Key::Escape).await;
    browser
        .until(
            "return !document.querySelector('dialog[open]')",
            &[],
            "Escape does not take the question away",
        )
        .await;
    assert_eq!(server.get("/breaker").await.1["forced"], false, "nothing was done");
    browser.click(&format!("{BREAKER} button"), "Open by hand").await;
    browser.click("dialog[open] button", "Open it: refuse every call").await;
    browser.see_text(BREAKER, "open by hand").await;
    assert_eq!(server.get("/breaker").await.1["forced"], true);

    // The store comes back; another server moves two of the states before this one looks.
    postgres.run();
    let mut other = Server::start_on(&settings).await;
    for id in ["alpha", "beta"] {
        other.save("strategy", id, r#"{"n":9,"by":"elsewhere"}"#, "ops.desk", "by hand").await;
    }
    assert_eq!(other.stop().await, Some(0));
    save_for_later(&server, "delta", r#"{"n":1}"#).await;
    browser.click(&format!("{BREAKER} button"), "Reset").await;
    browser.click("dialog[open] button", "Reset it: let calls through").await;

    browser.see_text(".page-head", "2 writes wait for a decision").await;
    settle_both_ways(&browser).await;
    assert_eq!(head(&server, "alpha").await, (Value::from(2), Value::from(9)));
    assert_eq!(head(&server, "beta").await, (Value::from(3), Value::from(2)));
    assert_eq!(head(&server, "gamma").await, (Value::from(1), Value::from(1)));

    browser.see_text(".page-head", "Everything works, for").await;
    browser.see_text(".incident", "PostgreSQL did not").await;
    browser
        .see_text(
            ".incident",
            "The breaker opened. 4 writes went to the local journal, 2 replayed in order by",
        )
        .await;
    browser.see_text(".incident", "2 conflicts, 0 lost.").await;
    browser.see_text(&format!("{BREAKER} figcaption"), "half open").await;
    browser.until("return !document.querySelector('.health-page.amber')", &[], "the page stays amber").await;
    browser.see_text(JOURNAL, "2 writes").await;
    browser.pictures("09-health-after").await;
    browser.click(".incident a", "See the 2 versions").await;
    browser.see_text("main", "delta").await;
    assert!(browser.address().await.starts_with("/view/activity?sel="));
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn the_same_page_on_a_phone() {
    let (server, _folder) = with_a_journal().await;
    server.save("strategy", "alpha", r#"{"n":1}"#, "pairs-fx-1", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.screen(Screen::Phone).await;
    browser.go("/view/health").await;
    browser.see_text(".page-head", "Everything works").await;
    browser.click(&format!("{BREAKER} button"), "Open by hand").await;
    browser.click("dialog[open] button", "Open it").await;
    browser.see_text(BREAKER, "open by hand").await;
    save_for_later(&server, "alpha", r#"{"n":2}"#).await;
    browser.see_text(".page-head", "1 write waits in the journal").await;
    browser.see(".health-page.amber").await;
    browser.see_text(".incident", "the circuit breaker is held open by hand").await;
    browser.assert_fits("the health page in an outage").await;
    browser.picture("09-health-amber-phone").await;
    browser.click(&format!("{BREAKER} button"), "Reset").await;
    browser.click("dialog[open] button", "Reset it").await;
    browser.see_text(".incident", "1 write went to the local journal and was replayed by").await;
    browser.see_text(".page-head", "Everything works").await;
    browser.assert_fits("the health page after it").await;
    assert_eq!(head(&server, "alpha").await, (Value::from(2), Value::from(2)));
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn states_that_are_only_remembered_say_so_until_the_store_is_back() {
    let (server, _folder) = with_a_journal().await;
    server.save("strategy", "alpha", r#"{"n":1}"#, "pairs-fx-1", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/states").await;
    browser.see_text(".states-table", "alpha").await;
    browser.see_no_text(".page", "The store is away").await;
    let (status, _) = server.post("/breaker/force", r#"{"state":"open"}"#).await;
    assert_eq!(status.as_u16(), 200);
    save_for_later(&server, "beta", r#"{"n":1}"#).await;
    browser.go("/view/states?sort=id").await;
    browser.see_text(".notice", "The store is away: these are the states that the server remembers.").await;
    browser.see_text(".notice", "There may be others, and these may have changed.").await;
    browser.see_text(".states-table", "alpha").await;
    browser.see_text(".about", "1 remembered").await;
    browser.see_text(".pending", "beta").await;
    browser.pictures("02-states-remembered").await;
    let (status, _) = server.post("/breaker/reset", "{}").await;
    assert_eq!(status.as_u16(), 200);
    browser.see_text(".states-table", "beta").await;
    browser.see_no_text(".page", "The store is away").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

/// The page looks again two seconds after each answer, and the Health page reads more often besides: still only one timer
/// waits at a time, or there would be more and more requests.
async fn looks_again_by_one_timer(browser: &Browser) {
    let watch = "const set = window.setTimeout; window.__waiting = 0; window.__most = 0;
        window.setTimeout = (work, after, ...more) => {
            if (after !== 2000) return set(work, after, ...more);
            window.__most = Math.max(window.__most, ++window.__waiting);
            return set(() => { window.__waiting--; work(); }, after);
        };
        window.__read = () => performance.getEntriesByType('resource').filter(r => r.name.endsWith('/api/v1/status')).length;
        window.__before = window.__read(); return true";
    browser.script(watch, &[]).await;
    let read = "return window.__read() >= window.__before + 8 && window.__most > 0";
    browser.until(read, &[], "the status is not read again").await;
    assert_eq!(browser.script("return window.__most", &[]).await, 1, "timers that wait at once");
}

#[tokio::test]
async fn a_server_that_has_never_reached_its_store_says_so_and_its_pages_come_with_the_store() {
    let postgres = Postgres::start();
    let (settings, folder) = (postgres.database(), tempfile::tempdir().unwrap());
    let mut variables = Server::variables(&settings);
    variables.push(("TRADING_STATE_ENABLE_FILE_FALLBACK".into(), "true".into()));
    variables.push(("TRADING_STATE_FALLBACK_DIR".into(), folder.path().display().to_string()));
    postgres.stop("fast");
    let server = Server::start_without_store(variables).await;
    save_for_later(&server, "alpha", r#"{"n":1}"#).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text("main", "The store has not been reached since the server started.").await;
    browser.see_text(".foot", "PostgreSQL").await;
    browser.pictures("01-overview-no-store").await;
    browser.click("main a", "Health").await;
    browser.see_text(".page-head", "The store is away, 1 write waits in the journal").await;
    browser.see_text(".incident", "Since").await;
    browser.see_text(".incident", "1 write went to the local journal, 1 waits to be replayed").await;
    browser.see_text("[aria-label='Store']", "no data").await;
    browser.pictures("09-health-no-store").await;
    looks_again_by_one_timer(&browser).await;
    browser.go("/").await;
    browser.see_text("main", "The store has not been reached").await;

    postgres.run();
    browser.see_text(".health", "PostgreSQL").await;
    browser.see_text("main", "alpha").await;
    browser.see_no_text("main", "The store has not been reached").await;
    assert_eq!(head(&server, "alpha").await, (Value::from(1), Value::from(1)));
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
