//! Whether a file is the one that was read, without reading it.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stateloft_core::model::Timestamp;

/// Some file systems count the times of changes in steps as long as this: two changes within one leave the same mark.
const COARSE: Duration = Duration::from_secs(2);

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    modified: SystemTime,
    pub(super) bytes: u64,
    /// Another file under the same name is another file.
    identity: u64,
}

impl Mark {
    /// The mark of a file that is there.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let about = std::fs::metadata(path)?;
        if about.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Self { modified: about.modified()?, bytes: about.len(), identity: identity(&about) })
    }

    /// When the file was written.
    pub(super) fn written(&self) -> Timestamp {
        let since = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// What a folder or a file is besides its name; 0 where the system does not say.
#[cfg(unix)]
pub(super) fn identity(about: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
pub(super) fn identity(_: &std::fs::Metadata) -> u64 {
    0
}

/// Which mark was read, and whether that can still be trusted to be what is there.
#[derive(Debug, Clone)]
pub(super) struct Read<M> {
    mark: M,
    since: Instant,
    settled: bool,
}

impl<M: PartialEq> Read<M> {
    /// Whether what has this mark now is certain to be what was read.
    pub(super) fn is_all_of(&self, mark: &M) -> bool {
        self.settled && self.mark == *mark
    }

    /// Takes note that what has this mark was read. It settles when it was read once more after a time in which every change leaves
    /// another mark.
    pub(super) fn note(before: Option<Self>, mark: M) -> Self {
        match before.filter(|before| before.mark == mark) {
            Some(before) => Self { settled: before.since.elapsed() >= COARSE, ..before },
            None => Self { mark, since: Instant::now(), settled: false },
        }
    }
}

/// Since when something is not as it should be, and whether that was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trouble {
    since: Instant,
    said: bool,
}

impl Trouble {
    /// The trouble as it goes on; a new one where there was none.
    pub(super) fn goes_on(before: Option<Self>) -> Self {
        before.unwrap_or_else(|| Self { since: Instant::now(), said: false })
    }

    /// Whether it is to be said now: once, and only when it has lasted.
    pub(super) fn is_to_be_said(&mut self, patience: Duration) -> bool {
        let now = !self.said && self.since.elapsed() >= patience;
        self.said |= now;
        now
    }

    /// Whether it may still pass by itself.
    pub(super) fn may_pass(&self) -> bool {
        !self.said
    }
}
