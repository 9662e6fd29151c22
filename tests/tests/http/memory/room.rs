//! Large work that has no room is refused, and small saves go on.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{MIB, limited, text_of, unread};

#[tokio::test]
async fn small_saves_go_on_while_large_work_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = limited(64, &folder).await;
    server.save("session", "big", &text_of(4 << 20, 1), "tester", "").await;
    let mut holding = Vec::new();
    let mut refused = None;
    for _ in 0..40 {
        holding.push(unread(&server, "GET /api/v1/states/big?state_type=session HTTP/1.1\r\n").await);
        let answer = server.request(Method::GET, "/states/big?state_type=session").send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the readers that do not read have all the room");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(serde_json::from_str::<Value>(&refused.text().await.unwrap()).unwrap()["code"], "overloaded");
    for n in 1..=50 {
        let saved = server.save("position", "small", &format!(r#"{{"n":{n}}}"#), "tester", "").await;
        assert_eq!(saved["version"], n);
    }
    let (_, status) = server.get("/status").await;
    let memory = &status["memory"];
    assert_eq!(memory["limit"], 64 * MIB);
    let reads = memory["classes"].as_array().unwrap().iter().find(|class| class["name"] == "reads").unwrap();
    assert!(reads["held"].as_u64() > Some(8 * MIB) && reads["refused"].as_u64() > Some(0), "{memory}");
    let metrics = server.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("stateloft_memory_refused_total{class=\"reads\"}"), "{metrics}");
    drop(holding);
    server
        .until_status(|status| {
            let classes = status["memory"]["classes"].as_array().unwrap();
            classes.iter().all(|class| class["held"] == 0)
        })
        .await;
    let (status, _) = server.get("/states/big?state_type=session").await;
    assert_eq!(status, StatusCode::OK);
}
