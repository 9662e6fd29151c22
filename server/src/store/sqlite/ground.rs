//! What a store of one file stands on: its files, its lock, the disk. Looked at after every commit, before every answer to
//! a probe and once a second, so that a server knows within a second, also when nobody writes, and says so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use statehouse_core::api::AlarmCode;
use statehouse_core::commit::Tip;
use tokio_util::sync::CancellationToken;

use super::anchor::Anchor;
use super::disk::Room;
use super::lock::FileLock;
use super::place::{Fault, Part, Place};
use super::seal::{self, Seal};
use crate::alarms::Alarms;
use crate::store::same_file::Change;
use crate::store::{Result, StoreError};

/// How often everything is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// A fault that was there at so many looks is not somebody who moves a file and back.
const CERTAIN: u32 = 2;
/// What is tried to write after a failure: as much as failed, within these bounds.
const TRIAL: std::ops::RangeInclusive<u64> = 64 << 10..=64 << 20;

const KEEP_SEAL: &str = "Look at the disk and the permissions of the database's folder. Without the seal it is not noticed at the next \
     start when the last versions are missing";
const OTHER_SERVER: &str =
    "Stop the other server; writing goes on by itself. The lock files must not be removed";
const REPLACED: &str = "No write is taken; what is read is what was acknowledged. Put the files back as they were and writing goes on by \
     itself; or stop the server, put a copy of what was acknowledged in their place, and start it";
const MAKE_ROOM: &str =
    "Make room on the disk of the database; writing goes on by itself, and readyz follows within seconds";
const LOOK_AT_DISK: &str = "Look at the disk and the permissions of the database, its -wal and their folder; the server tries again \
     once a second and goes on by itself";

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

#[derive(Debug, Clone)]
struct FailedWrite {
    full: bool,
    bytes: u64,
    text: String,
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
        tokio::spawn(keep_looking(Arc::downgrade(&ground), ground.stop.clone()));
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
        if self.failed().take().is_some() {
            self.alarms.clear(AlarmCode::CannotWrite, "");
            self.say_room(Room::in_folder(self.folder()), None);
        }
        Ok(())
    }

    /// A group of so many bytes was not written, or it is not known whether it was.
    pub(super) fn failed_to_write(&self, error: &StoreError, bytes: usize) {
        if !error.is_outage() {
            return;
        }
        let full = matches!(error, StoreError::NoRoom(_));
        let bytes = (bytes as u64).clamp(*TRIAL.start(), *TRIAL.end());
        let failed = FailedWrite { full, bytes, text: error.to_string() };
        self.say_failed(&failed);
        *self.failed() = Some(failed);
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

    /// Looks at everything once.
    async fn look(self: &Arc<Self>) {
        self.check_lock();
        if !self.check_place().await {
            let looks = {
                let mut replaced = self.replaced();
                replaced.looks += 1;
                replaced.looks
            };
            if looks >= CERTAIN {
                self.rescue().await;
            }
            return;
        }
        self.check_disk().await;
        let ground = Arc::clone(self);
        // It waits for the disk.
        if let Err(error) = tokio::task::spawn_blocking(move || ground.keep_seal()).await {
            tracing::warn!(%error, "the seal was not written");
        }
    }

    /// Takes the lock again if the file that holds it was removed; another server may have been quicker.
    fn check_lock(&self) {
        let renewed = self.lock().as_ref().map(FileLock::renew);
        match renewed {
            Some(Err(error @ StoreError::InUse(_))) => {
                let detail = format!("the file that held the lock of this server was removed: {error}");
                self.alarms.raise(AlarmCode::FileReplaced, "lock", detail, OTHER_SERVER);
            }
            // Where there is no folder any more, that is said of the database.
            Some(Err(error)) => tracing::debug!(%error, "the lock was not taken again"),
            Some(Ok(())) | None => self.alarms.clear(AlarmCode::FileReplaced, "lock"),
        }
    }

    /// Writes the seal if the log has grown, or if somebody has removed it.
    fn keep_seal(&self) {
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        let seal = Seal::from(*self.tip.lock().unwrap_or_else(PoisonError::into_inner));
        let path = seal::path(&self.database);
        // What a log has lost is not forgotten before somebody has accepted it.
        if self.alarms.is_raised(AlarmCode::VersionsMissing) || (*sealed == Some(seal) && path.exists()) {
            return;
        }
        match seal::write(&self.database, seal) {
            Ok(()) => {
                *sealed = Some(seal);
                self.alarms.clear(AlarmCode::SealNotKept, "");
            }
            Err(error) => {
                let detail = format!("{} cannot be written: {error}", path.display());
                self.alarms.raise(AlarmCode::SealNotKept, "", detail, KEEP_SEAL);
            }
        }
    }

    /// Looks at the room, and tries to write if that has failed.
    async fn check_disk(&self) {
        let room = Room::in_folder(self.folder());
        let failed = self.failed().clone();
        if let Some(failed) = &failed
            && !room.is_some_and(Room::is_full)
        {
            match self.anchor.try_to_write(failed.bytes).await {
                Ok(()) => {
                    self.failed().take();
                    self.alarms.clear(AlarmCode::CannotWrite, "");
                    return self.say_room(room, None);
                }
                Err(error) => tracing::debug!(%error, "a trial to write failed"),
            }
        }
        self.say_room(room, failed.filter(|failed| failed.full).as_ref());
    }

    fn say_failed(&self, failed: &FailedWrite) {
        let detail = format!("the last write failed: {}", failed.text);
        if failed.full {
            self.alarms.raise(AlarmCode::DiskFull, "", detail, MAKE_ROOM);
        } else {
            self.alarms.raise(AlarmCode::CannotWrite, "", detail, LOOK_AT_DISK);
        }
    }

    fn say_room(&self, room: Option<Room>, failed: Option<&FailedWrite>) {
        let folder = self.folder().display();
        match room {
            Some(room) if room.is_full() => {
                let detail = format!("{} bytes are free in {folder}", room.free);
                self.alarms.raise(AlarmCode::DiskFull, "", detail, MAKE_ROOM);
            }
            _ if failed.is_some() => {}
            _ => self.alarms.clear(AlarmCode::DiskFull, ""),
        }
        match room {
            Some(room) if room.is_low() && !room.is_full() => {
                let (free, all) = (room.free >> 20, room.all >> 20);
                let detail = format!("{free} of {all} MiB are free in {folder}");
                self.alarms.raise(AlarmCode::DiskLow, "", detail, MAKE_ROOM);
            }
            _ => self.alarms.clear(AlarmCode::DiskLow, ""),
        }
    }

    /// Copies everything that was acknowledged to a file of its own, once: the open connection can still read it, and it is
    /// gone when the program ends.
    async fn rescue(&self) {
        if self.replaced().copy.is_some() {
            return;
        }
        let words = match self.anchor.rescue(&self.database).await {
            Ok((path, seq)) => {
                let path = path.display();
                format!("A copy of everything that was acknowledged, up to seq {seq}, is at {path}")
            }
            Err(error) => {
                let process = std::process::id();
                format!(
                    "What was acknowledged could not be copied ({error}): it is lost when the server stops, unless \
                     somebody saves it before, on Linux from /proc/{process}/fd"
                )
            }
        };
        tracing::error!("{words}");
        self.replaced().copy = Some(words);
        self.check_place().await;
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

    fn failed(&self) -> MutexGuard<'_, Option<FailedWrite>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self) -> MutexGuard<'_, Replaced> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn keep_looking(ground: Weak<Ground>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let Some(ground) = ground.upgrade() else { return };
        ground.look().await;
    }
}
