//! Requests that come slowly: they take what has arrived, and not for ever.

use std::time::Duration;

use stateloft_server::http::Options;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{MIB, measured};

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
