//! Connections that read.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::time::Instant;

use crate::store::lanes::Permit;

/// A connection from the pool. One that did not answer in time is closed and not given to the next.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    connection: PoolConnection<Postgres>,
    deadline: Instant,
    _permit: Permit,
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
    pub(super) fn new(connection: PoolConnection<Postgres>, permit: Permit, deadline: Instant) -> Self {
        Self { connection, deadline, _permit: permit }
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
