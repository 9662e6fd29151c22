//! Runs: the lanes, what lay behind a crash, a run's page, and who is alive on the overview.

use serde_json::{Value, json};
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use thirtyfour::Key;

async fn begin(server: &Server, body: Value) -> Value {
    let (status, run) = server.post("/runs", body.to_string()).await;
    assert_eq!(status, 201, "{run}");
    run
}

async fn save(server: &Server, run: &Value, id: &str, data: Value) {
    let body = json!({"state_type": "strategy", "state_id": id, "data": data, "user_id": "bot", "run_id": run["run_id"]});
    let (status, answer) = server.post("/states", body.to_string()).await;
    assert!(status.is_success(), "{answer}");
}

async fn act(server: &Server, run: &Value, what: &str, body: Value) {
    let id = run["run_id"].as_str().unwrap();
    let (status, answer) = server.post(&format!("/runs/{id}/{what}"), body.to_string()).await;
    assert!(status.is_success(), "{answer}");
}

fn grid(code: &str, step: f64) -> Value {
    json!({"program": "btc-grid", "lease_seconds": 3600, "code": code, "config": {"step": step}, "host": "box-7", "pid": 4711})
}

/// A run that crashed, what somebody did meanwhile, and the run after it.
async fn after_a_crash(server: &Server) -> (Value, Value) {
    let one = begin(server, grid("8e41c0d77", 1.5)).await;
    save(server, &one, "grid", json!({"stop": 1.0886, "side": "long"})).await;
    save(server, &one, "other", json!({"n": 1})).await;
    act(server, &one, "mark-crashed", json!({"reason": "its machine is gone", "user_id": "ops"})).await;
    server.save("strategy", "grid", r#"{"stop":1.0832,"side":"long"}"#, "ops.desk", "moved by hand").await;
    let two = begin(server, grid("8e41c0d77", 2.5)).await;
    (one, two)
}

#[tokio::test]
async fn what_lay_behind_a_crash_is_seen_from_the_keyboard() {
    let server = Server::start().await;
    let (one, two) = after_a_crash(&server).await;
    let done = begin(&server, json!({"program": "eod-report"})).await;
    act(&server, &done, "end", json!({"status": "completed"})).await;

    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".side a[href='/view/runs']", "1").await;
    browser.press("gr").await;
    browser.see_text(".lanes .who", "live, renewed").await;
    browser.see_text(".lanes .who", "completed").await;
    browser.see_text(".page-head .about", "1 live · 3 runs of 2 instances · leases as of").await;
    browser.see(".track .nobody").await;
    browser.press("j").await;
    browser.see_text(".beside", two["run_id"].as_str().unwrap()).await;
    browser.press(thirtyfour::Key::Left).await;
    browser.see_text(".beside h2", "Gap of").await;
    browser.see_text(".beside", "its machine is gone").await;
    browser.see_text(".beside .found-row", "ops.desk").await;
    browser.see_text(".beside .found-row", "1.0832").await;
    browser.see_text(".beside", "1 of 2 states").await;
    browser.see_text(".beside h3", "Config: 1 path").await;
    assert!(browser.address().await.contains(&format!("gap={}", one["run_id"].as_str().unwrap())));
    browser.pictures("12-runs").await;
    // What is chosen is in the address: it is there after a reload, too.
    browser.go(&browser.address().await).await;
    browser.see_text(".beside .found-row", "1.0832").await;
    browser.press(thirtyfour::Key::Enter).await;
    browser.see_text("h1", two["run_id"].as_str().unwrap()).await;
    browser.see_text(".run-found", "after crash").await;
    browser.see_text(".run-found .found-row", "1.0832").await;
    browser.pictures("13-run").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn lists_are_limited_by_what_stands_in_the_address() {
    let server = Server::start().await;
    let (one, two) = after_a_crash(&server).await;
    begin(&server, json!({"program": "md-feed", "host": "feed-1"})).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/runs?show=crashed").await;
    browser.see_text(".run-list a", one["run_id"].as_str().unwrap()).await;
    browser.see_no_text(".run-list a", two["run_id"].as_str().unwrap()).await;
    // The lane is whole: what came after the crash is on it.
    browser.see_text(".lanes .who", "btc-grid").await;
    browser.see_no_text(".lanes .who", "md-feed").await;
    browser.click(".filters button", "all 3").await;
    browser.see_text(".lanes .who", "md-feed").await;
    browser.fill(".filters input", "feed-1").await;
    browser.see_no_text(".lanes .who", "btc-grid").await;
    assert!(browser.address().await.contains("q=feed-1"));
    browser.go("/view/runs?show=dead").await;
    browser.see_text("main", "It must be live or crashed").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_store_without_runs_says_how_to_begin_one() {
    let server = Server::start().await;
    server.save("strategy", "one", r#"{"n":1}"#, "bot", "start").await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/runs").await;
    browser.see_text(".no-runs", "No program has begun a run here").await;
    browser.see_text(".no-runs pre", "with stateloft.run(\"my-bot\", lease=\"30s\") as run:").await;
    // A run that begins is there at once.
    begin(&server, json!({"program": "my-bot"})).await;
    browser.see_text(".lanes .who", "my-bot").await;
    browser.screen(Screen::Phone).await;
    browser.see_text(".side a[aria-current='page']", "Runs").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_live_run_is_ended_with_a_reason_and_its_program_is_refused() {
    let server = Server::start().await;
    let run = begin(&server, grid("8e41c0d77", 1.5)).await;
    let id = run["run_id"].as_str().unwrap();
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/run?id={id}")).await;
    browser.see_text(".run-lease", "ends in").await;
    browser.see_text(".run-found", "the first run of its instance").await;
    browser.click(".page-head button", "End…").await;
    browser.see_text("dialog[open]", "lease_lost").await;
    browser.fill("dialog[open] textarea", "market is closed").await;
    browser.fill("dialog[open] input.field", "ops.desk").await;
    browser.click("dialog[open] button[type='submit']", "End it as stopped").await;
    browser.see_text(".run-lease", "stopped").await;
    browser.see_text(".run-lease", "market is closed").await;
    browser.until("return ![...document.querySelectorAll('.page-head button')].some(b => b.innerText.includes('End…'))", &[], "an ended run can be ended").await;
    let (_, view) = server.get(&format!("/runs/{id}")).await;
    assert_eq!(
        (view["run"]["status"].as_str(), view["run"]["reason"].as_str()),
        (Some("stopped"), Some("market is closed"))
    );
    assert_eq!(view["version"]["user_id"], "ops.desk");
    let late =
        json!({"state_type": "strategy", "state_id": "x", "data": {}, "run_id": id, "epoch": run["epoch"]});
    let (status, refused) = server.post("/states", late.to_string()).await;
    assert_eq!((status.as_u16(), refused["code"].as_str()), (409, Some("lease_lost")));
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_run_that_is_gone_is_marked_crashed_and_the_overview_says_so_until_somebody_looked() {
    let server = Server::start().await;
    let run = begin(&server, grid("8e41c0d77", 1.5)).await;
    let feed = begin(&server, json!({"program": "md-feed", "lease_seconds": 3600})).await;
    let id = run["run_id"].as_str().unwrap();
    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".alive", "2 live").await;
    browser.go(&format!("/view/run?id={id}")).await;
    browser.see_text(".run-lease", "ends in").await;
    browser.click(".page-head .menu-anchor button", "").await;
    browser.click(".menu button", "Mark crashed…").await;
    browser.fill("dialog[open] textarea", "pulled the plug").await;
    browser.click("dialog[open] button[type='submit']", "Mark it crashed").await;
    browser.see_text(".run-lease", "crashed").await;
    browser.go("/").await;
    browser.see_text(".alive", "1 live, 1 crashed").await;
    browser.see_text(".alive a", "md-feed").await;
    browser.pictures("01-overview-runs").await;
    browser.click(".alive a", "crashed").await;
    browser.see_text("h1", id).await;
    // Whoever has looked at the runs is not told of it again.
    browser.go("/view/runs").await;
    browser.see_text(".lanes .who", "crashed").await;
    browser.go("/").await;
    browser.see_text(".alive", feed["run"]["program"].as_str().unwrap()).await;
    browser.see_no_text(".alive", "crashed 2").await;
    browser.see_no_text(".alive .end", "1 crashed").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_run_shows_its_equity_its_lots_and_what_they_made_exactly() {
    let server = Server::start().await;
    let run = begin(&server, grid("8e41c0d77", 1.5)).await;
    let save = async |kind: &str, id: &str, data: String| {
        let run_id = &run["run_id"];
        let body = format!(
            r#"{{"state_type":"{kind}","state_id":"{id}","data":{data},"user_id":"bot","run_id":{run_id}}}"#
        );
        let (status, answer) = server.post("/states", body).await;
        assert!(status.is_success(), "{answer}");
    };
    for worth in ["100000.10", "100200.30", "100068.700000000001", "100150"] {
        let rest = r#""available_balance":1,"total_pnl":0,"open_positions":0"#;
        save("portfolio", "main", format!(r#"{{"total_value":{worth},{rest}}}"#)).await;
    }
    let now = run["run"]["started_at"].as_str().unwrap();
    let closed = |id: u32, pnl: &str, reason: &str| {
        format!(
            r#"{{"id":"{id}","side":"long","quantity":0.750,"entry_price":1,"status":"closed","exit_price":1.5,"exit_time":"{now}","exit_reason":"{reason}","pnl":{pnl}}}"#
        )
    };
    let open = r#"{"id":"38084831","side":"long","quantity":0.80,"entry_price":64000.10,"stop_loss":0,"status":"open"}"#;
    let lots = [
        closed(1, "96.00", "take_profit_hit"),
        closed(2, "-110.000000000000000001", "stop_loss_hit"),
        open.to_owned(),
    ];
    save(
        "position",
        "bot/BTC",
        format!(r#"{{"symbol":"BTCUSD","side":"long","lots":[{}]}}"#, lots.join(",")),
    )
    .await;
    save("order", "pfx1-7c21", r#"{"client_order_id":"pfx1-7c21","symbol":"BTCUSD","side":"sell","quantity":1.20,"filled_quantity":0,"status":"accepted"}"#.to_owned()).await;

    let at = format!("/runs/{}/checkpoints", run["run_id"].as_str().unwrap());
    for (name, quantity) in [("entry", 7), ("candle 09:30", 8)] {
        let grid = json!({"state_type": "strategy", "state_id": "grid", "data": {"quantity": quantity}});
        let body = json!({"name": name, "pinned": quantity == 7, "states": [grid]});
        let (status, answer) = server.post(&at, body.to_string()).await;
        assert_eq!(status.as_u16(), 201, "{answer}");
    }

    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/run?id={}", run["run_id"].as_str().unwrap())).await;
    browser.see_text(".run-checkpoints .head", "2, ").await;
    browser.see_text(".run-checkpoint", "candle 09:30").await;
    browser.see_text(".run-equity", "-131.599999999999").await;
    browser.see_text(".run-equity .curve", "100200.30").await;
    browser.see_text(".run-book", "1 open, 2 closed by this run, 1 order, as saved last").await;
    browser.see_text(".run-book .lot", "stop_loss_hit").await;
    browser.see_text(".run-book .lot", "0 of 1.20").await;
    browser.see_text(".run-figures", "1 of 2").await;
    browser.see_text(".run-figures", "-7.00").await;
    browser.see_text(".run-figures", "-110.000000000000000001").await;
    browser.see_text(".run-figures", "no data").await;
    browser.pictures("13-run-book").await;
    // Back to the first checkpoint, with what the run wrote and nothing else.
    browser.click(".run-checkpoint [aria-label='Plan a restore to checkpoint 1']", "").await;
    browser.see_text(".page", "strategy").await;
    browser.go(&format!("/view/run?id={}", run["run_id"].as_str().unwrap())).await;
    browser.click(".run-checkpoint a.id", "c1").await;
    browser.see_text(".page", "grid").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

/// A run with three checkpoints: between the first and the last a state of it changes, one is changed and changed back, one comes, one
/// goes, and somebody else writes another.
async fn with_checkpoints(server: &Server) -> Value {
    let run = begin(server, grid("8e41c0d77", 1.5)).await;
    let at = format!("/runs/{}/checkpoints", run["run_id"].as_str().unwrap());
    let take = async |name: &str, states: Value| {
        let (status, answer) = server.post(&at, json!({"name": name, "states": states}).to_string()).await;
        assert_eq!(status.as_u16(), 201, "{answer}");
    };
    let state = |id: &str, n: u32| json!({"state_type": "strategy", "state_id": id, "data": {"n": n, "side": "long"}});
    take("entry", json!([state("moves", 1), state("back", 1), state("goes", 1), state("stays", 1)])).await;
    take("between", json!([state("moves", 2), state("back", 2)])).await;
    server.save("strategy", "somebody-elses", r#"{"n":1}"#, "ops.desk", "by hand").await;
    let path = "/states/goes?state_type=strategy&user_id=ops.desk";
    assert!(server.request(reqwest::Method::DELETE, path).send().await.unwrap().status().is_success());
    take("exit", json!([state("moves", 3), state("back", 1), state("comes", 1)])).await;
    // What is written later is of neither.
    save(server, &run, "stays", json!({"n": 9})).await;
    run
}

#[tokio::test]
async fn two_checkpoints_are_ticked_and_what_differs_between_them_opens_from_the_keyboard() {
    let server = Server::start().await;
    let run = with_checkpoints(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go(&format!("/view/run?id={}", run["run_id"].as_str().unwrap())).await;
    browser.see_text(".run-checkpoint", "exit").await;
    // By the keyboard alone: the box of each, and c.
    for number in [1, 2, 3] {
        let focus = "const box = document.querySelector(`[aria-label='Compare checkpoint ${arguments[0]}']`); box.focus(); return document.activeElement === box";
        browser.until(focus, &[json!(number)], "a box takes the focus").await;
        browser.press(" ").await;
    }
    // Two are compared: the third took the place of the first.
    browser.see_text(".run-checkpoints button", "Compare c2 with c3").await;
    browser.click("[aria-label='Compare checkpoint 2']", "").await;
    browser.click("[aria-label='Compare checkpoint 1']", "").await;
    browser.see_text(".run-checkpoints button", "Compare c1 with c3").await;
    browser.press("c").await;
    browser.see_text(".run-between h2", "Between c1 and c3").await;
    assert!(browser.address().await.ends_with("&compare=1,3"), "{}", browser.address().await);
    browser.until("return document.activeElement.id === 'between'", &[], "the panel takes the focus").await;
    browser.see_text(".run-between .note", "4 states of this run written").await;
    for (id, says) in
        [("moves", "~ changed"), ("back", "= as it was"), ("comes", "+ new"), ("goes", "\u{2212} deleted")]
    {
        let row = "return [...document.querySelectorAll('.between-row')].some(row => row.innerText.includes(arguments[0]) && row.innerText.includes(arguments[1]))";
        browser.until(row, &[json!(id), json!(says)], &format!("{id} says {says}")).await;
    }
    browser.see_no_text(".between-row", "stays").await;
    browser.see_no_text(".between-row", "somebody-elses").await;
    browser.click(".run-between button", "1 other state that this run did not write").await;
    browser.see_text(".between-row", "somebody-elses").await;
    browser.pictures("13-run-between").await;
    // Which two stands in the address; a row opens with its two versions.
    browser.go(&browser.address().await).await;
    let open = "const row = [...document.querySelectorAll('.between-row')].find(row => row.innerText.includes('moves') && row.innerText.includes('1 path')); row?.focus(); return !!row && document.activeElement === row";
    browser.until(open, &[], "a row takes the focus").await;
    browser.press(Key::Enter).await;
    browser.see_text("h1", "Compare").await;
    assert!(browser.address().await.contains("a=1&b=3"), "{}", browser.address().await);
    browser.see_text(".compare-body", "/n").await;
    browser.go(&format!("/view/run?id={}&compare=1,99", run["run_id"].as_str().unwrap())).await;
    browser.see_text(".run-between", "No such checkpoint").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_restore_rings_on_the_lane_whose_states_it_wrote_though_no_run_is_live() {
    let server = Server::start().await;
    let run = begin(&server, grid("8e41c0d77", 1.5)).await;
    save(&server, &run, "grid", json!({"stop": 1.0886})).await;
    let good = server.get("/status").await.1["seq"].clone();
    save(&server, &run, "grid", json!({"stop": 1.0832})).await;
    act(&server, &run, "end", json!({"status": "stopped"})).await;
    let other = begin(&server, json!({"program": "md-feed"})).await;
    save(&server, &other, "feed", json!({"n": 1})).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/runs").await;
    browser.see_text(".lanes .who", "stopped").await;
    assert_eq!(browser.script("return document.querySelectorAll('.track .ring').length", &[]).await, 0);
    let mut body = json!({"target": format!("seq:{good}"), "scope": {"states": [{"state_type": "strategy", "state_id": "grid"}]}});
    let (_, plan) = server.post("/restores", body.to_string()).await;
    body["reason"] = json!("bad deploy");
    let (status, restore) =
        server.post(&format!("/restores/{}/apply", plan["plan"].as_str().unwrap()), body.to_string()).await;
    assert!(status.is_success(), "{restore}");
    // It is there at once, on that lane and no other.
    let rings = "const rings = [...document.querySelectorAll('.lane .ring')];
        return rings.length === 1 && rings[0].closest('.lane').innerText.includes('btc-grid')
            && rings[0].getAttribute('aria-label').includes('1 state that btc-grid.main.1 had written')";
    browser.until(rings, &[], "no ring stands on the lane of btc-grid alone").await;
    browser.pictures("12-runs-ring").await;
    let href = browser.script("return document.querySelector('.lane .ring').getAttribute('href')", &[]).await;
    assert_eq!(href, format!("/view/restore/{}", restore["restore_id"].as_str().unwrap()));
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_no_lane_turns_red_for_it() {
    let server = Server::start().await;
    after_a_crash(&server).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/runs").await;
    browser.see_text(".lanes .who", "live, renewed").await;
    browser.block(&["*/api/v1/runs*"]).await;
    browser.see_text(".lanes .who", "lease unknown").await;
    browser.see_text(".page-head .about", "leases unknown since").await;
    browser
        .until(
            "return !document.querySelector('.lane .run-mark.late')",
            &[],
            "a lane is late because nobody was asked",
        )
        .await;
    browser.block(&[]).await;
    browser.see_text(".lanes .who", "live, renewed").await;
    browser.assert_clean(&["Failed to load resource", "Failed to fetch"]).await;
    browser.close().await;
}
