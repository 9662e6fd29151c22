//! Whoever closes is answered, and whoever is closed is told why.

use stateloft_server::http::Options;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::socket::Socket;
use std::time::Duration;

use crate::raw::{BINARY, CLOSE, CONTINUE, FIN, Frame, MASKED, PING, Raw, TEXT, reason};

#[tokio::test]
async fn a_clients_close_is_answered_with_its_code_and_then_the_connection_ends() {
    let server = Local::start().await;
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999] {
        let mut raw = Raw::open(server.address, "/ws").await;
        raw.frame(FIN | CLOSE, &reason(code, b"enough")).await;
        assert_eq!(raw.closed().await, Some(code));
    }
    let mut raw = Raw::open(server.address, "/ws").await;
    raw.frame(FIN | CLOSE, b"").await;
    assert_eq!(raw.closed().await, None, "a close without a code is answered without one");
}

#[tokio::test]
async fn a_close_is_answered_in_the_middle_of_a_stream_and_whatever_follows_it() {
    let server = Local::start().await;
    for n in 0..50 {
        server.client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
        let mut raw = Raw::open(server.address, "/ws").await;
        raw.frame(FIN | TEXT, br#"{"action":"subscribe","topic":"states","after":0}"#).await;
        raw.frame(FIN | CLOSE, &reason(1000, b"")).await;
        raw.frame(FIN | TEXT, &vec![b'x'; 60_000]).await;
        raw.frame(FIN | PING, b"x").await;
        assert_eq!(raw.closed().await, Some(1000), "try {n}");
    }
}

#[tokio::test]
async fn a_close_frame_that_is_none_is_answered_with_what_is_wrong() {
    let server = Local::start().await;
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] {
        let mut raw = Raw::open(server.address, "/ws").await;
        raw.frame(FIN | CLOSE, &reason(code, b"")).await;
        assert_eq!(raw.closed().await, Some(1002), "code {code}");
    }
    for (payload, code) in
        [(vec![3], 1002), (reason(1000, b"\xff\xfe"), 1007), (reason(1000, &[b'x'; 124]), 1002)]
    {
        let mut raw = Raw::open(server.address, "/ws").await;
        raw.frame(FIN | CLOSE, &payload).await;
        assert_eq!(raw.closed().await, Some(code), "{payload:?}");
    }
}

/// The first byte of a frame and its payload.
type Sent<'a> = (u8, &'a [u8]);

#[tokio::test]
async fn what_is_no_websocket_no_text_or_too_much_is_said_by_the_code() {
    let server = Local::start().await;
    let (long, longer) = (vec![b'x'; 64 << 10], vec![b'x'; (64 << 10) + 1]);
    let violations: [(&[Sent<'_>], u16); 6] = [
        (&[(FIN | 3, b"")], 1002),
        (&[(FIN | TEXT, b"\xc3\x28")], 1007),
        (&[(TEXT, b"\xce\xba\xff"), (FIN | CONTINUE, b"x")], 1007),
        (&[(FIN | TEXT, &longer)], 1009),
        (&[(TEXT, &long), (CONTINUE, b"x")], 1009),
        (&[(FIN | BINARY, b"{}")], 1003),
    ];
    for (frames, code) in violations {
        let mut raw = Raw::open(server.address, "/ws").await;
        for (first, payload) in frames {
            raw.frame(*first, payload).await;
        }
        // What the peer sends before it hears of it must not tear the close frame away.
        raw.frame(FIN | TEXT, &vec![b'y'; 60_000]).await;
        assert_eq!(raw.closed().await, Some(code), "{:?}", frames[0].0);
    }
}

#[tokio::test]
async fn an_announced_length_beyond_the_limit_is_refused_before_it_comes() {
    let server = Local::start().await;
    let mut raw = Raw::open(server.address, "/ws").await;
    raw.bytes(&[FIN | TEXT, MASKED | 0x7f, 0, 0, 0, 0x10, 0, 0, 0, 0, 1, 2, 3, 4]).await;
    assert_eq!(raw.closed().await, Some(1009));
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_waits_for_the_answer() {
    let server = Local::start().await;
    let mut raw = Raw::open(server.address, "/ws").await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", None).await;
    server.begin_to_stop();
    let Some(Frame(first, payload)) = raw.next().await else { panic!("no close frame") };
    assert_eq!((first, &payload[..2]), (FIN | CLOSE, &1001_u16.to_be_bytes()[..]));
    raw.frame(FIN | CLOSE, &reason(1001, b"")).await;
    assert_eq!(raw.next().await, None);
    assert_eq!(socket.close_code().await, Some(1001));
    server.stop().await;
}

#[tokio::test]
async fn a_peer_that_never_answers_a_close_holds_nothing() {
    let mut options = Options::default();
    options.limits.ping_every = Duration::from_millis(50);
    options.limits.idle_timeout = Duration::from_millis(200);
    let server = Start { options, ..Start::default() }.run().await;
    let mut raw = Raw::open(server.address, "/ws").await;
    // It answers no ping, and no close.
    assert_eq!(raw.closed().await, Some(1001));
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.expect("a stop that is not held up");
}
