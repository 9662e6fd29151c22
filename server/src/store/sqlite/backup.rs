//! A right copy of a store, also of one that is written to meanwhile.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnection;
use stateloft_core::api::AlarmCode;
use stateloft_core::model::Seq;

use super::seal::{self, Found, Seal};
use super::{SqliteStore, beside, failed, hex, open};
use crate::store::lanes::Lane;
use crate::store::sql::Discard as _;
use crate::store::{Admin as _, Result, StoreError, verify_all};

/// How often it is said how far a copy is.
const PACE: Duration = Duration::from_secs(1);

/// A copy that was made and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The last version in it, which is how many there are.
    pub seq: Seq,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// What is done now, for who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many of about so many bytes are copied.
    Copied(u64, u64),
    /// So many of so many versions of the copy are checked.
    Checked(Seq, Seq),
}

impl SqliteStore {
    /// Makes a copy of the store as it is at one moment, checks every hash in it, and gives it its name and a seal of its
    /// own. Others may write meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the file or its seal exists, [`StoreError::Damaged`] when the copy does not verify,
    /// [`StoreError::Unavailable`] when reading or writing failed. Then there is no file.
    pub async fn backup(&self, out: &Path, progress: impl Fn(Step) + Send + Sync) -> Result<Backup> {
        for path in [out.to_owned(), seal::path(out)] {
            refuse_existing(&path)?;
        }
        let part = part_of(out);
        let made = self.make(&part, out, &progress).await;
        if made.is_err() {
            remove(&part);
        }
        made
    }

    async fn make(
        &self,
        part: &Path,
        out: &Path,
        progress: &(impl Fn(Step) + Send + Sync),
    ) -> Result<Backup> {
        let about = self.size().await;
        let mut connection = self.connection(Lane::Long).await?;
        // It writes nothing here, and it is a rule of this connection that it would break elsewhere.
        sqlx::raw_sql("PRAGMA query_only = off").execute(&mut *connection).await.map_err(failed)?;
        connection.discard();
        {
            let mut copying = std::pin::pin!(vacuum(&mut connection, part));
            loop {
                tokio::select! {
                    copied = copying.as_mut() => break copied?,
                    () = tokio::time::sleep(PACE) => {
                        let bytes = tokio::fs::metadata(part).await.map_or(0, |file| file.len());
                        progress(Step::Copied(bytes, about));
                    }
                }
            }
        }
        let copy = Self::open_copy(part).await?;
        let verified = verify_all(&copy, |seq, of| progress(Step::Checked(seq, of))).await;
        let tip = super::tip(&mut *copy.connection(Lane::Short).await?).await;
        copy.close().await;
        let (tip, seq) = (tip?, verified?);
        let seq = seq.map_err(|fault| {
            StoreError::Damaged(format!("up to seq {} it is whole, then: {}", fault.verified_to, fault.text))
        })?;
        // A store that has lost its end does not become whole by being copied.
        let seal = match self.alarms.is_raised(AlarmCode::VersionsMissing).then(|| seal::read(&self.path)) {
            Some(Ok(Found::Seal(seal))) => seal,
            _ => Seal::from(tip),
        };
        let (file, named) = (part.to_owned(), out.to_owned());
        let finished = tokio::task::spawn_blocking(move || finish(&file, &named, seal)).await;
        let (bytes, sha256) = finished.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        Ok(Backup { seq, bytes, sha256 })
    }
}

/// Makes the copy durable and gives it its name, its seal first.
fn finish(part: &Path, out: &Path, seal: Seal) -> Result<(u64, String)> {
    let cannot = |error: std::io::Error| {
        StoreError::Unavailable(format!("{} cannot be written: {error}", out.display()))
    };
    let mut file = File::open(part).map_err(cannot)?;
    file.sync_all().map_err(cannot)?;
    let mut hasher = Hashing(Sha256::new());
    let bytes = std::io::copy(&mut file, &mut hasher).map_err(cannot)?;
    seal::write(out, seal).map_err(cannot)?;
    give_name(part, out).map_err(cannot)?;
    open::sync_folder(out)?;
    Ok((bytes, hex(&hasher.0.finalize())))
}

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Copies what a connection sees, as it is at one moment, into a file that must not be there yet. The file is whole and
/// durable when it has its name.
pub(super) async fn copy(connection: &mut SqliteConnection, out: &Path) -> Result<()> {
    refuse_existing(out)?;
    let part = part_of(out);
    let copied = match vacuum(connection, &part).await {
        Ok(()) => {
            let seal = Seal::from(super::tip(connection).await?);
            finish(&part, out, seal).map(|_| ())
        }
        Err(error) => Err(error),
    };
    if copied.is_err() {
        remove(&part);
    }
    copied
}

/// In one step: a copy that lets others write in between begins anew each time they do, and never ends under load.
async fn vacuum(connection: &mut SqliteConnection, part: &Path) -> Result<()> {
    let text = part.to_str().ok_or_else(|| {
        StoreError::Refused(format!("{} is not a path that SQLite understands", part.display()))
    })?;
    remove(part);
    sqlx::query("VACUUM INTO $1").bind(text).execute(connection).await.map(|_| ()).map_err(failed)
}

fn refuse_existing(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::Refused(format!("{} exists already", path.display())));
    }
    Ok(())
}

/// Removes what is left of a copy that was not finished.
fn remove(part: &Path) {
    if let Err(error) = std::fs::remove_file(part)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "{} could not be removed", part.display());
    }
}

/// What a copy is called before it is whole.
fn part_of(out: &Path) -> PathBuf {
    beside(out, ".part")
}

/// Gives a file its name, unless a file of that name has come meanwhile: renaming would replace that one.
fn give_name(part: &Path, out: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(part, out) {
        Ok(()) => std::fs::remove_file(part),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(error),
        // A file system without links.
        Err(_) => std::fs::rename(part, out),
    }
}
