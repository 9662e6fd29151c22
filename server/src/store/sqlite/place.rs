//! The files under an open database: are they still at their paths, whole, and the ones that SQLite has open?

use std::path::Path;

use crate::store::same_file::{Change, Identity, SameFile};
use crate::store::{Result, StoreError};

/// The database, its log and its shared memory, as they were when they were opened. SQLite never removes, replaces or
/// shortens one of them while a connection is open, and one always is.
#[derive(Debug)]
pub(super) struct Place {
    files: [SameFile; 3],
}

/// Which file, and what is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) which: Part,
    pub(super) change: Change,
    text: String,
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Database,
    Log,
    Memory,
}

const PARTS: [Part; 3] = [Part::Database, Part::Log, Part::Memory];

impl Part {
    fn suffix(self) -> &'static str {
        match self {
            Self::Database => "",
            Self::Log => "-wal",
            Self::Memory => "-shm",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Place {
    /// Remembers the files of a database that was just opened, which was this one before.
    pub(super) fn of(database: &Path, before: Identity) -> Result<Self> {
        let file = |part: Part| {
            let path = super::beside(database, part.suffix());
            SameFile::at(&path).map_err(|error| {
                StoreError::Unavailable(format!("{} cannot be looked at: {error}", path.display()))
            })
        };
        let files = [file(Part::Database)?, file(Part::Log)?, file(Part::Memory)?];
        if files[0].identity() != before {
            let path = database.display();
            return Err(StoreError::Unavailable(format!("{path} was replaced while it was opened")));
        }
        Ok(Self { files })
    }

    /// Looks at all of them.
    pub(super) fn check(&self) -> std::result::Result<(), Fault> {
        for (file, which) in self.files.iter().zip(PARTS) {
            if let Err(change) = file.check() {
                let text = format!("{} {change}", file.path().display());
                return Err(Fault { which, change, text });
            }
        }
        Ok(())
    }

    /// It was right that a file became so much shorter.
    pub(super) fn accept_length(&self, which: Part, length: u64) {
        if let Some(place) = PARTS.iter().position(|part| *part == which) {
            self.files[place].accept_length(length);
        }
    }
}
