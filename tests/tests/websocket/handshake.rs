//! What opens a WebSocket, and what does not.

use stateloft_tests::local::Local;

use crate::raw::{HANDSHAKE, Raw};

/// A right handshake but for one header: another line instead of it, or none.
fn but(header: &str, instead: &str) -> String {
    let kept = HANDSHAKE.split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{header}:")));
    kept.collect::<String>() + instead
}

async fn status(server: &Local, headers: &str) -> (u16, String) {
    let raw = Raw::ask(server.address, "/ws", headers).await;
    (raw.head[9..12].parse().unwrap(), raw.head.to_ascii_lowercase())
}

#[tokio::test]
async fn a_right_handshake_is_accepted_however_it_is_spelled() {
    let server = Local::start().await;
    for headers in [
        HANDSHAKE.to_owned(),
        but("Connection", "connection: keep-alive, upgrade\r\n"),
        but("Connection", "Connection: keep-alive\r\nConnection: UPGRADE\r\n"),
        but("Upgrade", "Upgrade: h2c, WebSocket\r\n"),
        but("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
        HANDSHAKE.to_owned() + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        HANDSHAKE.to_owned() + "Content-Length: 0\r\n",
    ] {
        let (status, head) = status(&server, &headers).await;
        assert_eq!(status, 101, "{headers}{head}");
        assert!(!head.contains("sec-websocket-extensions"), "{head}");
    }
    let (_, head) = status(&server, HANDSHAKE).await;
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "none was offered: {head}");
    for (offer, chosen) in
        [("a, stateloft, b", true), ("stateloft2", false), ("a\r\nSec-WebSocket-Protocol: stateloft", true)]
    {
        let (_, head) = status(&server, &format!("{HANDSHAKE}Sec-WebSocket-Protocol: {offer}\r\n")).await;
        assert_eq!(head.contains("sec-websocket-protocol: stateloft\r\n"), chosen, "{head}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_16_bytes_is_refused() {
    let server = Local::start().await;
    for key in [
        "",
        "YWJj",
        "abc",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZSE=",
        "dGhlIHNhbXBsZSBub25j!Q==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    ] {
        let (status, head) =
            status(&server, &but("Sec-WebSocket-Key", &format!("Sec-WebSocket-Key: {key}\r\n"))).await;
        assert_eq!(status, 400, "{key:?} {head}");
    }
    assert_eq!(status(&server, &but("Sec-WebSocket-Key", "")).await.0, 400);
    let twice = HANDSHAKE.to_owned() + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    assert_eq!(status(&server, &twice).await.0, 400);
}

#[tokio::test]
async fn what_does_not_ask_for_a_websocket_of_this_version_is_told_what_to_ask_for() {
    let server = Local::start().await;
    for headers in [
        String::new(),
        but("Connection", ""),
        but("Connection", "Connection: close\r\n"),
        but("Connection", "Connection: notupgrade\r\n"),
        but("Upgrade", ""),
        but("Upgrade", "Upgrade: h2c\r\n"),
        but("Sec-WebSocket-Version", ""),
        but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8\r\n"),
        but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 013\r\n"),
    ] {
        let (status, head) = status(&server, &headers).await;
        assert_eq!(status, 426, "{headers}{head}");
        for line in
            ["\r\nupgrade: websocket\r\n", "\r\nsec-websocket-version: 13\r\n", "\r\nconnection: upgrade"]
        {
            assert!(head.contains(line), "{line:?} in {head}");
        }
    }
    let with_a_body = HANDSHAKE.to_owned() + "Content-Length: 3\r\n\r\nabc";
    assert_eq!(status(&server, &with_a_body).await.0, 400);
}
