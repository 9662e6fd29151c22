//! HTTP by hand, for requests that no client library sends.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// The same for a request without a body to this path, exactly as it is spelled.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    request(address, "GET", path, "").await
}

/// The same for another method and more headers, each ended by `\r\n`.
pub(crate) async fn request(address: SocketAddr, method: &str, path: &str, headers: &str) -> String {
    let text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
    exchange(address, text.as_bytes()).await
}
