//! The embedded store: one SQLite file, one connection that writes, several that read.

mod anchor;
mod backup;
mod commits;
mod disk;
mod failure;
mod foreign;
mod ground;
mod leases;
mod lock;
mod migrate;
mod open;
mod opening;
mod place;
mod read_only;
mod readers;
mod reading;
mod seal;
mod sizes;
mod wal;
mod write;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::api::StoreStatus;
use tokio::sync::Mutex;

use super::former;
use super::lanes::Lane;
use super::sql::tip;
use super::{Admin, Result, StoreError, StoreFacts};
use crate::alarms::{Alarms, Raised};
use commits::Own;
use failure::{failed, not_committed};
use ground::Ground;
use lock::FileLock;
use open::READERS;
use place::Place;
use readers::{Reader, Readers};
use sizes::Sizes;
use writer::Writer;

pub use backup::{Backup, Step};
pub use foreign::{Cell, ForeignDatabase, ForeignRow, Unreadable};
pub use opening::OnLoss;

/// A store in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    readers: Arc<Readers>,
    sizes: Sizes,
    alarms: Arc<Alarms>,
    /// Absent when the store was opened for reading only.
    own: Option<Own>,
    /// What is read instead of files that cannot be opened where they are.
    _shadow: Option<tempfile::TempDir>,
}

impl SqliteStore {
    /// Opens the file for a server: makes it if it is not there and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has it open, by whatever name; [`StoreError::TooNew`] when it was made by a
    /// newer program, [`StoreError::Damaged`] when it is not a store, [`StoreError::Refused`] when it has several names, or is
    /// not there and one of the program's former name is,
    /// [`StoreError::Unavailable`] when the engine does not do what is promised.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, OnLoss::Stop).await
    }

    /// The same, where somebody has said what to do about a loss.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(path: &Path, on_loss: OnLoss) -> Result<Self> {
        former::check_file(path)?;
        open::make_folder(path)?;
        let path = lock::real_path(path)?;
        let lock = FileLock::take(&path)?;
        opening::look_at_log(&path, on_loss)?;
        let sealed = seal::read(&path)?;
        let mut writer = Writer::open(&path).await?;
        let leases = writer.leases().await?;
        open::sync_folder(&path)?;
        let place = Arc::new(Place::of(&path, lock.identity()?)?);
        let readers = open::readers_of(&path, READERS, Arc::clone(&place)).await?;
        let probe = open::readers_of(&path, 1, Arc::clone(&place)).await?;
        let mut anchor = open::anchor(&path).await?;
        place.check().map_err(|fault| StoreError::Unavailable(fault.to_string()))?;
        let alarms = Arc::<Alarms>::default();
        opening::look_at_end(&mut anchor, &path, sealed, writer.tip(), on_loss, &alarms).await?;
        let ground = Ground::under(&path, place, lock, anchor, writer.tip(), Arc::clone(&alarms));
        let readers = Readers::beside(&ground, readers, probe);
        let own = Own { writer: Mutex::new(Some(writer)), ground, leases };
        Ok(Self::over(path, readers, alarms, Some(own)))
    }

    /// Opens the file for reading only; a server may have it open at the same time.
    pub async fn open_read_only(path: &Path) -> Result<Self> {
        former::check_file(path)?;
        if !path.exists() {
            return Err(StoreError::Unavailable(format!("there is no file {}", path.display())));
        }
        let path = lock::real_path(path)?;
        opening::look_at_log(&path, OnLoss::Stop)?;
        // Before the log: a server that writes meanwhile moves the seal behind it.
        let sealed = seal::read(&path)?;
        let (readers, shadow) = read_only::readers(&path).await?;
        let alarms = Arc::<Alarms>::default();
        let mut connection = readers.acquire().await.map_err(failed)?;
        let tip = tip(&mut *connection).await?;
        opening::look_at_end(&mut connection, &path, sealed, tip, OnLoss::Stop, &alarms).await?;
        drop(connection);
        Ok(Self { _shadow: shadow, ..Self::over(path, Readers::alone(readers), alarms, None) })
    }

    /// Opens a copy that nobody else knows of.
    async fn open_copy(path: &Path) -> Result<Self> {
        let readers = open::readers(path).await?;
        open::check_readable(&readers).await?;
        Ok(Self::over(path.to_owned(), Readers::alone(readers), Arc::default(), None))
    }

    fn over(path: PathBuf, readers: Readers, alarms: Arc<Alarms>, own: Option<Own>) -> Self {
        Self { path, readers: Arc::new(readers), sizes: Sizes::default(), alarms, own, _shadow: None }
    }

    /// A connection that reads.
    async fn connection(&self, lane: Lane) -> Result<Reader> {
        self.readers.lend(lane).await
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The name of a file that belongs to another one.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[async_trait]
impl Admin for SqliteStore {
    async fn ping(&self) -> Result<()> {
        if let Some(own) = &self.own {
            own.ground.check_place().await;
        }
        let mut connection = self.readers.probe().await?;
        sqlx::query("SELECT seq FROM meta").fetch_one(&mut *connection).await.map_err(failed)?;
        Ok(())
    }

    async fn status(&self) -> StoreStatus {
        let engine = match self.readers.probe().await {
            Ok(mut connection) => open::engine_version(&mut connection).await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        let pool = self.readers.facts();
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
            pool: Some(self.readers.facts()),
            time: None,
        }
    }

    fn take_pool_peak(&self) -> Option<u32> {
        Some(self.readers.take_peak())
    }

    fn alarms(&self) -> Vec<Raised> {
        self.alarms.list()
    }

    async fn close(&self) {
        self.readers.close().await;
        self.keep_leases().await;
        let Some(own) = &self.own else { return };
        let mut kept = own.writer.lock().await;
        own.ground.close().await;
        if let Some(writer) = kept.take() {
            writer.close().await;
        }
        own.ground.end();
    }
}

impl SqliteStore {
    /// Bytes of the file and of its write-ahead log.
    async fn size(&self) -> u64 {
        let mut size = 0;
        for path in [self.path.clone(), beside(&self.path, "-wal")] {
            size += tokio::fs::metadata(path).await.map_or(0, |file| file.len());
        }
        size
    }
}
