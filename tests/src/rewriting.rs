//! A way to a server that rewrites addresses, as proxies do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Rewriting {
    /// `%2F` is undone, `.` and `..` are followed, `//` becomes `/` and a last `/` goes; the query stays as it is.
    Paths,
    /// The same in the values of the query, which no proxy should do.
    Queries,
}

/// The way.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    rewriting: Arc<AtomicU8>,
}

impl Proxy {
    /// A way to the server at this address, which begins by rewriting paths.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let rewriting = Arc::new(AtomicU8::new(Rewriting::Paths as u8));
        let mode = Arc::clone(&rewriting);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&mode)));
            }
        });
        Self { address, rewriting }
    }

    /// What becomes of addresses from now on.
    pub fn set(&self, rewriting: Rewriting) {
        self.rewriting.store(rewriting as u8, Ordering::SeqCst);
    }

    /// Where the server is, through it.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// One request: its head is rewritten, and the connection ends with its answer, so that each request has a head to rewrite.
async fn carry(mut client: TcpStream, upstream: SocketAddr, mode: Arc<AtomicU8>) -> Option<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let queries = mode.load(Ordering::SeqCst) == Rewriting::Queries as u8;
    let head = rewritten(head, queries)?;
    let mut server = TcpStream::connect(upstream).await.ok()?;
    server.write_all(head.as_bytes()).await.ok()?;
    server.write_all(&bytes[end..]).await.ok()?;
    // Either side may go at any time.
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Some(())
}

fn rewritten(head: &str, queries: bool) -> Option<String> {
    let (first, fields) = head.split_once("\r\n")?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let target = match target.split_once('?') {
        Some((path, query)) if queries => format!("{}?{}", bent(path), bent_values(query)),
        Some((path, query)) => format!("{}?{query}", bent(path)),
        None => bent(target),
    };
    let upgrades = fields.to_ascii_lowercase().contains("\r\nupgrade:");
    let kept = |field: &&str| upgrades || !field.to_ascii_lowercase().starts_with("connection:");
    let mut fields: Vec<&str> = fields.split("\r\n").filter(kept).collect();
    if !upgrades {
        fields.push("Connection: close");
    }
    Some(format!("{method} {target} HTTP/1.1\r\n{}", fields.join("\r\n")))
}

fn bent(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let path = path.replace("%2F", "/").replace("%2f", "/");
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn bent_values(query: &str) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if value.contains('/') => {
            format!("{name}={}", bent(value).trim_start_matches('/'))
        }
        _ => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}
