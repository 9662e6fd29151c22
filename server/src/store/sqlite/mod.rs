//! The embedded store: one SQLite file, one connection that writes, several that read.

mod migrate;
mod open;
mod reading;
mod sizes;
mod write;
mod writer;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;
use statehouse_core::api::StoreStatus;
use statehouse_core::model::Timestamp;
use tokio::sync::Mutex;

use super::pool_watch::PoolWatch;
use super::{Admin, Commits, PoolFacts, Result, StoreError, StoreFacts, WriteRefusal, WriteRequest, Written};
use open::{FileLock, READERS};
use sizes::Sizes;
use writer::Writer;

/// A store in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    readers: SqlitePool,
    watch: PoolWatch,
    sizes: Sizes,
    /// Absent when the store was opened for reading only.
    writing: Option<Mutex<Writing>>,
}

#[derive(Debug)]
struct Writing {
    /// Absent after a failure, until the next commit opens it anew.
    writer: Option<Writer>,
    /// Absent once the store is closed.
    lock: Option<FileLock>,
}

impl SqliteStore {
    /// Opens the file for a server: makes it if it is not there and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has it open, [`StoreError::TooNew`] when it was made by a newer program,
    /// [`StoreError::Damaged`] when it is not a store, [`StoreError::Unavailable`] when the engine does not do what is
    /// promised.
    pub async fn open(path: &Path) -> Result<Self> {
        open::make_folder(path)?;
        let lock = open::lock(path)?;
        let writer = Writer::open(path).await?;
        open::sync_folder(path)?;
        let readers = open::readers(path).await?;
        let writing = Mutex::new(Writing { writer: Some(writer), lock: Some(lock) });
        Ok(Self::over(path, readers, Some(writing)))
    }

    /// Opens the file for reading only; a server may have it open at the same time.
    pub async fn open_read_only(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(StoreError::Unavailable(format!("there is no file {}", path.display())));
        }
        let readers = open::readers(path).await?;
        open::check_readable(&readers).await?;
        Ok(Self::over(path, readers, None))
    }

    fn over(path: &Path, readers: SqlitePool, writing: Option<Mutex<Writing>>) -> Self {
        let (watch, sizes) = (PoolWatch::default(), Sizes::default());
        Self { path: path.to_owned(), readers, watch, sizes, writing }
    }
}

#[async_trait]
impl Commits for SqliteStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let Some(writing) = &self.writing else {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        };
        let mut writing = writing.lock().await;
        if writing.lock.is_none() {
            return Err(StoreError::NotWritten("the store is closed".into()));
        }
        // Taken out while it works: a commit that fails or is dropped midway leaves no connection in an unknown state.
        let mut writer = match writing.writer.take() {
            Some(writer) => writer,
            None => Writer::open(&self.path).await.map_err(StoreError::before_commit)?,
        };
        let answers = writer.commit(group, now).await?;
        writing.writer = Some(writer);
        Ok(answers)
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        let Some(writing) = &self.writing else { return Ok(false) };
        let mut writing = writing.lock().await;
        // Where there is no connection the next commit opens one.
        let Some(mut writer) = writing.writer.take() else { return Ok(false) };
        let more = writer.keep_up(now).await?;
        writing.writer = Some(writer);
        Ok(more)
    }
}

#[async_trait]
impl Admin for SqliteStore {
    async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT seq FROM meta").fetch_one(&self.readers).await.map_err(failed)?;
        Ok(())
    }

    async fn status(&self) -> StoreStatus {
        let engine = match self.readers.acquire().await {
            Ok(mut connection) => open::engine_version(&mut connection).await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let pool = self.pool();
        StoreStatus {
            kind: "sqlite".into(),
            engine: format!("SQLite {engine}").trim_end().to_owned(),
            up: self.ping().await.is_ok(),
            size_bytes: Some(self.size().await),
            pool: Some((pool.busy, pool.busy + pool.idle)),
            promises: vec![
                "A save is answered only after it is on the disk (write-ahead log, synchronous=FULL).".into(),
                "A batch is written whole or not at all.".into(),
                "Versions are numbered without gaps, in the order in which they were committed.".into(),
            ],
        }
    }

    async fn facts(&self) -> StoreFacts {
        StoreFacts {
            layout: Some(migrate::CURRENT),
            sizes: self.sizes.get(&self.readers, self.size().await).await,
            pool: Some(self.pool()),
            time: None,
        }
    }

    fn take_pool_peak(&self) -> Option<u32> {
        Some(self.watch.take_peak(self.pool().busy))
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(writing) = &self.writing {
            let mut writing = writing.lock().await;
            if let Some(writer) = writing.writer.take() {
                writer.close().await;
            }
            writing.lock.take();
        }
    }
}

impl SqliteStore {
    fn pool(&self) -> PoolFacts {
        self.watch.facts(self.readers.size(), self.readers.num_idle(), READERS)
    }

    /// Bytes of the file and of its write-ahead log.
    async fn size(&self) -> u64 {
        let mut log = self.path.as_os_str().to_owned();
        log.push("-wal");
        let mut size = 0;
        for path in [self.path.clone(), PathBuf::from(log)] {
            size += tokio::fs::metadata(path).await.map_or(0, |file| file.len());
        }
        size
    }
}

/// What a failure of the commit itself means, by SQLite's result codes: the engine undoes a group for which it found no room,
/// which it could not write to its log, or may not write at all. After any other failure, such as a failed fsync, the
/// group may be there.
fn not_committed(error: sqlx::Error) -> StoreError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READ_ONLY: i32 = 8;
    const FULL: i32 = 13;
    const CONSTRAINT: i32 = 19;
    /// `SQLITE_IOERR_WRITE`; the other kinds of `SQLITE_IOERR` (10) say nothing.
    const CANNOT_WRITE: i32 = 778;
    let code = error.as_database_error().and_then(|found| found.code()?.parse::<i32>().ok());
    match code {
        Some(CANNOT_WRITE) => failed(error).before_commit(),
        Some(code) if matches!(code & 0xff, BUSY | LOCKED | READ_ONLY | FULL | CONSTRAINT) => {
            failed(error).before_commit()
        }
        _ => failed(error),
    }
}

/// What an engine's error means for the store.
#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn failed(error: sqlx::Error) -> StoreError {
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    let text = error.to_string();
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(text),
        sqlx::Error::Database(found) => {
            let code: Option<i32> = found.code().and_then(|code| code.parse().ok());
            match code.map(|code| code & 0xff) {
                Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(text),
                _ => StoreError::Unavailable(text),
            }
        }
        _ => StoreError::Unavailable(text),
    }
}
