//! What was found in files: a pure function of them and of what is said of them.

use serde::{Deserialize, Serialize};

use super::{FileError, ImportRecord, Quarantined};
use crate::json::Document;
use crate::model::{StateId, StateKey, StateType, Timestamp, Verdict};

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
    /// What the Python client's state managers keep in a file.
    StateloftFile,
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
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
