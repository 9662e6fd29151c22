//! A file that has its name only once it is whole, and whose bytes were read again before that.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stateloft_core::hash::ContentHash;
use tempfile::NamedTempFile;

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// A file in the making. Who drops it removes it.
pub(in crate::cli) struct NewFile {
    part: NamedTempFile,
    out: PathBuf,
    written: Tally,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Written {
    pub(in crate::cli) bytes: u64,
    /// Of all its bytes, in hexadecimal.
    pub(in crate::cli) sha256: String,
}

impl NewFile {
    /// Begins a file beside the one that it will be, which must not exist.
    pub(in crate::cli) fn begin(out: &Path) -> Result<Self, String> {
        if out.symlink_metadata().is_ok() {
            return Err(format!("{} exists already", out.display()));
        }
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let part = tempfile::Builder::new().prefix(".stateloft-").suffix(".part").tempfile_in(folder);
        let part = part.map_err(|error| format!("{}: {error}", out.display()))?;
        Ok(Self { part, out: out.to_owned(), written: Tally::default() })
    }

    /// Makes it durable, holds what can be read of it against what was written, and gives it its name.
    pub(in crate::cli) fn finish(self) -> Result<Written, String> {
        let Self { part, out, written } = self;
        let wrong = |error: io::Error| format!("{}: {error}", out.display());
        part.as_file().sync_all().map_err(wrong)?;
        let mut read = Tally::default();
        let (mut file, mut piece) = (File::open(part.path()).map_err(wrong)?, vec![0; PIECE]);
        loop {
            match file.read(&mut piece).map_err(wrong)? {
                0 => break,
                count => read.take(&piece[..count]),
            }
        }
        let (written, read) = (written.end(), read.end());
        if read != written {
            return Err(format!("{}: the disk gives back other bytes than were written", out.display()));
        }
        // Never in place of a file that has come meanwhile.
        part.persist_noclobber(&out).map_err(|failed| wrong(failed.error))?;
        durable_name(&out).map_err(wrong)?;
        Ok(written)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.part.write(bytes)?;
        self.written.take(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.part.flush()
    }
}

#[derive(Default)]
struct Tally {
    hasher: Sha256,
    bytes: u64,
}

impl Tally {
    fn take(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn end(self) -> Written {
        let hash = ContentHash::from_bytes(self.hasher.finalize().into());
        Written { bytes: self.bytes, sha256: hash.to_string() }
    }
}

/// A name is in its folder only once that is on the disk, too.
#[cfg(unix)]
fn durable_name(out: &Path) -> io::Result<()> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn durable_name(_: &Path) -> io::Result<()> {
    Ok(())
}
