//! What a store of one file stands on: its files, its lock, the disk. Looked at after every commit, before every answer to
//! a probe and once a second, so that a server knows within a second, also when nobody writes, and says so.

mod look;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteConnection;
use stateloft_core::api::AlarmCode;
use stateloft_core::commit::Tip;
use tokio_util::sync::CancellationToken;

use super::anchor::Anchor;
use super::lock::FileLock;
use super::place::{Fault, Part, Place};
use super::seal::Seal;
use crate::alarms::Alarms;
use crate::store::same_file::Change;
use crate::store::{Result, StoreError};
use trouble::FailedWrite;

const REPLACED: &str = "No write is taken; what is read is what was acknowledged. Put the files back as they were and writing goes on by \
     itself; or stop the server, put a copy of what was acknowledged in their place, and start it";
/// The ground under an open store.
#[derive(Debug)]
pub(super) struct Ground {
    database: PathBuf,
    place: Arc<Place>,
    /// Absent once the store is closed.
    lock: Mutex<Option<FileLock>>,
    alarms: Arc<Alarms>,
    anchor: Anchor,
    /// The last write failed.
    failed: Mutex<Option<FailedWrite>>,
    replaced: Mutex<Replaced>,
    /// What was acknowledged, and how much of that is in the seal.
    tip: Mutex<Tip>,
    sealed: Mutex<Option<Seal>>,
    stop: CancellationToken,
}

/// What became of a fault of the files.
#[derive(Debug, Default)]
struct Replaced {
    looks: u32,
    /// Where everything that was acknowledged has been copied to, or why it could not.
    copy: Option<String>,
}

impl Ground {
    /// Of a database that was just opened and locked. `anchor` is a connection of its own.
    pub(super) fn under(
        database: &Path,
        place: Arc<Place>,
        lock: FileLock,
        anchor: SqliteConnection,
        tip: Tip,
        alarms: Arc<Alarms>,
    ) -> Arc<Self> {
        let ground = Arc::new(Self {
            database: database.to_owned(),
            place,
            lock: Mutex::new(Some(lock)),
            alarms,
            anchor: Anchor::new(anchor),
            failed: Mutex::default(),
            replaced: Mutex::default(),
            tip: Mutex::new(tip),
            sealed: Mutex::default(),
            stop: CancellationToken::new(),
        });
        tokio::spawn(look::keep_looking(Arc::downgrade(&ground), ground.stop.clone()));
        ground
    }

    /// Before a group is written.
    ///
    /// # Errors
    /// [`StoreError::Stopped`]: no write may be taken now.
    pub(super) async fn may_write(&self) -> Result<()> {
        if self.lock().is_none() {
            return Err(StoreError::NotWritten("the store is closed".into()));
        }
        self.check_place().await;
        let stops = [AlarmCode::FileReplaced, AlarmCode::VersionsMissing];
        match stops.into_iter().find(|code| self.alarms.is_raised(*code)) {
            None => Ok(()),
            Some(code) => Err(StoreError::Stopped(format!("{} ({code})", code.title()))),
        }
    }

    /// After SQLite has said that a group is committed, and before anybody is told.
    ///
    /// # Errors
    /// It is committed to files that are not at their paths any more.
    pub(super) async fn committed(&self, tip: Option<Tip>) -> Result<()> {
        self.check_place().await;
        if self.is_replaced() {
            return Err(StoreError::Unavailable(
                "the group was written to a file that is not at its path any more".into(),
            ));
        }
        if let Some(tip) = tip {
            *self.tip.lock().unwrap_or_else(PoisonError::into_inner) = tip;
        }
        self.could_write();
        Ok(())
    }

    /// Whether the files are not the ones that were opened, as far as that was noticed.
    fn is_replaced(&self) -> bool {
        self.alarms.is_raised(AlarmCode::FileReplaced)
    }

    /// Whether a connection that is opened now is one to the files that were opened.
    pub(super) fn is_in_place(&self) -> bool {
        !self.is_replaced() && self.place.check().is_ok()
    }

    /// Looks at the files, raises or clears the alarm about them, and says whether they are as they should be.
    pub(super) async fn check_place(&self) -> bool {
        let found = self.place.check();
        let fault = match found {
            Err(fault) if !self.is_right(&fault).await => fault,
            _ => {
                if self.is_replaced() {
                    *self.replaced() = Replaced::default();
                    self.alarms.clear(AlarmCode::FileReplaced, "");
                }
                return true;
            }
        };
        let copy = self.replaced().copy.clone();
        let copy = copy.map(|copy| format!(". {copy}")).unwrap_or_default();
        let detail = format!("{fault}, while the server has the file open that was there before{copy}");
        self.alarms.raise(AlarmCode::FileReplaced, "", detail, REPLACED);
        false
    }

    /// Whether a file became shorter because somebody let SQLite do it: another program that truncated the log after a
    /// checkpoint, or compacted the database.
    async fn is_right(&self, fault: &Fault) -> bool {
        if !matches!(fault.change, Change::Shorter { .. }) {
            return false;
        }
        let Ok(needed) = self.anchor.length_of(fault.which).await else { return false };
        let path = super::beside(&self.database, if fault.which == Part::Log { "-wal" } else { "" });
        let is = std::fs::metadata(path).map_or(0, |file| file.len());
        let right = needed.is_some_and(|needed| is >= needed);
        if right {
            self.place.accept_length(fault.which, is);
        }
        right
    }

    /// Ends the looking. What must not be closed, because that would touch another file, is left to the end of the process.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        if self.check_place().await {
            self.anchor.close().await;
        } else {
            self.rescue().await;
            self.anchor.leave_open().await;
        }
    }

    /// The last connection is closed: notes where the log ends, and lets others have the file.
    pub(super) fn end(&self) {
        if !self.is_replaced() {
            self.keep_seal();
        }
        self.lock().take();
    }

    fn folder(&self) -> &Path {
        self.database.parent().unwrap_or(Path::new("."))
    }

    fn lock(&self) -> MutexGuard<'_, Option<FileLock>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self) -> MutexGuard<'_, Replaced> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
