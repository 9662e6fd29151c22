//! What of the files becomes no state: what cannot be placed, what carries none, and what cannot be read.

use serde::{Deserialize, Serialize};

use super::ImportSource;
use crate::json::Document;

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
    /// Its checksum is of other data.
    Damaged,
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
