//! Connections that read.

use std::io::ErrorKind;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::settings::PostgresHost;

/// How long to wait for a connection before asking whether anybody listens at all.
const KNOCK: Duration = Duration::from_millis(250);

/// A connection from the pool. One that did not answer in time is closed and not given to the next.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    connection: PoolConnection<Postgres>,
    deadline: Instant,
}

impl Deref for Reader {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Reader {
    pub(super) fn new(connection: PoolConnection<Postgres>, deadline: Instant) -> Self {
        Self { connection, deadline }
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn close_on_drop(&mut self) {
        self.connection.close_on_drop();
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if Instant::now() >= self.deadline {
            self.connection.close_on_drop();
        }
    }
}

/// Waits until nothing listens at the host that is the right one at the time. The pool would go on trying until its
/// patience ends.
pub(super) async fn refused<'h>(host: impl Fn() -> &'h PostgresHost) {
    loop {
        tokio::time::sleep(KNOCK).await;
        let host = host();
        if host.host.starts_with('/') {
            continue;
        }
        let knocked = TcpStream::connect((host.host.as_str(), host.port)).await;
        if knocked.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            return;
        }
    }
}
