//! A way to PostgreSQL on which a chosen message, or the answer to it, is lost with its connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use stateloft_server::store::postgres::{PostgresHost, PostgresSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What to lose next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Arrives,
    /// The message to the server that holds these bytes.
    IsLost(&'static [u8]),
    /// The server's answer to it.
    AnswerIsLost(&'static [u8]),
}

/// The way.
#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    way: Arc<Mutex<Way>>,
}

#[derive(Debug)]
struct Way {
    fate: Fate,
    /// Nobody else gets through after the loss.
    closes: bool,
    closed: bool,
}

impl Proxy {
    /// To the server of these settings.
    pub async fn start(settings: &PostgresSettings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Way { fate: Fate::Arrives, closes: false, closed: false };
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            upstream: SocketAddr::from(([127, 0, 0, 1], settings.hosts[0].port)),
            way: Arc::new(Mutex::new(way)),
        };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = serving.clone();
                tokio::spawn(async move { proxy.carry(client).await });
            }
        });
        proxy
    }

    /// The settings of somebody who goes this way.
    pub fn settings(&self, settings: &PostgresSettings) -> PostgresSettings {
        let host = PostgresHost { host: "127.0.0.1".into(), port: self.address.port() };
        PostgresSettings { hosts: vec![host], ..settings.clone() }
    }

    /// Decides what is lost next.
    pub fn next(&self, fate: Fate) {
        *self.way.lock().unwrap() = Way { fate, closes: false, closed: false };
    }

    /// The same, and nobody gets through afterwards, until [`Self::next`].
    pub fn next_and_close(&self, fate: Fate) {
        *self.way.lock().unwrap() = Way { fate, closes: true, closed: false };
    }

    /// Whether it was lost.
    pub fn is_done(&self) -> bool {
        self.way.lock().unwrap().fate == Fate::Arrives
    }

    async fn carry(&self, client: TcpStream) {
        if self.way.lock().unwrap().closed {
            return;
        }
        let Ok(upstream) = TcpStream::connect(self.upstream).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = upstream.into_split();
        let (lose, losing) = tokio::sync::watch::channel(false);
        // When one direction ends, so does the other: the connection breaks.
        tokio::select! {
            () = self.requests(from_client, to_server, &lose) => {}
            () = answers(from_server, to_client, losing) => {}
        }
    }

    async fn requests(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        lose: &tokio::sync::watch::Sender<bool>,
    ) {
        let mut part = vec![0; 1 << 16];
        let mut seen: Vec<u8> = Vec::new();
        while let Ok(length @ 1..) = from.read(&mut part).await {
            // A mark may lie across two parts.
            seen.extend_from_slice(&part[..length]);
            let fate = self.take(&seen);
            seen.drain(..seen.len().saturating_sub(64));
            match fate {
                Fate::IsLost(_) => return,
                Fate::AnswerIsLost(_) => {
                    lose.send_replace(true);
                }
                Fate::Arrives => {}
            }
            if to.write_all(&part[..length]).await.is_err() || self.is_closed_for(lose) {
                return;
            }
        }
    }

    fn take(&self, seen: &[u8]) -> Fate {
        let mut way = self.way.lock().unwrap();
        let (Fate::IsLost(mark) | Fate::AnswerIsLost(mark)) = way.fate else { return Fate::Arrives };
        if !seen.windows(mark.len()).any(|window| window == mark) {
            return Fate::Arrives;
        }
        way.closed = way.closes;
        std::mem::replace(&mut way.fate, Fate::Arrives)
    }

    /// Whether the way was closed by another connection than the one that still waits for the answer it loses.
    fn is_closed_for(&self, lose: &tokio::sync::watch::Sender<bool>) -> bool {
        self.way.lock().unwrap().closed && !*lose.borrow()
    }
}

/// Carries answers until one is to be lost: that one is waited for, so that what it answers has happened.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    losing: tokio::sync::watch::Receiver<bool>,
) {
    let mut part = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut part).await {
        if *losing.borrow() || to.write_all(&part[..length]).await.is_err() {
            return;
        }
    }
}
