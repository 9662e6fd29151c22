//! Opening the file: one server at a time, the right engine, the promised durability.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use super::{failed, migrate};
use crate::store::{Result, StoreError};

/// Older versions lack the fix for a rare loss in WAL mode.
const OLDEST_ENGINE: (u32, u32, u32) = (3, 51, 3);
/// Connections that only read.
pub(super) const READERS: u32 = 6;
/// How long a connection waits for another program that holds the file.
const BUSY: Duration = Duration::from_secs(5);
/// How long a reader waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 512;

/// A lock that the operating system lets go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

/// Locks `<db>.lock`, so that a second server on the same file is refused and does not write beside the first.
pub(super) fn lock(database: &Path) -> Result<FileLock> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be opened: {error}", path.display()))
        })?;
    match file.try_lock() {
        Ok(()) => Ok(FileLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.display().to_string())),
        Err(TryLockError::Error(error)) => {
            Err(StoreError::Unavailable(format!("{} cannot be locked: {error}", path.display())))
        }
    }
}

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

/// Connections that read, beside the writer or beside a server.
pub(super) async fn readers(database: &Path) -> Result<SqlitePool> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .connect_with(options(database).pragma("query_only", "on").pragma("cache_size", "-16384"))
        .await
        .map_err(failed)
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
