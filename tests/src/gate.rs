//! A way to a server that loses what becomes of writes, as proxies and networks do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Writes {
    /// They pass, and so do their answers.
    Pass,
    /// They reach the server and are answered, and the connection is cut before the answer.
    AnswerLost,
    /// The same for the next one only. A browser sends it again by itself if the connection had worked before.
    NextAnswerLost,
    /// They reach the server and are answered, and what comes back is 504 with a page of HTML.
    GatewayTimeout,
    /// The connection is cut, and the server never sees them.
    Lost,
}

/// The way. Reads always pass.
#[derive(Debug)]
pub struct Gate {
    /// Where to connect to.
    pub address: SocketAddr,
    writes: Arc<AtomicU8>,
}

impl Gate {
    /// A way to the server at this address.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let writes = Arc::new(AtomicU8::new(Writes::Pass as u8));
        let mode = Arc::clone(&writes);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&mode)));
            }
        });
        Self { address, writes }
    }

    /// What becomes of writes from now on.
    pub fn set(&self, writes: Writes) {
        self.writes.store(writes as u8, Ordering::SeqCst);
    }

    /// Where the console is, through it.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Whether a request begins here that writes. A plan is asked for by POST and writes nothing.
fn is_write(bytes: &[u8]) -> bool {
    let begins = |text: &str| bytes.starts_with(text.as_bytes());
    begins("DELETE /api/v1/") || (begins("POST /api/v1/") && !begins("POST /api/v1/restores HTTP"))
}

async fn carry(mut client: TcpStream, upstream: SocketAddr, mode: Arc<AtomicU8>) {
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut writing = Writes::Pass as u8;
    loop {
        tokio::select! {
            length = client.read(&mut request) => {
                let Ok(length @ 1..) = length else { return };
                if is_write(&request[..length]) {
                    writing = mode.load(Ordering::SeqCst);
                    if writing == Writes::NextAnswerLost as u8 {
                        mode.store(Writes::Pass as u8, Ordering::SeqCst);
                        writing = Writes::AnswerLost as u8;
                    }
                }
                if writing == Writes::Lost as u8 || server.write_all(&request[..length]).await.is_err() {
                    return;
                }
            },
            length = server.read(&mut answer) => {
                let Ok(length @ 1..) = length else { return };
                if writing == Writes::AnswerLost as u8 {
                    return;
                }
                if writing == Writes::GatewayTimeout as u8 {
                    let page = "HTTP/1.1 504 Gateway Timeout\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
                    // The client may be gone; then there is nobody to tell.
                    let _ = client.write_all(page.as_bytes()).await;
                    return;
                }
                if client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            },
        }
    }
}
