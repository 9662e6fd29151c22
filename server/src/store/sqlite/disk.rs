//! Whether there is room for what comes next.

use std::path::Path;

/// Less than this is nothing: the next group of writes may need more.
const FULL: u64 = 1 << 20;
/// Less than this, and less than a tenth of the disk, is little.
const LOW: u64 = 1 << 30;

/// Bytes of the file system that a folder is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) free: u64,
    pub(super) all: u64,
}

impl Room {
    /// What there is; `None` where the system does not tell.
    #[cfg(unix)]
    pub(super) fn in_folder(folder: &Path) -> Option<Self> {
        let found = rustix::fs::statvfs(folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Self { free: bytes(found.f_bavail), all: bytes(found.f_blocks) })
    }

    /// The system does not tell.
    #[cfg(not(unix))]
    pub(super) fn in_folder(_folder: &Path) -> Option<Self> {
        None
    }

    /// Whether there is room for nothing more. A file system that counts nothing is not full.
    pub(super) fn is_full(self) -> bool {
        self.all > 0 && self.free < FULL
    }

    /// Whether somebody should make room soon.
    pub(super) fn is_low(self) -> bool {
        self.all > 0 && self.free < LOW && self.free < self.all / 10
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_told_from_none_and_from_enough() {
        let room = |free, all| Room { free, all };
        assert!(room(FULL - 1, 1 << 40).is_full());
        assert!(!room(FULL, 1 << 40).is_full() && room(FULL, 1 << 40).is_low());
        assert!(!room(LOW, 1 << 40).is_low(), "a gigabyte is enough for a while");
        assert!(!room(4 << 20, 8 << 20).is_low(), "half of a small disk is free");
        assert!(!room(0, 0).is_full() && !room(0, 0).is_low(), "it counts nothing");
    }
}
