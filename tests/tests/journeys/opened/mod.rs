//! A person opens a bundle as a file. Nothing of it is sent.

mod damaged;
mod large;
mod looked_at;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};
use stateloft_core::api::Scope;
use stateloft_core::bundle::{Header, Writer};
use stateloft_core::commit::{Change, Expectation, Outcome, Tip, Write, decide};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{ChangeSummary, Seq, StateKey, Timestamp, Verdict};
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use tempfile::TempDir;
use thirtyfour::Key;

/// A server with a few states: one with four versions, one that was deleted, one of another type, a snapshot after seq 4.
async fn small() -> Server {
    let server = Server::start().await;
    for (n, stop) in ["1.0832", "1.0851", "1.0860"].into_iter().enumerate() {
        let data = format!(r#"{{"symbol":"EURUSD","volume":0.30,"legs":[{{"n":{n}}}],"stop_loss":{stop}}}"#);
        server.save("position", "EURUSD/é", &data, "pairs-fx-1", "stop trailed").await;
    }
    server.save("session", "desk-1", r#"{"status":"active"}"#, "anna", "opened").await;
    assert_eq!(server.post("/snapshots", r#"{"snapshot_id":"noon"}"#).await.0, 201);
    server.save("position", "gone", r#"{"symbol":"X"}"#, "pairs-fx-1", "").await;
    let deleted = server.request(Method::DELETE, "/states/gone?state_type=position").send().await.unwrap();
    assert!(deleted.status().is_success());
    server
        .save(
            "position",
            "EURUSD/é",
            r#"{"symbol":"EURUSD","volume":0.10,"stop_loss":1.0860}"#,
            "anna",
            "cut",
        )
        .await;
    server
}

async fn export(server: &Server, to: &Path) -> PathBuf {
    let bytes = server.request(Method::GET, "/export").send().await.unwrap().bytes().await.unwrap();
    let path = to.join("book.stateloft");
    std::fs::write(&path, &bytes).unwrap();
    path
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn packed(path: PathBuf, bytes: &[u8]) -> PathBuf {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    std::fs::write(&path, packer.finish().unwrap()).unwrap();
    path
}

async fn choose(browser: &Browser, field: &str, file: &Path) {
    let field = browser.driver().find(thirtyfour::By::Id(field)).await.unwrap();
    field.send_keys(file.display().to_string()).await.unwrap();
}

/// Everything that the page sends from now on besides plain questions, and every question that holds what only the file has.
async fn watch_sends(browser: &Browser) {
    let watch = "window.__sent = []; const own = window.fetch;
        window.fetch = (...a) => { const r = a[0] instanceof Request ? a[0] : new Request(...a);
            if (r.method !== 'GET' || decodeURIComponent(r.url).includes('EURUSD')) __sent.push(r.url); return own(...a); };
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) { if (String(data).length > 500) __sent.push('socket'); return send.call(this, data); };
        for (const name of ['open', 'send']) { const own = XMLHttpRequest.prototype[name];
            XMLHttpRequest.prototype[name] = function (...a) { __sent.push('xhr'); return own.apply(this, a); }; }
        navigator.sendBeacon = () => { __sent.push('beacon'); return true; }; return true";
    browser.script(watch, &[]).await;
}

async fn assert_nothing_sent(browser: &Browser) {
    assert_eq!(browser.script("return window.__sent", &[]).await, json!([]), "nothing of a file is sent");
}

async fn as_of(browser: &Browser, seq: &str) {
    browser.fill(".as-of .field", seq).await;
    browser.press(Key::Enter).await;
}

/// As a person who types over what stands in the field: to empty it first would already be a choice.
async fn set_version(browser: &Browser, side: &str, number: u64) {
    let set = "const field = document.querySelector(`[aria-label='Version ${arguments[0]}']`);
        field.value = arguments[1]; field.dispatchEvent(new Event('change', { bubbles: true })); return true";
    browser.script(set, &[json!(side), json!(number.to_string())]).await;
}

async fn rows(browser: &Browser) -> Value {
    let rows = "return [...document.querySelectorAll('.trow.file-row .id')].map(e => e.innerText)";
    browser.script(rows, &[]).await
}
