//! Writes that could not be replayed, one file each. They are shown until somebody settles them and kept after that.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use statehouse_core::api::FallbackConflict;

use super::journal::{Journal, sync_folder};
use crate::store::{Result, StoreError};

const SETTLED: &str = "settled";

/// The folder of the conflicts.
#[derive(Debug, Clone)]
pub(super) struct Conflicts(PathBuf);

impl Conflicts {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("conflicts");
        let made = std::fs::create_dir_all(folder.join(SETTLED)).and_then(|()| sync_folder(&folder));
        made.map_err(|error| failed(&folder, &error))?;
        Ok(Self(folder))
    }

    /// Keeps a conflict; one that was kept already is replaced.
    pub(super) fn keep(&self, conflict: &FallbackConflict) -> Result<()> {
        let Some(path) = self.path(&conflict.pending_id) else {
            return Err(StoreError::Damaged(format!("{:?} is not a pending id", conflict.pending_id)));
        };
        let text = serde_json::to_vec_pretty(conflict).map_err(|e| StoreError::Damaged(e.to_string()))?;
        let written = || -> std::io::Result<()> {
            let new = path.with_extension("new");
            let mut file = File::create(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            sync_folder(&self.0)
        };
        written().map_err(|error| failed(&self.0, &error))
    }

    /// Those that wait for a decision, the oldest first.
    pub(super) fn list(&self) -> Result<Vec<FallbackConflict>> {
        let mut conflicts = Vec::new();
        for path in self.files()? {
            conflicts.push(read(&path)?);
        }
        conflicts.sort_by(|a, b| (a.accepted_at, &a.pending_id).cmp(&(b.accepted_at, &b.pending_id)));
        Ok(conflicts)
    }

    /// The one of this id, if it waits.
    pub(super) fn get(&self, id: &str) -> Result<Option<FallbackConflict>> {
        match self.path(id).filter(|path| path.is_file()) {
            Some(path) => read(&path).map(Some),
            None => Ok(None),
        }
    }

    /// How many wait.
    pub(super) fn count(&self) -> u64 {
        self.files().map_or(0, |files| files.len() as u64)
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
    /// noted that. Where the entry waits because it was not taken out after it became a conflict, it becomes one again.
    pub(super) fn settle_those_decided(&self, journal: &Journal) -> Result<()> {
        for entry in journal.pending() {
            if self.get(&entry.id)?.is_some() {
                self.settle(&entry.id)?;
            }
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(&self.0).map_err(|error| failed(&self.0, &error))?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        Ok(paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect())
    }

    /// Where a conflict is; `None` if this cannot be an id of ours.
    fn path(&self, id: &str) -> Option<PathBuf> {
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| self.0.join(format!("{id}.json")))
    }
}

fn read(path: &Path) -> Result<FallbackConflict> {
    let text = std::fs::read(path).map_err(|error| failed(path, &error))?;
    serde_json::from_slice(&text).map_err(|error| StoreError::Damaged(format!("{}: {error}", path.display())))
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
