//! A person brings in files of an older program: drops them, looks, chooses, writes, takes it back; and settles what could not be
//! placed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::gate::{Gate, Writes};
use stateloft_tests::server::Server;
use tempfile::TempDir;
use thirtyfour::Key;

/// The state of a pairs program: so many positions and, where it says when it was saved, a portfolio.
pub(crate) fn state_file(positions: usize, saved: Option<&str>) -> String {
    let mut text = String::from("{\n  \"active_positions\": {\n");
    for n in 0..positions {
        let comma = if n + 1 < positions { "," } else { "" };
        let _ = writeln!(
            text,
            r#"    "EURUSD-P{n:02}": {{"symbol1": "EURUSD", "symbol2": "P{n:02}", "direction": "LONG", "volume1": 0.1, "volume2": {n}.50, "entry_time": "2025-07-14T09:00:00"}}{comma}"#
        );
    }
    text.push_str("  },\n  \"pair_states\": {}");
    if let Some(saved) = saved {
        let _ = write!(text, ",\n  \"last_save_time\": \"{saved}\"");
    }
    text.push_str("\n}\n");
    text
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn choose(browser: &Browser, files: &[&PathBuf]) {
    let field = browser.driver().find(thirtyfour::By::Id("import-files")).await.unwrap();
    let paths: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    field.send_keys(paths.join("\n")).await.unwrap();
}

/// Lets files of these names and texts fall onto the page, as a mouse would.
pub(crate) async fn drop_files(browser: &Browser, files: &[(&str, &str)]) {
    let script = "const data = new DataTransfer();
        for (const [name, text] of arguments[0]) data.items.add(new File([text], name));
        for (const type of ['dragover', 'drop'])
            document.querySelector('main').dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
        return true";
    browser.script(script, &[json!(files)]).await;
}

/// Accepts what is invalid, if anything is.
pub(crate) async fn accept(browser: &Browser) {
    let script = "const box = document.querySelector('.apply .check'); if (box && !box.checked) box.click(); return true";
    browser.script(script, &[]).await;
}

/// Counts the requests with a body, from now on.
async fn watch_sends(browser: &Browser) {
    let watch = "window.__sent = []; const own = window.fetch;
        window.fetch = (...a) => { const r = a[0] instanceof Request ? a[0] : new Request(...a); if (r.method !== 'GET') __sent.push(r.url); return own(...a); }; return true";
    browser.script(watch, &[]).await;
}

async fn sent(browser: &Browser) -> u64 {
    browser.script("return window.__sent.length", &[]).await.as_u64().unwrap()
}

async fn versions(server: &Server) -> u64 {
    server.get("/status").await.1["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn files_are_dropped_looked_at_chosen_written_and_taken_back() {
    let server = Server::start().await;
    server
        .save(
            "position",
            "position_EURUSD-P01",
            r#"{"symbol1":"EURUSD","symbol2":"P01","volume1":0.2}"#,
            "pairs-fx-1",
            "live",
        )
        .await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".last-changes", "P01").await;
    browser.press("gi").await;
    browser.see_text("main", "Drop files or a folder anywhere on this page").await;
    browser.see_text("main", "position fallback").await;
    browser.pictures("16-import-empty").await;
    watch_sends(&browser).await;

    drop_files(
        &browser,
        &[
            ("trading_state.json", &state_file(6, Some("2025-07-14T18:41:58"))),
            ("odd.json", r#"{"who": "me"}"#),
        ],
    )
    .await;
    browser.see_text(".import-file", "trading state").await;
    browser.see_text(".import-fold", "4 more positions, all new").await;
    browser.see_text(".import-note", "Not ticked: it is older than what the store holds.").await;
    browser.see_text(".import-note", "2025-07-14T18:41:58, no zone, the head v1 of").await;
    browser.see_text(".import-held", "quarantine").await;
    browser.see_text(".bar", "6 of 7 ticked").await;
    assert_eq!(sent(&browser).await, 0, "nothing is sent before the button");
    let button = ".apply .act";
    browser.see_text(button, "Write 6 states: 6 new, 0 changed; 1 to quarantine").await;
    browser.pictures("16-import").await;

    // The keys go to the one that is older; Enter shows what would change, x ticks it.
    let at_older = "return document.querySelector('.import-item.cursor')?.innerText.includes('P01') ?? false";
    while browser.script(at_older, &[]).await != Value::Bool(true) {
        browser.press("j").await;
    }
    browser.press(Key::Enter).await;
    browser.see_text(".import-change", "volume1").await;
    browser.see_text(".import-change .delta", "0.1").await;
    browser.press("x").await;
    browser.see_text(button, "Write 7 states: 6 new, 1 changed; 1 to quarantine").await;
    browser.press("x").await;
    browser.see_text(button, "Write 6 states").await;
    browser.click(".bar button", "changed").await;
    browser.see_no_text(".import-list", "EURUSD-P00").await;
    assert!(browser.address().await.contains("show=changed"));
    browser.click(".bar button", "all").await;

    browser.fill(".apply textarea", "State files of the old bot").await;
    accept(&browser).await;
    browser.click(button, "Write 6 states").await;
    browser.see_text(".import-result", "6 versions written: 6 new, 0 changed; 1 to quarantine").await;
    browser.see_text(".import-result", "State files of the old bot: ").await;
    browser.picture("16-import-result").await;
    // One of the live program, six of the import, one in quarantine, one record.
    assert_eq!((versions(&server).await, sent(&browser).await), (9, 1));

    // The same again: all is there, and there is no button.
    drop_files(
        &browser,
        &[
            ("trading_state.json", &state_file(6, Some("2025-07-14T18:41:58"))),
            ("odd.json", r#"{"who": "me"}"#),
        ],
    )
    .await;
    browser.see_text(".bar", "0 of 1 ticked").await;
    browser.see_text(".apply", "Nothing is ticked, so there is nothing to write.").await;
    assert_eq!(browser.script("return document.querySelectorAll('.apply .act').length", &[]).await, 0);

    browser.click(".import-result button", "Undo").await;
    browser.until("return location.pathname.startsWith('/view/restore/')", &[], "no restore is shown").await;
    browser.see_text("main", "7 states written").await;
    let (_, list) = server.get("/states?state_type=position").await;
    assert_eq!(list["total"], 1, "{list}");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_file_of_twenty_megabytes_does_not_freeze_the_page() {
    let server = Server::start().await;
    let folder = TempDir::new().unwrap();
    let filler = "x".repeat(21_000);
    let position =
        |n: usize| format!(r#""EURUSD-N{n}":{{"symbol1":"EURUSD","symbol2":"N{n}","note":"{filler}"}}"#);
    let positions: Vec<String> = (0..1_000).map(position).collect();
    let text = format!(r#"{{"active_positions":{{{}}},"pair_states":{{}}}}"#, positions.join(","));
    assert!(text.len() > 20 << 20);
    let path = write(folder.path(), "large.json", &text);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    // The longest time in which the page drew nothing.
    let watch = "window.__worst = 0; let last = performance.now();
        const tick = now => { __worst = Math.max(__worst, now - last); last = now; requestAnimationFrame(tick); };
        requestAnimationFrame(tick); return true";
    browser.script(watch, &[]).await;
    choose(&browser, &[&path]).await;
    browser.see_text(".import-waiting", "large.json").await;
    browser.see_text(".apply .act", "Write 1,000 states").await;
    let worst = browser.script("return window.__worst", &[]).await.as_f64().unwrap();
    assert!(worst < 1_500.0, "the page stood still for {worst} ms");
    accept(&browser).await;
    browser.click(".apply .act", "Write 1,000 states").await;
    // A server that is compiled without optimising takes its time.
    server.until_status(|status| status["seq"] == 1_001).await;
    browser.see_text(".import-result", "1,000 versions written").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_damaged_file_says_where_and_the_others_are_taken() {
    let server = Server::start().await;
    let folder = TempDir::new().unwrap();
    let whole = write(folder.path(), "trading_state.json", &state_file(2, None));
    let cut = write(folder.path(), "broker_summary.json", &state_file(3, None)[..150]);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    choose(&browser, &[&whole, &cut]).await;
    browser.see_text(".import-file", "damaged at line 3, column 125, byte 150: ").await;
    browser.see_text(".apply .act", "Write 2 states: 2 new, 0 changed").await;
    browser.screen(Screen::Phone).await;
    browser.picture("16-import-damaged-380").await;
    browser.screen(Screen::Wide).await;
    accept(&browser).await;
    browser.click(".apply .act", "Write 2 states").await;
    browser.see_text(".import-result", "2 versions written").await;
    assert_eq!(std::fs::read_to_string(&cut).unwrap(), state_file(3, None)[..150], "it is only read");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_looked_for_and_the_choices_are_kept_where_it_is_not_there() {
    let server = Server::start().await;
    let gate = Gate::to(server.address()).await;
    let browser = Browser::open(&gate.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("trading_state.json", &state_file(2, None))]).await;
    browser.see_text(".apply .act", "Write 2 states").await;
    browser.fill(".apply textarea", "the old bot").await;
    accept(&browser).await;
    gate.set(Writes::Lost);
    browser.click(".apply .act", "Write 2 states").await;
    browser.see_text(".apply .notice", "It is not known whether it was written.").await;
    browser.see_text(".apply .notice", "It was not written: the head is still v0").await;
    let reason = "return document.querySelector('.apply textarea').value";
    assert_eq!(browser.script(reason, &[]).await, "the old bot");
    assert_eq!(versions(&server).await, 0);

    gate.set(Writes::AnswerLost);
    browser.click(".apply .act", "Write 2 states").await;
    browser.see_text(".toasts", "It was written, though no answer came.").await;
    browser.see_text(".import-result", "2 versions written").await;
    assert_eq!(versions(&server).await, 3);
    browser.close().await;
}

#[tokio::test]
async fn what_moves_in_the_store_meanwhile_is_looked_at_again_and_nothing_is_written_blindly() {
    let server = Server::start().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("trading_state.json", &state_file(2, None))]).await;
    browser.see_text(".apply .act", "Write 2 states: 2 new").await;
    server.save("position", "position_EURUSD-P00", r#"{"live":true}"#, "bot", "first").await;
    browser.see_text(".import-note", "Not ticked").await;
    browser.see_text(".apply .act", "Write 1 state: 1 new, 0 changed").await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_older_goes_into_the_history_and_the_state_stays_what_it_is() {
    let server = Server::start().await;
    let live = r#"{"symbol1":"EURUSD","symbol2":"P00","volume1":0.20}"#;
    server.save("position", "position_EURUSD-P00", live, "pairs-fx-1", "live").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("trading_state.json", &state_file(1, Some("2025-07-14T18:41:58")))]).await;
    browser.click(".import-note button", "Put it in history only").await;
    browser.see_text(".import-note", "In the history only: the state stays as it is.").await;
    browser
        .see_text(".what", "1 state gets what the file says into its history only and stays as it is")
        .await;
    browser
        .see_text(".apply .act", "Write 3 versions of 2 states: 1 new, 0 changed, 1 in history only")
        .await;
    browser.pictures("16-import-history").await;
    accept(&browser).await;
    browser.click(".apply .act", "Write 3 versions").await;
    browser.see_text(".import-result", "3 versions written: 1 new, 0 changed, 1 in history only").await;
    let state = "/states/-?state_type=position&state_id=position_EURUSD-P00";
    let (_, head) = server.get(state).await;
    assert_eq!((&head["version"], head["data"].to_string()), (&json!(3), live.replace("0.20", "0.2")));
    let (_, brought) = server.get(&format!("{state}&version=2")).await;
    assert_eq!(brought["data"]["direction"], "LONG");
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_in_quarantine_is_named_or_dropped() {
    let server = Server::start().await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("odd.json", r#"{ "who": "me", "limit": NaN }"#), ("list.json", "[1, 2]")]).await;
    browser.click(".apply .act", "Put 2 parts in quarantine").await;
    browser.see_text(".import-result", "0 versions written: 0 new, 0 changed; 2 to quarantine").await;
    browser.click(".import-result a", "2 parts in quarantine").await;
    browser.see_text("h1", "Quarantine").await;
    browser.see_text(".held-row", "list.json").await;
    browser.click(".held-row .id", "odd.json").await;
    browser.see_text(".held-bytes", r#"{ "who": "me", "limit": NaN }"#).await;
    browser.pictures("16-quarantine").await;

    browser.see_text(".settle .lacks", "Say which state it is").await;
    browser.fill("input[name='state_type']", "bot_memory").await;
    browser.fill("input[name='state_id']", "me").await;
    browser.fill(".settle textarea", "the memory of the old bot").await;
    browser.click(".settle .act", "Name it: save it as me").await;
    browser.see_text("h1", "me").await;
    let (_, state) = server.get("/states/me?state_type=bot_memory").await;
    assert_eq!(state["data"]["limit"], json!({"$stateloft": "float", "value": "NaN"}), "{state}");

    browser.go("/view/import?tab=quarantine").await;
    browser.see_text(".held-row", "list.json").await;
    browser.press("j").await;
    browser.see_text(".held h2", "list.json").await;
    browser.see_no_text(".import-list", "odd.json").await;
    browser.click(".settle .segments button", "Drop it").await;
    browser.fill(".settle textarea", "no state at all").await;
    browser.click(".settle .act", "Drop it from quarantine").await;
    browser.see_text(".toasts", "Settled.").await;
    browser.see_text(".import-list", "Nothing is in quarantine").await;

    // What was settled stays settled.
    browser.click("a.btn", "Import").await;
    browser.see_text("main", "Drop files").await;
    drop_files(&browser, &[("odd.json", r#"{ "who": "me", "limit": NaN }"#), ("list.json", "[1, 2]")]).await;
    browser.see_text(".apply", "The store has all of this already").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
