//! The look once a second: files, lock, disk, seal; and the copy that is made when the files are gone.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use stateloft_core::api::AlarmCode;
use tokio_util::sync::CancellationToken;

use super::Ground;
use crate::store::StoreError;
use crate::store::sqlite::lock::FileLock;
use crate::store::sqlite::seal::{self, Seal};

/// How often everything is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// A fault that was there at so many looks is not somebody who moves a file and back.
const CERTAIN: u32 = 2;
const KEEP_SEAL: &str = "Look at the disk and the permissions of the database's folder. Without the seal it is not noticed at the next \
     start when the last versions are missing";
const OTHER_SERVER: &str =
    "Stop the other server; writing goes on by itself. The lock files must not be removed";

pub(super) async fn keep_looking(ground: Weak<Ground>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        let Some(ground) = ground.upgrade() else { return };
        ground.look().await;
    }
}

impl Ground {
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
    pub(super) fn keep_seal(&self) {
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

    /// Copies everything that was acknowledged to a file of its own, once: the open connection can still read it, and it is
    /// gone when the program ends.
    pub(super) async fn rescue(&self) {
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
}
