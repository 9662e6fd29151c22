//! A connection that stays open as long as the store: it keeps SQLite from removing the log, and reads the files that were
//! opened whatever is at their paths.

use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use stateloft_core::model::Seq;
use tokio::sync::Mutex;

use super::disk::Room;
use super::place::Part;
use super::{backup, failed};
use crate::clock::{Machine, Sources as _};
use crate::store::sql::tip;
use crate::store::{Result, StoreError};

/// Room that is left on a disk to which something is copied.
const LEFT: u64 = 64 << 20;

/// The connection; absent once it is closed.
#[derive(Debug)]
pub(super) struct Anchor(Mutex<Option<SqliteConnection>>);

impl Anchor {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        Self(Mutex::new(Some(connection)))
    }

    /// How long a file must be by what SQLite knows of it; `None` where that cannot be told.
    pub(super) async fn length_of(&self, part: Part) -> Result<Option<u64>> {
        const FRAME_HEADER: i64 = 24;
        const LOG_HEADER: i64 = 32;
        let mut anchor = self.0.lock().await;
        let connection = anchor.as_mut().ok_or_else(closed)?;
        let page: i64 =
            sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await.map_err(failed)?;
        let length = match part {
            Part::Database => {
                let pages: i64 =
                    sqlx::query_scalar("PRAGMA page_count").fetch_one(connection).await.map_err(failed)?;
                pages * page
            }
            Part::Log => {
                let (_, frames, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
                    .fetch_one(connection)
                    .await
                    .map_err(failed)?;
                if frames > 0 { LOG_HEADER + frames * (FRAME_HEADER + page) } else { 0 }
            }
            Part::Memory => return Ok(None),
        };
        Ok(u64::try_from(length).ok())
    }

    /// Tries to write so many bytes to the log and takes them back: what is not committed does not exist. A cache of a few
    /// pages makes SQLite write them at once.
    pub(super) async fn try_to_write(&self, bytes: u64) -> Result<()> {
        const BEGIN: &str = "PRAGMA cache_size = 4; BEGIN IMMEDIATE; CREATE TABLE trial (x)";
        let mut anchor = self.0.lock().await;
        let connection = anchor.as_mut().ok_or_else(closed)?;
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        let tried = match sqlx::raw_sql(BEGIN).execute(&mut *connection).await {
            Ok(_) => {
                let query = sqlx::query("INSERT INTO trial VALUES (zeroblob($1))").bind(bytes);
                query.execute(&mut *connection).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        // Some failures have taken it back already.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        let _ = sqlx::raw_sql("PRAGMA cache_size = -2000").execute(&mut *connection).await;
        tried.map_err(failed)
    }

    /// Copies everything into a new file beside the database, or where temporary files go; answers where, and up to which
    /// seq.
    pub(super) async fn rescue(&self, database: &Path) -> Result<(PathBuf, Seq)> {
        let mut anchor = self.0.lock().await;
        let connection = anchor.as_mut().ok_or_else(closed)?;
        let size: i64 =
            sqlx::query_scalar("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
                .fetch_one(&mut *connection)
                .await
                .map_err(failed)?;
        let seconds = Machine.wall().micros() / 1_000_000;
        let name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = format!("{name}.rescued-{seconds}");
        let mut trouble = StoreError::Unavailable("there is no folder for it".into());
        for folder in [database.parent().unwrap_or(Path::new(".")), &std::env::temp_dir()] {
            if Room::in_folder(folder).is_some_and(|room| room.free < u64::try_from(size).unwrap_or(0) + LEFT)
            {
                trouble = StoreError::Unavailable(format!("there is no room in {}", folder.display()));
                continue;
            }
            let path = folder.join(&name);
            match backup::copy(connection, &path).await {
                Ok(()) => return Ok((path, tip(connection).await?.seq)),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    /// Closes the connection.
    pub(super) async fn close(&self) {
        if let Some(connection) = self.0.lock().await.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "the connection that keeps the log was not closed");
        }
    }

    /// Leaves the connection to the end of the process: the last one that is closed removes the log by its name, and by
    /// that name there may be another one now.
    pub(super) async fn leave_open(&self) {
        std::mem::forget(self.0.lock().await.take());
    }
}

fn closed() -> StoreError {
    StoreError::NotWritten("the store is closed".into())
}
