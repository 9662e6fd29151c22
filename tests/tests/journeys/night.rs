//! Three in the morning: a deploy has moved stops on a desk that goes on trading. Two of them go back, and that is undone, in few
//! clicks.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use stateloft_tests::browser::Browser;
use stateloft_tests::client::encoded;
use stateloft_tests::server::Server;
use tokio::sync::watch;

/// As many clicks as it may take from the culprit on the strip to undone.
const CLICKS: u32 = 12;
/// The deploy that the demo tells of (`xtask/src/demo`), and two positions whose stops it moved.
const CULPRIT: &str = "deploy-46";
const STOPS: [&str; 2] = ["BRENT/WTI", "EURUSD/GBPUSD"];

/// The text of a position.
async fn raw(server: &Server, id: &str) -> String {
    let path = format!("/states/{}/raw?state_type=position", encoded(id));
    server.request(Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

/// The spelling of a member.
fn member<'t>(text: &'t str, name: &str) -> &'t str {
    let from = text.find(&format!("\"{name}\":")).unwrap() + name.len() + 3;
    let rest = &text[from..];
    &rest[..rest.find([',', '}']).unwrap()]
}

async fn stops(server: &Server) -> Vec<String> {
    let mut stops = Vec::new();
    for id in STOPS {
        stops.push(member(&raw(server, id).await, "stop_loss").to_owned());
    }
    stops
}

/// The desk goes on: both positions are marked to market ten times a second, onto whatever stands there then.
fn go_on(server: &Arc<Server>) -> (watch::Sender<u64>, tokio::task::JoinHandle<u64>) {
    let (beats, server) = (watch::Sender::new(0_u64), Arc::clone(server));
    let mut told = beats.subscribe();
    let desk = tokio::spawn(async move {
        let (mut pace, mut written) = (tokio::time::interval(Duration::from_millis(100)), 0);
        loop {
            tokio::select! {
                ended = told.changed() => if ended.is_err() { return written },
                _ = pace.tick() => {}
            }
            for id in STOPS {
                let path = format!("/states/{}?state_type=position", encoded(id));
                let version = server.get(&path).await.1["version"].clone();
                let text = raw(&server, id).await;
                let was = format!("\"unrealized_pnl\":{}", member(&text, "unrealized_pnl"));
                let data = text.replace(&was, &format!("\"unrealized_pnl\":{written}.5"));
                let body = format!(
                    r#"{{"state_type":"position","state_id":"{id}","user_id":"pairs-fx-1","description":"mark to market","expected_version":{version},"data":{data}}}"#
                );
                // Whoever was first wrote; the next beat reads again.
                written += u64::from(server.post("/states", body).await.0.is_success());
            }
        }
    });
    (beats, desk)
}

#[tokio::test]
async fn two_stops_go_back_and_forth_again_in_few_clicks_while_the_desk_goes_on() {
    let server = Arc::new(Server::start().await);
    server.fill_with_demo().await;
    let bad = stops(&server).await;
    let (_, before) = server.get("/snapshots/before-deploy-46").await;
    let mut good = Vec::new();
    for id in STOPS {
        let path = format!("/states/{}?state_type=position&at=seq:{}", encoded(id), before["seq"]);
        let (status, then) = server.get(&path).await;
        assert!(status.is_success(), "{then}");
        good.push(then["data"]["stop_loss"].as_f64().unwrap());
    }
    let (desk, at_work) = go_on(&server);

    let browser = Browser::open(&server.origin()).await;
    browser.go("/").await;
    browser.see_text(".authors a", CULPRIT).await;
    browser.pictures("night-1-culprit").await;
    assert_eq!(browser.clicks(), 0);
    browser.click(".authors a", CULPRIT).await;
    browser.click(".feed-panel a.trow", STOPS[1]).await;
    browser.click(".detail .foot a", "Plan all 5 of this save, to before it").await;
    browser.see_text("form.apply button", "Write 5 states").await;
    let others = "return [...document.querySelectorAll('.plan-state .id')].map(e => e.innerText)";
    let Value::Array(all) = browser.script(others, &[]).await else { panic!("the plan lists its states") };
    let others = all.iter().filter_map(Value::as_str).filter(|id| !STOPS.contains(id));
    for id in others.map(str::to_owned).collect::<Vec<_>>() {
        browser.click(&format!(".plan-state input[aria-label$='{id}']"), "").await;
    }
    browser.see_text("form.apply button", "Write 2 states").await;
    browser.fill("form.apply textarea", "stops of deploy 46").await;
    browser.pictures("night-2-plan").await;
    browser.click("form.apply button", "Write 2 states").await;
    browser.see_text("main", "2 states written").await;
    for (stop, good) in stops(&server).await.iter().zip(&good) {
        assert!((stop.parse::<f64>().unwrap() - good).abs() < 1e-9, "{stop} is not {good}");
    }
    browser.pictures("night-3-restored").await;
    browser.click("button", "Undo").await;
    browser.see_text("main", "It undid an earlier restore").await;
    assert_eq!(stops(&server).await, bad, "undone");
    let clicks = browser.clicks();
    assert!(clicks <= CLICKS, "it took {clicks} clicks");

    drop(desk);
    assert!(at_work.await.unwrap() > 10, "the desk went on meanwhile");
    let (_, report) = server.get("/verify").await;
    assert_eq!(report["ok"], true, "{report}");
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
