//! Errors that say where, and what to do.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use stateloft_tests::client::{Reply, save_body};
use stateloft_tests::local::Local;

fn hint(reply: &Reply) -> String {
    reply.json()["hint"].as_str().unwrap_or_else(|| panic!("no hint: {}", reply.text)).to_owned()
}

#[tokio::test]
async fn a_body_that_is_not_json_names_line_column_pointer_words_and_cure() {
    let server = Local::start().await;
    let with = |data: &str| format!("{{\n\"state_type\":\"position\",\n\"state_id\":\"a\",\"data\":{data}}}");
    for (data, column, pointer, near, cure) in [
        ("{\"é\": None}", 29, "/data/é", "{\"é\": None}}", "json.dumps"),
        ("{\"a\":[1,2,]}", 32, "/data/a", "[1,2,]}}", "take this comma out"),
        ("{'a':1}", 24, "/data", "{'a':1}}", "double quotes"),
        ("{\"a\":{\"b\":1} /* c */}", 36, "/data/a", "/* c */}}", "no comments"),
        ("{\"a/b\":007}", 31, "/data/a~1b", "007}}", "zero in front"),
    ] {
        let reply = server.client.post("/states", with(data)).await.expect_problem(400, "invalid_json");
        let problem = reply.json();
        assert_eq!((problem["line"].as_u64(), problem["column"].as_u64()), (Some(3), Some(column)), "{data}");
        assert_eq!(problem["pointer"], pointer, "{data}");
        assert!(problem["near"].as_str().unwrap().ends_with(near), "{data}: {}", reply.text);
        assert!(hint(&reply).contains(cure), "{data}: {}", reply.text);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("at line 3, column ") && detail.ends_with(pointer), "{detail}");
    }
}

#[tokio::test]
async fn in_a_batch_the_item_is_named() {
    let server = Local::start().await;
    let items = |last: &str| {
        let item = |id: &str, data: &str| {
            format!(r#"{{"op":"save","state_type":"position","state_id":"{id}","data":{data}}}"#)
        };
        format!("{{\"items\":[\n{},\n{},\n{}]}}", item("a", "{}"), item("b", "{\"b\":1}"), item("c", last))
    };
    for (data, pointer) in [
        ("{\"qty\":NaN}", "/items/2/data/qty"),
        ("{\"p\":[{},{\"k\":1,\"k\":2}]}", "/items/2/data/p/1/k"),
        ("{\"a\":undefined}", "/items/2/data/a"),
    ] {
        let reply =
            server.client.post("/api/v1/batch", items(data)).await.expect_problem(400, "invalid_json");
        assert_eq!((&reply.json()["pointer"], reply.json()["line"].as_u64()), (&pointer.into(), Some(4)));
    }
    let reply =
        server.client.post("/api/v1/batch", items("\"{}\"")).await.expect_problem(422, "invalid_body");
    assert_eq!(reply.json()["errors"][0]["pointer"], "/items/2/data");
    assert!(hint(&reply).contains("encoded twice"));
}

#[tokio::test]
async fn json_that_was_encoded_twice_is_called_that() {
    let server = Local::start().await;
    let whole = serde_json::to_string(&save_body("position", "a", "{}")).unwrap();
    let thrice = serde_json::to_string(&whole).unwrap();
    for (body, pointer) in [
        (save_body("position", "a", r#""{\"qty\":1}""#), "/data"),
        (save_body("position", "a", r#""[1,2]""#), "/data"),
        (whole, ""),
        (thrice, ""),
    ] {
        let reply = server.client.post("/states", body.as_str()).await.expect_problem(422, "invalid_body");
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{body}");
        assert!(hint(&reply).contains("encoded twice"), "{}", reply.text);
        assert_eq!(reply.json()["errors"][0]["hint"], reply.json()["hint"]);
    }
    let put = server.client.put("/states/a?state_type=position", r#"{"data":"{}"}"#).await;
    assert!(hint(&put.expect_problem(422, "invalid_body")).contains("encoded twice"));
    let request = r#"{"target":"now","scope":"{\"state_types\":[\"position\"]}"}"#;
    let reply = server.client.post("/api/v1/restores", request).await.expect_problem(422, "invalid_body");
    assert_eq!(reply.json()["errors"][0]["pointer"], "/scope");
    assert!(hint(&reply).contains("encoded twice"));
    let plain = server
        .client
        .post("/states", save_body("position", "a", "\"x\""))
        .await
        .expect_problem(422, "invalid_body");
    assert!(plain.json().get("hint").is_none(), "a text that holds no JSON is only a text");
}

#[tokio::test]
async fn a_form_and_a_text_in_another_encoding_are_called_that() {
    let server = Local::start().await;
    for (kind, cure) in [
        ("application/x-www-form-urlencoded", "curl --json"),
        ("multipart/form-data; boundary=x", "form"),
        ("text/plain;charset=UTF-8", "fetch"),
    ] {
        let request = server.client.request(Method::POST, "/states").header(CONTENT_TYPE, kind).body("{}");
        let reply = server.client.send(request).await.expect_problem(415, "unsupported_media_type");
        assert!(hint(&reply).contains(cure), "{kind}: {}", reply.text);
    }
    let wide: Vec<u8> = save_body("position", "a", "{}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let form = b"state_type=position&state_id=a&data=%7B%7D".to_vec();
    let latin = b"{\"state_type\":\"position\",\"state_id\":\"Caf\xe9\",\"data\":{}}".to_vec();
    for (body, cure) in [(wide, "UTF-16"), (form, "form"), (latin, "Latin-1")] {
        let request = server
            .client
            .request(Method::POST, "/states")
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let reply = server.client.send(request).await.expect_problem(400, "invalid_json");
        assert!(hint(&reply).contains(cure), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_time_that_lost_its_plus_says_how_to_send_one() {
    let server = Local::start().await;
    let _ = server.client.save("position", "a", "{}").await.expect(201);
    let bare = "2026-11-21T09:46:11+02:00";
    for address in [
        "/states/a?state_type=position&at=",
        "/states/a/raw?state_type=position&at=",
        "/states?at=",
        "/states?changed_since=",
        "/states/a/history?state_type=position&start_time=",
        "/states/a/history?state_type=position&end_time=",
    ] {
        let reply = server
            .client
            .get(&format!("/api/v1{address}{bare}"))
            .await
            .expect_problem(400, "invalid_parameter");
        assert!(hint(&reply).contains("%2B"), "{address}: {}", reply.text);
        let twice = format!("/api/v1{address}2026-11-21T09:46:11%252B02:00");
        let reply = server.client.get(&twice).await.expect_problem(400, "invalid_parameter");
        assert!(hint(&reply).contains("encoded twice"), "{address}: {}", reply.text);
        let right = format!("/api/v1{address}2126-11-21T09:46:11%2B02:00");
        assert!(server.client.get(&right).await.status.is_success(), "{address}");
    }
    let body = r#"{"target":"2026-11-21T09:46:11 02:00"}"#;
    let reply = server.client.post("/api/v1/restores", body).await.expect_problem(422, "invalid_body");
    let error = &reply.json()["errors"][0];
    assert_eq!(error["pointer"], "/target");
    assert!(error["message"].as_str().unwrap().contains("where the + of its zone was"), "{}", reply.text);
}
