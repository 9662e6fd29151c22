//! What is done about a broker's list: planned, applied, undone, kept. The broker has its bad days.

use serde_json::{Value, json};
use stateloft_tests::broker::Mood;

use crate::desk::{Desk, LOTS, all, choose, differing, verdicts, with};

#[tokio::test]
async fn what_is_chosen_is_written_in_one_commit_with_the_brokers_words_and_a_restore_takes_it_back() {
    let mut desk = differing().await;
    let asked = desk.ask().await;
    let before = desk.seq().await;
    let looked = desk.plan(&asked, json!({})).await;
    assert_eq!(verdicts(&looked), ["quantity_mismatch", "missing_here", "missing_there", "matched"]);
    assert_eq!(
        (&looked["policy"], &looked["choices"], &looked["writes"]),
        (&json!("halt"), &json!([]), &json!([]))
    );
    let plan = desk.plan(&asked, choose(&looked, &all())).await;
    assert_eq!(desk.seq().await, before, "a plan writes nothing");
    let key = reqwest::header::HeaderName::from_static("idempotency-key");
    let path = format!("/api/v1/reconciles/{}/apply", plan["plan"].as_str().unwrap());
    let body = with(
        &asked,
        json!({"run_id": desk.id(), "epoch": 1, "choices": plan["choices"], "reason": "partly closed by hand"}),
    );
    let send = || {
        let request = desk.client().with_json(reqwest::Method::POST, &path, body.to_string());
        desk.client().send(request.header(key.clone(), "one"))
    };
    let done = send().await.expect(200).json();
    assert_eq!(send().await.expect(200).json(), done, "sent again, it is not done again");
    assert_eq!(desk.raw("position", "eurusd").await, LOTS.replace("0.40", "0.30"));
    assert_eq!(
        desk.raw("position", "grid/GBPUSD").await,
        r#"{"symbol":"GBPUSD","lots":[{"id":"4","side":"short","quantity":0.50,"entry_price":1.2684}]}"#
    );
    let closed = desk.raw("position", "nzdusd").await;
    assert!(
        closed.ends_with(r#""status":"closed","exit_price":0.5931,"exit_reason":"recovered_closed"}"#),
        "{closed}"
    );
    let versions = done["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 5);
    for version in versions {
        assert_eq!(
            (&version["correlation_id"], &version["run_id"]),
            (&plan["plan"], &desk.run["run_id"]),
            "{version}"
        );
        assert_eq!(version["batch_id"], versions[0]["batch_id"]);
    }
    let record: Value = serde_json::from_str(&desk.raw("reconcile", desk.id()).await).unwrap();
    assert_eq!((&record["list"], &record["plan"]), (&asked["list"], &plan["plan"]));
    // And back.
    let states =
        ["eurusd", "nzdusd", "grid/GBPUSD"].map(|id| json!({"state_type": "position", "state_id": id}));
    let restore = json!({"target": done["before"], "scope": {"states": states}});
    let back = desk.client().post("/api/v1/restores", restore.to_string()).await.expect(200).json();
    let path = format!("/api/v1/restores/{}/apply", back["plan"].as_str().unwrap());
    // The run is live, and gives no word.
    let handshake = json!({"wait_seconds": 1, "without_word": {"reason": "it is a test", "by": "desk"}});
    let restore = with(&restore, json!({"reason": "undo", "handshake": handshake}));
    let undone = desk.client().post(&path, restore.to_string()).await.expect(200).json();
    assert_eq!(undone["handshake"]["waits_for"], json!([desk.id()]), "it is asked, and told to read");
    assert_eq!(desk.raw("position", "eurusd").await, LOTS);
    // What a restore wrote is still this program's.
    assert_eq!(verdicts(&desk.plan(&asked, json!({})).await).len(), 4);
}

#[tokio::test]
async fn d_090_on_a_brokers_bad_day_nothing_can_be_chosen_and_no_policy_writes() {
    let mut desk = differing().await;
    for mood in [Mood::TimesOut, Mood::EmptyOnError, Mood::Null] {
        desk.broker.mood = mood;
        let asked = desk.ask().await;
        let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
        assert!(plan["counts"]["unknown"].as_u64().unwrap() >= 2 && plan["counts"]["matched"] == 0, "{plan}");
        let closes = plan["writes"].as_array().unwrap().iter().any(|write| write["state_id"] == "eurusd");
        assert!(!closes, "{mood:?}: {plan}");
        let row = plan["rows"].as_array().unwrap().iter().find(|row| row["verdict"] == "unknown").unwrap();
        for choice in ["adopt_theirs", "keep_ours", "close", "split"] {
            let chosen = json!({"choices": [{"row": row["row"], "choice": choice}]});
            let path = format!("/api/v1/runs/{}/reconcile", desk.id());
            let refused = desk.client().post(&path, with(&asked, chosen).to_string()).await;
            let refused = refused.expect_problem(422, "invalid_body").json();
            assert_eq!(refused["errors"][0]["code"], "unknown", "{refused}");
            assert_eq!(refused["errors"][0]["pointer"], "/choices/0/choice", "{refused}");
        }
    }
}

#[tokio::test]
async fn d_098_two_lots_of_a_symbol_stay_two_and_a_page_of_two_or_a_list_twice_closes_none() {
    let mut desk = differing().await;
    desk.broker.mood = Mood::FirstPage;
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    // The first page has the first lot; the others are somewhere else.
    assert_eq!(verdicts(&plan), ["quantity_mismatch", "unknown", "unknown"]);
    assert_eq!(plan["writes"].as_array().unwrap().len(), 1);
    desk.broker.mood = Mood::Twice;
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    assert_eq!(plan["counts"]["unknown"], 3, "{plan}");
    desk.broker.mood = Mood::Well;
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    let _ = desk.apply(&asked, &plan, json!({})).await.expect(200);
    let lots: Value = serde_json::from_str(&desk.raw("position", "eurusd").await).unwrap();
    assert_eq!(lots["lots"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_fill_that_is_newer_than_the_list_is_not_undone_and_one_that_comes_late_is_not_closed_blindly() {
    let mut desk = differing().await;
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    // Meanwhile the program fills more of the first lot.
    desk.save("eurusd", &LOTS.replace("0.40", "0.55")).await;
    let refused = desk.apply(&asked, &plan, json!({})).await.expect_problem(412, "plan_outdated").json();
    let moved = refused["reconcile"]["moved"].as_array().unwrap();
    assert_eq!(moved.len(), 1, "{refused}");
    assert_eq!(
        (&moved[0]["now"]["verdict"], &moved[0]["now"]["because"]),
        (&json!("unknown"), &json!("changed_since"))
    );
    // What is left of the plan can be applied as it is.
    let left = &refused["reconcile"];
    let _ = desk.apply(&asked, left, json!({})).await.expect(200);
    assert!(desk.raw("position", "eurusd").await.contains("0.55"));
    // A fill that the broker lists late, saved here already and older than the question.
    let mut desk = Desk::open().await;
    desk.broker.fill_late(7, "USDJPY", "long", "2", "151.2");
    desk.save("usdjpy", r#"{"symbol":"USDJPY","side":"long","quantity":2,"entry_price":151.2,"ticket":7}"#)
        .await;
    let asked = desk.ask().await;
    let halted = desk.plan(&asked, json!({})).await;
    assert_eq!(
        (verdicts(&halted), &halted["choices"]),
        (vec!["missing_there"], &json!([])),
        "nobody closes it by default"
    );
    let asked = desk.ask().await;
    assert_eq!(verdicts(&desk.plan(&asked, json!({})).await), ["matched"]);
}

#[tokio::test]
async fn a_heartbeat_makes_no_plan_stale_and_what_else_was_not_looked_at_does() {
    let mut desk = differing().await;
    let asked = desk.ask().await;
    let looked = desk.plan(&asked, json!({})).await;
    let plan = desk.plan(&asked, choose(&looked, &all())).await;
    desk.save("eurusd", &LOTS.replace("1.0891", "1.0907")).await;
    let other = with(&asked, json!({"list": []}));
    let refused = desk.apply(&other, &plan, json!({})).await.expect_problem(412, "plan_outdated").json();
    assert_eq!(refused["reconcile"]["moved"].as_array().unwrap().len(), 2, "{refused}");
    let fewer = json!({"choices": [plan["choices"][0]]});
    let refused = desk.apply(&asked, &plan, fewer).await.expect_problem(412, "plan_outdated").json();
    assert_eq!(refused["reconcile"]["moved"], json!([]));
    let _ = desk.apply(&asked, &plan, json!({"reason": " "})).await.expect_problem(422, "invalid_body");
    let _ = desk.apply(&asked, &plan, json!({})).await.expect(200);
    assert_eq!(
        desk.raw("position", "eurusd").await,
        LOTS.replace("1.0891", "1.0907").replace("0.40", "0.30")
    );
}

#[tokio::test]
async fn a_run_that_has_lost_its_lease_applies_and_records_nothing() {
    let mut desk = differing().await;
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"policy": "adopt"})).await;
    let gone = json!({"reason": "it hangs"}).to_string();
    let _ = desk.client().post(&format!("/api/v1/runs/{}/mark-crashed", desk.id()), gone).await.expect(200);
    let before = desk.seq().await;
    let _ = desk.apply(&asked, &plan, json!({})).await.expect_problem(409, "lease_lost");
    let path = format!("/api/v1/runs/{}/reconcile", desk.id());
    let record = with(&asked, json!({"record": true, "epoch": 1})).to_string();
    let _ = desk.client().post(&path, record).await.expect_problem(409, "lease_lost");
    assert_eq!(desk.seq().await, before);
    // A person may, for a run that has ended.
    let done = desk.apply(&asked, &plan, json!({"epoch": Value::Null})).await.expect(200).json();
    assert_eq!(done.get("handshake"), None, "nobody is live, so nobody is asked");
}

#[tokio::test]
async fn drift_is_kept_where_it_is_recorded_with_since_when_and_what_became_of_it() {
    let mut desk = differing().await;
    let asked = desk.ask().await;
    let _ = desk.plan(&asked, json!({})).await;
    assert_eq!(desk.drifts().await["open"], json!([]), "a plain report keeps nothing");
    let recorded = desk.plan(&asked, json!({"record": true, "epoch": 1, "policy": "adopt"})).await;
    assert_eq!(recorded["recorded"], 1);
    let first = desk.drifts().await;
    assert_eq!(first["open"].as_array().unwrap().len(), 3, "{first}");
    let since = first["open"][0]["since"].clone();
    assert_eq!(since, recorded["as_of"]);
    // No answer is no news: what differed still does, and since then; what agreed is unknown now.
    desk.broker.mood = Mood::TimesOut;
    let asked = desk.ask().await;
    let unknown = desk.plan(&asked, json!({"record": true})).await;
    let row = unknown["rows"].as_array().unwrap().iter().find(|row| row["ids"] == json!(["1", "a"])).unwrap();
    assert_eq!(row["since"], since, "{unknown}");
    assert!(
        unknown["rows"].as_array().unwrap().iter().any(|row| row["agreed"]["quantity"] == "0.80"),
        "{unknown}"
    );
    desk.broker.mood = Mood::Well;
    desk.broker.set(1, "0.40");
    let asked = desk.ask().await;
    let looked = desk.plan(&asked, json!({"record": true})).await;
    let drifts = desk.drifts().await;
    let how = |drifts: &Value| -> Vec<String> {
        let resolved = drifts["resolved"].as_array().unwrap().iter();
        resolved.map(|drift| drift["resolved"].as_str().unwrap().to_owned()).collect()
    };
    let mut found = how(&drifts);
    found.sort();
    assert_eq!(found, ["by_itself", "list_came"], "{drifts}");
    let chosen = choose(
        &looked,
        &[
            ("missing_here", json!({"choice": "adopt_theirs"})),
            ("missing_there", json!({"choice": "keep_ours"})),
        ],
    );
    let plan = desk.plan(&asked, chosen).await;
    let _ = desk.apply(&asked, &plan, json!({})).await.expect(200);
    let drifts = desk.drifts().await;
    assert_eq!(drifts["open"], json!([]), "{drifts}");
    let mut found = how(&drifts)[..2].to_vec();
    found.sort();
    assert_eq!(found, ["adopted", "kept"]);
    // What was kept is no new drift while both sides say the same.
    let asked = desk.ask().await;
    let plan = desk.plan(&asked, json!({"record": true})).await;
    assert_eq!(verdicts(&plan)[0], "missing_there");
    assert_eq!(desk.drifts().await["open"], json!([]));
}

#[tokio::test]
async fn a_run_looks_at_what_its_instance_holds_and_never_writes_over_what_is_of_others() {
    let mut desk = Desk::open().await;
    let other = json!({"program": "other", "lease_seconds": 3600}).to_string();
    let other = desk.client().post("/api/v1/runs", other).await.expect(201).json();
    let theirs = json!({"state_type": "position", "state_id": "grid/GBPUSD", "run_id": other["run_id"], "data": {"symbol": "GBPUSD", "side": "long", "quantity": 9}});
    let _ = desk.client().post("/api/v1/states", theirs.to_string()).await.expect(201);
    desk.save("eurusd", LOTS).await;
    desk.broker.fill(4, "GBPUSD", "short", "0.50", "1.2684");
    let asked = desk.ask().await;
    let looked = desk.plan(&asked, json!({})).await;
    assert_eq!(verdicts(&looked), ["missing_here", "missing_there", "missing_there"]);
    let chosen = choose(&looked, &[("missing_here", json!({"choice": "adopt_theirs"}))]);
    let path = format!("/api/v1/runs/{}/reconcile", desk.id());
    let refused =
        desk.client().post(&path, with(&asked, chosen).to_string()).await.expect_problem(422, "invalid_body");
    let refused = refused.json();
    let error = &refused["errors"][0];
    assert_eq!((&error["code"], &error["pointer"]), (&json!("state_exists"), &json!("/choices/0/state_id")));
    // A policy leaves that row to people, and does the rest.
    let adopted = desk.plan(&asked, json!({"policy": "adopt"})).await;
    let chosen: Vec<&Value> = adopted["rows"].as_array().unwrap().iter().map(|row| &row["chosen"]).collect();
    assert_eq!(chosen, [&Value::Null, &json!("close"), &json!("close")], "{adopted}");
    let chosen =
        choose(&looked, &[("missing_here", json!({"choice": "adopt_theirs", "state_id": "grid/GBPUSD 2"}))]);
    let plan = desk.plan(&asked, chosen).await;
    let _ = desk.apply(&asked, &plan, json!({})).await.expect(200);
    // The next start of the instance finds all of it.
    let end = json!({"status": "stopped"}).to_string();
    let _ = desk.client().post(&format!("/api/v1/runs/{}/end", desk.id()), end).await.expect(200);
    let next = json!({"program": "grid", "lease_seconds": 3600}).to_string();
    desk.run = desk.client().post("/api/v1/runs", next).await.expect(201).json();
    // The list from before is older than the lot that came of it.
    assert_eq!(verdicts(&desk.plan(&asked, json!({})).await), ["missing_there", "missing_there", "unknown"]);
    let asked = desk.ask().await;
    assert_eq!(verdicts(&desk.plan(&asked, json!({})).await), ["missing_there", "missing_there", "matched"]);
    let _ = desk.client().get("/api/v1/runs/nobody.main.1/drifts").await.expect_problem(404, "run_not_found");
}
