//! States and versions as they are answered.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::record::Record;
use super::{Notice, PendingState};
use crate::diff::Diff;
use crate::hash::{ChainHash, ContentHash};
use crate::json::Document;
use crate::model::{
    ChangeSummary, Operation, Origin, Seq, StateId, StateKey, StateType, Timestamp, Verdict, Version,
    VersionNumber, accepted_at, effective_at, entity_tag,
};

/// A version without its data, as histories and feeds show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Record")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionView {
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Place in the store.
    pub seq: Seq,
    /// Place in the state.
    pub version: VersionNumber,
    /// Opaque public id.
    pub version_id: String,
    /// What it did.
    pub operation: Operation,
    /// When the server recorded it (UTC).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub timestamp: Timestamp,
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user_id: Option<Arc<str>>,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Option<Arc<str>>,
    /// The atomic batch it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub batch_id: Option<Arc<str>>,
    /// Which start of a program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What it belongs to, together with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made its writer write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
    /// When the server took the write (UTC), which may have waited before it was recorded; as its batch's id says it, absent
    /// where that says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub accepted_at: Option<Timestamp>,
    /// When an older system saved what was imported (UTC); absent where nothing was. By it the version is found in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub saved_at: Option<Timestamp>,
    /// SHA-256 of the data's text; absent for a tombstone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub content_hash: Option<ContentHash>,
    /// SHA-256 over the previous chain hash and this version's fields.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub chain_hash: ChainHash,
    /// What validation said.
    pub verdict: Verdict,
    /// How it differs from the version before.
    pub change: ChangeSummary,
    /// Bytes of data.
    pub size: usize,
    /// What is stored is not what was written: there is no data, and whatever else is here may be wrong. Absent where
    /// nothing is known to be wrong.
    #[serde(default, skip_serializing_if = "is_false")]
    pub damaged: bool,
}

impl VersionView {
    /// Describes a version.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        let Origin { run_id, correlation_id, causation_id } =
            version.origin.as_deref().cloned().unwrap_or_default();
        Self {
            state_id: version.key.state_id.clone(),
            state_type: version.key.state_type.clone(),
            seq: version.seq,
            version: version.version,
            version_id: version.version_id().to_string(),
            operation: version.operation,
            timestamp: version.recorded_at,
            user_id: version.author.clone(),
            description: version.description.clone(),
            batch_id: version.batch_id.clone(),
            run_id,
            correlation_id,
            causation_id,
            accepted_at: version.batch_id.as_deref().and_then(accepted_at),
            saved_at: version.saved_at(),
            content_hash: version.content_hash,
            chain_hash: version.chain_hash,
            verdict: version.verdict.clone(),
            change: version.change.clone(),
            size: version.size(),
            damaged: version.damaged.is_some(),
        }
    }

    /// The HTTP entity tag without quotes: see [`entity_tag`].
    #[must_use]
    pub fn etag(&self) -> String {
        entity_tag(&self.state_type, &self.state_id, self.version, self.content_hash.as_ref())
    }

    /// The time by which it is found: see [`effective_at`].
    #[must_use]
    pub fn effective_at(&self) -> Timestamp {
        effective_at(self.timestamp, self.saved_at)
    }

    /// Where it comes from, as versions carry it.
    #[must_use]
    pub fn origin(&self) -> Option<Arc<Origin>> {
        let (run_id, correlation_id) = (self.run_id.clone(), self.correlation_id.clone());
        Origin { run_id, correlation_id, causation_id: self.causation_id.clone() }.shared()
    }

    /// Whether this is a version of that state.
    #[must_use]
    pub fn is_of(&self, key: &StateKey) -> bool {
        self.state_id == key.state_id && self.state_type == key.state_type
    }
}

/// A version with its data: the answer to a save or a read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Record")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateView {
    /// Everything but the data.
    #[serde(flatten)]
    pub version: VersionView,
    /// The exact data; null for a tombstone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
    /// The save changed nothing, because the data equals the head's: no version was made.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unchanged: bool,
    /// What whoever saved it will want to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

impl StateView {
    /// Describes a version with its data.
    #[must_use]
    pub fn of(version: &Version) -> Self {
        Self {
            version: VersionView::of(version),
            data: version.data.clone(),
            unchanged: false,
            notices: Vec::new(),
        }
    }

    /// What serde writes of it, in a fraction of the time: the data's text is put in as it is, where serde would read all
    /// of it once more.
    ///
    /// # Errors
    /// When serde cannot write the rest.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let data = self.data.as_ref().map_or("null", Document::text);
        let mut json = Vec::with_capacity(data.len() + JSON_WITHOUT_DATA);
        serde_json::to_writer(&mut json, &self.version)?;
        // In place of the brace that closes the version.
        json.pop();
        json.extend_from_slice(b",\"data\":");
        json.extend_from_slice(data.as_bytes());
        if self.unchanged {
            json.extend_from_slice(b",\"unchanged\":true");
        }
        if !self.notices.is_empty() {
            json.extend_from_slice(b",\"notices\":");
            serde_json::to_writer(&mut json, &self.notices)?;
        }
        json.push(b'}');
        Ok(json)
    }
}

/// Bytes of a view besides its data, in most cases.
const JSON_WITHOUT_DATA: usize = 1024;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Answer to `DELETE /states/{state_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deleted {
    /// A sentence, as old clients expect it.
    pub message: String,
    /// The tombstone.
    pub version: VersionView,
}

/// One row of a list of states: the head, or what was the head at the moment asked for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Record")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateSummary {
    /// Its last version, without data.
    #[serde(flatten)]
    pub version: VersionView,
    /// The data, when the request asked for it with `data=true`; null for a tombstone.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub data: Option<Document>,
}

impl Serialize for StateSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        with_data(&self.version, self.data.as_ref(), serializer)
    }
}

/// Writes a version and its data, if there are any to write. Older clients read the member without asking whether it is
/// there, so a delete says null.
pub(super) fn with_data<S: Serializer>(
    version: &VersionView,
    data: Option<&Document>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[allow(clippy::option_option, reason = "absent, null and a document are three things")]
    struct Wire<'a> {
        #[serde(flatten)]
        version: &'a VersionView,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Option<&'a Document>>,
    }
    let data = if version.operation == Operation::Delete { Some(None) } else { data.map(Some) };
    Wire { version, data }.serialize(serializer)
}

/// Answer to `GET /states?pending=exclude`, whose rows are all versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateList {
    /// This page.
    pub states: Vec<StateSummary>,
    /// How many states match in all.
    pub total: u64,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The list is true as of this seq; absent where it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// Where the list holds only what the server remembers while the store is away: each row was so at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub stale_since: Option<Timestamp>,
}

/// Answer to `GET /states/{state_id}/history`, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// How many versions match in all, not on this page.
    pub total_count: u64,
    /// This page. `data` is present unless the request said `data=false`.
    pub versions: Vec<StateSummary>,
    /// Writes to the state that wait in the fallback journal, in the order of their replay; they have no versions yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingState>,
    /// Hand this back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Answer to `GET /states/{state_id}/diff`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffView {
    /// The older side; absent for what was before the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<VersionView>,
    /// The newer side.
    pub to: VersionView,
    /// What changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub diff: Diff,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_written_as_serde_would_write_it() {
        let chain_hash = ChainHash::START;
        let mut version = Version {
            seq: Seq(7),
            key: StateKey::new("position", "a/\"b\" é").unwrap(),
            version: VersionNumber(3),
            operation: Operation::Update,
            data: Some(r#"{"x":1.50,"y":[1e22,-0.0,"}"]}"#.parse().unwrap()),
            content_hash: None,
            chain_hash,
            recorded_at: Timestamp::from_micros(1_700_000_000_000_001),
            author: Some("bot".into()),
            description: None,
            batch_id: None,
            origin: None,
            verdict: Verdict::Valid,
            change: ChangeSummary::default(),
            damaged: None,
        };
        let same = |version: &Version, unchanged| {
            let view = StateView { unchanged, ..StateView::of(version) };
            let written = String::from_utf8(view.to_json().unwrap()).unwrap();
            assert_eq!(written, serde_json::to_string(&view).unwrap());
            let read: StateView = serde_json::from_str(&written).unwrap();
            assert_eq!(read, view);
        };
        same(&version, false);
        same(&version, true);
        let notices = vec![Notice { code: super::super::NoticeCode::NewStateType, message: "é".into() }];
        let view = StateView { notices, ..StateView::of(&version) };
        let written = String::from_utf8(view.to_json().unwrap()).unwrap();
        assert_eq!(written, serde_json::to_string(&view).unwrap());
        assert_eq!(serde_json::from_str::<StateView>(&written).unwrap(), view);
        (version.data, version.operation) = (None, Operation::Delete);
        same(&version, false);
        (version.damaged, version.operation) = (Some("torn".into()), Operation::Update);
        same(&version, false);
    }
}
