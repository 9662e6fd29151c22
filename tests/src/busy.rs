//! A server that is kept busy by what it reads, and what must go on all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::server::Server;

/// Documents through which each search looks, and their bytes.
const DOCUMENTS: usize = 24;
const BYTES: usize = 4 << 20;
/// Searches at a time: many more than any store has connections for.
const SEARCHES: usize = 40;
/// How often each thing is done that must go on.
const ROUNDS: u64 = 25;

/// Searches through large documents take longer than an answer may (the server must have been given little time for one),
/// and meanwhile saves, conditional saves, undeletes, restores and probes are answered as ever. Where another server shares
/// the store, what it saves is seen by the busy one, too.
///
/// # Panics
/// If one of them is not, or the store counts as failing.
pub async fn searches_keep_nobody_from_saving(server: Server, other: Option<Server>) {
    for n in 0..DOCUMENTS {
        let data = format!(r#"{{"n":{n},"x":"{}"}}"#, "ab ".repeat(BYTES / 3));
        server.save("session", &format!("s{n}"), &data, "tester", "").await;
    }
    let (server, stop) = (Arc::new(server), Arc::new(AtomicBool::new(false)));
    let refused = Arc::new(AtomicU64::new(0));
    let mut searches = JoinSet::new();
    for _ in 0..SEARCHES {
        searches.spawn(search(Arc::clone(&server), Arc::clone(&stop), Arc::clone(&refused)));
    }
    let mut round = 0;
    while round < ROUNDS || refused.load(Ordering::SeqCst) < 20 {
        round += 1;
        what_must_go_on(&server, other.as_ref(), round).await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(ended) = searches.join_next().await {
        ended.expect("a search was answered as it may be");
    }
    let (_, status) = server.get("/status").await;
    assert_eq!((&status["breaker"]["state"], &status["breaker"]["opened"]), (&"closed".into(), &0.into()));
    assert_eq!(status["store"]["up"], true, "{status}");
}

async fn search(server: Arc<Server>, stop: Arc<AtomicBool>, refused: Arc<AtomicU64>) {
    while !stop.load(Ordering::SeqCst) {
        let answer = server.request(Method::GET, "/states?q=is+not+there&data=false").send().await.unwrap();
        let (status, again) = (answer.status(), answer.headers().contains_key("retry-after"));
        let body: Value = answer.json().await.unwrap();
        match status {
            StatusCode::OK => {}
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!((&body["code"], again), (&"overloaded".into(), true), "{body}");
                refused.fetch_add(1, Ordering::SeqCst);
            }
            other => panic!("{other}: {body}"),
        }
    }
}

async fn what_must_go_on(server: &Server, other: Option<&Server>, round: u64) {
    let ready = reqwest::get(format!("{}/readyz", server.origin())).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK, "{:?}", ready.text().await);
    let data = json!({"n": round}).to_string();
    let saved = other.unwrap_or(server).save("bot_memory", "small", &data, "tester", "").await;
    let conditional = "/states/small?state_type=bot_memory";
    let read = server.request(Method::GET, conditional).send().await.unwrap();
    let tag = read.headers()["etag"].to_str().unwrap().to_owned();
    let send = async |method: Method, path: &str, body: Value, tag: Option<&String>| {
        let request = server.request(method, path).header("content-type", "application/json");
        let request = tag.into_iter().fold(request, |r, tag| r.header("if-match", tag));
        let answer = request.body(body.to_string()).send().await.unwrap();
        let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap_or_default());
        assert!(status.is_success(), "{path} in round {round}: {status}: {body}");
        body
    };
    let id = format!("r{round}");
    let put = format!("/states/{id}?state_type=bot_memory");
    send(Method::PUT, &put, json!({"data": {"n": 1}}), None).await;
    send(Method::DELETE, &put, Value::Null, None).await;
    let undelete = format!("/states/{id}/undelete?state_type=bot_memory");
    send(Method::POST, &undelete, json!({}), None).await;
    send(Method::PUT, conditional, json!({"data": {"n": round, "again": true}}), Some(&tag)).await;
    let request = json!({
        "target": format!("seq:{}", saved["seq"]),
        "scope": {"states": [{"state_type": "bot_memory", "state_id": "small"}]},
    });
    let plan = send(Method::POST, "/restores", request.clone(), None).await;
    let mut apply = request;
    apply["reason"] = "a test".into();
    let path = format!("/restores/{}/apply", plan["plan"].as_str().unwrap_or_default());
    send(Method::POST, &path, apply, None).await;
}
