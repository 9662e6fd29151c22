//! Bundles over HTTP: at any size, cut off, interrupted, and refused.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use futures::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_server::http::Options;
use stateloft_server::service::Settings;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::server::Server;

const MIB: u64 = 1 << 20;

fn plain(packed: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap();
    text
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn export(server: &Server, query: &str) -> Vec<u8> {
    let answer = server.request(Method::GET, &format!("/export{query}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/gzip");
    answer.bytes().await.unwrap().to_vec()
}

async fn import(server: &Server, bundle: Vec<u8>) -> (StatusCode, Value) {
    send(server, "/import/bundle", bundle).await
}

async fn merge(server: &Server, bundle: Vec<u8>) -> (StatusCode, Value) {
    send(server, "/import/bundle?merge=true", bundle).await
}

async fn send(server: &Server, path: &str, bundle: Vec<u8>) -> (StatusCode, Value) {
    let answer = server.request(Method::POST, path).body(bundle).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn whole(server: &Server) -> Value {
    let mut after = 0;
    loop {
        let (_, verified) = server.get(&format!("/verify?after={after}&limit=10000")).await;
        assert_eq!(verified["ok"], true, "{verified}");
        after = verified["checked_to"].as_u64().unwrap();
        if verified["seq"] == after {
            return after.into();
        }
    }
}

/// Saves so many states of so many bytes that do not pack well, and some snapshots.
async fn fill(server: &Server, states: usize, bytes: usize) {
    let mut seed = 1_u64;
    for n in 0..states {
        let words = (0..bytes / 16).map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("{seed:016x}")
        });
        let text = format!(r#"{{"n":{n},"exact":1.50,"x":"{}"}}"#, words.collect::<String>());
        server.save("session", &format!("s{}", n % 7), &text, "bot", "é").await;
    }
    server.post("/snapshots", r#"{"snapshot_id":"end"}"#).await;
}

#[tokio::test]
async fn a_bundle_is_read_with_zcat_and_makes_the_same_store_elsewhere() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 20, 100).await;
    let bundle = export(&server, "").await;
    let text = plain(&bundle);
    let found = lines(&text);
    let kinds: Vec<_> = found.iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[21], kinds[22]), ("header", "version", "snapshot", "trailer"));
    assert_eq!((&found[0]["format"], &found[0]["to"]), (&Value::from("stateloft-bundle"), &Value::from(20)));
    assert!(text.lines().nth(1).unwrap().contains(r#""data":{"n":0,"exact":1.50,"#));
    assert_eq!(found[22]["whole"], true);
    let (status, done) = import(&other, bundle).await;
    assert_eq!(
        (status, &done["versions"], &done["snapshots"]),
        (StatusCode::OK, &20.into(), &1.into()),
        "{done}"
    );
    assert_eq!(whole(&other).await, 20);
    let everything = "/events?after=0&limit=1000";
    assert_eq!(server.get(everything).await, other.get(everything).await);
    assert_eq!(server.get("/snapshots").await.1["snapshots"], other.get("/snapshots").await.1["snapshots"]);
    // As it is, not packed, it is the same; and it is all there already.
    let (status, again) = import(&other, text.into_bytes()).await;
    assert_eq!((status, &again["versions"], &again["passed_over"]), (StatusCode::OK, &0.into(), &20.into()));
}

#[tokio::test]
async fn parameters_that_mean_nothing_are_refused_and_name_what_they_want() {
    let server = Local::start().await;
    for query in [
        "from=0",
        "from=now",
        "from=2",
        "to=tomorrow",
        "to=5",
        "types=Bad",
        "what=1",
        "history=maybe",
        "from=",
    ] {
        let reply = server.client.get(&format!("/api/v1/export?{query}")).await;
        let _ = reply.expect_problem(400, "invalid_parameter");
    }
    let _ =
        server.client.get("/api/v1/export?to=snapshot:none").await.expect_problem(404, "snapshot_not_found");
    let _ = server.client.get("/api/v1/export").await.expect(200);
}

#[tokio::test]
async fn what_is_no_bundle_is_refused_before_it_is_read_to_its_end() {
    let server = Server::start().await;
    for body in [
        b"".to_vec(),
        b"hello".to_vec(),
        vec![b'['; 1 << 20],
        b"\x1f\x8bnot gzip at all".to_vec(),
        vec![0x1f],
    ] {
        let (status, problem) = import(&server, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["line"], 1, "{problem}");
        assert!(["not_a_bundle", "bundle_damaged"].contains(&problem["code"].as_str().unwrap()), "{problem}");
    }
    assert_eq!(whole(&server).await, 0);
}

#[tokio::test]
async fn a_bundle_that_was_cut_or_changed_says_its_line_and_a_whole_one_completes_it() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 12, 40_000).await;
    let bundle = export(&server, "").await;
    let (status, problem) = import(&other, bundle[..bundle.len() / 2].to_vec()).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &"bundle_damaged".into()), "{problem}");
    let there = whole(&other).await.as_u64().unwrap();
    assert!(0 < there && there < 12);
    assert_eq!(problem["line"], there + 2, "the header, and what is in: {problem}");
    let mut changed = plain(&bundle).into_bytes();
    let place = changed.len() * 9 / 10;
    changed[place] ^= 1;
    let line = changed[..place].split(|byte| *byte == b'\n').count();
    let (status, problem) = import(&other, changed).await;
    assert_eq!((status.as_u16(), &problem["line"]), (422, &line.into()), "{problem}");
    assert_eq!(whole(&other).await, line - 2);
    // A changed byte of the packed file, anywhere.
    for part in 1..8 {
        let mut changed = bundle.clone();
        changed[bundle.len() * part / 8] ^= 16;
        let (status, problem) = import(&other, changed).await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &"bundle_damaged".into()), "{problem}");
    }
    let (status, done) = import(&other, bundle).await;
    assert_eq!((status, &done["last_seq"]), (StatusCode::OK, &12.into()), "{done}");
    assert_eq!(whole(&other).await, 12);
}

#[tokio::test]
async fn a_store_with_states_keeps_them_and_says_so() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 3, 100).await;
    other.save("position", "mine", "{}", "ann", "").await;
    let (status, problem) = import(&other, export(&server, "").await).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &"bundle_conflict".into()), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("merge=true"), "{problem}");
    assert_eq!(whole(&other).await, 1);
    let (status, problem) = send(&other, "/import/bundle?merge=yes", export(&server, "").await).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &"invalid_parameter".into()), "{problem}");
    let (status, problem) = import(&other, export(&server, "?history=false").await).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &"bundle_conflict".into()), "{problem}");
}

#[tokio::test]
async fn a_merge_brings_what_is_missing_lists_what_differs_and_is_repeated_without_harm() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 12, 100).await;
    other.save("position", "mine", "{}", "ann", "").await;
    other.save("session", "s3", r#"{"mine":true}"#, "ann", "").await;
    let bundle = export(&server, "").await;
    let (status, done) = merge(&other, bundle.clone()).await;
    assert_eq!((status, &done["versions"]), (StatusCode::OK, &10.into()), "{done}");
    let merged = &done["merged"];
    assert_eq!(
        (&merged["new"], &merged["conflicts"], &merged["before"], &merged["seq"]),
        (&6.into(), &1.into(), &2.into(), &12.into()),
        "{done}"
    );
    let conflict = &merged["conflicting"][0];
    assert_eq!((&conflict["state_id"], &conflict["reason"]), (&"s3".into(), &"unrelated".into()), "{done}");
    assert_eq!((&conflict["here"]["user_id"], &conflict["there"]["version"]), (&"ann".into(), &2.into()));
    assert_eq!(
        (&merged["left_out"][0]["kind"], &merged["left_out"][0]["id"]),
        (&"snapshot".into(), &"end".into())
    );
    assert_eq!(other.get("/states/s3?state_type=session").await.1["data"]["mine"], true);
    // Each says when it was saved first, and is found by that time.
    let first = "/states/s0?state_type=session&version=1";
    let (there, here) = (server.get(first).await.1, other.get(first).await.1);
    assert_eq!((&here["saved_at"], &here["content_hash"]), (&there["timestamp"], &there["content_hash"]));
    assert!(here["batch_id"].as_str().unwrap().contains(there["chain_hash"].as_str().unwrap()), "{here}");
    let then = format!("/states/s0?state_type=session&at={}", there["timestamp"].as_str().unwrap());
    assert_eq!(other.get(&then).await.1["version"], 1);
    let (status, again) = merge(&other, bundle).await;
    assert_eq!((status, &again["versions"]), (StatusCode::OK, &0.into()), "{again}");
    assert_eq!((&again["passed_over"], &again["merged"]["unchanged"]), (&10.into(), &6.into()), "{again}");
    assert_eq!(whole(&other).await, 12);
}

#[tokio::test]
async fn others_save_while_a_bundle_is_merged_and_nothing_of_theirs_is_overwritten() {
    const STATES: usize = 300;
    let (server, other) = (Server::start().await, Server::start().await);
    for n in 0..STATES {
        let text = format!(r#"{{"there":{n},"x":"{}"}}"#, "x".repeat(40_000));
        server.save("session", &format!("s{n}"), &text, "bot", "").await;
    }
    other.save("position", "mine", "{}", "ann", "").await;
    let bundle = export(&server, "").await;
    let saving = async {
        for n in (0..STATES).step_by(3) {
            other.save("session", &format!("s{n}"), r#"{"here":true}"#, "ann", "").await;
        }
    };
    let ((status, done), ()) = tokio::join!(merge(&other, bundle.clone()), saving);
    assert_eq!(status, StatusCode::OK, "{done}");
    for n in (0..STATES).step_by(3) {
        let state = other.get(&format!("/states/s{n}?state_type=session")).await.1;
        assert_eq!(state["data"]["here"], true, "{state}");
    }
    let (status, again) = merge(&other, bundle).await;
    assert_eq!((status, &again["versions"]), (StatusCode::OK, &0.into()), "{again}");
    let merged = &again["merged"];
    let known = ["unchanged", "conflicts"].map(|count| merged[count].as_u64().unwrap());
    assert_eq!(known.iter().sum::<u64>(), STATES as u64, "{again}");
    assert!(known[1] <= STATES as u64 / 3);
    whole(&other).await;
}

#[tokio::test]
async fn a_server_that_was_killed_in_the_middle_of_a_merge_goes_on_with_it() {
    let (server, mut other) = (Server::start().await, Server::start().await);
    fill(&server, 60, 200_000).await;
    other.save("position", "mine", "{}", "ann", "").await;
    let bundle = export(&server, "").await;
    send_most(&mut other, "/import/bundle?merge=true", &bundle).await;
    let there = whole(&other).await.as_u64().unwrap() - 1;
    assert!(there > 10 && there < 60, "{there}");
    let (status, done) = merge(&other, bundle).await;
    assert_eq!((status, &done["passed_over"]), (StatusCode::OK, &there.into()), "{done}");
    assert_eq!(whole(&other).await, 61);
    for n in 0..7 {
        let head = format!("/states/s{n}?state_type=session");
        let (there, here) = (server.get(&head).await.1, other.get(&head).await.1);
        assert_eq!((&there["version"], &there["data"]), (&here["version"], &here["data"]));
    }
}

/// Sends all but the end of a bundle, and kills the server when some of it is written.
async fn send_most(server: &mut Server, path: &str, bundle: &[u8]) {
    let (most, rest) = (bundle[..bundle.len() * 9 / 10].to_vec(), futures::stream::pending());
    let body = futures::stream::iter([Ok::<_, std::io::Error>(most)]).chain(rest);
    let request = server.request(Method::POST, path).body(reqwest::Body::wrap_stream(body));
    let sent = tokio::spawn(request.send());
    server.until_status(|status| status["seq"].as_u64() > Some(11)).await;
    server.kill().await;
    assert!(sent.await.unwrap().is_err());
    server.run().await;
}

#[tokio::test]
async fn a_server_that_was_killed_in_the_middle_of_an_import_goes_on_with_it() {
    let (server, mut other) = (Server::start().await, Server::start().await);
    fill(&server, 60, 200_000).await;
    let bundle = export(&server, "").await;
    send_most(&mut other, "/import/bundle", &bundle).await;
    let there = whole(&other).await.as_u64().unwrap();
    assert!(there > 10 && there < 60, "{there}");
    let (status, done) = import(&other, bundle).await;
    assert_eq!((status, &done["passed_over"]), (StatusCode::OK, &there.into()), "{done}");
    let everything = "/events?after=0&limit=1000&data=false";
    assert_eq!(server.get(everything).await, other.get(everything).await);
    assert_eq!(whole(&other).await, 60);
}

/// A figure of the server's process in bytes.
fn measured(server: &Server, figure: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// From here on `VmHWM` counts anew.
fn measure_anew(server: &Server) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", server.id()), "5").unwrap();
    measured(server, "VmRSS")
}

#[tokio::test]
async fn a_hundred_megabytes_go_out_and_in_in_little_memory() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 100, 1 << 20).await;
    let before = measure_anew(&server);
    let bundle = export(&server, "").await;
    let grown = measured(&server, "VmHWM").saturating_sub(before);
    assert!(grown < 64 * MIB, "{} MiB to send 100", grown / MIB);
    let before = measure_anew(&other);
    let (status, done) = import(&other, bundle).await;
    assert_eq!((status, &done["versions"]), (StatusCode::OK, &100.into()), "{done}");
    let grown = measured(&other, "VmHWM").saturating_sub(before);
    assert!(grown < 128 * MIB, "{} MiB to take in 100", grown / MIB);
    assert_eq!(whole(&other).await, 100);
}

#[tokio::test]
async fn a_hundred_megabytes_are_merged_in_little_memory_and_again() {
    let (server, other) = (Server::start().await, Server::start().await);
    fill(&server, 100, 1 << 20).await;
    other.save("position", "mine", "{}", "ann", "").await;
    let bundle = export(&server, "").await;
    for versions in [100, 0] {
        let before = measure_anew(&other);
        let (status, done) = merge(&other, bundle.clone()).await;
        assert_eq!((status, &done["versions"]), (StatusCode::OK, &versions.into()), "{done}");
        let grown = measured(&other, "VmHWM").saturating_sub(before);
        assert!(grown < 128 * MIB, "{} MiB to merge 100", grown / MIB);
    }
    assert_eq!(whole(&other).await, 101);
}

#[tokio::test]
async fn who_goes_away_ends_the_export_and_what_it_holds_is_given_back() {
    let settings = Settings::default();
    let budget = std::sync::Arc::clone(&settings.budget);
    let server = Start { settings, options: Options::default(), folder: None }.run().await;
    for n in 0..40 {
        let data = format!(r#"{{"x":"{}"}}"#, "x".repeat(1 << 20));
        let _ = server.client.save("session", &n.to_string(), &data).await.expect(201);
    }
    let request = server.client.request(Method::GET, "/api/v1/export");
    let mut answer = request.send().await.unwrap().bytes_stream();
    answer.next().await.unwrap().unwrap();
    drop(answer);
    let held =
        || budget.status().classes.iter().map(|class| class.held).sum::<u64>() + budget.status().small_held;
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while held() > 0 {
        assert!(std::time::Instant::now() < deadline, "{} bytes are held", held());
        tokio::task::yield_now().await;
    }
}
