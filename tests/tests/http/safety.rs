//! Who may ask, from where, and what browsers are told.

use std::time::Duration;

use reqwest::Method;
use stateloft_server::config::{ApiKey, Origins};
use stateloft_server::http::Options;
use stateloft_tests::client::{Client, Reply, save_body};
use stateloft_tests::local::{Local, Start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw;

const KEY: &str = "correct horse battery staple";

async fn with(options: Options) -> Local {
    Start { options, ..Start::default() }.run().await
}

async fn with_key() -> Local {
    with(Options { key: Some(ApiKey::new(KEY)), ..Options::default() }).await
}

async fn with_header(client: &Client, method: Method, path: &str, name: &str, value: &str) -> Reply {
    client.send(client.request(method, path).header(name, value)).await
}

#[tokio::test]
async fn d_080_with_a_key_every_route_wants_it() {
    let server = with_key().await;
    let client = &server.client;
    let document = client.get("/livez").await.expect(200);
    assert_eq!(document.json()["status"], "alive");
    let _ = client.get("/readyz").await.expect(200);
    let _ = client.get("/api/v1/livez").await.expect(200);
    let _ = client.get("/").await.expect(200);
    let routes = stateloft_server::http::openapi_document().paths.paths;
    let mut asked = 0;
    for (path, item) in &routes {
        if path.ends_with("/livez") || path.ends_with("/readyz") {
            continue;
        }
        let path = path.replace(['{', '}'], "");
        for (method, there) in [
            (Method::GET, item.get.is_some()),
            (Method::POST, item.post.is_some()),
            (Method::PUT, item.put.is_some()),
            (Method::PATCH, item.patch.is_some()),
            (Method::DELETE, item.delete.is_some()),
        ] {
            if there {
                let refused =
                    client.send(client.request(method, &path)).await.expect_problem(401, "unauthorized");
                assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"stateloft\"");
                asked += 1;
            }
        }
    }
    assert!(asked > 30, "{asked} routes were asked");
    for (name, value, status) in [
        ("authorization", format!("Bearer {KEY}"), 200),
        ("authorization", format!("bearer {KEY}"), 200),
        ("x-api-key", KEY.to_owned(), 200),
        ("authorization", format!("Basic {KEY}"), 401),
        ("authorization", format!("Bearer {KEY}x"), 401),
        ("authorization", "Bearer".to_owned(), 401),
        ("x-api-key", String::new(), 401),
        ("x-api-key", KEY[1..].to_owned(), 401),
    ] {
        let reply = with_header(client, Method::GET, "/api/v1/status", name, &value).await.expect(status);
        assert!(!reply.text.contains(KEY));
    }
    let reply = with_header(client, Method::GET, "/api/v1/status", "x-api-key", KEY).await;
    assert_eq!(reply.json()["key_required"], false, "the settings of this service say so, not the key");
}

#[tokio::test]
async fn d_080_without_a_key_only_our_own_names_are_answered() {
    let server = Local::start().await;
    let port = server.address.port();
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "localhost".to_owned(),
        format!("[::1]:{port}"),
    ] {
        let _ = with_header(&server.client, Method::GET, "/api/v1/states", "host", &host).await.expect(200);
    }
    for host in ["evil.example", "127.0.0.1.nip.io", "localhost.evil.example:8000"] {
        for path in ["/api/v1/states", "/", "/livez"] {
            let _ = with_header(&server.client, Method::GET, path, "host", host)
                .await
                .expect_problem(403, "forbidden_origin");
        }
    }
    let none = raw::exchange(server.address, b"GET /api/v1/states HTTP/1.0\r\n\r\n").await;
    assert!(none.contains(" 403 "), "{none}");
    let keyed = with_key().await;
    let request = keyed
        .client
        .request(Method::GET, "/api/v1/states")
        .header("host", "bots.example")
        .header("x-api-key", KEY);
    let _ = keyed.client.send(request).await.expect(200);
}

#[tokio::test]
async fn d_080_d_084_pages_of_other_origins_cannot_write() {
    let server = Local::start().await;
    let own = format!("http://{}", server.address);
    let delete = "/states/EURUSD?state_type=position";
    let attempts: [(&[(&str, &str)], bool); 8] = [
        (&[], true),
        (&[("origin", &own)], true),
        (&[("origin", &own), ("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site")], false),
    ];
    for (headers, allowed) in attempts {
        server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
        let mut request = server.client.request(Method::DELETE, delete);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = server.client.send(request).await;
        if allowed {
            let _ = reply.expect(200);
        } else {
            let _ = reply.expect_problem(403, "forbidden_origin");
        }
    }
    let read = with_header(&server.client, Method::GET, "/api/v1/states", "origin", "https://evil.example")
        .await
        .expect(200);
    assert_eq!(read.header("access-control-allow-origin"), "", "a browser does not show it to that page");
}

#[tokio::test]
async fn d_080_origins_that_are_configured_may_use_the_api() {
    let page = "https://console.example";
    let origins = Origins::List(vec![page.to_owned()]);
    let server = with(Options { origins, ..Options::default() }).await;
    let save = server
        .client
        .with_json(Method::POST, "/states", save_body("position", "a", "{}"))
        .header("origin", page)
        .header("sec-fetch-site", "cross-site");
    let saved = server.client.send(save).await.expect(201);
    assert_eq!(saved.header("access-control-allow-origin"), page);
    assert_eq!(saved.header("access-control-allow-credentials"), "");
    let preflight = server
        .client
        .request(Method::OPTIONS, "/states")
        .header("origin", page)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "if-match");
    let preflight = server.client.send(preflight).await.expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), page);
    assert!(preflight.header("access-control-allow-headers").contains("if-match"), "{:?}", preflight.headers);
    let other = server
        .client
        .request(Method::OPTIONS, "/states")
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "PUT");
    assert_eq!(server.client.send(other).await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn every_answer_binds_browsers() {
    let server = Local::start().await;
    for (path, is_page) in [
        ("/", true),
        ("/view/states", true),
        ("/api/v1/states", false),
        ("/nothing", false),
        ("/livez", false),
    ] {
        let reply = server.client.get(path).await;
        let policy = reply.header("content-security-policy");
        let for_pages = [
            "script-src 'self' 'wasm-unsafe-eval'",
            "connect-src 'self'",
            "style-src 'self'",
            "worker-src 'self'",
        ];
        for part in ["default-src 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {part} in {policy}");
        }
        for part in for_pages {
            assert_eq!(policy.contains(part), is_page, "{path}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin", "{path}");
    }
    assert_eq!(server.client.get("/api/v1/states").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let server = Local::start().await;
    let client = &server.client;
    for path in ["/api/v1/nothing", "/api/v2/states", "/nothing", "/states/", "/api/v1", "/assets/none.js"] {
        let _ = client.get(path).await.expect_problem(404, "route_not_found");
    }
    let _ = client.post("/nothing", "{}").await.expect_problem(404, "route_not_found");
    let refused = client
        .send(client.request(Method::PATCH, "/api/v1/states"))
        .await
        .expect_problem(405, "method_not_allowed");
    assert!(
        refused.header("allow").contains("GET") && refused.header("allow").contains("POST"),
        "{:?}",
        refused.headers
    );
    let _ =
        client.send(client.request(Method::GET, "/states")).await.expect_problem(405, "method_not_allowed");
    let _ = client.get("/ws").await.expect_problem(426, "upgrade_required");
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let mut options = Options::default();
    options.limits.head_timeout = Duration::from_millis(200);
    let server = with(options).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: local").await.unwrap();
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the server closed the connection");
    let _ = server.client.get("/livez").await.expect(200);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let mut options = Options::default();
    options.limits.connections = 1;
    let server = with(options).await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let second = tokio::spawn(raw::get(server.address, "/livez"));
    let waited = tokio::time::timeout(Duration::from_millis(200), async {
        while !second.is_finished() {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_err(), "the second connection was served beside the first one");
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_body_that_stops_is_given_up() {
    let mut options = Options::default();
    options.limits.body_timeout = Duration::from_millis(200);
    let server = with(options).await;
    let head = format!(
        "POST /states HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{{",
        server.address
    );
    let answer = raw::exchange(server.address, head.as_bytes()).await;
    assert!(answer.contains(" 400 ") && answer.contains("the body stopped before its end"), "{answer}");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go() {
    let mut options = Options::default();
    options.limits.write_timeout = Duration::from_millis(200);
    let server = with(options).await;
    let data = format!(r#"{{"x":"{}"}}"#, "x".repeat(8 << 20));
    server.client.save("market_data", "big", &data).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /api/v1/states/big/raw?state_type=market_data HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.address
    );
    for _ in 0..4 {
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    // The stop waits for connections: it would take its whole time if this one were still held.
    let begun = std::time::Instant::now();
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}
