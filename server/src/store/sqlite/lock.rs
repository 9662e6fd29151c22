//! One server at a time: the lock is on the file, not on one of its names.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::same_file::{Change, Identity, SameFile};
use crate::store::{Result, StoreError};

/// Locks that the operating system lets go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FileLock {
    database: PathBuf,
    /// `<db>.lock`, and the open file that holds it.
    named: Mutex<(SameFile, File)>,
    /// The database itself. It is opened before SQLite opens it and closed after SQLite has closed it: closing any handle of
    /// a file drops every lock that SQLite has on it in this process.
    itself: File,
}

impl FileLock {
    /// Locks the database, whatever it is called here, and makes it if it is not there. `database` has no symbolic link
    /// in it (see [`real_path`]).
    pub(super) fn take(database: &Path) -> Result<Self> {
        let named = lock_name(database)?;
        refuse_other_names(database)?;
        let itself = open(database)?;
        lock_itself(&itself, database)?;
        Ok(Self { database: database.to_owned(), named: Mutex::new(named), itself })
    }

    /// What file it holds.
    pub(super) fn identity(&self) -> Result<Identity> {
        let found = self.itself.metadata().map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be looked at: {error}", self.database.display()))
        })?;
        Ok(Identity::of(&found))
    }

    /// Takes the lock again under its name if somebody has removed or replaced the file that holds it.
    pub(super) fn renew(&self) -> Result<()> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        match named.0.check() {
            Ok(()) | Err(Change::Shorter { .. } | Change::Hidden(_)) => Ok(()),
            Err(change @ (Change::Gone | Change::Replaced)) => {
                *named = lock_name(&self.database)?;
                let path = named.0.path().display();
                tracing::warn!("{path} {change}; it was made and locked anew");
                Ok(())
            }
        }
    }
}

/// The path without symbolic links, so that a file is the same by whatever link it is named. SQLite would keep its log
/// beside the real file, too.
pub(super) fn real_path(database: &Path) -> Result<PathBuf> {
    let cannot = |path: &Path, error: &std::io::Error| {
        StoreError::Unavailable(format!("{} cannot be looked up: {error}", path.display()))
    };
    let mut path = database.to_owned();
    // A link may name what is not there yet; more than a few of them in a row are a circle.
    for _ in 0..8 {
        match std::fs::canonicalize(&path) {
            Ok(real) => return Ok(real),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(&path, &error)),
            Err(_) => {}
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = std::fs::canonicalize(folder).map_err(|error| cannot(folder, &error))?;
        if let Ok(target) = std::fs::read_link(&path) {
            path = folder.join(target);
            continue;
        }
        let name = path.file_name().ok_or_else(|| {
            StoreError::Unavailable(format!("{} is not the name of a file", path.display()))
        })?;
        return Ok(folder.join(name));
    }
    Err(StoreError::Unavailable(format!("{}: too many symbolic links", database.display())))
}

fn lock_name(database: &Path) -> Result<(SameFile, File)> {
    let path = super::beside(database, ".lock");
    let cannot = |what: &str, error: &std::io::Error| {
        StoreError::Unavailable(format!("{} cannot be {what}: {error}", path.display()))
    };
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| cannot("opened", &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(database.display().to_string())),
        Err(TryLockError::Error(error)) => return Err(cannot("locked", &error)),
    }
    let same = SameFile::at(&path).map_err(|error| cannot("looked at", &error))?;
    Ok((same, file))
}

fn open(database: &Path) -> Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options
        .open(database)
        .map_err(|error| StoreError::Unavailable(format!("{} cannot be opened: {error}", database.display())))
}

/// A file with a second name has a second log: who comes by that name does not see what is in the first one, and damages
/// the file as soon as it writes.
#[cfg(unix)]
fn refuse_other_names(database: &Path) -> Result<()> {
    let names = names(database);
    if names <= 1 {
        return Ok(());
    }
    let path = database.display();
    Err(StoreError::Refused(format!(
        "the file has {names} names (hard links), and each name has a log of its own beside it: that damages it. \
         Remove the other names (find / -xdev -samefile {path}), or make a copy (stateloft backup) and use that"
    )))
}

#[cfg(not(unix))]
fn refuse_other_names(_database: &Path) -> Result<()> {
    Ok(())
}

/// How many names the file has; none if it is not there.
#[cfg(unix)]
pub(super) fn names(database: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(database).map_or(0, |file| file.nlink())
}

/// Also found when the file is reached in a way that neither its path nor its number of names tells: moved while a server
/// has it open, or mounted as a single file. These locks and those of SQLite know nothing of each other on Linux; elsewhere
/// they may be the same.
#[cfg(target_os = "linux")]
fn lock_itself(file: &File, database: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(database.display().to_string())),
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "{} itself cannot be locked, only its name", database.display());
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "on Linux it may fail")]
fn lock_itself(_file: &File, _database: &Path) -> Result<()> {
    Ok(())
}
