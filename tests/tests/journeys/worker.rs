//! The component in a worker of a stranger's page: a broker's list of ten thousand positions, held against as many of ours, read page by
//! page while the page stays free.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stateloft_tests::browser::Browser;
use stateloft_tests::files::Files;

const ROWS: u64 = 10_000;

/// Makes both lists, asks the worker for a report and some of its rows, and what it says where there is none. Every tenth size
/// differs. It answers what came, and how long the report took, from the asking to the answer.
const ASKS: &str = r#"
    const [rows] = arguments;
    const numbers = Array.from({ length: rows }, (_, n) => n);
    const size = (n) => `0.${10 + (n % 90)}`;
    const ours = numbers.map((n) => `{"state_type":"position","state_id":"bot/${n}","version":${n + 1},"timestamp":"2026-11-29T09:00:00Z",`
        + `"data":{"symbol":"S${n % 500}","side":"long","ticket":${38_000_000 + n},"quantity":${size(n)},"entry_price":1.${10_000 + n}}}`);
    const theirs = numbers.map((n) => `{"ticket":${38_000_000 + n},"symbol":"S${n % 500}","type":0,`
        + `"volume":${n % 10 ? size(n) : "5.0"},"price_open":1.${10_000 + n}}`);
    const worker = new Worker("/target/component/worker.js", { type: "module" });
    const waiting = new Map();
    worker.onmessage = ({ data }) => { waiting.get(data.id)(data); waiting.delete(data.id); };
    let last = 0;
    const ask = (fn, ...args) => new Promise((answer) => { waiting.set(++last, answer); worker.postMessage({ id: last, fn, args }); });
    return (async () => {
        const early = await ask("reconcile.rows", 0, 1);
        const options = { as_of: "2026-11-29T09:45:58Z" };
        const texts = [`[${ours.join(",")}]`, `[${theirs.join(",")}]`];
        const whole = await ask("reconcile", ...texts, options);
        const start = performance.now();
        const opened = await ask("reconcile.open", ...texts, options);
        const took = performance.now() - start;
        const from = rows / 10 - 25;
        const page = await ask("reconcile.rows", from, 50);
        const beyond = await ask("reconcile.rows", rows - 1, 50);
        const wrong = await ask("reconcile.open", texts[0], 7, options);
        const after = await ask("reconcile.rows", 0, 1);
        const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
        return {
            early: early.error, summary: opened.value, same_hash: opened.value.hash === whole.value.hash, took,
            page_is_of_the_whole: same(page.value, whole.value.rows.slice(from, from + 50)),
            verdicts: [page.value[0].verdict, page.value[49].verdict], beyond: beyond.value.length, wrong: wrong.error, after: after.error,
        };
    })()"#;

fn package() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(3).unwrap().join("component")
}

#[tokio::test]
async fn a_list_of_ten_thousand_positions_is_held_against_ours_and_read_page_by_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs");
    let files = Files::serve(&[("docs", docs), ("target/component", package())]).await;
    let browser = Browser::open(&files.origin()).await;
    browser.go("/docs/example.html").await;
    browser.see_text("#verdict", "valid").await;

    let answered = browser.script(ASKS, &[json!(ROWS)]).await;
    println!("{ROWS} rows: {} ms in a worker, from the asking to the answer", answered["took"]);
    let summary = &answered["summary"];
    assert_eq!(summary["rows"], json!(ROWS), "{answered}");
    assert_eq!(summary["counts"]["quantity_mismatch"], json!(ROWS / 10));
    assert_eq!(summary["counts"]["matched"], json!(ROWS - ROWS / 10));
    assert_eq!((&summary["unread"], &summary["shape"]), (&json!(0), &json!("mt5")));
    assert_eq!(answered["same_hash"], Value::Bool(true), "both ways give one report");
    assert_eq!(answered["page_is_of_the_whole"], Value::Bool(true));
    assert_eq!(answered["verdicts"], json!(["quantity_mismatch", "matched"]), "the worst come first");
    assert_eq!(answered["beyond"], json!(1), "what is beyond the last row is not there");
    // A report that could not be made leaves none behind.
    assert_eq!(answered["wrong"], json!("list is wrong: it must be a text, or null"));
    for none in ["early", "after"] {
        assert_eq!(answered[none], json!("no list was held against anything"), "{none}");
    }
    browser.assert_clean(&[]).await;
    browser.close().await;
}
