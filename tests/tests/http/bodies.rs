//! Bodies that are not what they should be: a clear error, and nothing is written.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use stateloft_tests::client::save_body;
use stateloft_tests::local::Local;

use crate::raw;

#[tokio::test]
async fn d_023_what_is_not_json_is_400_with_its_place() {
    let server = Local::start().await;
    let with = |data: &str| format!(r#"{{"state_type":"position","state_id":"a","data":{data}}}"#);
    let start = with("").len() - 1;
    for (data, offset) in [
        (r#"{"a":NaN}"#, 5),
        (r#"{"a":Infinity}"#, 5),
        (r#"{"a":-Infinity}"#, 5),
        (r#"{"a":"\u0000"}"#, 6),
        (r#"{"a":"\ud800"}"#, 6),
        (r#"{"a":1,"a":2}"#, 7),
        (r#"{"a":1,}"#, 6),
        (r#"{"a":01}"#, 6),
        ("{'a':1}", 1),
    ] {
        let reply = server.client.post("/states", with(data)).await.expect_problem(400, "invalid_json");
        assert_eq!(reply.json()["offset"], start + offset, "{data}: {}", reply.text);
    }
    let twice = r#"{"state_type":"position","state_id":"a","data":{},"data":{"b":1}}"#;
    let reply = server.client.post("/states", twice).await.expect_problem(400, "invalid_json");
    assert_eq!(reply.json()["offset"], twice.rfind("\"data\"").unwrap());
    for text in ["", "   ", "{", "nonsense", "{}{}"] {
        let _ = server.client.post("/states", text).await.expect_problem(400, "invalid_json");
    }
    let _ = server.client.get("/states/a?state_type=position").await.expect_problem(404, "state_not_found");
}

#[tokio::test]
async fn d_023_bytes_that_are_not_utf_8_are_400_with_their_place() {
    let server = Local::start().await;
    let mut body = save_body("position", "a", r#"{"a":"?"}"#).into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xff;
    let request =
        server.client.request(Method::POST, "/states").header(CONTENT_TYPE, "application/json").body(body);
    let reply = server.client.send(request).await.expect_problem(400, "invalid_json");
    assert_eq!(reply.json()["offset"], at);
}

#[tokio::test]
async fn depth_is_counted_from_the_document() {
    let server = Local::start().await;
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    let _ = server.client.post("/states", save_body("position", "a", &nested(96))).await.expect(201);
    let _ = server
        .client
        .post("/states", save_body("position", "b", &nested(97)))
        .await
        .expect_problem(400, "invalid_json");
    let item = |depth: usize| {
        format!(
            r#"{{"items":[{{"op":"save","state_type":"position","state_id":"c","data":{}}}]}}"#,
            nested(depth)
        )
    };
    let _ = server.client.post("/api/v1/batch", item(96)).await.expect(200);
    let _ = server.client.post("/api/v1/batch", item(97)).await.expect_problem(400, "invalid_json");
}

#[tokio::test]
async fn a_body_of_the_wrong_shape_is_422_and_says_where() {
    let server = Local::start().await;
    for (body, pointer, code) in [
        (r#"{"state_type":"position","state_id":"a"}"#, "", "required"),
        (r#"{"state_type":"position","data":{}}"#, "", "required"),
        (r#"{"state_type":1,"state_id":"a","data":{}}"#, "/state_type", "type"),
        (r#"{"state_type":"position","state_id":"a","data":null}"#, "/data", "type"),
        (r#"{"state_type":"position","state_id":"a","data":"text"}"#, "/data", "type"),
        (
            r#"{"state_type":"position","state_id":"a","data":{},"expected_version":"1"}"#,
            "/expected_version",
            "type",
        ),
        (
            r#"{"state_type":"position","state_id":"a","data":{},"expected_version":-1}"#,
            "/expected_version",
            "invalid",
        ),
        (r#"{"state_type":"position","state_id":"a","data":{},"user_id":7}"#, "/user_id", "type"),
        ("[]", "", "type"),
        ("7", "", "type"),
    ] {
        let reply = server.client.post("/states", body).await.expect_problem(422, "invalid_body");
        let error = &reply.json()["errors"][0];
        assert_eq!(
            (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()),
            (pointer, code),
            "{body}: {}",
            reply.text
        );
    }
    let batch = r#"{"items":[{"op":"save","state_type":"position","state_id":"a","data":{}},{"op":"burn","state_type":"position","state_id":"b"}]}"#;
    let reply = server.client.post("/api/v1/batch", batch).await.expect_problem(422, "invalid_body");
    assert_eq!(reply.json()["errors"][0]["pointer"], "/items/1/op");
}

#[tokio::test]
async fn d_019_a_client_cannot_say_that_a_save_is_a_delete_restore_or_snapshot() {
    let server = Local::start().await;
    for operation in ["delete", "restore", "snapshot", "Update", ""] {
        let body =
            format!(r#"{{"state_type":"position","state_id":"a","data":{{}},"operation":"{operation}"}}"#);
        let reply = server.client.post("/states", body).await.expect_problem(422, "invalid_body");
        assert_eq!(reply.json()["errors"][0]["pointer"], "/operation");
    }
    let forged = r#"{"state_type":"position","state_id":"a","data":{},"timestamp":"1999-01-01T00:00:00Z","version_id":"x","seq":99}"#;
    let saved = server.client.post("/states", forged).await.expect(201).json();
    assert_eq!((saved["seq"].as_u64(), saved["operation"].as_str()), (Some(1), Some("create")));
    assert!(saved["timestamp"].as_str().unwrap() > "2020");
}

#[tokio::test]
async fn a_slip_in_a_member_is_refused_and_a_member_of_ones_own_is_ignored() {
    let server = Local::start().await;
    for slip in ["expected_versoin", "expectedVersion", "userid", "Data"] {
        let body = format!(r#"{{"state_type":"position","state_id":"a","data":{{}},"{slip}":1}}"#);
        let reply = server.client.post("/states", body).await.expect_problem(422, "invalid_body");
        assert_eq!(reply.json()["errors"][0]["pointer"], format!("/{slip}"));
        assert!(reply.json()["detail"].as_str().unwrap().contains("did you mean"), "{}", reply.text);
    }
    let own = r#"{"state_type":"position","state_id":"a","data":{},"source":"mt5","tags":["x"]}"#;
    let _ = server.client.post("/states", own).await.expect(201);
    // Routes that older clients do not know take nothing that they do not understand.
    let _ = server
        .client
        .post("/api/v1/batch", r#"{"items":[],"source":"mt5"}"#)
        .await
        .expect_problem(422, "invalid_body");
    let _ = server
        .client
        .post("/api/v1/restores", r#"{"target":"now","scop":{}}"#)
        .await
        .expect_problem(422, "invalid_body");
}

#[tokio::test]
async fn d_083_a_body_over_16_mib_is_413_without_being_read() {
    let server = Local::start().await;
    let announced = raw::request(
        server.address,
        "POST",
        "/states",
        "Content-Type: application/json\r\nContent-Length: 16777217\r\nExpect: 100-continue\r\n",
    )
    .await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    assert!(
        announced.contains("body_too_large") && announced.contains("application/problem+json"),
        "{announced}"
    );
    let large = save_body("position", "a", &format!(r#"{{"a":"{}"}}"#, "x".repeat(17 << 20)));
    let _ = server.client.post("/states", large).await.expect_problem(413, "body_too_large");
    let unannounced = reqwest::Body::wrap_stream(futures::stream::iter(
        (0..20).map(|_| Ok::<_, std::io::Error>("x".repeat(1 << 20))),
    ));
    let request = server
        .client
        .request(Method::POST, "/states")
        .header(CONTENT_TYPE, "application/json")
        .body(unannounced);
    let _ = server.client.send(request).await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn a_body_that_does_not_say_that_it_is_json_is_415() {
    let server = Local::start().await;
    let body = save_body("position", "a", "{}");
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]
    {
        let request =
            server.client.request(Method::POST, "/states").header(CONTENT_TYPE, kind).body(body.clone());
        let _ = server.client.send(request).await.expect_problem(415, "unsupported_media_type");
    }
    let silent = server.client.request(Method::POST, "/states").body(body.clone());
    let _ = server.client.send(silent).await.expect_problem(415, "unsupported_media_type");
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.bot+json"] {
        let request =
            server.client.request(Method::POST, "/states").header(CONTENT_TYPE, kind).body(body.clone());
        let reply = server.client.send(request).await;
        assert!(reply.status.is_success(), "{kind}: {}", reply.text);
    }
}

#[tokio::test]
async fn texts_about_a_save_have_limits() {
    let server = Local::start().await;
    let body = |author: &str, why: &str| {
        serde_json::json!({"state_type": "position", "state_id": "a", "data": {}, "user_id": author, "description": why}).to_string()
    };
    let long =
        server.client.post("/states", body(&"x".repeat(257), "")).await.expect_problem(422, "invalid_body");
    assert_eq!(long.json()["errors"][0]["pointer"], "/user_id");
    let _ =
        server.client.post("/states", body("", &"x".repeat(9000))).await.expect_problem(422, "invalid_body");
}
