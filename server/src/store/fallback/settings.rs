//! Where a journal is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::budget::USUAL;

/// Where the journal is and how often the store is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackSettings {
    /// The folder of the journal; one server only.
    pub folder: PathBuf,
    /// While something waits, the store is asked this often whether it is back.
    pub poll: Duration,
    /// Bytes of the journal while something waits at most: what waits is held in memory, too.
    pub bytes_max: u64,
}

impl FallbackSettings {
    /// A journal in this folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), poll: Duration::from_secs(1), bytes_max: USUAL as u64 }
    }
}
