//! What the component found in files.

use serde::Deserialize;
use stateloft_core::api::{
    FileError, FileSummary, ImportFlag, ImportSource, Quarantined, RecordCode, Standing,
};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{StateId, StateKey, StateType, Timestamp, Verdict};

/// All of it; what it has of documents is not read here.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Found {
    /// Binds everything else, as the server has it.
    pub hash: String,
    /// The files, by name.
    pub files: Vec<FileSummary>,
    /// By state; the versions of one state from old to new.
    pub items: Vec<Item>,
    /// What cannot be placed.
    pub quarantine: Vec<Quarantined>,
    /// What carries no state.
    pub records: Vec<Record>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}

/// One version of a state.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Item {
    /// Kind of the state.
    pub state_type: StateType,
    /// Name of the state.
    pub state_id: StateId,
    /// Of its data.
    pub content_hash: ContentHash,
    /// Leaves of its data.
    pub paths: u32,
    /// When it was saved, if an instant is known.
    #[serde(default)]
    pub saved_at: Option<Timestamp>,
    /// The same in the file's own words.
    #[serde(default)]
    pub said_at: Option<String>,
    /// Where it stands.
    pub source: ImportSource,
    /// The source as choices name it.
    pub name: String,
    /// What the rules of its type say.
    pub verdict: Verdict,
    /// What is worth knowing.
    #[serde(default)]
    pub flags: Vec<ImportFlag>,
    /// Nothing says which of several versions is newer.
    #[serde(default)]
    pub order_unknown: bool,
}

impl Item {
    /// The state.
    #[must_use]
    pub fn key(&self) -> StateKey {
        StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() }
    }

    /// When it was saved as the file says it, and whether that is an instant.
    #[must_use]
    pub fn said(&self) -> Option<(&str, bool)> {
        self.said_at.as_deref().map(|text| (text, self.saved_at.is_some()))
    }
}

/// Something that is no state.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Record {
    /// Where it stands.
    pub source: ImportSource,
    /// The stable word.
    pub code: RecordCode,
    /// For people.
    pub message: String,
}

impl Record {
    /// It says what an item says that stands elsewhere.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.code == RecordCode::Duplicate
    }
}

impl Found {
    /// What is the same as an item elsewhere, of one file.
    pub fn duplicates<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.is_duplicate() && record.source.file == file)
    }

    /// What carries no state and says nothing that stands elsewhere, of one file.
    pub fn beside<'a>(&'a self, file: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| !record.is_duplicate() && record.source.file == file)
    }

    /// How many times without a zone there are, and in how many files. An item lists a hundred of them at most.
    #[must_use]
    pub fn naive_times(&self) -> (u64, u64) {
        let naive = |flag: &&ImportFlag| matches!(flag.code.as_str(), "naive_time" | "saved_at_zone_unknown");
        let (mut times, mut files) = (0, Vec::new());
        for item in &self.items {
            let here = item.flags.iter().filter(naive).count() as u64;
            times += here;
            if here > 0 && !files.contains(&item.source.file.as_str()) {
                files.push(&item.source.file);
            }
        }
        (times, files.len() as u64)
    }
}

/// Whether something that stands so can be written at all.
#[must_use]
pub(super) fn may_be_written(standing: Standing) -> bool {
    match standing {
        Standing::New | Standing::Different | Standing::Unordered => true,
        Standing::Unchanged => false,
    }
}
