//! A row of an older store, understood, or why it cannot be.

use stateloft_core::json::{Diagnosis, Document, ENCODED_TWICE, Kind, Limits, is_encoded_twice};
use stateloft_core::model::{Imported, SnapshotId, StateKey, Timestamp};

use crate::store::OlderRow;

/// What older systems put in place of data when they delete.
const MARKER: &str = r#"{"deleted":true}"#;
/// The state that older systems keep their snapshots' names in; it is none.
const SNAPSHOT: &str = "SNAPSHOT";

/// A row that can become versions.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: StateKey,
    pub(super) reference: Imported,
    pub(super) what: What,
    pub(super) author: Option<String>,
    pub(super) description: String,
}

/// What a row did.
#[derive(Debug)]
pub(super) enum What {
    /// It kept this data; `restored` if that was the data of an earlier moment.
    Kept { data: Document, restored: bool },
    /// It deleted the state. Some also carry data, as if it lived on: that is kept before the tombstone.
    Deleted { data: Option<Document> },
    /// It said that a snapshot of this name was made.
    Marked { name: SnapshotId },
}

impl Row {
    /// Understands a row.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(row: OlderRow) -> Result<Self, String> {
        let there = |part: Option<String>, name: &str| part.ok_or_else(|| format!("{name} is NULL"));
        let state_type = there(row.state_type, "state_type")?;
        let state_id = there(row.state_id, "state_id")?;
        let key = StateKey::new(&state_type, &state_id).map_err(|error| error.to_string())?;
        let operation = there(row.operation, "operation")?;
        let time = row.micros.map(Timestamp::from_micros).ok_or_else(|| {
            format!(
                "its timestamp is {}, no time of the years 1 to 9999",
                row.time.as_deref().unwrap_or("NULL")
            )
        })?;
        let reference = Imported { saved_at: time, version_id: there(row.version_id, "version_id")? };
        let description = description(&reference, &operation, row.description.as_deref());
        let has_none = row.data.is_none() && row.size == 0;
        if operation == "snapshot" && (has_none || state_id == SNAPSHOT) {
            let name = SnapshotId::new(&reference.version_id)
                .map_err(|error| format!("its version_id cannot name a snapshot: {error}"))?;
            return Ok(Self { key, reference, what: What::Marked { name }, author: row.author, description });
        }
        let data = document(row.data, row.size)?;
        let what = if operation == "delete" {
            let bare = data.text() == MARKER || data.text() == "{}";
            What::Deleted { data: (!bare).then_some(data) }
        } else {
            What::Kept { data, restored: operation == "restore" }
        };
        Ok(Self { key, reference, what, author: row.author, description })
    }

    /// Bytes of data, about.
    pub(super) fn size(&self) -> usize {
        match &self.what {
            What::Kept { data, .. } | What::Deleted { data: Some(data) } => data.len(),
            What::Deleted { data: None } | What::Marked { .. } => 0,
        }
    }
}

/// What people read of the row that a version was, behind the words that were there.
fn description(imported: &Imported, operation: &str, original: Option<&str>) -> String {
    let note = format!("[imported: {operation} of {}, version {}]", imported.saved_at, imported.version_id);
    match original {
        Some(original) if !original.is_empty() => format!("{original} {note}"),
        _ => note,
    }
}

fn document(text: Option<String>, size: u64) -> Result<Document, String> {
    let text = match text {
        Some(text) => text,
        None if size == 0 => return Err("data is NULL".to_owned()),
        None => return Err(format!("data is {size} bytes long, more than a document may be")),
    };
    let data = Document::parse(&text, &Limits::default())
        .map_err(|error| format!("data: {}", Diagnosis::of(error, text.as_bytes()).in_one_line()))?;
    match data.root() {
        root if root.kind() == Kind::Object => Ok(data),
        root if is_encoded_twice(root) => Err(format!("data is not a JSON object: {ENCODED_TWICE}")),
        _ => Err("data is not a JSON object".to_owned()),
    }
}
