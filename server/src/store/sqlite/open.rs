//! Opening the file: the right engine, the promised durability.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::place::Place;
use super::{failed, migrate};
use crate::store::{Result, StoreError};

/// Older versions lack the fix for a rare loss in WAL mode.
const OLDEST_ENGINE: (u32, u32, u32) = (3, 51, 3);
/// Connections that only read.
pub(super) const READERS: u32 = 8;
/// How long a connection waits for another program that holds the file.
const BUSY: Duration = Duration::from_secs(5);
/// How long a reader waits for a free connection.
pub(super) const ACQUIRE: Duration = Duration::from_secs(10);
/// How soon somebody who waits for one of few connections asks again.
pub(super) const AGAIN: Duration = Duration::from_millis(5);
const STATEMENTS: usize = 512;

/// Makes the folder of the file, if it is not there.
pub(super) fn make_folder(database: &Path) -> Result<()> {
    match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder).map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be made: {error}", folder.display()))
        }),
        _ => Ok(()),
    }
}

/// Makes the names of new files survive a power loss; SQLite takes care of their content.
pub(super) fn sync_folder(database: &Path) -> Result<()> {
    let folder = match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(not(unix)) {
        return Ok(());
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::Unavailable(format!("{} cannot be synced: {error}", folder.display())))
}

fn options(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(BUSY)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// The one connection that writes, checked to be as durable as promised.
pub(super) async fn writer(database: &Path) -> Result<SqliteConnection> {
    let mut connection = options(database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-65536")
        .connect()
        .await
        .map_err(failed)?;
    check_engine(&mut connection).await?;
    check_durability(&mut connection).await?;
    migrate::run(&mut connection).await?;
    Ok(connection)
}

/// Connections that read a file that nobody else knows of.
pub(super) async fn readers(database: &Path) -> Result<SqlitePool> {
    pool(READERS).connect_with(reading(database)).await.map_err(failed)
}

/// Connections that read, beside the writer: only of the files that were opened. None is closed because it is old or idle,
/// as one that is opened later might be of another file.
pub(super) async fn readers_of(database: &Path, most: u32, place: Arc<Place>) -> Result<SqlitePool> {
    let pool = pool(most).idle_timeout(None).max_lifetime(None).after_connect(move |_, _| {
        let checked = place.check();
        Box::pin(
            async move { checked.map_err(|fault| sqlx::Error::Io(std::io::Error::other(fault.to_string()))) },
        )
    });
    pool.connect_with(reading(database)).await.map_err(failed)
}

/// How connections that read are kept, so many at most. Who waits for one knows better than the pool for how long.
pub(super) fn pool(most: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(most)
        .acquire_timeout(2 * ACQUIRE)
        .acquire_slow_threshold(2 * ACQUIRE)
}

/// How a connection that reads is opened.
pub(super) fn reading(database: &Path) -> SqliteConnectOptions {
    options(database).pragma("query_only", "on").pragma("cache_size", "-4096")
}

/// A connection that stays open as long as the store.
pub(super) async fn anchor(database: &Path) -> Result<SqliteConnection> {
    let mut connection = options(database).connect().await.map_err(failed)?;
    // It has the log open once it has read something.
    migrate::check_current(&mut connection).await?;
    Ok(connection)
}

/// Checks what a reader needs where no writer of this process did.
pub(super) async fn check_readable(pool: &SqlitePool) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(failed)?;
    check_engine(&mut connection).await?;
    migrate::check_current(&mut connection).await
}

async fn check_engine(connection: &mut SqliteConnection) -> Result<()> {
    let found = engine_version(connection).await?;
    let mut parts = found.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_ENGINE {
        let (major, minor, patch) = OLDEST_ENGINE;
        let text = format!("SQLite {found} is too old, {major}.{minor}.{patch} or newer is needed");
        return Err(StoreError::Unavailable(text));
    }
    Ok(())
}

/// The version of SQLite.
pub(super) async fn engine_version(connection: &mut SqliteConnection) -> Result<String> {
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await.map_err(failed)
}

async fn check_durability(connection: &mut SqliteConnection) -> Result<()> {
    let journal: String =
        sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.map_err(failed)?;
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.map_err(failed)?;
    if journal == "wal" && synchronous == 2 {
        return Ok(());
    }
    let text =
        format!("SQLite took journal_mode {journal} and synchronous {synchronous}, not wal and 2 (full)");
    Err(StoreError::Unavailable(text))
}

/// Writes what the log of SQLite holds into the file and closes.
pub(super) async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the database was not closed cleanly; nothing is lost");
    }
}
