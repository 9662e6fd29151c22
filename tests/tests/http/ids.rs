//! D-038: whatever an id holds, its state can be reached.

use reqwest::Method;
use serde_json::json;
use stateloft_tests::client::{encoded, save_body};
use stateloft_tests::local::Local;

use crate::raw;

const NASTY: &[&str] = &[
    "EURUSD/GBPUSD",
    "FDX.US-UPS.US",
    "XAUUSD-Copper",
    "a b",
    "é",
    "名前",
    "a?b",
    "a#b",
    "a%b",
    "a%2Fb",
    "%2e%2e",
    "a+b",
    "a&b=c",
    "/",
    "//",
    "/leading",
    "trailing/",
    "../up",
    "a/../b",
    "a\\b",
    "history",
    "a/history",
    "raw",
    "-",
    "~",
    ";",
    "\"quoted\"",
    "'",
    "<b>",
    "{state_id}",
    "$(id)",
    "\u{1F6A2}",
    "e\u{301}",
];

#[tokio::test]
async fn d_038_ids_with_slashes_and_worse_are_written_read_and_deleted() {
    let server = Local::start().await;
    let client = &server.client;
    for id in NASTY {
        let _ = client.post("/api/v1/states", save_body("position", id, r#"{"n":1}"#)).await.expect(201);
    }
    for id in NASTY {
        let path = format!("/api/v1/states/{}", encoded(id));
        let read = client.get(&format!("{path}?state_type=position")).await.expect(200).json();
        assert_eq!(read["state_id"], json!(id));
        let _ = client.put(&format!("{path}?state_type=position"), r#"{"data":{"n":2}}"#).await.expect(200);
        for part in ["/history", "/raw", "/diff"] {
            let _ = client.get(&format!("{path}{part}?state_type=position")).await.expect(200);
        }
        let at_root = format!("/states/{}?state_type=position", encoded(id));
        let _ = client.delete(&at_root).await.expect(200);
        let _ = client
            .send(client.request(reqwest::Method::POST, &format!("{path}/undelete?state_type=position")))
            .await
            .expect(200);
        let history = client.get(&format!("{path}/history?state_type=position")).await.expect(200).json();
        assert_eq!(history["total_count"], 4, "{id}");
    }
    let all = client.get("/api/v1/states?limit=1000&sort=id").await.expect(200).json();
    assert_eq!(all["total"], NASTY.len());
}

/// Ids that something on the way may take for each other.
const TWINS: &[(&str, &str)] = &[
    ("x", "x/"),
    ("a/b", "a//b"),
    ("c/b", "c%2Fb"),
    ("b", "a/../b"),
    (".", ".."),
    ("a b", "a+b"),
    ("q", "q?state_type=order"),
    ("h", "h#part"),
    ("é", "e\u{301}"),
    ("-", "--"),
];

#[tokio::test]
async fn every_route_of_a_state_finds_it_by_parameters_alone() {
    let server = Local::start().await;
    let client = &server.client;
    let twins = TWINS.iter().flat_map(|(one, other)| [*one, *other]);
    let mut ids: Vec<&str> = NASTY.iter().copied().chain(twins).collect();
    ids.sort_unstable();
    ids.dedup();
    let at =
        |part: &str, id: &str| format!("/api/v1/states/-{part}?state_type=position&state_id={}", encoded(id));
    for id in &ids {
        let _ = client.put(&at("", id), r#"{"data":{"n":1}}"#).await.expect(201);
    }
    for id in &ids {
        let read = client.get(&at("", id)).await.expect(200);
        assert_eq!(read.json()["state_id"], json!(id));
        let raw = client.get(&at("/raw", id)).await.expect(200);
        for reply in [&read, &raw] {
            assert_eq!(reply.header("stateloft-version-id"), read.json()["version_id"], "{id}");
        }
        let deleted = client.delete(&at("", id)).await.expect(200).json();
        assert_eq!(deleted["version"]["state_id"], json!(id));
        let back = client.send(client.request(reqwest::Method::POST, &at("/undelete", id))).await.expect(200);
        assert_eq!(back.json()["state_id"], json!(id));
        assert_eq!(client.get(&at("/diff", id)).await.expect(200).json()["to"]["state_id"], json!(id));
        let history = client.get(&at("/history", id)).await.expect(200).json();
        assert_eq!((&history["total_count"], &history["versions"][0]["state_id"]), (&json!(3), &json!(id)));
    }
}

#[tokio::test]
async fn an_entity_tag_of_one_state_never_holds_for_another_with_the_same_data() {
    let server = Local::start().await;
    let client = &server.client;
    let at = |part: &str, id: &str, state_type: &str| {
        format!("/api/v1/states/-{part}?state_type={state_type}&state_id={}", encoded(id))
    };
    let twins = TWINS.iter().map(|(one, other)| ((*one, "position"), (*other, "position")));
    for (one, other) in twins.chain([(("same", "position"), ("same", "order"))]) {
        let mut tags = Vec::new();
        for (id, state_type) in [one, other] {
            let _ = client.put(&at("", id, state_type), r#"{"data":{"n":1}}"#).await;
            let (read, raw) =
                (client.get(&at("", id, state_type)).await, client.get(&at("/raw", id, state_type)).await);
            assert_eq!(read.header("etag"), raw.header("etag"));
            tags.push(read.expect(200).header("etag").to_owned());
        }
        let [mine, theirs] = tags.as_slice() else { panic!("two tags") };
        assert_ne!(mine, theirs, "{one:?} {other:?}");
        let (id, state_type) = one;
        for part in ["", "/raw"] {
            let held = |tag: &str| {
                client
                    .send(client.request(Method::GET, &at(part, id, state_type)).header("if-none-match", tag))
            };
            let _ = held(theirs).await.expect(200);
            let _ = held(mine).await.expect(304);
        }
        let onto = |method: Method, part: &str, body: &str, tag: &str| {
            let request = client.with_json(method, &at(part, id, state_type), body).header("if-match", tag);
            client.send(request)
        };
        let save = save_body(state_type, id, r#"{"n":2}"#);
        let saving = client.with_json(Method::POST, "/api/v1/states", save).header("if-match", theirs);
        let _ = client.send(saving).await.expect_problem(412, "precondition_failed");
        let put = r#"{"data":{"n":2}}"#;
        let _ = onto(Method::PUT, "", put, theirs).await.expect_problem(412, "precondition_failed");
        let _ = onto(Method::DELETE, "", "", theirs).await.expect_problem(412, "precondition_failed");
        let tombstone = onto(Method::DELETE, "", "", mine).await.expect(200);
        let deleted = client.delete(&at("", other.0, other.1)).await.expect(200);
        assert_ne!(tombstone.header("etag"), deleted.header("etag"));
        let _ = onto(Method::POST, "/undelete", "{}", deleted.header("etag"))
            .await
            .expect_problem(412, "precondition_failed");
        let _ = onto(Method::POST, "/undelete", "{}", tombstone.header("etag")).await.expect(200);
    }
}

#[tokio::test]
async fn a_version_that_moved_is_a_conflict_whatever_the_headers_say() {
    let server = Local::start().await;
    let client = &server.client;
    let tag = client.save("position", "a", r#"{"n":1}"#).await.header("etag").to_owned();
    client.save("position", "a", r#"{"n":2}"#).await;
    let path = "/api/v1/states/a?state_type=position&expected_version=1";
    let moved = client.send(client.request(Method::DELETE, path).header("if-match", &tag)).await;
    let _ = moved.expect_problem(409, "version_conflict");
}

#[tokio::test]
async fn d_038_dots_are_reached_encoded_or_by_parameter() {
    let server = Local::start().await;
    for id in [".", ".."] {
        let _ = server.client.post("/states", save_body("position", id, r#"{"n":1}"#)).await.expect(201);
        let spelled = id.replace('.', "%2E");
        let by_path = raw::get(server.address, &format!("/states/{spelled}?state_type=position")).await;
        assert!(
            by_path.starts_with("HTTP/1.1 200") && by_path.contains(&format!("\"state_id\":\"{id}\"")),
            "{by_path}"
        );
        // Browsers take such a segment out of the path, so they name the id in a parameter.
        let path = format!("/api/v1/states/-?state_type=position&state_id={spelled}");
        assert_eq!(server.client.get(&path).await.expect(200).json()["state_id"], id);
        let _ = server.client.delete(&path).await.expect(200);
    }
    let _ = server
        .client
        .get("/api/v1/states/a?state_type=position&state_id=b")
        .await
        .expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn d_038_ids_that_name_nothing_are_refused() {
    let server = Local::start().await;
    let long = "x".repeat(513);
    for id in ["", "a\u{0}b", "a\nb", "\u{7f}", long.as_str()] {
        let reply = server.client.post("/states", save_body("position", id, "{}")).await;
        assert!([400, 422].contains(&reply.status.as_u16()), "{id:?}: {}", reply.text);
    }
    let longest = "é".repeat(256);
    let _ = server.client.post("/states", save_body("position", &longest, "{}")).await.expect(201);
    let _ =
        server.client.get(&format!("/states/{}?state_type=position", encoded(&longest))).await.expect(200);
    let _ =
        server.client.get("/states/a%0Ab?state_type=position").await.expect_problem(400, "invalid_parameter");
    let _ =
        server.client.get("/states/a%FFb?state_type=position").await.expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn snapshots_may_have_such_names_too() {
    let server = Local::start().await;
    let client = &server.client;
    for name in ["End of day 21/11", "../..", "a?b#c%d"] {
        let body = json!({"snapshot_id": name}).to_string();
        let created = client.post("/api/v1/snapshots", body).await.expect(201);
        let location = created.header("location");
        assert_eq!(client.get(location).await.expect(200).json()["snapshot_id"], name);
        let _ = client.delete(location).await.expect(200);
        let _ = client.get(location).await.expect_problem(404, "snapshot_not_found");
    }
}
