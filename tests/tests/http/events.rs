//! The log as pages and as a stream (SSE).

use futures::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use stateloft_tests::local::Local;

async fn five_events() -> Local {
    let server = Local::start().await;
    for n in 1..=3 {
        server.client.save("position", "EURUSD", &format!(r#"{{"n":{n}}}"#)).await;
    }
    server.client.save("strategy", "s", "{}").await;
    let _ = server.client.delete("/states/EURUSD?state_type=position").await.expect(200);
    server
}

fn seqs(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn pages_go_forward_from_a_seq_and_back_from_the_newest() {
    let server = five_events().await;
    let get = async |query: &str| server.client.get(&format!("/api/v1/events{query}")).await.expect(200);
    assert_eq!(seqs(&get("").await.json()), [1, 2, 3, 4, 5]);
    let page = get("?after=1&limit=2").await;
    assert_eq!(seqs(&page.json()), [2, 3]);
    assert_eq!((&page.json()["next_after"], &page.json()["seq"]), (&json!(3), &json!(5)));
    assert_eq!(page.header("link"), "</api/v1/events?limit=2&after=3>; rel=\"next\"");
    assert_eq!(seqs(&get("?before=0&limit=2").await.json()), [5, 4]);
    assert_eq!(seqs(&get("?before=4&limit=2").await.json()), [3, 2]);
    assert_eq!(seqs(&get("?topic=states:strategy").await.json()), [4]);
    assert_eq!(seqs(&get("?topic=state:EURUSD&before=0").await.json()), [5, 3, 2, 1]);
    let deleted = &get("?after=4").await.json()["events"][0];
    assert!(deleted["data"].is_null() && deleted.get("data").is_some(), "a delete says null: {deleted}");
    assert!(get("?after=2&limit=1&data=false").await.json()["events"][0].get("data").is_none());
    for wrong in ["?after=x", "?after=1&before=2", "?limit=0", "?topic=nonsense", "?topic=states:Position"] {
        let _ = server
            .client
            .get(&format!("/api/v1/events{wrong}"))
            .await
            .expect_problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_page_is_limited_by_author_type_and_operation_and_says_how_far_it_looked() {
    let server = five_events().await;
    let get =
        async |query: &str| server.client.get(&format!("/api/v1/events{query}")).await.expect(200).json();
    let body = r#"{"state_type":"strategy","state_id":"S","data":{"entry_z":2},"user_id":"deploy-46","description":"Calmer"}"#;
    let _ = server.client.post("/states", body).await.expect(201);
    assert_eq!(seqs(&get("?author=deploy-46&before=0").await), [6]);
    assert_eq!(seqs(&get("?state_type=strategy&before=0").await), [6, 4]);
    assert_eq!(seqs(&get("?state_type=strategy,position&operation=create").await), [1, 4, 6]);
    assert_eq!(seqs(&get("?operation=delete,update&before=0&limit=2").await), [5, 3]);
    assert_eq!(seqs(&get("?q=calmer").await), [6]);
    let none = get("?author=nobody&before=0").await;
    assert_eq!((seqs(&none), &none["next_after"]), (vec![], &json!(1)), "it was looked at to the first");
    for wrong in ["?operation=created", "?validity=broken", "?state_type=Position", "?author=a&author=b"] {
        let path = format!("/api/v1/events{wrong}");
        let _ = server.client.get(&path).await.expect_problem(400, "invalid_parameter");
    }
    let request =
        server.client.request(Method::GET, "/api/v1/events?author=bot").header("accept", "text/event-stream");
    assert_eq!(request.send().await.unwrap().status(), 400, "a stream is limited by its topic only");
}

/// Reads a stream until it holds this many events of that name, and returns `(id, data)` of each.
async fn stream(
    server: &Local,
    path: &str,
    last_event_id: Option<&str>,
    name: &str,
    count: usize,
) -> Vec<(u64, Value)> {
    let mut request = server.client.request(Method::GET, path).header("accept", "text/event-stream");
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut bytes = response.bytes_stream();
    let mut text = String::new();
    let mut found = Vec::new();
    while found.len() < count {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(30), bytes.next()).await.unwrap();
        text.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        while let Some((event, rest)) =
            text.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
        {
            text = rest;
            let field = |name: &str| {
                event.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
            };
            if field("event:").as_deref() == Some(name) {
                found.push((
                    field("id:").unwrap().parse().unwrap(),
                    serde_json::from_str(&field("data:").unwrap()).unwrap(),
                ));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_id_and_goes_on_live() {
    let server = five_events().await;
    let path = "/api/v1/events?topic=states:position";
    let old = stream(&server, path, Some("1"), "state_update", 3).await;
    assert_eq!(old.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 3, 5]);
    assert_eq!(old[0].1["data"], json!({"n": 2}));
    let caught_up = stream(&server, path, Some("1"), "caught_up", 1).await;
    assert_eq!(caught_up, [(5, json!({"seq": 5}))]);
    let client = server.client.clone();
    let live = stream(&server, "/api/v1/events", None, "state_update", 1);
    let write = async {
        // The listener is counted in before its stream starts: from then on nothing is missed.
        while client.get("/api/v1/status").await.json()["listeners"] == 0 {
            tokio::task::yield_now().await;
        }
        client.save("position", "GBPUSD", r#"{"live":1}"#).await
    };
    let (live, _) = tokio::join!(live, write);
    assert_eq!((live[0].0, &live[0].1["data"]), (6, &json!({"live": 1})));
}

#[tokio::test]
async fn a_stream_that_cannot_be_resumed_says_so() {
    let server = five_events().await;
    for (id, status, code) in [("6", 410, "cannot_replay"), ("x", 400, "invalid_parameter")] {
        let request = server
            .client
            .request(Method::GET, "/api/v1/events")
            .header("accept", "text/event-stream")
            .header("last-event-id", id);
        let _ = server.client.send(request).await.expect_problem(status, code);
    }
    let page = server.client.get("/api/v1/events?after=6").await.expect_problem(410, "cannot_replay");
    assert!(page.text.contains("ends at 5"), "{}", page.text);
    let _ = server.client.get("/api/v1/events?after=5").await.expect(200);
}

#[tokio::test]
async fn a_listener_that_leaves_is_counted_out() {
    let server = five_events().await;
    stream(&server, "/api/v1/events?after=0", None, "state_update", 1).await;
    while server.client.get("/api/v1/status").await.json()["listeners"] != 0 {
        server
            .client
            .save(
                "strategy",
                "tick",
                &format!(r#"{{"t":{:?}}}"#, std::time::Instant::now().elapsed().as_nanos()),
            )
            .await;
    }
}
