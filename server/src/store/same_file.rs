//! Whether the file at a path is still the one that was opened there. Who writes to a file that was removed or replaced
//! writes into nothing: the operating system lets it, and all of it is gone when the program ends.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct SameFile {
    path: PathBuf,
    identity: Identity,
    /// Its greatest length so far: no file that is watched ever shrinks unless somebody says so.
    longest: AtomicU64,
}

/// What a file is, whatever its name. Where the system does not tell, all files are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// In what way a file is not the one that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing is at its path any more.
    Gone,
    /// Something else is at its path.
    Replaced,
    /// It has lost its end.
    Shorter {
        /// So many bytes it had.
        was: u64,
        /// So many it has.
        is: u64,
    },
    /// It cannot be looked at.
    Hidden(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("is gone"),
            Self::Replaced => f.write_str("is another file now"),
            Self::Shorter { was, is } => write!(f, "was cut from {was} to {is} bytes"),
            Self::Hidden(error) => write!(f, "cannot be looked at: {error}"),
        }
    }
}

impl Identity {
    /// Of an open file, or of what is at a path.
    #[cfg(unix)]
    pub(crate) fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: file.dev(), inode: file.ino() }
    }

    /// The system does not tell.
    #[cfg(not(unix))]
    pub(crate) fn of(_file: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

impl SameFile {
    /// Remembers the file that is at a path now.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let found = std::fs::metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity: Identity::of(&found),
            longest: AtomicU64::new(found.len()),
        })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it is.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Looks whether it is still there: one question to the system, a microsecond for a file that is open.
    pub(crate) fn check(&self) -> Result<(), Change> {
        let found = match std::fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Change::Gone),
            Err(error) => return Err(Change::Hidden(error.to_string())),
        };
        if Identity::of(&found) != self.identity {
            return Err(Change::Replaced);
        }
        let (was, is) = (self.longest.load(Ordering::Relaxed), found.len());
        if is < was {
            return Err(Change::Shorter { was, is });
        }
        if is > was {
            self.longest.fetch_max(is, Ordering::Relaxed);
        }
        Ok(())
    }

    /// It was right that it became so much shorter.
    pub(crate) fn accept_length(&self, length: u64) {
        self.longest.store(length, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_removed_replaced_or_cut_is_not_the_same_and_one_that_comes_back_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, "four").unwrap();
        let file = SameFile::at(&path).unwrap();
        std::fs::write(&path, "four and more").unwrap();
        assert_eq!(file.check(), Ok(()), "it may grow");
        std::fs::rename(&path, &aside).unwrap();
        assert_eq!(file.check(), Err(Change::Gone));
        std::fs::write(&path, "four and more").unwrap();
        assert_eq!(file.check(), Err(Change::Replaced));
        std::fs::rename(&aside, &path).unwrap();
        assert_eq!(file.check(), Ok(()));
        std::fs::write(&path, "five.").unwrap();
        assert_eq!(file.check(), Err(Change::Shorter { was: 13, is: 5 }));
        file.accept_length(5);
        assert_eq!(file.check(), Ok(()));
    }
}
