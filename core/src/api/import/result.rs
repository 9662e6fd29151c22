//! How what was found stands to a store, and what becomes of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FileError, FileSummary, ImportOptions, ImportPlan};
use crate::api::{HeldBy, VersionView};
use crate::model::{Seq, VersionNumber};

/// How an item stands to what the store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standing {
    /// The state never existed: it is written.
    New,
    /// The state has this data, now or in its history: nothing is written.
    Unchanged,
    /// The state exists, or was deleted, and never had this data: it is written only if it is chosen.
    Different,
    /// The state never existed, and the files hold several versions of which nothing says which is newer: one is written only if
    /// it is chosen.
    Unordered,
}

/// How an item stands to what the store holds, and to which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportStanding {
    /// How.
    pub status: Standing,
    /// The version that has the same data, or else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
}

/// How many items stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportCounts {
    /// Written.
    pub new: u64,
    /// There already.
    pub unchanged: u64,
    /// Written only if chosen, in place of something else.
    pub different: u64,
    /// Written only if chosen, as nothing says which is newer.
    pub unordered: u64,
    /// Items that break rules of their type; they are written all the same, with their verdict.
    pub invalid: u64,
    /// What cannot be placed.
    pub quarantined: u64,
    /// Files that cannot be read, or not all of them.
    pub damaged_files: u64,
}

impl ImportCounts {
    /// These and those.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            new: self.new + other.new,
            unchanged: self.unchanged + other.unchanged,
            different: self.different + other.different,
            unordered: self.unordered + other.unordered,
            invalid: self.invalid + other.invalid,
            quarantined: self.quarantined + other.quarantined,
            damaged_files: self.damaged_files + other.damaged_files,
        }
    }
}

/// A file in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportFile {
    /// What it is called, with its folders: `states/trading_state.json`.
    pub name: String,
    /// What is in it, if that is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in Base64, if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// Body of `POST /imports`: says what would be written, writes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRequest {
    /// The files.
    pub files: Vec<ImportFile>,
    /// What is said of them.
    #[serde(default)]
    pub options: ImportOptions,
}

/// Answer to `POST /imports`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportPreview {
    /// The hash that binds what was found and how it stands to the store; applying names it.
    pub plan: String,
    /// The store's seq when it was made.
    pub seq: Seq,
    /// What the files hold.
    pub found: ImportPlan,
    /// How each item of it stands to the store, in the same order.
    pub standings: Vec<ImportStanding>,
    /// How many stand how.
    pub counts: ImportCounts,
    /// The live runs that hold states which would be written over if they were chosen. An import does not ask them: what they save
    /// next is written over it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<HeldBy>,
}

/// Body of `POST /imports/{plan}/apply`: the same files and options, and what of them is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplyImport {
    /// The files.
    pub files: Vec<ImportFile>,
    /// What is said of them.
    #[serde(default)]
    pub options: ImportOptions,
    /// Items that differ or are unordered and are written all the same, by their source, as
    /// `states/a.json#/active_positions/AAA-BBB`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choose: Vec<String>,
    /// Items that differ and are put into the history only, by their source: they are written, and behind them, in the same commit, the
    /// chosen item of the state or, where none is, what the state held before once more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history_only: Vec<String>,
    /// New items that are not written, by their source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave: Vec<String>,
    /// Who; `migration` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why (8 KiB): it stands before the description of every version that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which start of a program writes: up to 128 bytes, like the one that follows. What the versions belong to is the import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What made the writer write. Where it is absent, the span of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
}

/// Answer to `POST /imports/{plan}/apply`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppliedImport {
    /// The id of the import: the correlation of every version that it wrote. Absent when it wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<String>,
    /// The store's seq before, so that it can be undone by a restore to there.
    pub before: Seq,
    /// The store's seq after.
    pub seq: Seq,
    /// The versions that it wrote, quarantine and record included.
    pub versions: Vec<VersionView>,
    /// How many items stood how.
    pub counts: ImportCounts,
    /// The files.
    pub files: Vec<FileSummary>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}
