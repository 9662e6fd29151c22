//! Reading where nothing can be written: a file system that is mounted read-only, a folder of somebody else. SQLite wants to
//! make files beside a database even to read it.

use std::path::Path;

use sqlx::sqlite::SqlitePool;
use tempfile::TempDir;

use super::disk::Room;
use super::{beside, failed, open};
use crate::store::{Result, StoreError};

/// Connections that read, and the folder of the copy that they read, if they read one.
pub(super) async fn readers(database: &Path) -> Result<(SqlitePool, Option<TempDir>)> {
    if is_writable(database) {
        return Ok((checked(open::reading(database)).await?, None));
    }
    let log = std::fs::metadata(beside(database, "-wal")).map(|file| file.len());
    // Where a server has it open, or had, its shared memory can be read.
    if log.is_ok() && beside(database, "-shm").exists() {
        match checked(open::reading(database).read_only(true)).await {
            Ok(readers) => return Ok((readers, None)),
            Err(error) => tracing::debug!(%error, "the shared memory beside the database is of no use"),
        }
    }
    if log.is_ok_and(|length| length > 0) {
        let (folder, copy) = shadow(database)?;
        return Ok((checked(open::reading(&copy)).await?, Some(folder)));
    }
    // Everything is in the file, and nobody can change it.
    Ok((checked(open::reading(database).read_only(true).immutable(true)).await?, None))
}

async fn checked(options: sqlx::sqlite::SqliteConnectOptions) -> Result<SqlitePool> {
    let pool = open::pool(open::READERS).connect_with(options).await.map_err(failed)?;
    open::check_readable(&pool).await?;
    Ok(pool)
}

#[cfg(unix)]
fn is_writable(database: &Path) -> bool {
    let folder = database.parent().unwrap_or(Path::new("."));
    [folder, database].iter().all(|path| rustix::fs::access(*path, rustix::fs::Access::WRITE_OK).is_ok())
}

#[cfg(not(unix))]
fn is_writable(_database: &Path) -> bool {
    true
}

/// Copies a database and its log to where temporary files go: what is in the log can only be read where SQLite may write.
fn shadow(database: &Path) -> Result<(TempDir, std::path::PathBuf)> {
    let cannot = |error: std::io::Error| {
        StoreError::Unavailable(format!(
            "{} is on a read-only file system and has a log; to read both they have to be copied, and that failed: {error}",
            database.display()
        ))
    };
    let folder = tempfile::tempdir().map_err(cannot)?;
    let (log, copy) = (beside(database, "-wal"), folder.path().join("copy.db"));
    let mut bytes = 0;
    for path in [database, &log] {
        bytes += std::fs::metadata(path).map_err(cannot)?.len();
    }
    if Room::in_folder(folder.path()).is_some_and(|room| room.free < bytes) {
        let words = format!("{bytes} bytes are needed in {}", folder.path().display());
        return Err(cannot(std::io::Error::other(words)));
    }
    tracing::info!(
        "the file system is read-only and the database has a log: {bytes} bytes are copied to {} to read both",
        folder.path().display()
    );
    std::fs::copy(database, &copy).map_err(cannot)?;
    std::fs::copy(log, beside(&copy, "-wal")).map_err(cannot)?;
    Ok((folder, copy))
}
