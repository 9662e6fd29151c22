//! The journal's folder: who has it, and writing files in it so that a crash leaves the old or the new one.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::store::{Result, StoreError};

/// The name of the journal.
pub(super) const JOURNAL: &str = "journal";
const LOCK: &str = "lock";

/// Keeps every other program out as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// The folder itself as well, where the system can: a lock file can be removed, and two servers then have one each.
    _folder: Option<File>,
}

impl Lock {
    /// Takes the folder, which is made if there is none.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let because = |what: &str, error: &std::io::Error| {
            StoreError::Unavailable(format!("{}: {what}: {error}", folder.display()))
        };
        std::fs::create_dir_all(folder).map_err(|error| because("the folder cannot be made", &error))?;
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let file =
            options.open(folder.join(LOCK)).map_err(|error| because("the lock cannot be opened", &error))?;
        let in_use = || StoreError::InUse(folder.display().to_string());
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use()),
            Err(TryLockError::Error(error)) => return Err(because("it cannot be locked", &error)),
        }
        // Not every system locks folders.
        let opened = File::open(folder).ok();
        match opened.as_ref().map(File::try_lock) {
            Some(Err(TryLockError::WouldBlock)) => Err(in_use()),
            Some(Ok(())) => Ok(Self { file, _folder: opened }),
            Some(Err(TryLockError::Error(_))) | None => Ok(Self { file, _folder: None }),
        }
    }

    /// Whether the lock is still what its name leads to.
    pub(super) fn is_at(&self, folder: &Path) -> bool {
        is_at(&self.file, &folder.join(LOCK))
    }
}

/// Whether an open file is still the one that its name leads to.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let place = |data: std::fs::Metadata| (data.dev(), data.ino());
        let (open, named) = (file.metadata().map(place), std::fs::metadata(path).map(place));
        open.is_ok_and(|open| named.is_ok_and(|named| named == open))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.is_file()
    }
}

/// Makes new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Writes a file in place of the one of this name, if there is one, durably: whatever ends in between, it is there whole, or
/// as it was before.
pub(super) fn replace(path: &Path, parts: &[&[u8]]) -> std::io::Result<File> {
    let new = path.with_extension("new");
    let mut file = File::options().create(true).truncate(true).read(true).write(true).open(&new)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    if let Some(folder) = path.parent() {
        sync_folder(folder)?;
    }
    Ok(file)
}

/// Puts bytes into a file `<word>-<number>` of its own, and says which. Where they are in one already, nothing is written.
pub(super) fn keep_aside(folder: &Path, word: &str, parts: &[&[u8]]) -> std::io::Result<PathBuf> {
    let whole = parts.concat();
    for number in 1..=u32::MAX {
        let path = folder.join(format!("{word}-{number}"));
        match std::fs::metadata(&path) {
            Ok(data) if data.len() == whole.len() as u64 && std::fs::read(&path)? == whole => {
                return Ok(path);
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                replace(&path, &[&whole])?;
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other(format!("there is no free name {word}-N")))
}
