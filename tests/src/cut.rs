//! A way to a server that ends in the middle of an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The way.
#[derive(Debug)]
pub struct Cut {
    /// Where to connect to.
    pub address: SocketAddr,
}

/// What becomes of connections when enough has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// They are closed, and new ones at once.
    Closed,
    /// They stay, and nothing more comes.
    Silent,
}

impl Cut {
    /// A way to a server, such as `http://127.0.0.1:8086` or `127.0.0.1:5432`, that is cut when so many bytes came back.
    pub async fn after(server: &str, bytes: usize) -> Self {
        Self::open(server, bytes, End::Closed).await
    }

    /// A way to a server that falls silent when so many bytes came back.
    pub async fn silent_after(server: &str, bytes: usize) -> Self {
        Self::open(server, bytes, End::Silent).await
    }

    async fn open(server: &str, bytes: usize, end: End) -> Self {
        let upstream: SocketAddr =
            server.trim_start_matches("http://").parse().unwrap_or_else(|error| panic!("{server}: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let left = Arc::new(AtomicUsize::new(bytes));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if end == End::Silent || left.load(Ordering::SeqCst) > 0 {
                    tokio::spawn(carry(client, upstream, Arc::clone(&left), end));
                }
            }
        });
        Self { address }
    }
}

async fn carry(mut client: TcpStream, upstream: SocketAddr, left: Arc<AtomicUsize>, end: End) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let (mut request, mut answer) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    loop {
        tokio::select! {
            length = client.read(&mut request) => match length {
                Ok(length) if length > 0 && server.write_all(&request[..length]).await.is_ok() => {}
                _ => return,
            },
            length = server.read(&mut answer) => {
                let Ok(length) = length else { return };
                let may = left.load(Ordering::SeqCst);
                let passed = length.min(may);
                left.fetch_sub(passed, Ordering::SeqCst);
                if length == 0 || client.write_all(&answer[..passed]).await.is_err() {
                    return;
                }
                if passed < length {
                    if end == End::Silent {
                        // Until the client goes.
                        while client.read(&mut request).await.is_ok_and(|length| length > 0) {}
                    }
                    return;
                }
            }
        }
    }
}
