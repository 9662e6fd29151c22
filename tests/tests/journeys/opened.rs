//! A person opens a bundle as a file: looks at its states, their history, any two versions, as of any seq. Nothing of it is sent.

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

#[tokio::test]
async fn a_bundle_is_looked_at_as_a_file_and_nothing_is_sent() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    // What the store holds later is not in the file, and must not be shown with it.
    server.save("position", "later", r#"{"symbol":"Y"}"#, "anna", "after the export").await;
    let before = server.get("/status").await.1["seq"].clone();
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    watch_sends(&browser).await;
    choose(&browser, "import-files", &book).await;
    browser.see_text(".notice", "A bundle, with a history of its own.").await;
    browser.see_text(".notice", "stateloft import").await;
    browser.picture("19-opened-offer").await;
    browser.click(".notice button", "Open it here").await;

    browser.see_text(".file-banner", "This is a file: book.stateloft").await;
    browser.see_text(".file-banner", "seq 1 to 7").await;
    browser.see_text(".file-banner", "Nothing here is live, nothing is sent.").await;
    browser.see_text(".file-checked", "7 versions, as written.").await;
    browser.see_text(".file-row", "EURUSD/é").await;
    assert_eq!(rows(&browser).await, json!(["EURUSD/é", "desk-1"]), "what changed last comes first");
    browser.pictures("19-opened-list").await;

    browser.click(".filters .filter", "with deleted").await;
    browser.see_text(".file-row.gone", "gone").await;
    browser.fill(".filters .search .field", "TRAILED").await;
    browser.see_text(".about", "0 states of 3 in the file").await;
    browser.click(".empty button", "Show all of them").await;
    browser.see_text(".about", "3 states of 3 in the file").await;

    // As of the snapshot; and as of a seq that the file does not have.
    browser.click(".as-of button", "Snapshots").await;
    browser.click(".as-of .menu button", "noon").await;
    browser.see_text(".about", "2 states of 3 in the file").await;
    assert!(browser.address().await.contains("seq=4"));
    browser.see_text(".trow.file-row", "/legs/0/n +1").await;
    browser.picture("19-opened-list-past").await;
    as_of(&browser, "8").await;
    browser.see_text(".as-of", "The file shows seq 1 to 7.").await;
    assert!(browser.address().await.contains("seq=4"), "the moment stays");
    as_of(&browser, "2").await;
    browser.see_text(".about", "1 state of 3 in the file").await;

    browser.click(".trow.file-row", "EURUSD/é").await;
    browser.see_text("h1", "EURUSD/é").await;
    browser.see_text(".rail", "2 versions").await;
    browser.see_text(".rail-row.on", "v2").await;
    browser.see_text(".change", "stop_loss").await;
    browser.see_text(".change .delta", "+0.0019").await;
    browser.click(".as-of button", "To the end").await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.see_text(".rail", "4 versions").await;
    browser.see_text(".change", "volume").await;
    browser.pictures("19-opened-state").await;

    // Any two versions: by a row and Shift, and by number.
    browser.click(".rail-row", "v3").await;
    browser.see_text(".rail-row.on", "v3").await;
    set_version(&browser, "A", 1).await;
    browser.see_text(".change .delta", "+0.0028").await;
    browser.see_text(".rail-row .chip.ab", "A").await;
    browser.click("[role=tab]", "Side").await;
    browser.see_text(".text-head", "A, v1").await;
    browser.see_text(".text-line", "1.0860").await;
    browser.click("[role=tab]", "Tree").await;
    browser.click(".filter", "show everything").await;
    browser.see_text(".tree-row", "symbol").await;
    browser.picture("19-opened-tree").await;
    browser.click("[role=tab]", "JSON Patch").await;
    browser.see_text(".patch", "/stop_loss").await;
    browser.click(".changes .btn", "Raw text of B").await;
    let raw = r#"{"symbol":"EURUSD","volume":0.30,"legs":[{"n":2}],"stop_loss":1.0860}"#;
    browser.see_text("dialog pre", raw).await;
    browser.script("document.querySelector('dialog [aria-label=Close]').click()", &[]).await;

    // An address that names what the file has not says so.
    set_version(&browser, "B", 9).await;
    browser.see_text(".empty", "The file has no version 9 of this state.").await;
    browser.click(".empty a", "See which states the file has").await;
    browser.see_text(".file-row", "desk-1").await;

    // Who looks at the store meanwhile finds the file as it was.
    browser.click(".side a", "States").await;
    browser.see_text(".states-table", "later").await;
    browser.script("history.back()", &[]).await;
    browser.see_text(".file-row", "desk-1").await;
    assert_nothing_sent(&browser).await;
    assert_eq!(server.get("/status").await.1["seq"], before);

    browser.click(".file-banner button", "Close the file").await;
    browser.see_text("main", "Drop a bundle anywhere on this page").await;
    browser.pictures("19-opened-empty").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_file_is_looked_at_with_the_keyboard_and_at_200_percent() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened?sort=id").await;
    browser.see_text(".notice", "The file is not open any more.").await;
    choose(&browser, "opened-file", &book).await;
    browser.see_text(".file-row", "desk-1").await;
    browser.press("j").await;
    browser.see_text(".file-row.cursor", "EURUSD/é").await;
    browser.press(Key::Enter).await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.press("[").await;
    browser.see_text(".rail-row.on", "v3").await;
    browser.press("]").await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.press("n").await;
    browser.see(".pickable.cursor").await;
    browser.press("3").await;
    browser.see_text(".text-head", "B, v4").await;
    browser.screen(Screen::Zoomed).await;
    browser.assert_fits("19-opened-state").await;
    browser.picture("19-opened-state-200").await;
    browser.press(Key::Escape).await;
    browser.see_text(".file-row", "desk-1").await;
    browser.assert_fits("19-opened-list").await;
    browser.picture("19-opened-list-200").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_damaged_and_a_cut_bundle_say_their_line_and_show_what_is_whole() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    let text = unpacked(&book);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;

    // Line 5 is the version with seq 4.
    let changed = text.replacen("active", "closed", 1);
    let damaged = packed(folder.path().join("damaged.stateloft"), changed.as_bytes());
    choose(&browser, "opened-file", &damaged).await;
    browser.see_text(".file-banner", "damaged.stateloft").await;
    browser.see_text(".notice", "Line 5: it is not what was written, or a line before it is missing.").await;
    browser
        .see_text(".notice", "whole and shown: 3 versions, up to seq 3. What came later is not known.")
        .await;
    assert_eq!(rows(&browser).await, json!(["EURUSD/é"]));
    browser.pictures("19-opened-damaged").await;
    as_of(&browser, "4").await;
    browser.see_text(".as-of", "The file shows seq 1 to 3.").await;
    browser.click(".file-banner button", "Close the file").await;

    let third: usize = text.split_inclusive('\n').take(3).map(str::len).sum();
    let cut = packed(folder.path().join("cut.stateloft"), &text.as_bytes()[..third + 40]);
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &cut).await;
    browser.see_text(".notice", "Line 4: the bundle ends here, before its last line: it was cut.").await;
    browser.see_text(".notice", "2 versions, up to seq 2").await;
    browser.click(".trow.file-row", "EURUSD/é").await;
    browser.see_text(".change .delta", "+0.0019").await;
    browser.click(".file-banner button", "Close the file").await;

    // The packed file itself is cut.
    let whole = std::fs::read(&book).unwrap();
    let short = folder.path().join("short.stateloft");
    std::fs::write(&short, &whole[..whole.len() - 20]).unwrap();
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &short).await;
    browser.see_text(".notice", "Line ").await;
    browser.see_text(".file-row", "EURUSD/é").await;
    browser.click(".file-banner button", "Close the file").await;

    for (name, bytes, words) in [
        ("secret.stateloft", &b"age-encryption.org/v1\n-> X25519 abc\n"[..], "age -d -i KEY.txt FILE"),
        ("other.gz", &b"{\"a\":1}\n"[..], "this is not a bundle"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        choose(&browser, "opened-file", &path).await;
        browser.see_text(".notice.error", words).await;
        browser.see_text(".notice.error", name).await;
    }
    browser.picture("19-opened-refused").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// A bundle of about so many MiB, unpacked: a hundred states, each with versions of some 20 KB.
fn large(folder: &Path, mebibytes: usize) -> (PathBuf, usize) {
    let versions = mebibytes * 50;
    let (mut bytes, mut tip, mut heads) = (Vec::new(), Tip::START, HashMap::new());
    let header = Header {
        made_at: Timestamp::from_micros(1_780_000_000_000_000),
        made_by: "stateloft test".into(),
        from: Seq(1),
        to: Seq(versions as u64),
        scope: Scope::default(),
        history: true,
        chain_hash_before: Some(ChainHash::START),
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let mut writer = Writer::begin(&header, Some(ChainHash::START), &mut bytes);
    let mut noise = 88_172_645_463_325_252_u64;
    for n in 0..versions {
        let ticks: Vec<String> = (0..1_000)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                format!("{}.{:05}", noise % 10_000, noise >> 47)
            })
            .collect();
        let write = Write {
            key: StateKey::new("market_data", &format!("S{:02}", n % 100)).unwrap(),
            change: Change::Save(
                format!(r#"{{"n":{n},"ticks":[{}],"pad":"{:08000}"}}"#, ticks.join(","), n).parse().unwrap(),
            ),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: Some("feed".into()),
            description: None,
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        };
        let now = Timestamp::from_micros(1_770_000_000_000_000 + i64::try_from(n).unwrap() * 1_000_000);
        let made = decide(&[write], &mut tip, &mut heads, now, &|_, _, _| ChangeSummary::default()).unwrap();
        for version in made.into_iter().filter(Outcome::is_written).map(Outcome::into_version) {
            writer.version(&version, &mut bytes);
        }
        packer.write_all(&bytes).unwrap();
        bytes.clear();
    }
    writer.end(&mut bytes);
    packer.write_all(&bytes).unwrap();
    let path = folder.join("large.stateloft");
    std::fs::write(&path, packer.finish().unwrap()).unwrap();
    (path, versions)
}

/// The page goes on drawing and answers a click while the file is read; what it holds is there afterwards.
async fn opens_without_a_freeze(mebibytes: usize) {
    let (server, folder) = (Server::start().await, TempDir::new().unwrap());
    let (path, versions) = large(folder.path(), mebibytes);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;
    // From within the page, so that it is surely while the file is read: one click, and what came of it by the next frame.
    let watch = "window.__look = { worst: 0, frames: 0, answered: null, grew: 0 }; let last = performance.now(), asked = null, seen = '';
        const tick = now => { const look = window.__look; look.worst = Math.max(look.worst, now - last); last = now;
            const reading = document.querySelector('.file-reading');
            if (reading) { look.frames++;
                if (reading.innerText !== seen) { seen = reading.innerText; look.grew++; }
                const theme = () => document.documentElement.dataset.theme ?? 'light';
                if (look.grew === 2 && asked === null) { asked = theme(); document.querySelector('.top .icons button').click(); }
                else if (asked !== null && look.answered === null) look.answered = theme() !== asked; }
            requestAnimationFrame(tick); };
        requestAnimationFrame(tick); return true";
    browser.script(watch, &[]).await;
    choose(&browser, "opened-file", &path).await;
    let read = "return !!document.querySelector('.file-banner') && !document.querySelector('.file-reading')";
    let began = tokio::time::Instant::now();
    while browser.script(read, &[]).await != Value::Bool(true) {
        assert!(began.elapsed().as_secs() < 300, "the file is not read in five minutes");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let look = browser.script("return window.__look", &[]).await;
    println!("{mebibytes} MiB read in {:.1} s; {look}", began.elapsed().as_secs_f64());
    assert_eq!(look["answered"], true, "a click is answered while the file is read: {look}");
    assert!(look["grew"].as_u64() > Some(2), "it says how far it is: {look}");
    let count = {
        let digits = versions.to_string();
        let (thousands, rest) = digits.split_at(digits.len() - 3);
        format!("{thousands},{rest}")
    };
    browser.see_text(".file-checked", &format!("{count} versions, as written.")).await;
    browser.click(".trow.file-row", "S99").await;
    browser.see_text(".rail-row.on", &format!("v{}", versions / 100)).await;
    browser.see_text(".change", "ticks").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_bundle_of_twenty_mebibytes_does_not_freeze_the_page() {
    opens_without_a_freeze(20).await;
}

#[tokio::test]
#[ignore = "takes minutes with a debug build; run it by name"]
async fn a_bundle_of_a_hundred_mebibytes_does_not_freeze_the_page() {
    opens_without_a_freeze(100).await;
}

#[tokio::test]
async fn reading_can_be_cancelled_and_another_file_opened() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let (path, _) = large(folder.path(), 20);
    let book = export(&server, folder.path()).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;
    let cancel = "window.__cancelled = false; const look = () => { const at = document.querySelector('.file-reading .link');
        if (at) { at.click(); window.__cancelled = true; } else requestAnimationFrame(look); }; look(); return true";
    browser.script(cancel, &[]).await;
    choose(&browser, "opened-file", &path).await;
    browser.until("return window.__cancelled", &[], "the reading is not shown").await;
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &book).await;
    browser.see_text(".file-banner", "book.stateloft").await;
    browser.see_text(".file-row", "desk-1").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
