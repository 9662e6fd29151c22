//! What is held in memory is bounded by bytes: of readers that do not read, large documents, long pages and announced
//! bodies. Measured on the program itself.

mod giving_back;
mod pages;
mod readers;
mod room;
mod slow;

use stateloft_tests::server::Server;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

/// A figure of the server's process in bytes: `VmRSS` now, `VmHWM` at most so far.
fn measured(server: &Server, figure: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

/// An object of about so many bytes, in one text.
fn text_of(bytes: usize, n: usize) -> String {
    format!(r#"{{"n":{n},"x":"{}"}}"#, "x".repeat(bytes))
}

async fn fill(server: &Server, states: usize, bytes: usize) {
    for n in 0..states {
        server.save("session", &format!("s{n}"), &text_of(bytes, n), "tester", "").await;
    }
}

async fn limited(mib: u64, folder: &TempDir) -> Server {
    let database = folder.path().join("limited.db").display().to_string();
    let variable = |name: &str, value: String| (format!("TRADING_STATE_{name}"), value);
    Server::start_in(vec![variable("MEMORY_LIMIT", mib.to_string()), variable("SQLITE_PATH", database)]).await
}

/// Sends a request and reads nothing.
async fn unread(server: &Server, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(format!("{head}Host: {}\r\n\r\n", server.address()).as_bytes()).await.unwrap();
    stream
}
