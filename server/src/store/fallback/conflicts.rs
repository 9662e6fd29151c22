//! Writes that could not be replayed, one file each. They are shown until somebody settles them and kept after that.
//!
//! A file is the conflict as JSON and a last line with the SHA-256 of what is above it: what is in it was acknowledged, so
//! a changed byte must be noticed. The first versions of the program wrote no such line.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use stateloft_core::api::{DamagedFile, FallbackConflict};

use super::folder::{replace, sync_folder};
use super::journal::Journal;
use crate::store::{Result, StoreError};

const SETTLED: &str = "settled";
/// What the last line begins with.
const SUM: &str = "sha256:";

/// The folder of the conflicts.
#[derive(Debug, Clone)]
pub(super) struct Conflicts(PathBuf);

/// What the folder holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Those that wait for a decision, the oldest first.
    pub(super) conflicts: Vec<FallbackConflict>,
    /// Files that hold one and cannot be read.
    pub(super) damaged: Vec<DamagedFile>,
}

impl Conflicts {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("conflicts");
        let made = std::fs::create_dir_all(folder.join(SETTLED)).and_then(|()| sync_folder(&folder));
        made.map_err(|error| failed(&folder, &error))?;
        Ok(Self(folder))
    }

    /// The conflicts of a folder that somebody else may have open; none where there are none.
    pub(super) fn look(folder: &Path) -> Result<Found> {
        let folder = folder.join("conflicts");
        if folder.is_dir() { Self(folder).list() } else { Ok(Found::default()) }
    }

    /// Keeps a conflict; one that was kept already is replaced.
    pub(super) fn keep(&self, conflict: &FallbackConflict) -> Result<()> {
        let Some(path) = self.path(&conflict.pending_id) else {
            return Err(StoreError::Damaged(format!("{:?} is not a pending id", conflict.pending_id)));
        };
        let text = serde_json::to_vec_pretty(conflict).map_err(|e| StoreError::Damaged(e.to_string()))?;
        let sum = format!("\n{SUM}{}\n", sum(&text));
        std::fs::create_dir_all(self.0.join(SETTLED))
            .and_then(|()| replace(&path, &[&text, sum.as_bytes()]))
            .map(drop)
            .map_err(|error| failed(&self.0, &error))
    }

    /// All that the folder holds.
    pub(super) fn list(&self) -> Result<Found> {
        let mut found = Found::default();
        for path in self.files()? {
            match read(&path) {
                Ok(conflict) => found.conflicts.push(conflict),
                Err(StoreError::Damaged(why)) => {
                    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    found.damaged.push(DamagedFile { file, why });
                }
                Err(error) => return Err(error),
            }
        }
        found.conflicts.sort_by(|a, b| (a.accepted_at, &a.pending_id).cmp(&(b.accepted_at, &b.pending_id)));
        found.damaged.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(found)
    }

    /// The one of this id, if it waits.
    pub(super) fn get(&self, id: &str) -> Result<Option<FallbackConflict>> {
        match self.path(id).filter(|path| path.is_file()) {
            Some(path) => read(&path).map(Some),
            None => Ok(None),
        }
    }

    /// How many wait, those that cannot be read included.
    pub(super) fn count(&self) -> Result<u64> {
        self.files().map(|files| files.len() as u64)
    }

    /// Puts one with the settled ones.
    pub(super) fn settle(&self, id: &str) -> Result<()> {
        let Some(path) = self.path(id) else { return Ok(()) };
        let settled = self.0.join(SETTLED);
        let moved = std::fs::rename(&path, settled.join(format!("{id}.json")))
            .and_then(|()| sync_folder(&settled))
            .and_then(|()| sync_folder(&self.0));
        moved.map_err(|error| failed(&self.0, &error))
    }

    /// Settles those of which the write waits in the journal anew: somebody decided, and the server ended before it had
    /// noted that. Where the entry waits because it was not taken out after it became a conflict, it becomes one again; so
    /// nothing is lost with a file that cannot be read either.
    pub(super) fn settle_those_decided(&self, journal: &Journal) -> Result<()> {
        for entry in journal.pending() {
            if self.path(&entry.id).is_some_and(|path| path.is_file()) {
                self.settle(&entry.id)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.0).map_err(|error| failed(&self.0, &error))? {
            let path = entry.map_err(|error| failed(&self.0, &error))?.path();
            if path.extension().is_some_and(|end| end == "json") {
                files.push(path);
            }
        }
        Ok(files)
    }

    /// Where a conflict is; `None` if this cannot be an id of ours.
    fn path(&self, id: &str) -> Option<PathBuf> {
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| self.0.join(format!("{id}.json")))
    }
}

fn read(path: &Path) -> Result<FallbackConflict> {
    let bytes = std::fs::read(path).map_err(|error| failed(path, &error))?;
    let damaged = |why: String| StoreError::Damaged(format!("{}: {why}", path.display()));
    let text = text_of(&bytes).map_err(|why| damaged(why.to_owned()))?;
    serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))
}

/// The conflict's text, if it is the one that was written.
fn text_of(bytes: &[u8]) -> std::result::Result<&[u8], &'static str> {
    let end = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let Some(expected) = end[line..].strip_prefix(SUM.as_bytes()) else { return Ok(bytes) };
    let text = &bytes[..line.saturating_sub(1)];
    let is_right = sum(text).as_bytes() == expected && bytes.ends_with(b"\n");
    is_right.then_some(text).ok_or("its checksum does not match: a part of it was changed or cut off")
}

fn sum(text: &[u8]) -> String {
    Sha256::digest(text).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
