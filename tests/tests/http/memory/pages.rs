//! Answers end by bytes, and say what to do instead.

use std::fmt::Write as _;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_tests::local::Local;
use stateloft_tests::server::Server;

use super::{MIB, fill, measured, text_of};

#[tokio::test]
async fn pages_of_events_end_by_bytes_and_say_that_there_is_more() {
    let server = Server::start().await;
    fill(&server, 20, 4 << 20).await;
    let (mut after, mut seen, mut pages) = (0, 0, 0);
    loop {
        let request = server.request(Method::GET, &format!("/events?limit=1000&after={after}"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let more = answer.headers().contains_key("link");
        let text = answer.text().await.unwrap();
        assert!(text.len() < 26 << 20, "{} bytes of one page", text.len());
        let page: Value = serde_json::from_str(&text).unwrap();
        seen += page["events"].as_array().unwrap().len();
        after = page["next_after"].as_u64().unwrap();
        pages += 1;
        assert_eq!(more, after < 20, "{pages}");
        if !more {
            break;
        }
    }
    assert_eq!(seen, 20);
    assert!(pages > 3);
    let before = measured(&server, "VmHWM");
    let (_, bare) = server.get("/events?limit=1000&data=false").await;
    assert_eq!(bare["events"].as_array().unwrap().len(), 20);
    assert!(bare["events"][7].get("data").is_none() && bare["events"][7]["size"].as_u64() > Some(4 << 20));
    let (_, newest) = server.get("/events?limit=3&data=false&before=0").await;
    assert_eq!(newest["events"][0]["seq"], 20);
    assert!(measured(&server, "VmHWM") - before < 8 * MIB, "data was read that nobody asked for");
    assert!(measured(&server, "VmHWM") < 450 * MIB, "{} MiB", measured(&server, "VmHWM") / MIB);
}

#[tokio::test]
async fn lists_and_histories_with_large_data_end_by_bytes() {
    let server = Server::start().await;
    for n in 0..12 {
        server.save("session", "one", &text_of(4 << 20, n), "tester", "").await;
    }
    fill(&server, 12, 4 << 20).await;
    for (path, rows) in [
        ("/states?data=true&limit=1000", "states"),
        ("/states/one/history?state_type=session&limit=1000", "versions"),
    ] {
        let (mut cursor, mut seen) = (String::new(), 0);
        loop {
            let (status, page) = server.get(&format!("{path}{cursor}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let found = page[rows].as_array().unwrap();
            assert!(found.len() <= 4, "{} rows of 4 MiB in one page of {path}", found.len());
            seen += found.len();
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, if rows == "states" { 13 } else { 12 }, "{path}");
    }
}

#[tokio::test]
async fn a_difference_that_is_too_large_is_refused_and_says_what_to_do() {
    let server = Local::start().await;
    let numbers = |order: &mut dyn Iterator<Item = u32>| {
        let mut text = String::from(r#"{"a":["#);
        for n in order {
            let _ = write!(text, "{n},");
        }
        text + "0]}"
    };
    server.client.save("session", "a", &numbers(&mut (1..150_000))).await;
    let saved = server.client.save("session", "a", &numbers(&mut (1..150_000).rev())).await.json();
    assert_eq!(saved["change"]["changed"], 1, "{}", saved["change"]);
    let diff = server.client.get("/api/v1/states/a/diff?state_type=session").await;
    let problem = diff.expect_problem(422, "too_large").json();
    assert!(problem["detail"].as_str().unwrap().contains("/raw?version="), "{problem}");
    let plan = server.client.post("/api/v1/restores", r#"{"target":"seq:1"}"#).await;
    assert!(plan.status.is_client_error() && plan.text.contains("too much"), "{}", plan.text);
}
