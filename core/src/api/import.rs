//! Imports of files: what was found in them, and what would be written.

use serde::{Deserialize, Serialize};

use crate::json::Document;
use crate::model::{Seq, StateId, StateKey, StateType, Timestamp, Verdict, VersionNumber};

use super::VersionView;

/// What is said of the files besides what stands in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportOptions {
    /// The zone of times without one: `UTC`, `Z` or an offset such as `+03:00`. Without it such times are kept as they are and no
    /// instant is guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assume_tz: Option<String>,
    /// States of this type are made of each document, or of what `each` leads to; without it the shapes of older programs
    /// are looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub state_type: Option<StateType>,
    /// An RFC 6901 pointer to an object or array whose members become a state each. Needs `state_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// Where a state's id stands: `key` (the member's name), or a pointer within it such as `/symbol`. Without it, `key` with
    /// `each`, and the file's name without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_from: Option<String>,
}

/// Which kind of file a document is, by what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Shape {
    /// Positions, pair states with typed series, and a portfolio.
    TypedState,
    /// The same with series of an index and values only.
    UntypedState,
    /// The same with the portfolio's totals at the top.
    FlatState,
    /// A backup: a time, positions, and the state then.
    Backup,
    /// Positions by pair, each with its time.
    PositionFallback,
    /// A broker's summary: positions, pair states without series, risk and portfolio.
    BrokerSummary,
    /// Series and tables as pandas writes them.
    Tables,
    /// Sessions, their positions and checkpoints.
    Sessions,
    /// As the request says.
    Chosen,
    /// Nothing is in it.
    Empty,
    /// None of these.
    Unknown,
}

/// Where in the files something stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportSource {
    /// The file.
    pub file: String,
    /// The line, from 1 on, of a file that holds a document a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The value, as an RFC 6901 pointer into the document.
    pub pointer: String,
    /// The members of that value, where not all of it is meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

impl std::fmt::Display for ImportSource {
    /// `states/a.json#/active_positions/AAA-BBB`, `log.jsonl:12#`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, "#{}", self.pointer)
    }
}

/// One thing that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportFlag {
    /// The stable word, such as `naive_time`, `duplicate_ticket` or `printed_series`; also what the type's schema notes.
    pub code: String,
    /// Where in the item's data, as an RFC 6901 pointer.
    pub pointer: String,
    /// For people.
    pub message: String,
}

/// One version of a state that the files hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportItem {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// The data, exactly as in the file.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Document,
    /// What the version will be described as.
    pub description: String,
    /// When the older program saved it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub saved_at: Option<Timestamp>,
    /// The same in the file's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<String>,
    /// Where it stands.
    pub source: ImportSource,
    /// Where else the very same stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ImportSource>,
    /// What the rules of its type say.
    pub verdict: Verdict,
    /// What is worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<ImportFlag>,
    /// Other items are versions of the same state, and nothing says which of them is newer: it is written only if it is
    /// chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub order_unknown: bool,
}

impl ImportItem {
    /// The state.
    #[must_use]
    pub fn key(&self) -> StateKey {
        StateKey { state_type: self.state_type.clone(), state_id: self.state_id.clone() }
    }
}

/// Why something cannot be a state as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum QuarantineCode {
    /// The document has no known shape.
    UnknownShape,
    /// Where a state belongs stands something else than an object.
    NotAnObject,
    /// Nothing says which state it is.
    NoName,
    /// What names it cannot be an id.
    BadName,
    /// It only says that a state was deleted.
    Tombstone,
    /// It is larger than a state may be.
    TooLarge,
    /// The line is not JSON.
    NotJson,
    /// `each` leads nowhere in this document.
    NothingThere,
}

/// Something that cannot be placed, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quarantined {
    /// Where it stands.
    pub source: ImportSource,
    /// The stable word for why.
    pub code: QuarantineCode,
    /// Why, for people.
    pub reason: String,
    /// The bytes, where they are a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The bytes in Base64, where they are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// What something that is no state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RecordCode {
    /// Nothing is in the document, or where states belong.
    Empty,
    /// A summary of what stands elsewhere.
    Summary,
    /// A summary that is an error.
    SummaryError,
    /// How the older program was at that moment.
    SystemStatus,
    /// When it was saved.
    Time,
    /// The same as an item that stands elsewhere.
    Duplicate,
    /// The id of a snapshot that had got into an item's data.
    SnapshotId,
    /// Something else beside the states.
    Beside,
}

/// What the files hold besides states.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportRecord {
    /// Where it stands.
    pub source: ImportSource,
    /// The stable word.
    pub code: RecordCode,
    /// For people.
    pub message: String,
    /// The value, exactly as in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub value: Option<Document>,
}

/// A file, or a line of one, that cannot be read. It stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileError {
    /// The file.
    pub file: String,
    /// The line, from 1 on.
    pub line: u64,
    /// The column, in characters, from 1 on.
    pub column: u64,
    /// The byte of the file, from 0 on.
    pub byte: u64,
    /// What was being read, as a pointer into the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The stable word, such as `unexpected_end`.
    pub code: String,
    /// What is wrong and where, for people.
    pub message: String,
    /// The words around.
    pub near: String,
    /// What to do, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileSummary {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// What its documents are.
    pub shapes: Vec<Shape>,
    /// Documents in it.
    pub documents: u64,
    /// Items that come from it.
    pub items: u64,
    /// Parts of it in quarantine.
    pub quarantined: u64,
    /// Whether a part of it, or all, cannot be read.
    pub damaged: bool,
}

/// What an import would do: a pure function of the files and the options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportPlan {
    /// SHA-256 over everything else.
    pub hash: String,
    /// The files, by name.
    pub files: Vec<FileSummary>,
    /// By state; the versions of one state from old to new.
    pub items: Vec<ImportItem>,
    /// What cannot be placed.
    pub quarantine: Vec<Quarantined>,
    /// What carries no state.
    pub records: Vec<ImportRecord>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// New items that are not written, by their source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave: Vec<String>,
    /// Who; `migration` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
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
