//! A proxy that bends addresses: what is asked about one state is answered about another.

use serde_json::Value;
use stateloft_tests::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{folder, run_with};

/// Answers every request with this status and body.
pub(crate) async fn answering(status: &str, body: String) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 << 10];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    (address, task)
}

#[tokio::test]
async fn an_answer_about_another_state_is_never_taken_for_the_one_that_was_asked_for() {
    let server = Server::start().await;
    let here = folder();
    server.save("strategy", "x", r#"{"n":1}"#, "ann", "").await;
    let saved = server.save("strategy", "x", r#"{"n":2}"#, "ann", "").await;
    let (_, snapshot) = server.post("/snapshots", r#"{"snapshot_id":"eod"}"#).await;
    let of_x =
        async |path: &str| server.get(&format!("/states/-{path}?state_type=strategy&state_id=x")).await.1;
    let cases: [(&[&str], Value); 5] = [
        (&["get", "strategy", "x/"], of_x("").await),
        (&["save", "strategy", "x/"], saved),
        (&["history", "strategy", "x/"], of_x("/history").await),
        (&["diff", "strategy", "x/"], of_x("/diff").await),
        (&["snapshot", "show", "eod/"], snapshot),
    ];
    for (arguments, answer) in cases {
        let (address, proxy) = answering("200 OK", answer.to_string()).await;
        let ran = run_with(here.path(), &[arguments, &["--server", &address]].concat(), &[], "{}").await;
        proxy.abort();
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(
            ran.err.contains("and answers about ") && ran.out.is_empty(),
            "{arguments:?}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[tokio::test]
async fn whoever_is_no_stateloft_is_said_to_be_none() {
    let here = folder();
    let nobody = run_with(here.path(), &["list", "--server", "127.0.0.1:1"], &[], "").await;
    assert_eq!(nobody.code, Some(10), "{}", nobody.err);
    for (status, body) in [("404 Not Found", "nope"), ("200 OK", "<html></html>"), ("302 Found", "")] {
        let (address, other) = answering(status, body.to_owned()).await;
        let strange = run_with(here.path(), &["list", "--server", &address], &[], "").await;
        other.abort();
        assert_eq!(strange.code, Some(1), "{status}: {}", strange.err);
        assert!(strange.out.is_empty() && strange.err.contains(&address), "{}", strange.err);
    }
}

#[tokio::test]
async fn a_write_that_gets_no_answer_may_have_happened_and_is_not_said_to_have_failed() {
    let here = folder();
    // It takes the request, twice, and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let mut keys = Vec::new();
        while keys.len() < 2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 << 10];
            let read = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).to_lowercase();
            let key =
                request.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned));
            keys.push(key.expect("a key"));
        }
        keys
    });
    let saved = run_with(here.path(), &["save", "strategy", "s", "--server", &address], &[], "{}").await;
    let keys = server.await.unwrap();
    assert_eq!(keys[0], keys[1], "under one key it is done once");
    assert_eq!(saved.code, Some(12), "{}", saved.err);
    assert!(saved.err.contains("it is not known whether it was written"), "{}", saved.err);
}
