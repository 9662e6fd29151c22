//! The listening socket, its connections, and how they end.
//!
//! `axum::serve` knows neither time-outs nor the sessions behind upgraded connections, so connections are served by
//! hyper directly: a head that does not come, a reader that does not read and a session that does not end are all
//! bounded in time.

mod accept;
mod progress;
mod steady;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::options::Options;
use super::{app::App, guard::Guarded, router};
use crate::service::Service;

use accept::Door;

pub(crate) use progress::Progress;
use progress::Watched;
use steady::Steady;

/// Request heads larger than this are refused (431).
const HEAD_MAX: usize = 64 << 10;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A bound socket.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

/// Binds the first of these addresses that can be bound.
///
/// # Errors
/// None can be.
pub async fn bind(addresses: &[SocketAddr]) -> io::Result<Listening> {
    let listener = TcpListener::bind(addresses).await?;
    let address = listener.local_addr()?;
    Ok(Listening { listener, address })
}

impl Listening {
    /// Where requests are taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled; then takes no more connections, closes sessions with 1001, and lets requests
    /// under way finish within the limit. The service itself is left running: the caller shuts it down afterwards.
    pub async fn serve(self, service: Arc<Service>, options: Options, stop: CancellationToken) {
        let app = router::app(service, options, stop.clone());
        let router = Arc::new(router::router(&app));
        let connections = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(app.limits().connections));
        let service = Arc::clone(&app.service);
        let mut door = Door::new(&self.listener, &permits, service.own_alarms());
        while let Some((stream, permit)) = stop.run_until_cancelled(door.next()).await.flatten() {
            let connection = connection(stream, permit, Arc::clone(&router), app.clone());
            connections.spawn(Steady::new(connection));
        }
        drop(self.listener);
        finish(&app, &connections).await;
    }
}

async fn connection(stream: TcpStream, permit: OwnedSemaphorePermit, router: Arc<Guarded>, app: App) {
    // Answers are short and waited for: do not hold them back for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended before it began");
        return;
    }
    let peer = stream.peer_addr().ok().map(Peer);
    let progress = Progress::default();
    let stream = Watched::new(stream, app.limits(), progress.clone());
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        progress.head_came();
        request.extensions_mut().insert(progress.clone());
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let (router, progress) = (Arc::clone(&router), progress.clone());
        async move {
            let response = router.answer(request.map(Body::new)).await;
            // What goes on without an end, such as a stream or a session, leaves no room for another request.
            if response.body().size_hint().exact().is_some()
                && response.status() != StatusCode::SWITCHING_PROTOCOLS
            {
                progress.answered();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits().idle_head_timeout)
        .max_buf_size(HEAD_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = app.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(permit);
}

async fn finish(app: &App, connections: &TaskTracker) {
    connections.close();
    app.sessions.close();
    let ended = async {
        connections.wait().await;
        app.sessions.wait().await;
    };
    if tokio::time::timeout(app.limits().stop_timeout, ended).await.is_err() {
        let (open, sessions) = (connections.len(), app.sessions.len());
        tracing::warn!(connections = open, sessions, "not everything ended in time; stopping all the same");
    }
}
