//! What is done about a broker's list asks the live runs that hold what it writes, as a restore does.

use std::time::Duration;

use serde_json::{Value, json};
use stateloft_tests::client::Reply;
use tokio::task::JoinHandle;

use crate::desk::{Desk, LOTS, all, choose, differing, with};

const PATIENCE: Duration = Duration::from_mins(2);
/// A wait that no test waits out.
const LONG: u64 = 600;

/// What a person says, who has no run's number.
fn by_hand(handshake: &Value) -> Value {
    json!({"epoch": null, "handshake": handshake})
}

impl Desk {
    /// Applies a plan while others go on.
    fn applying(&self, asked: &Value, plan: &Value, more: Value) -> JoinHandle<Reply> {
        let body = self.order(asked, plan, more).to_string();
        let path = format!("/api/v1/reconciles/{}/apply", plan["plan"].as_str().unwrap());
        let client = self.client().clone();
        tokio::spawn(async move { client.post(&path, body).await })
    }

    async fn get(&self, path: &str) -> Value {
        self.client().get(&format!("/api/v1{path}")).await.expect(200).json()
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.client().post(&format!("/api/v1{path}"), body.to_string()).await
    }

    /// Renews a run until it is asked this.
    async fn asked_to(&self, run: &str, kind: &str) -> Value {
        let found = async {
            loop {
                let renewed = self.post(&format!("/runs/{run}/renew"), json!({})).await.expect(200).json();
                let asks = renewed["asks"].as_array().cloned().unwrap_or_default();
                let ask = asks.into_iter().find(|ask| ask["kind"] == kind);
                if let Some(ask) = ask {
                    return ask;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }

    async fn says(&self, run: &str, ask: &Value, word: &str, more: Value) -> Reply {
        let path = format!("/runs/{run}/handshakes/{}/{word}", ask["handshake"].as_str().unwrap());
        self.post(&path, with(&json!({"epoch": 1}), more)).await
    }

    /// What the run saves, and what it is answered.
    async fn tries_to_save(&self, id: &str, data: Value) -> Reply {
        self.post(
            "/states",
            json!({"state_type": "position", "state_id": id, "run_id": self.id(), "epoch": 1, "data": data}),
        )
        .await
    }
}

async fn done(applying: JoinHandle<Reply>) -> Reply {
    tokio::time::timeout(PATIENCE, applying).await.unwrap().unwrap()
}

/// Everything that differs is chosen of.
async fn planned(desk: &mut Desk) -> (Value, Value) {
    let asked = desk.ask().await;
    let looked = desk.plan(&asked, json!({})).await;
    let plan = desk.plan(&asked, choose(&looked, &all())).await;
    (asked, plan)
}

#[tokio::test]
async fn the_run_makes_way_reads_what_was_reconciled_and_goes_on() {
    let mut desk = differing().await;
    let run = desk.id().to_owned();
    let (asked, plan) = planned(&mut desk).await;
    // One of the states is begun, where the run's program will look for it.
    let held = plan["held_by"][0]["states"].as_array().unwrap();
    let ids: Vec<&str> = held.iter().map(|state| state["state_id"].as_str().unwrap()).collect();
    assert_eq!((&plan["held_by"][0]["run_id"], ids), (&json!(run), vec!["eurusd", "grid/GBPUSD", "nzdusd"]));
    let before = desk.seq().await;
    let applying = desk.applying(&asked, &plan, by_hand(&json!({"wait_seconds": LONG})));
    let ask = desk.asked_to(&run, "pause").await;
    assert_eq!((&ask["reason"], ask["states"].as_array().unwrap().len()), (&json!("as the broker says"), 3));
    let shown = desk.get(&format!("/handshakes?plan={}", plan["plan"].as_str().unwrap())).await;
    let shown = &shown["handshakes"][0];
    assert_eq!(
        (&shown["status"], &shown["reconciles"], &shown["writes"], &shown["handshake"], shown.get("target")),
        (&json!("asking"), &json!(run), &json!(3), &ask["handshake"], None)
    );
    assert_eq!(desk.raw("position", "eurusd").await, LOTS, "nothing is written before it has given its word");
    let order = desk.get(&format!("/handshakes/{}/order", ask["handshake"].as_str().unwrap())).await;
    let path = format!("/api/v1/reconciles/{}/apply", plan["plan"].as_str().unwrap());
    assert_eq!((&order["path"], &order["body"]["list"]), (&json!(path), &asked["list"]), "{order}");
    assert_eq!(order["body"]["handshake"], json!({"wait_seconds": LONG}));
    // What it does meanwhile, and what the plan does not bind, goes through.
    desk.save("eurusd", &LOTS.replace("1.0891", "1.0907")).await;
    let second = desk.apply(&asked, &plan, by_hand(&json!({"wait_seconds": 1}))).await;
    let second = second.expect_problem(409, "handshake_open").json();
    assert_eq!(second["handshake"], ask["handshake"]);
    let _ = desk.says(&run, &ask, "paused", json!({"note": "0 orders in flight"})).await.expect(200);
    let applied = done(applying).await.expect(200).json();
    assert!(desk.seq().await.as_u64() > before.as_u64());
    let written = LOTS.replace("1.0891", "1.0907").replace("0.40", "0.30");
    assert_eq!(desk.raw("position", "eurusd").await, written);
    let versions = applied["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 5, "what the run is told is no part of it: {applied}");
    assert!(versions.iter().all(|version| version["batch_id"] == ask["handshake"]), "{applied}");
    let handshake = &applied["handshake"];
    assert_eq!(
        (&handshake["handshake"], &handshake["status"], &handshake["waits_for"]),
        (&ask["handshake"], &json!("written"), &json!([run]))
    );
    // It has not read them yet.
    let refused = desk.tries_to_save("eurusd", json!({"symbol": "EURUSD", "lots": []})).await;
    assert_eq!(refused.expect_problem(409, "run_paused").json()["handshake"], ask["handshake"]);
    let told = desk.asked_to(&run, "reload").await;
    let last = versions.last().unwrap()["seq"].as_u64();
    assert!(told["seq"].as_u64() > last, "what is to be read is behind all of it: {told}");
    let early = desk.says(&run, &told, "reloaded", json!({"seq": last})).await;
    let _ = early.expect_problem(422, "invalid_body");
    let _ = desk.says(&run, &told, "reloaded", json!({"seq": told["seq"]})).await.expect(200);
    desk.save("eurusd", &written.replace("1.0907", "1.0911")).await;
    let stopped =
        desk.post(&format!("/handshakes/{}/stop", ask["handshake"].as_str().unwrap()), json!({})).await;
    let stopped = stopped.expect_problem(409, "handshake_over").json();
    assert!(stopped["detail"].as_str().unwrap().contains("its reconcile is written"), "{stopped}");
}

#[tokio::test]
async fn a_client_that_knows_of_no_handshake_waits_and_is_told_that_nothing_is_written() {
    let mut desk = differing().await;
    let run = desk.id().to_owned();
    let (asked, plan) = planned(&mut desk).await;
    let refused = desk.apply(&asked, &plan, json!({"epoch": null})).await;
    let refused = refused.expect_problem(409, "no_word").json();
    assert!(refused["detail"].as_str().unwrap().contains(&run), "{refused}");
    assert_eq!(desk.raw("position", "eurusd").await, LOTS);
    assert_eq!(desk.get(&format!("/runs/{run}/drifts")).await["open"], json!([]), "and nothing is recorded");
    assert_eq!(desk.asked_to(&run, "go_on").await["handshake"], refused["handshake"]);
    desk.save("eurusd", &LOTS.replace("1.0891", "1.0907")).await;
    // An operator's word is kept, and whoever gave none writes nothing on top.
    let word = json!({"reason": "it hangs", "by": "ada"});
    let terms = by_hand(&json!({"wait_seconds": 1, "without_word": word}));
    let applied = desk.apply(&asked, &plan, terms).await.expect(200).json();
    let handshake = &applied["handshake"];
    assert_eq!((&handshake["without_word"], &handshake["waits_for"]), (&word, &json!([run])));
    let late = desk.tries_to_save("eurusd", json!({"symbol": "EURUSD", "lots": []})).await;
    let _ = late.expect_problem(409, "run_paused");
}

#[tokio::test]
async fn a_program_that_adopts_by_itself_is_not_asked_and_others_are() {
    let mut desk = differing().await;
    let (asked, plan) = planned(&mut desk).await;
    let applied = desk.apply(&asked, &plan, json!({})).await.expect(200).json();
    assert_eq!(applied.get("handshake"), None, "{applied}");
    desk.save("eurusd", &LOTS.replace("0.40", "0.20")).await;
    // Another program holds what is in the scope, too.
    let other =
        desk.post("/runs", json!({"program": "other", "lease_seconds": 3600})).await.expect(201).json();
    let theirs = json!({"state_type": "position", "state_id": "theirs", "run_id": other["run_id"], "epoch": 1,
        "data": {"symbol": "USDJPY", "side": "long", "quantity": 2, "entry_price": 151.2}});
    let _ = desk.post("/states", theirs).await.expect(201);
    let asked = with(&desk.ask().await, json!({"scope": {"types": ["position"]}}));
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    let applying = desk.applying(&asked, &plan, json!({"handshake": {"wait_seconds": LONG}}));
    let ask = desk.asked_to("other.main.1", "pause").await;
    let _ = desk.says("other.main.1", &ask, "paused", json!({})).await.expect(200);
    let applied = done(applying).await.expect(200).json();
    assert_eq!(applied["handshake"]["waits_for"], json!(["other.main.1"]), "{applied}");
    assert_eq!(applied["handshake"]["runs"].as_array().unwrap().len(), 1);
    // It goes on as if nothing had been.
    desk.save("eurusd", &LOTS.replace("0.40", "0.10")).await;
}

#[tokio::test]
async fn what_moves_while_the_run_is_asked_makes_the_plan_stale_and_what_is_stopped_is_not_written() {
    let mut desk = differing().await;
    let run = desk.id().to_owned();
    let (asked, plan) = planned(&mut desk).await;
    let terms = || by_hand(&json!({"wait_seconds": LONG}));
    let applying = desk.applying(&asked, &plan, terms());
    let ask = desk.asked_to(&run, "pause").await;
    desk.save("eurusd", &LOTS.replace("0.40", "0.55")).await;
    let _ = desk.says(&run, &ask, "paused", json!({})).await.expect(200);
    let refused = done(applying).await.expect_problem(412, "plan_outdated").json();
    assert_eq!(refused["reconcile"]["moved"].as_array().unwrap().len(), 1, "{refused}");
    assert_eq!(
        desk.get(&format!("/handshakes/{}", ask["handshake"].as_str().unwrap())).await["status"],
        "refused"
    );
    let _ = desk.asked_to(&run, "go_on").await;
    // What is left can be applied as it is, and stopped.
    let left = &refused["reconcile"];
    let applying = desk.applying(&asked, left, terms());
    let ask = desk.asked_to(&run, "pause").await;
    let stop = format!("/handshakes/{}/stop", ask["handshake"].as_str().unwrap());
    let _ = desk.post(&stop, json!({"user_id": "bob"})).await.expect(200);
    let _ = done(applying).await.expect_problem(409, "handshake_stopped");
    let begun = desk.client().get("/api/v1/states/-?state_type=position&state_id=grid/GBPUSD").await;
    let _ = begun.expect_problem(404, "state_not_found");
    let _ = desk.asked_to(&run, "go_on").await;
}

#[tokio::test]
async fn sent_again_under_its_key_it_is_answered_as_it_was_with_what_has_become_of_the_asking() {
    let mut desk = differing().await;
    let run = desk.id().to_owned();
    let (asked, plan) = planned(&mut desk).await;
    let word = json!({"reason": "it hangs", "by": "ada"});
    let body = desk.order(&asked, &plan, by_hand(&json!({"wait_seconds": 1, "without_word": word})));
    let path = format!("/api/v1/reconciles/{}/apply", plan["plan"].as_str().unwrap());
    let send = || {
        let request = desk.client().with_json(reqwest::Method::POST, &path, body.to_string());
        desk.client().send(request.header("idempotency-key", "one"))
    };
    let first = send().await.expect(200).json();
    let told = desk.asked_to(&run, "reload").await;
    let _ = desk.says(&run, &told, "reloaded", json!({"seq": told["seq"]})).await.expect(200);
    let again = send().await.expect(200).json();
    assert_eq!((&again["versions"], &again["before"]), (&first["versions"], &first["before"]));
    assert_eq!(
        (&again["handshake"]["handshake"], &again["handshake"]["waits_for"]),
        (&first["handshake"]["handshake"], &json!([]))
    );
}
