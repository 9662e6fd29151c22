//! Requests that are nearly right: a header twice, a number with a sign, a tag that only seems to match. Each is refused, as
//! one reader of it would believe one thing and another one something else.

use reqwest::Method;
use stateloft_server::config::ApiKey;
use stateloft_server::http::Options;
use stateloft_tests::client::save_body;
use stateloft_tests::local::{Local, Start};

use crate::raw;

fn status(answer: &str) -> u16 {
    answer[9..12].parse().unwrap_or_else(|_| panic!("{answer}"))
}

#[tokio::test]
async fn numbers_in_queries_paths_and_headers_are_digits() {
    let server = Local::start().await;
    server.client.save("position", "a", r#"{"n":1}"#).await;
    let routes = [
        "/api/v1/states?limit=",
        "/api/v1/snapshots?limit=",
        "/api/v1/restores?limit=",
        "/api/v1/events?after=",
        "/api/v1/events?before=",
        "/api/v1/events?limit=",
        "/api/v1/verify?after=",
        "/api/v1/verify?limit=",
        "/api/v1/overview?hours=",
        "/api/v1/overview?buckets=",
        "/api/v1/states/a/history?state_type=position&limit=",
        "/api/v1/states/a?state_type=position&version=",
        "/api/v1/states/a?state_type=position&at=seq:",
        "/api/v1/states/a/raw?state_type=position&version=",
        "/api/v1/states/a/diff?state_type=position&to=1&from=",
        "/states/a?state_type=position&version=",
    ];
    for route in routes {
        let _ = server.client.get(&format!("{route}1")).await.expect(200);
        for number in ["%2B1", "+1", "-1", "", "%201", "1%20", "1.0", "0x1", "1e0", "18446744073709551616"] {
            let _ =
                server.client.get(&format!("{route}{number}")).await.expect_problem(400, "invalid_parameter");
        }
    }
    let delete = "/api/v1/states/a?state_type=position&expected_version=%2B1";
    let _ = server.client.delete(delete).await.expect_problem(400, "invalid_parameter");
    for id in ["+1", "-1", "1.0", "", "x"] {
        let headers = format!("Accept: text/event-stream\r\nLast-Event-ID: {id}\r\n");
        let answer = raw::request(server.address, "GET", "/api/v1/events", &headers).await;
        assert_eq!(status(&answer), 400, "{id:?} {answer}");
    }
}

#[tokio::test]
async fn query_parameters_are_there_once_and_are_texts() {
    let server = Local::start().await;
    for query in [
        "limit=1&limit=2",
        "limit=1&l%69mit=1",
        "prefix=%FF",
        "prefix=%",
        "prefix=%2",
        "prefix=%zz",
        "prefix=%C3",
    ] {
        let reply = server.client.get(&format!("/api/v1/states?{query}")).await;
        let _ = reply.expect_problem(400, "invalid_parameter");
    }
}

/// Every method of every path that the description lists, with an address that gets there.
fn routes() -> Vec<(Method, String, Vec<String>)> {
    let document = serde_json::to_value(stateloft_server::http::openapi_document()).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            let query = query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect();
            found.push((method, path.replace(['{', '}'], ""), query));
        }
    }
    found
}

#[tokio::test]
async fn every_route_refuses_a_parameter_that_it_does_not_know() {
    let server = Local::start().await;
    let client = &server.client;
    let body = save_body("position", "a", r#"{"n":1}"#);
    let ask = |method: &Method, address: String| {
        client.send(client.with_json(method.clone(), &address, body.clone()))
    };
    let routes = routes();
    assert!(routes.len() > 50, "{}", routes.len());
    for (method, path, known) in &routes {
        // Older clients put what they like there.
        if path == "/ws" {
            continue;
        }
        for unknown in ["run-id", "stat%65_typ", "Limit", "", "%C3%A9"] {
            let refused = ask(method, format!("{path}?{unknown}=x")).await;
            let detail = refused.expect_problem(400, "invalid_parameter").json()["detail"].to_string();
            assert!(detail.contains("takes no"), "{method} {path}: {detail}");
            for name in known {
                assert!(detail.contains(name.as_str()), "{method} {path} takes {name}: {detail}");
            }
        }
        for name in known {
            let answer = ask(method, format!("{path}?{name}=1")).await.text;
            assert!(!answer.contains("takes no"), "{method} {path}?{name}: {answer}");
        }
        if *method == Method::GET && !path.ends_with("/ws") {
            assert_eq!(ask(&Method::HEAD, format!("{path}?run-id=x")).await.status, 400, "HEAD {path}");
        }
    }
}

#[tokio::test]
async fn what_a_writer_says_in_a_query_that_nobody_reads_is_refused_and_nothing_is_written() {
    let server = Local::start().await;
    let client = &server.client;
    let body = save_body("position", "a", r#"{"n":1}"#);
    for query in ["run_id=x", "expected_version=0", "state_type=position&run_id=x", "user_id", "%zz=1"] {
        for path in ["/api/v1/states", "/states", "/api/v1/batch", "/snapshots"] {
            let refused = client.post(&format!("{path}?{query}"), &body).await;
            let _ = refused.expect_problem(400, "invalid_parameter");
        }
    }
    assert_eq!(client.get("/api/v1/states").await.json()["total"], 0);
    let _ = client.post("/api/v1/states?", &body).await.expect(201);
    let _ = client.get("/api/v1/status?&").await.expect(200);
    // A path that leads nowhere leads nowhere, whatever is asked of it.
    let _ = client.get("/api/v1/nothing?anything=1").await.expect_problem(404, "route_not_found");
}

#[tokio::test]
async fn a_weak_tag_never_matches_a_write_and_always_a_read() {
    let server = Local::start().await;
    let client = &server.client;
    let saved = client.save("position", "a", r#"{"n":1}"#).await;
    let tag = saved.header("etag").to_owned();
    let path = "/api/v1/states/a?state_type=position";
    let put = |n: u32, name: &'static str, value: String| {
        client.send(
            client.with_json(Method::PUT, path, format!(r#"{{"data":{{"n":{n}}}}}"#)).header(name, value),
        )
    };
    let read = |name: &'static str, value: String| {
        client.send(client.request(Method::GET, path).header(name, value))
    };
    let _ = put(2, "if-match", format!("W/{tag}")).await.expect_problem(412, "precondition_failed");
    let _ =
        put(2, "if-match", format!("\"other\", W/{tag}")).await.expect_problem(412, "precondition_failed");
    let _ = put(2, "if-none-match", format!("W/{tag}")).await.expect_problem(412, "precondition_failed");
    let _ = read("if-match", format!("W/{tag}")).await.expect_problem(412, "precondition_failed");
    let _ = read("if-match", "\"other\"".to_owned()).await.expect_problem(412, "precondition_failed");
    let _ = read("if-match", tag.clone()).await.expect(200);
    let _ = read("if-match", "*".to_owned()).await.expect(200);
    let _ = read("if-none-match", format!("W/{tag}")).await.expect(304);
    let _ = read("if-none-match", format!("\"a,b\", {tag}")).await.expect(304);
    for wrong in ["a", "\"a", "W/a", "w/\"a\"", "*, \"a\"", "\"a\" \"b\"", ""] {
        for name in ["if-match", "if-none-match"] {
            let _ = put(2, name, wrong.to_owned()).await.expect_problem(400, "invalid_parameter");
            let _ = read(name, wrong.to_owned()).await.expect_problem(400, "invalid_parameter");
        }
    }
    let deleting = |tag: String| client.send(client.request(Method::DELETE, path).header("if-match", tag));
    let _ = deleting(format!("W/{tag}")).await.expect_problem(412, "precondition_failed");
    let _ = put(2, "if-match", format!("\"other\", , {tag}")).await.expect(200);
}

#[tokio::test]
async fn what_may_be_said_once_is_not_said_twice() {
    let server = Local::start().await;
    let host = format!("Host: {}\r\n", server.address);
    for header in [
        host.as_str(),
        "Host: evil.example\r\n",
        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
        "X-API-Key: a\r\nX-API-Key: a\r\n",
        "Content-Type: text/plain\r\nContent-Type: application/json\r\n",
        "Origin: http://a\r\nOrigin: http://b\r\n",
        "Last-Event-ID: 1\r\nLast-Event-ID: 2\r\n",
        "Content-Length: 0\r\nContent-Length: 1\r\n",
    ] {
        for path in ["/api/v1/states", "/livez", "/"] {
            let answer = raw::request(server.address, "GET", path, header).await;
            assert_eq!(status(&answer), 400, "{header}{path} {answer}");
        }
    }
}

#[tokio::test]
async fn a_request_names_one_server_and_rightly() {
    let keyed = Start {
        options: Options { key: Some(ApiKey::new("correct horse battery")), ..Options::default() },
        ..Start::default()
    };
    let (open, keyed) = (Local::start().await, keyed.run().await);
    for server in [&open, &keyed] {
        let address = server.address;
        let ask = async |line: &str, headers: &str| {
            let request = format!("{line}\r\n{headers}Connection: close\r\n\r\n");
            status(&raw::exchange(address, request.as_bytes()).await)
        };
        let here = format!("Host: {address}\r\n");
        assert_eq!(ask("GET /livez HTTP/1.1", &here).await, 200);
        assert_eq!(ask("GET /livez HTTP/1.1", "").await, 400, "no Host");
        for host in ["a b", "user@localhost", "localhost:80:81", "localhost/", "http://localhost"] {
            assert_eq!(ask("GET /livez HTTP/1.1", &format!("Host: {host}\r\n")).await, 400, "{host}");
        }
        assert_eq!(ask(&format!("GET http://{address}/livez HTTP/1.1"), &here).await, 200);
        assert_eq!(ask(&format!("GET http://{address}/livez HTTP/1.1"), "").await, 400, "no Host");
        for target in ["http://evil.example/livez", "ftp://localhost/livez"] {
            assert_eq!(ask(&format!("GET {target} HTTP/1.1"), &here).await, 400, "{target}");
        }
        assert_eq!(ask(&format!("GET http://user@{address}/livez HTTP/1.1"), &here).await, 400);
        assert_eq!(ask(&format!("CONNECT {address} HTTP/1.1"), &here).await, 405);
        assert_eq!(ask("OPTIONS * HTTP/1.1", &here).await, 204);
    }
    let rebound = "GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&raw::exchange(open.address, rebound.as_bytes()).await), 403);
}

#[tokio::test]
async fn a_body_has_one_length() {
    let server = Local::start().await;
    let body = save_body("position", "a", "{}");
    let length = body.len();
    for headers in [
        format!("Content-Length: +{length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: {}\r\n", length - 1),
        format!("Content-Length: {length}, {}\r\n", length + 1),
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        "Transfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding: chunked, gzip\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: 0x10\r\n".to_owned(),
    ] {
        let head = format!(
            "POST /api/v1/states HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{headers}\r\n{body}",
            server.address
        );
        let answer = raw::exchange(server.address, head.as_bytes()).await;
        assert_eq!(status(&answer), 400, "{headers}{answer}");
    }
    assert_eq!(server.client.get("/api/v1/states").await.json()["total"], 0, "nothing was written");
}

#[tokio::test]
async fn head_answers_as_get_does_and_options_says_what_there_is() {
    let server = Local::start().await;
    server.client.save("position", "state_id", r#"{"n":1}"#).await;
    let routes = stateloft_server::http::openapi_document().paths.paths;
    let mut asked = 0;
    for (path, item) in &routes {
        let here = path.replace(['{', '}'], "");
        if item.get.is_some() && !path.ends_with("/ws") {
            let query = if path.contains("state_id") { "?state_type=position" } else { "" };
            let ask = |method| server.client.send(server.client.request(method, &format!("{here}{query}")));
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            assert_eq!(get.status, head.status, "{path}");
            assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
            assert_eq!(head.text, "", "{path}");
            asked += 1;
        }
        let options = server.client.send(server.client.request(Method::OPTIONS, &here)).await.expect(204);
        for (method, there) in [
            ("GET", item.get.is_some()),
            ("HEAD", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PUT", item.put.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ] {
            let allowed = options.header("allow").split(',').any(|allowed| allowed.trim() == method);
            assert_eq!(allowed, there, "{method} {path}: {}", options.header("allow"));
            if !there {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let refused = server.client.send(server.client.request(method, &here)).await.expect(405);
                assert_eq!(refused.header("allow"), options.header("allow"), "{path}");
            }
        }
        for method in ["TRACE", "BREW"] {
            let answer = raw::request(server.address, method, &here, "").await;
            assert_eq!(status(&answer), 405, "{method} {path}");
        }
    }
    assert!(asked > 20, "{asked} routes were asked");
}
