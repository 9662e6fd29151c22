//! Files of older programs, understood as the server understands them.

use serde::Serialize;

use super::documents::Misuse;
use crate::api::{
    FileError, FileSummary, ImportFlag, ImportItem, ImportOptions, ImportPlan, ImportRecord, ImportSource,
    Quarantined, RecordCode,
};
use crate::hash::ContentHash;
use crate::import::{File, plan};
use crate::model::Verdict;

/// What an import would write, with documents as texts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundInFiles {
    /// SHA-256 over everything else, as the server has it.
    pub hash: String,
    /// The files, by name.
    pub files: Vec<FileSummary>,
    /// By state; the versions of one state from old to new.
    pub items: Vec<FoundItem>,
    /// What cannot be placed.
    pub quarantine: Vec<Quarantined>,
    /// What carries no state.
    pub records: Vec<FoundRecord>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}

/// One version of a state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundItem {
    /// Kind of the state.
    pub state_type: String,
    /// Name of the state.
    pub state_id: String,
    /// The data, exactly as in the file.
    pub data: String,
    /// SHA-256 of that text: what a store has, or had, of the same hash it need not be sent.
    pub content_hash: String,
    /// How many leaves the data has.
    pub paths: u32,
    /// What the version will be described as.
    pub description: String,
    /// When the older program saved it, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved_at: Option<String>,
    /// The same in the file's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_at: Option<String>,
    /// Where it stands.
    pub source: ImportSource,
    /// The source as choices name it.
    pub name: String,
    /// Where else the very same stands.
    pub also: Vec<ImportSource>,
    /// What the rules of its type say.
    pub verdict: Verdict,
    /// What is worth knowing.
    pub flags: Vec<ImportFlag>,
    /// Nothing says which of several versions is newer.
    pub order_unknown: bool,
}

/// Something that is no state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundRecord {
    /// Where it stands.
    pub source: ImportSource,
    /// The stable word.
    pub code: RecordCode,
    /// For people.
    pub message: String,
    /// The value, exactly as in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What files, each with its name and its bytes, hold.
///
/// # Errors
/// An option is wrong.
pub fn import_preview(files: &[(String, Vec<u8>)], options: &ImportOptions) -> Result<FoundInFiles, Misuse> {
    let files: Vec<File<'_>> = files.iter().map(|(name, bytes)| File { name, bytes }).collect();
    let found = plan(&files, options).map_err(|error| Misuse::Argument(error.option, error.why))?;
    let ImportPlan { hash, files, items, quarantine, records, errors } = found;
    let (items, records) = (items.into_iter().map(item).collect(), records.into_iter().map(record).collect());
    Ok(FoundInFiles { hash, files, items, quarantine, records, errors })
}

fn item(item: ImportItem) -> FoundItem {
    FoundItem {
        state_type: item.state_type.into(),
        state_id: item.state_id.into(),
        content_hash: ContentHash::of(&item.data).to_string(),
        paths: item.data.leaves(),
        data: item.data.text().to_owned(),
        description: item.description,
        saved_at: item.saved_at.map(String::from),
        said_at: item.said_at,
        name: item.source.to_string(),
        source: item.source,
        also: item.also,
        verdict: item.verdict,
        flags: item.flags,
        order_unknown: item.order_unknown,
    }
}

fn record(record: ImportRecord) -> FoundRecord {
    let ImportRecord { source, code, message, value } = record;
    FoundRecord { source, code, message, value: value.map(|value| value.text().to_owned()) }
}
