//! A disk that is full or refuses: said when a write fails or when there is no room left, and tried again until it passes.

use std::sync::{MutexGuard, PoisonError};

use stateloft_core::api::AlarmCode;

use super::Ground;
use crate::store::StoreError;
use crate::store::sqlite::disk::Room;

/// What is tried to write after a failure: as much as failed, within these bounds.
const TRIAL: std::ops::RangeInclusive<u64> = 64 << 10..=64 << 20;

const MAKE_ROOM: &str =
    "Make room on the disk of the database; writing goes on by itself, and readyz follows within seconds";
const LOOK_AT_DISK: &str = "Look at the disk and the permissions of the database, its -wal and their folder; the server tries again \
     once a second and goes on by itself";

/// A write that failed.
#[derive(Debug, Clone)]
pub(super) struct FailedWrite {
    full: bool,
    bytes: u64,
    text: String,
}

impl Ground {
    /// A group of so many bytes was not written, or it is not known whether it was.
    pub(in crate::store::sqlite) fn failed_to_write(&self, error: &StoreError, bytes: usize) {
        if !error.is_outage() {
            return;
        }
        let full = matches!(error, StoreError::NoRoom(_));
        let bytes = (bytes as u64).clamp(*TRIAL.start(), *TRIAL.end());
        let failed = FailedWrite { full, bytes, text: error.to_string() };
        self.say_failed(&failed);
        *self.failed() = Some(failed);
    }

    /// A group was written: what kept the last one from it has passed.
    pub(super) fn could_write(&self) {
        if self.failed().take().is_some() {
            self.alarms.clear(AlarmCode::CannotWrite, "");
            self.say_room(Room::in_folder(self.folder()), None);
        }
    }

    /// Looks at the room, and tries to write if that has failed.
    pub(super) async fn check_disk(&self) {
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

    fn failed(&self) -> MutexGuard<'_, Option<FailedWrite>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
