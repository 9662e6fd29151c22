//! The protocol itself, on the echo that is set up like `/ws`: framing, fragments, texts, pings, reserved bits. These are the
//! kinds of cases that Autobahn's suite has (`cargo xtask autobahn` runs that one where it can be had).

use stateloft_tests::local::Local;

use crate::raw::{BINARY, CLOSE, CONTINUE, FIN, Frame, PING, PONG, Raw, TEXT, masked, reason};

/// Sends frames and checks what comes back, to the end.
async fn exchange(server: &Local, frames: &[(u8, &[u8])], answers: &[(u8, &[u8])], end: Option<u16>) {
    let mut raw = Raw::open(server.address, "/echo").await;
    for (first, payload) in frames {
        raw.frame(*first, payload).await;
    }
    for (first, payload) in answers {
        assert_eq!(raw.next().await, Some(Frame(*first, payload.to_vec())), "{frames:?}");
    }
    if end.is_none() {
        raw.frame(FIN | CLOSE, &reason(1000, b"")).await;
    }
    assert_eq!(raw.closed().await, Some(end.unwrap_or(1000)), "{frames:?}");
}

#[tokio::test]
async fn messages_of_every_length_come_back_as_they_were() {
    let server = Local::start().await;
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536] {
        let text = vec![b'*'; length];
        for kind in [TEXT, BINARY] {
            exchange(&server, &[(FIN | kind, &text)], &[(FIN | kind, &text)], None).await;
        }
    }
}

#[tokio::test]
async fn a_message_may_come_byte_by_byte() {
    let server = Local::start().await;
    let mut raw = Raw::open(server.address, "/echo").await;
    for byte in masked(FIN | TEXT, "Hello-µ@ßöäüàá-UTF-8!!".as_bytes()) {
        raw.bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(raw.next().await, Some(Frame(FIN | TEXT, "Hello-µ@ßöäüàá-UTF-8!!".as_bytes().to_vec())));
}

#[tokio::test]
async fn every_ping_is_answered_with_its_payload_and_pongs_with_nothing() {
    let server = Local::start().await;
    let payloads: [&[u8]; 4] = [b"", b"hello", &[0, 255, 254, 253], &[0xfe; 125]];
    for payload in payloads {
        exchange(&server, &[(FIN | PING, payload)], &[(FIN | PONG, payload)], None).await;
    }
    exchange(&server, &[(FIN | PING, &[0xfe; 126])], &[], Some(1002)).await;
    exchange(&server, &[(FIN | PONG, b"unasked"), (FIN | PING, b"x")], &[(FIN | PONG, b"x")], None).await;
    let pings: Vec<_> = (0..10_u8).map(|n| [n]).collect();
    let frames: Vec<(u8, &[u8])> = pings.iter().map(|n| (FIN | PING, &n[..])).collect();
    let answers: Vec<(u8, &[u8])> = pings.iter().map(|n| (FIN | PONG, &n[..])).collect();
    exchange(&server, &frames, &answers, None).await;
}

#[tokio::test]
async fn reserved_bits_and_opcodes_are_violations_wherever_they_come() {
    let server = Local::start().await;
    for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for kind in [TEXT, BINARY, PING, CLOSE] {
            exchange(&server, &[(FIN | bits | kind, b"")], &[], Some(1002)).await;
        }
        let after_a_text = [(FIN | TEXT, &b"a"[..]), (FIN | bits | TEXT, b"b")];
        exchange(&server, &after_a_text, &[(FIN | TEXT, b"a")], Some(1002)).await;
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in [&b""[..], b"x"] {
            exchange(&server, &[(FIN | opcode, payload)], &[], Some(1002)).await;
        }
    }
}

#[tokio::test]
async fn fragments_make_one_message_and_control_frames_may_stand_between() {
    let server = Local::start().await;
    for kind in [TEXT, BINARY] {
        let frames: [(u8, &[u8]); 4] =
            [(kind, b"frag"), (CONTINUE, b""), (FIN | PING, b"ping"), (FIN | CONTINUE, b"ment")];
        exchange(&server, &frames, &[(FIN | PONG, b"ping"), (FIN | kind, b"fragment")], None).await;
        exchange(&server, &[(kind, b""), (CONTINUE, b""), (FIN | CONTINUE, b"")], &[(FIN | kind, b"")], None)
            .await;
    }
    let violations: [&[(u8, &[u8])]; 6] = [
        &[(PING, b"half"), (FIN | CONTINUE, b"")],
        &[(PONG, b"half")],
        &[(CLOSE, b"")],
        &[(FIN | CONTINUE, b"nothing to go on with")],
        &[(CONTINUE, b"nothing to go on with"), (FIN | TEXT, b"x")],
        &[(TEXT, b"one"), (FIN | TEXT, b"another in it")],
    ];
    for frames in violations {
        exchange(&server, frames, &[], Some(1002)).await;
    }
}

#[tokio::test]
async fn a_text_is_utf_8_wherever_it_is_cut() {
    let server = Local::start().await;
    let texts = ["κόσμε", "\u{0}", "\u{7f}", "\u{80}", "\u{7ff}", "\u{ffff}", "\u{10ffff}", "\u{fffd}", "𐀀"];
    for text in texts.map(str::as_bytes) {
        exchange(&server, &[(FIN | TEXT, text)], &[(FIN | TEXT, text)], None).await;
        for cut in 0..=text.len() {
            let frames = [(TEXT, &text[..cut]), (FIN | CONTINUE, &text[cut..])];
            exchange(&server, &frames, &[(FIN | TEXT, text)], None).await;
        }
    }
    let wrong: [&[u8]; 10] = [
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\xce\xba\xe1\xbd",
    ];
    for text in wrong {
        exchange(&server, &[(FIN | TEXT, text)], &[], Some(1007)).await;
        exchange(&server, &[(TEXT, &text[..1]), (FIN | CONTINUE, &text[1..])], &[], Some(1007)).await;
        exchange(&server, &[(FIN | BINARY, text)], &[(FIN | BINARY, text)], None).await;
    }
}

#[tokio::test]
async fn frames_without_a_mask_are_violations() {
    let server = Local::start().await;
    let mut raw = Raw::open(server.address, "/echo").await;
    raw.bytes(&[FIN | TEXT, 2, b'h', b'i']).await;
    assert_eq!(raw.closed().await, Some(1002));
}
