//! Imports beside a program that goes on saving: what is left alone may move, what is chosen may not have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use stateloft_tests::client::Reply;
use stateloft_tests::local::{Local, Start};

const BUSY: &str = "/api/v1/states/-?state_type=bot_memory&state_id=busy";

/// A file with the state that the program saves and one that nobody has.
fn files(nth: u64) -> Value {
    let text = format!(r#"[{{"name":"busy","from_file":{nth}}},{{"name":"new-{nth}"}}]"#);
    json!([{ "name": "states.json", "text": text }])
}

fn options() -> Value {
    json!({"state_type": "bot_memory", "each": "", "id_from": "/name"})
}

async fn looked_at(server: &Local, nth: u64) -> String {
    let body = json!({ "files": files(nth), "options": options() }).to_string();
    let preview = server.client.post("/api/v1/imports", &body).await.expect(200).json();
    let statuses: Vec<_> = preview["standings"].as_array().unwrap().iter().map(|s| &s["status"]).collect();
    assert_eq!(statuses, ["different", "new"], "{preview}");
    preview["plan"].as_str().unwrap().to_owned()
}

async fn apply(server: &Local, plan: &str, nth: u64, order: &Value) -> Reply {
    let mut body = json!({ "files": files(nth), "options": options() });
    body.as_object_mut().unwrap().extend(order.as_object().unwrap().clone());
    server.client.post(&format!("/api/v1/imports/{plan}/apply"), &body.to_string()).await
}

async fn save(server: &Local, n: u64) {
    let _ = server.client.save("bot_memory", "busy", &format!(r#"{{"n":{n}}}"#)).await;
}

async fn is_not_there(server: &Local, id: &str) {
    let address = format!("/api/v1/states/-?state_type=bot_memory&state_id={id}");
    let _ = server.client.get(&address).await.expect(404);
}

#[tokio::test]
async fn a_state_that_is_left_alone_may_move_between_the_look_and_the_write() {
    let server = Start::default().run().await;
    save(&server, 1).await;
    let plan = looked_at(&server, 7).await;
    save(&server, 2).await;
    let done = apply(&server, &plan, 7, &json!({})).await.expect(200).json();
    assert_eq!(done["versions"][0]["state_id"], "new-7", "{done}");
    assert_eq!(done["before"], 2);
    assert_eq!(server.client.get(BUSY).await.expect(200).json()["data"], json!({"n": 2}));
}

#[tokio::test]
async fn a_chosen_state_that_moved_since_the_look_is_named_and_nothing_is_written() {
    let server = Start::default().run().await;
    save(&server, 1).await;
    let plan = looked_at(&server, 7).await;
    save(&server, 2).await;
    let choose = json!({"choose": ["states.json#/0"]});
    let refused = apply(&server, &plan, 7, &choose).await.expect_problem(412, "plan_outdated").json();
    assert!(refused["detail"].as_str().unwrap().contains("bot_memory busy"), "{refused}");
    is_not_there(&server, "new-7").await;
    let plan = looked_at(&server, 7).await;
    let _ = apply(&server, &plan, 7, &choose).await.expect(200);
    assert_eq!(server.client.get(BUSY).await.expect(200).json()["data"]["from_file"], 7);
}

#[tokio::test]
async fn a_chosen_state_that_held_just_that_meanwhile_and_went_on_is_out_of_date_too() {
    let server = Start::default().run().await;
    save(&server, 1).await;
    let plan = looked_at(&server, 7).await;
    let _ = server.client.save("bot_memory", "busy", r#"{"name":"busy","from_file":7}"#).await;
    save(&server, 2).await;
    let _ = apply(&server, &plan, 7, &json!({"choose": ["states.json#/0"]})).await.expect(412);
    is_not_there(&server, "new-7").await;
}

#[tokio::test]
async fn a_state_that_came_to_be_since_the_look_is_out_of_date() {
    let server = Start::default().run().await;
    save(&server, 1).await;
    let plan = looked_at(&server, 7).await;
    let _ = server.client.save("bot_memory", "new-7", r#"{"from":"the program"}"#).await;
    let _ = apply(&server, &plan, 7, &json!({})).await.expect_problem(412, "plan_outdated");
}

#[tokio::test]
async fn a_look_at_another_store_is_none_at_this_one() {
    let (server, other) = (Start::default().run().await, Start::default().run().await);
    save(&server, 1).await;
    save(&other, 1).await;
    save(&other, 2).await;
    let plan = looked_at(&other, 7).await;
    let choose = json!({"choose": ["states.json#/0"]});
    let _ = apply(&server, &plan, 7, &choose).await.expect_problem(412, "plan_outdated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_program_that_never_stops_saving_every_import_comes_about_and_its_last_save_stays_the_head()
{
    const IMPORTS: u64 = 20;
    let server = Arc::new(Start::default().run().await);
    save(&server, 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let program = tokio::spawn({
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                save(&server, n).await;
            }
            n
        }
    });
    for nth in 1..=IMPORTS {
        let plan = looked_at(&server, nth).await;
        let order = match nth % 2 {
            0 => json!({}),
            _ => json!({"history_only": ["states.json#/0"]}),
        };
        let done = apply(&server, &plan, nth, &order).await.expect(200).json();
        let versions = done["versions"].as_array().unwrap();
        let seqs: Vec<u64> = versions.iter().map(|version| version["seq"].as_u64().unwrap()).collect();
        assert_eq!(done["before"], seqs[0] - 1, "what the program saved before stays where an undo goes to");
        if nth % 2 == 1 {
            kept_behind(&server, versions).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let last = program.await.unwrap();
    assert_eq!(server.client.get(BUSY).await.expect(200).json()["data"], json!({ "n": last }));
    for nth in 1..=IMPORTS {
        let address = format!("/api/v1/states/-?state_type=bot_memory&state_id=new-{nth}");
        let _ = server.client.get(&address).await.expect(200);
    }
}

/// Of the two versions of the busy state the second holds what stood right before the first.
async fn kept_behind(server: &Local, versions: &[Value]) {
    let of_busy: Vec<_> = versions.iter().filter(|version| version["state_id"] == "busy").collect();
    let [brought, kept] = of_busy.as_slice() else { panic!("{versions:?}") };
    let number = brought["version"].as_u64().unwrap();
    assert_eq!((kept["version"].as_u64(), &kept["operation"]), (Some(number + 1), &json!("restore")));
    let at = async |version: u64| {
        server.client.get(&format!("{BUSY}&version={version}")).await.expect(200).json()["data"].clone()
    };
    assert_eq!(at(number + 1).await, at(number - 1).await);
    assert!(at(number).await["from_file"].is_u64());
}
