//! The API's description lists exactly what answers.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;
use stateloft_tests::local::Local;

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_method_described_answers_and_no_other_does() {
    let server = Local::start().await;
    let document = server.client.get("/api/v1/openapi.json").await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        let address = path.replace(['{', '}'], "");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let described = item.get(method.as_str().to_ascii_lowercase()).is_some();
            let reply = server.client.send(server.client.request(method.clone(), &address)).await;
            let code = serde_json::from_str::<Value>(&reply.text)
                .ok()
                .and_then(|json| Some(json["code"].as_str()?.to_owned()));
            let unknown = matches!(code.as_deref(), Some("route_not_found" | "method_not_allowed"));
            assert_eq!(described, !unknown, "{method} {path}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn the_description_is_whole() {
    let server = Local::start().await;
    let document = server.client.get("/api/v1/openapi.json").await.expect(200).json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for reference in &found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(ids.insert(id.clone()), "{id} is the id of two operations");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
        }
    }
}
