//! Connections that read, and who gets them.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};
use tokio::time::timeout_at;

use super::failed;
use super::ground::Ground;
use super::open::{ACQUIRE, AGAIN, READERS};
use crate::store::lanes::{Lane, Lanes, Permit};
use crate::store::pool_watch::PoolWatch;
use crate::store::sql::Discard;
use crate::store::{PoolFacts, Result, StoreError};

/// The connections that read.
#[derive(Debug)]
pub(super) struct Readers {
    pool: SqlitePool,
    /// One more, which looks whether the file can be read at all: it waits for no reader.
    probe: SqlitePool,
    /// Absent where nobody writes here.
    ground: Option<Arc<Ground>>,
    lanes: Lanes,
    watch: PoolWatch,
}

/// A connection that is lent.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    connection: PoolConnection<Sqlite>,
    _permit: Permit,
}

impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Discard for Reader {
    fn discard(&mut self) {
        self.connection.close_on_drop();
    }
}

impl Readers {
    /// Of a store that writes.
    pub(super) fn beside(ground: &Arc<Ground>, pool: SqlitePool, probe: SqlitePool) -> Self {
        Self { probe, ground: Some(Arc::clone(ground)), ..Self::alone(pool) }
    }

    /// Of a store that only reads.
    pub(super) fn alone(pool: SqlitePool) -> Self {
        let (lanes, watch) = (Lanes::of(READERS), PoolWatch::default());
        Self { probe: pool.clone(), pool, ground: None, lanes, watch }
    }

    /// Lends a connection.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when others have all of them for too long.
    pub(super) async fn lend(&self, lane: Lane) -> Result<Reader> {
        let asked = Instant::now();
        let until = (asked + ACQUIRE).into();
        let permit = timeout_at(until, self.lanes.enter(lane)).await.map_err(|_| busy())?;
        let connection = match timeout_at(until, self.connection(&self.pool)).await {
            Ok(connection) => connection?,
            Err(_) if self.facts().busy >= READERS => return Err(busy()),
            Err(_) => {
                let text = format!("no connection could be opened within {} s", ACQUIRE.as_secs());
                return Err(StoreError::Unavailable(text));
            }
        };
        self.watch.got(asked, self.facts().busy);
        Ok(Reader { connection, _permit: permit })
    }

    /// The connection that looks whether the store is there.
    pub(super) async fn probe(&self) -> Result<PoolConnection<Sqlite>> {
        self.connection(&self.probe).await
    }

    pub(super) fn facts(&self) -> PoolFacts {
        self.watch.facts(self.pool.size(), self.pool.num_idle(), READERS)
    }

    pub(super) fn take_peak(&self) -> u32 {
        self.watch.take_peak(self.facts().busy)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
        self.probe.close().await;
    }

    /// A connection of a pool. Where the file was replaced only those that are open already read what was acknowledged: no new
    /// one is opened.
    async fn connection(&self, pool: &SqlitePool) -> Result<PoolConnection<Sqlite>> {
        let may_open = || self.ground.as_ref().is_none_or(|ground| ground.is_in_place());
        if pool.num_idle() > 0 || may_open() {
            return pool.acquire().await.map_err(failed);
        }
        loop {
            if let Some(connection) = pool.try_acquire() {
                return Ok(connection);
            }
            if pool.size() == 0 {
                let text = "the file was replaced, and there is no connection to the one before";
                return Err(StoreError::Unavailable(text.into()));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

fn busy() -> StoreError {
    let seconds = ACQUIRE.as_secs();
    StoreError::Busy(format!("every connection that may read this has been in use for {seconds} s"))
}
