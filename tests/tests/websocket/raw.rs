//! A WebSocket client by hand, for frames that no client library sends.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const CONTINUE: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;
pub(crate) const FIN: u8 = 0x80;
/// In the second byte of a frame.
pub(crate) const MASKED: u8 = 0x80;

/// The headers of a right handshake, without the request line, Host and the last empty line.
pub(crate) const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// What a server sends: the first byte of a frame and its payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame(pub(crate) u8, pub(crate) Vec<u8>);

/// An open connection.
pub(crate) struct Raw {
    stream: TcpStream,
    /// The answer to the handshake.
    pub(crate) head: String,
}

impl Raw {
    /// Sends a handshake of these headers, and reads the head of the answer.
    pub(crate) async fn ask(address: SocketAddr, path: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        Self { stream, head: String::from_utf8(head).unwrap() }
    }

    /// Opens a WebSocket.
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        let raw = Self::ask(address, path, HANDSHAKE).await;
        assert!(raw.head.starts_with("HTTP/1.1 101 "), "{}", raw.head);
        raw
    }

    /// Sends bytes as they are. A server may have closed already: then nobody reads them.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends a frame whose first byte is this.
    pub(crate) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.bytes(&masked(first, payload)).await;
    }

    /// The next frame; `None` when the server has closed the connection in order.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read()).await.expect("a frame in time")
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut first = [0];
        if self.stream.read(&mut first).await.expect("a connection that is not reset") == 0 {
            return None;
        }
        let length = match self.stream.read_u8().await.unwrap() {
            126 => usize::from(self.stream.read_u16().await.unwrap()),
            127 => usize::try_from(self.stream.read_u64().await.unwrap()).unwrap(),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).await.unwrap();
        Some(Frame(first[0], payload))
    }

    /// Reads on until the server's close frame, and checks that the connection ends in order behind it. The code, if the
    /// frame has one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            let Frame(first, payload) = self.next().await.expect("a close frame before the end");
            if first == FIN | CLOSE {
                assert_eq!(self.next().await, None, "nothing follows a close frame");
                return payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
            }
        }
    }
}

/// A frame as a client sends it.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(MASKED | u8::try_from(short).unwrap()),
        middle @ 126..=0xffff => {
            frame.push(MASKED | 0x7e);
            frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            frame.push(MASKED | 0x7f);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The payload of a close frame.
pub(crate) fn reason(code: u16, words: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes(), words].concat()
}
