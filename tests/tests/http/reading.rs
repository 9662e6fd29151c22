//! One state: its versions, its past, its bytes.

use reqwest::Method;
use reqwest::header::IF_NONE_MATCH;
use serde_json::json;
use sha2::{Digest, Sha256};
use stateloft_tests::local::Local;

const STATE: &str = "/api/v1/states/EURUSD?state_type=position";

async fn three_versions() -> (Local, Vec<serde_json::Value>) {
    let server = Local::start().await;
    let mut saved = Vec::new();
    for n in 1..=3 {
        saved.push(server.client.save("position", "EURUSD", &format!(r#"{{"n":{n}}}"#)).await.json());
    }
    (server, saved)
}

#[tokio::test]
async fn a_version_is_found_by_number_id_and_moment() {
    let (server, saved) = three_versions().await;
    let client = &server.client;
    let _ = client.post("/api/v1/snapshots", r#"{"snapshot_id":"now/then"}"#).await.expect(201);
    let _ = client.save("position", "EURUSD", r#"{"n":4}"#).await;
    let time = saved[1]["timestamp"].as_str().unwrap();
    let id = saved[1]["version_id"].as_str().unwrap();
    for (query, n) in [
        ("version=2".to_owned(), 2),
        (format!("version_id={id}"), 2),
        ("at=seq:2".to_owned(), 2),
        (format!("at={time}"), 2),
        ("at=snapshot:now%2Fthen".to_owned(), 3),
        ("at=now".to_owned(), 4),
    ] {
        let read = client.get(&format!("{STATE}&{query}")).await.expect(200).json();
        assert_eq!(read["data"], json!({"n": n}), "{query}");
        assert_eq!(read["version"], n, "{query}");
    }
    let _ = client.get(&format!("{STATE}&version=9")).await.expect_problem(404, "version_not_found");
    let _ = client.get(&format!("{STATE}&at=seq:99")).await.expect_problem(400, "invalid_parameter");
    let _ = client.get(&format!("{STATE}&at=snapshot:none")).await.expect_problem(404, "snapshot_not_found");
    let _ =
        client.get(&format!("{STATE}&at=2026-11-21T10:00:00")).await.expect_problem(400, "invalid_parameter");
    let _ =
        client.get(&format!("{STATE}&at=2000-01-01T00:00:00Z")).await.expect_problem(404, "state_not_found");
    let _ = client.get(&format!("{STATE}&version=1&at=seq:1")).await.expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn d_015_a_version_id_of_another_state_is_404() {
    let (server, saved) = three_versions().await;
    let other = server.client.save("position", "GBPUSD", r#"{"n":9}"#).await.json();
    let id = other["version_id"].as_str().unwrap();
    let _ =
        server.client.get(&format!("{STATE}&version_id={id}")).await.expect_problem(404, "version_not_found");
    let same_id_other_type = format!(
        "/api/v1/states/EURUSD?state_type=portfolio&version_id={}",
        saved[0]["version_id"].as_str().unwrap()
    );
    let _ = server.client.get(&same_id_other_type).await.expect_problem(404, "state_not_found");
}

#[tokio::test]
async fn d_016_data_and_version_belong_together_while_others_write() {
    let server = Local::start().await;
    let _ = server.client.save("position", "EURUSD", r#"{"version":1}"#).await;
    let writer = server.client.clone();
    let writing = tokio::spawn(async move {
        for n in 2..=200 {
            writer.save("position", "EURUSD", &format!(r#"{{"version":{n}}}"#)).await;
        }
    });
    while !writing.is_finished() {
        let read = server.client.get(STATE).await.expect(200).json();
        assert_eq!(read["data"]["version"], read["version"]);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_client_that_has_it_already_gets_304() {
    let (server, _) = three_versions().await;
    let first = server.client.get(STATE).await.expect(200);
    let tag = first.header("etag");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    for path in [STATE, "/api/v1/states/EURUSD/raw?state_type=position"] {
        for held in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let request = server.client.request(Method::GET, path).header(IF_NONE_MATCH, &held);
            let reply = server.client.send(request).await.expect(304);
            assert_eq!((reply.header("etag"), reply.text.as_str()), (tag, ""), "{held}");
        }
    }
    let request = server.client.request(Method::GET, STATE).header(IF_NONE_MATCH, "\"v1-00000000\"");
    let _ = server.client.send(request).await.expect(200);
}

#[tokio::test]
async fn the_raw_bytes_are_what_the_content_hash_is_of() {
    let server = Local::start().await;
    let saved = server
        .client
        .save("position", "EURUSD", r#"{ "b": 1.50, "a": [1e22, -0.0, "é\u00e9"] }"#)
        .await
        .json();
    let raw = server.client.get("/api/v1/states/EURUSD/raw?state_type=position").await.expect(200);
    assert_eq!(raw.header("content-type"), "application/json");
    let digest = Sha256::digest(raw.text.as_bytes());
    let hex = digest.iter().fold(String::new(), |hex, byte| hex + format!("{byte:02x}").as_str());
    assert_eq!(saved["content_hash"], hex);
}

#[tokio::test]
async fn a_diff_is_of_two_versions_or_of_the_last_and_the_one_before() {
    let (server, _) = three_versions().await;
    let path = "/api/v1/states/EURUSD/diff?state_type=position";
    for (query, from, to) in [
        ("", json!(2), 3),
        ("&from=1", json!(1), 3),
        ("&from=1&to=2", json!(1), 2),
        ("&to=2", json!(1), 2),
        ("&to=1", json!(null), 1),
        ("&from=0&to=2", json!(null), 2),
    ] {
        let diff = server.client.get(&format!("{path}{query}")).await.expect(200).json();
        assert_eq!((&diff["from"]["version"], &diff["to"]["version"]), (&from, &json!(to)), "{query}");
        let kind = if from.is_null() { "added" } else { "changed" };
        assert_eq!(diff["diff"]["changes"][0]["kind"], kind, "{query}: {diff}");
        assert_eq!(diff["diff"]["changes"][0]["path"], "/n", "{query}: {diff}");
    }
    let _ = server.client.get(&format!("{path}&from=8")).await.expect_problem(404, "version_not_found");
}

#[tokio::test]
async fn the_type_must_be_named_where_it_decides() {
    let (server, _) = three_versions().await;
    let client = &server.client;
    let _ = client.get("/api/v1/states/EURUSD").await.expect_problem(400, "invalid_parameter");
    let _ = client
        .get("/api/v1/states/EURUSD?state_type=Position")
        .await
        .expect_problem(400, "invalid_parameter");
    // The history of an id that exists under one type only needs none, as older clients send it.
    assert_eq!(client.get("/states/EURUSD/history").await.expect(200).json()["total_count"], 3);
    let _ = client.save("portfolio", "EURUSD", "{}").await;
    let several = client.get("/states/EURUSD/history").await.expect_problem(400, "invalid_parameter");
    assert!(several.json()["detail"].as_str().unwrap().contains("portfolio, position"), "{}", several.text);
}

#[tokio::test]
async fn d_036_a_history_has_its_true_count_pages_and_what_each_version_did() {
    let server = Local::start().await;
    for n in 1..=7 {
        server.client.save("position", "EURUSD", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let _ = server.client.delete(STATE).await.expect(200);
    let mut path = "/api/v1/states/EURUSD/history?state_type=position&limit=3&data=false".to_owned();
    let mut versions = Vec::new();
    loop {
        let page = server.client.get(&path).await.expect(200);
        let json = page.json();
        assert_eq!(json["total_count"], 8);
        versions.extend(json["versions"].as_array().unwrap().clone());
        let Some(next) = page.header("link").strip_suffix(">; rel=\"next\"").map(|link| link[1..].to_owned())
        else {
            assert!(json["next_cursor"].is_null());
            break;
        };
        path = next;
    }
    let numbers: Vec<_> = versions.iter().map(|version| version["version"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(versions[0]["operation"], "delete");
    assert!(versions[0].get("data").is_some_and(serde_json::Value::is_null), "a delete says null");
    assert!(versions[1].get("data").is_none(), "data was not asked for");
    assert!(versions[1]["content_hash"].is_string());
    let _ = server
        .client
        .get("/api/v1/states/EURUSD/history?state_type=position&cursor=made-up")
        .await
        .expect_problem(400, "invalid_parameter");
    let _ = server
        .client
        .get("/api/v1/states/EURUSD/history?state_type=position&limit=0")
        .await
        .expect_problem(400, "invalid_parameter");
    let _ = server
        .client
        .get("/api/v1/states/EURUSD/history?state_type=position&limit=1001")
        .await
        .expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_history_can_be_cut_by_time_as_older_clients_do() {
    let (server, saved) = three_versions().await;
    let time = saved[1]["timestamp"].as_str().unwrap();
    let naive = time.trim_end_matches('Z');
    for time in [time, naive] {
        let path = format!("/states/EURUSD/history?state_type=position&start_time={time}");
        let from = server.client.get(&path).await.expect(200).json();
        assert_eq!(from["total_count"], 2, "{path}");
    }
    let path = format!("/states/EURUSD/history?state_type=position&end_time={time}");
    assert_eq!(server.client.get(&path).await.expect(200).json()["total_count"], 2);
    let _ = server
        .client
        .get("/states/EURUSD/history?state_type=position&end_time=noon")
        .await
        .expect_problem(400, "invalid_parameter");
}
