//! What is held in memory is bounded by bytes: of readers that do not read, large documents, long pages and announced
//! bodies. Measured on the program itself.

use std::fmt::Write as _;
use std::time::Duration;

use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_server::http::Options;
use stateloft_tests::client::save_body;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

/// A figure of the server's process in bytes: `VmRSS` now, `VmHWM` at most so far.
fn measured(server: &Server, figure: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// An object of about so many bytes, in one text.
fn text_of(bytes: usize, n: usize) -> String {
    format!(r#"{{"n":{n},"x":"{}"}}"#, "x".repeat(bytes))
}

/// An object with an array of zeros, of about so many bytes: the index over it is many times as large.
fn zeros(bytes: usize, n: usize) -> String {
    format!(r#"{{"n":{n},"z":[{}0]}}"#, "0,".repeat(bytes / 2))
}

async fn fill(server: &Server, states: usize, bytes: usize) {
    for n in 0..states {
        server.save("session", &format!("s{n}"), &text_of(bytes, n), "tester", "").await;
    }
}

async fn limited(mib: u64, folder: &TempDir) -> Server {
    let database = folder.path().join("limited.db").display().to_string();
    let variable = |name: &str, value: String| (format!("TRADING_STATE_{name}"), value);
    Server::start_in(vec![variable("MEMORY_LIMIT", mib.to_string()), variable("SQLITE_PATH", database)]).await
}

/// Sends a request and reads nothing.
async fn unread(server: &Server, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(format!("{head}Host: {}\r\n\r\n", server.address()).as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn readers_that_never_read_hold_a_page_each_and_no_more_than_their_share() {
    let server = Server::start().await;
    fill(&server, 12, 4 << 20).await;
    let before = measured(&server, "VmRSS");
    let mut stuck = Vec::new();
    for _ in 0..20 {
        let head = "GET /api/v1/events?after=0 HTTP/1.1\r\nAccept: text/event-stream\r\n";
        stuck.push(unread(&server, head).await);
    }
    server.until_status(|status| status["listeners"] == 20).await;
    for _ in 0..100 {
        let (status, _) = server.get("/status").await;
        assert_eq!(status, StatusCode::OK);
    }
    let grown = measured(&server, "VmHWM").saturating_sub(before);
    assert!(grown < 400 * MIB, "{} MiB for 20 readers of which none reads", grown / MIB);
    let saved = server.save("position", "small", r#"{"a":1}"#, "tester", "").await;
    assert_eq!(saved["version"], 1);
}

#[tokio::test]
async fn sockets_that_never_read_hold_a_message_each() {
    let server = Server::start().await;
    fill(&server, 12, 4 << 20).await;
    let before = measured(&server, "VmRSS");
    let mut stuck = Vec::new();
    for _ in 0..20 {
        let mut socket = Socket::open(server.address()).await;
        socket.say(r#"{"action":"subscribe","topic":"states","after":0}"#).await;
        stuck.push(socket);
    }
    server.until_status(|status| status["listeners"] == 20).await;
    for _ in 0..100 {
        let (status, _) = server.get("/status").await;
        assert_eq!(status, StatusCode::OK);
    }
    let grown = measured(&server, "VmHWM").saturating_sub(before);
    assert!(grown < 400 * MIB, "{} MiB for 20 sockets of which none reads", grown / MIB);
}

#[tokio::test]
async fn saves_of_zeros_stay_within_the_limit_and_their_memory_goes_back() {
    let server = Server::start().await;
    let load = async || {
        let saves = (0..6).map(|n| {
            let body = save_body("session", &format!("z{n}"), &zeros(15 << 20, n));
            server
                .request(Method::POST, "/states")
                .header("content-type", "application/json")
                .body(body)
                .send()
        });
        for answer in futures::future::join_all(saves).await {
            let (status, text) = (answer.as_ref().unwrap().status(), answer.unwrap().text().await.unwrap());
            let refused = status == StatusCode::SERVICE_UNAVAILABLE && text.contains("\"overloaded\"");
            assert!(status.is_success() || refused, "{status}: {}", &text[..200.min(text.len())]);
        }
    };
    load().await;
    let most = measured(&server, "VmHWM");
    assert!(most < 1000 * MIB, "{} MiB for six saves of 15 MiB", most / MIB);
    let rests = async |most: u64| {
        for _ in 0..1_000 {
            if measured(&server, "VmRSS") <= most {
                return;
            }
            let _ = server.get("/status").await;
        }
        panic!("{} MiB are kept, not {}", measured(&server, "VmRSS") / MIB, most / MIB);
    };
    rests(350 * MIB).await;
    load().await;
    rests(400 * MIB).await;
}

/// Memory that is kept after work goes on growing with the work, or it does not: the same load is done twice.
#[tokio::test]
async fn the_same_load_a_second_time_leaves_no_more_memory_than_the_first() {
    let server = Server::start().await;
    server.save("position", "small", r#"{"n":0}"#, "tester", "").await;
    let before = rests_at(&server).await;
    large_load(&server).await;
    let first = rests_at(&server).await;
    large_load(&server).await;
    let second = rests_at(&server).await;
    let said = format!("{}, {} and {} MiB", before / MIB, first / MIB, second / MIB);
    eprintln!("memory before, after once and after twice: {said}");
    assert!(second <= first + first / 5 + NOT_YET, "{said}");
    assert!(first <= before + KEPT, "{said}");
}

/// What caches that the first load has not quite filled may still take.
const NOT_YET: u64 = 32 * MIB;
/// What caches keep: of heads, of pages of the file, of the end of the log.
const KEPT: u64 = 160 * MIB;
/// Documents of one load, their bytes, and how many are on their way at once.
const LOAD: usize = 30;
const LOAD_BYTES: usize = 4 << 20;
const AT_ONCE: usize = 6;

/// Hundreds of MiB: large documents saved, read in two ways, and sent as events.
async fn large_load(server: &Server) {
    let (_, status) = server.get("/status").await;
    let after = status["store"]["seq"].as_u64().or(status["seq"].as_u64()).unwrap();
    let each = async |request: &(dyn Fn(usize) -> reqwest::RequestBuilder + Sync)| {
        let answers = futures::stream::iter(0..LOAD).map(|n| async move {
            loop {
                let answer = request(n).send().await.unwrap();
                let status = answer.status();
                let bytes = answer.bytes().await.unwrap().len();
                match status {
                    StatusCode::SERVICE_UNAVAILABLE => {}
                    status => return assert!(status.is_success() && bytes > 0, "{status}"),
                }
            }
        });
        answers.buffer_unordered(AT_ONCE).collect::<()>().await;
    };
    each(&|n| {
        let body = save_body("session", &format!("m{}", n % 8), &large(n));
        server.request(Method::POST, "/states").header("content-type", "application/json").body(body)
    })
    .await;
    each(&|n| server.request(Method::GET, &format!("/states/m{}?state_type=session", n % 8))).await;
    each(&|n| server.request(Method::GET, &format!("/states/m{}/raw?state_type=session", n % 8))).await;
    each(&|n| {
        let history = format!("/states/m{}/history?state_type=session&limit=1&data=true", n % 8);
        server.request(Method::GET, &history)
    })
    .await;
    let mut socket = Socket::open(server.address()).await;
    socket.subscribe("states", Some(after)).await;
    for _ in 0..LOAD {
        socket.update().await;
    }
}

/// Long texts, rows, and numbers by turns.
fn large(n: usize) -> String {
    match n % 3 {
        0 => text_of(LOAD_BYTES, n),
        1 => zeros(LOAD_BYTES / 4, n),
        _ => {
            let row = |row: usize| format!(r#"{{"id":{row},"price":{}.25,"of":{n}}}"#, row * n);
            let rows: Vec<String> = (0..LOAD_BYTES / 40).map(row).collect();
            format!(r#"{{"rows":[{}]}}"#, rows.join(","))
        }
    }
}

/// Where memory comes to rest while the server has next to nothing to do: the least of many looks.
async fn rests_at(server: &Server) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..300 {
        let _ = server.get("/status").await;
        least = least.min(measured(server, "VmRSS"));
    }
    least
}

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
async fn a_body_takes_memory_as_it_arrives_not_as_it_is_announced() {
    let server = Server::start().await;
    let before = measured(&server, "VmRSS");
    let mut announced = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!(
            "POST /states HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n{{",
            server.address()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        announced.push(stream);
    }
    for _ in 0..50 {
        let _ = server.get("/status").await;
    }
    let grown = measured(&server, "VmRSS").saturating_sub(before);
    assert!(grown < 40 * MIB, "{} MiB for 200 bodies of one byte", grown / MIB);
}

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

#[tokio::test]
async fn heads_and_bodies_that_come_too_slowly_are_given_up() {
    let mut options = Options::default();
    options.limits.head_timeout = Duration::from_millis(300);
    options.limits.body_timeout = Duration::from_millis(300);
    options.limits.body_rate = 1 << 20;
    let server = Start { options, ..Start::default() }.run().await;
    // Each byte would have begun the wait anew.
    let head = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    assert_eq!(drip(&server, head).await, "", "nothing is answered to half a head");
    let host = server.address;
    let body = format!(
        "POST /states HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n{{"
    );
    let answer = drip(&server, &body).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("comes too slowly"), "{answer}");
    // A connection that is quiet between two requests is not slow.
    let mut stream = TcpStream::connect(host).await.unwrap();
    for _ in 0..2 {
        stream.write_all(format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut rest = vec![0; 4096];
        let _ = stream.read(&mut rest).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

/// Sends the beginning, then a byte at a time, until the server closes; returns what it said.
async fn drip(server: &Local, beginning: &str) -> String {
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reads, mut writes) = stream.into_split();
    writes.write_all(beginning.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writes.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), reads.read_to_end(&mut answer)).await;
    let ended = read.expect("the server gives it up");
    dripping.abort();
    // A peer that still sends may find the connection reset.
    let _ = ended;
    String::from_utf8_lossy(&answer).into_owned()
}
