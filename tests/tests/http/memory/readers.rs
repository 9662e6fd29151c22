//! Those who ask and do not read hold a page each.

use reqwest::StatusCode;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

use super::{MIB, fill, measured, unread};

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
