//! A thin HTTP/1.1 connection, so that the client takes as little as possible of the cores it shares with the server:
//! a request is one write, and of the answer only what says where it ends is read.

use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One kept-alive connection.
pub(crate) struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, request: Vec::new(), answer: Vec::new() }
    }

    /// Sends a request and returns the status and the whole body.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: impl AsRef<[u8]>,
    ) -> (StatusCode, &[u8]) {
        use std::io::Write as _;
        let body = body.as_ref();
        self.request.clear();
        write!(
            self.request,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        )
        .expect("memory");
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await.expect("the connection lives");
        self.answer.clear();
        let start = loop {
            self.read_more().await;
            if let Some(end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.answer[..start]).expect("ASCII");
        let status = head.get(9..12).and_then(|code| code.parse().ok()).expect("a status");
        let status = StatusCode::from_u16(status).expect("a status");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
        while self.answer.len() < start + length {
            self.read_more().await;
        }
        (status, &self.answer[start..])
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.answer).await.expect("the connection lives");
        assert!(read > 0, "the server closed the connection");
    }
}
