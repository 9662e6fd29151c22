//! The line of a version: everything that is stored of it, the data last and exactly as it is.

use std::sync::Arc;

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::hash::{ChainHash, ContentHash};
use crate::json::{Document, Limits};
use crate::model::{
    ChangeSummary, Operation, Origin, Seq, StateId, StateKey, StateType, Timestamp, Verdict, Version,
    VersionNumber,
};

/// Everything but the data.
#[derive(Serialize)]
struct Written<'a> {
    seq: Seq,
    state_type: &'a StateType,
    state_id: &'a StateId,
    version: VersionNumber,
    operation: Operation,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<ContentHash>,
    chain_hash: ChainHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<ChainHash>,
    recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a Origin>,
    verdict: &'a Verdict,
    change: &'a ChangeSummary,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    #[serde(rename = "line")]
    _line: IgnoredAny,
    seq: Seq,
    state_type: StateType,
    state_id: StateId,
    version: VersionNumber,
    operation: Operation,
    #[serde(default)]
    content_hash: Option<ContentHash>,
    chain_hash: ChainHash,
    #[serde(default)]
    follows: Option<ChainHash>,
    recorded_at: Timestamp,
    #[serde(default)]
    author: Option<Arc<str>>,
    #[serde(default)]
    description: Option<Arc<str>>,
    #[serde(default)]
    batch_id: Option<Arc<str>>,
    #[serde(default)]
    origin: Option<Origin>,
    verdict: Verdict,
    change: ChangeSummary,
    #[serde(default, borrow, deserialize_with = "there")]
    data: Option<&'a RawValue>,
    #[serde(rename = "sum")]
    _sum: IgnoredAny,
}

/// A member that is there, even where it is `null`: that is a document.
fn there<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Writes a version's members. `follows` is the chain hash before it, where the line before is not that of the version before.
pub(super) fn write(out: &mut String, version: &Version, follows: Option<ChainHash>) {
    let written = Written {
        seq: version.seq,
        state_type: &version.key.state_type,
        state_id: &version.key.state_id,
        version: version.version,
        operation: version.operation,
        content_hash: version.content_hash,
        chain_hash: version.chain_hash,
        follows,
        recorded_at: version.recorded_at,
        author: version.author.as_deref(),
        description: version.description.as_deref(),
        batch_id: version.batch_id.as_deref(),
        origin: version.origin.as_deref(),
        verdict: &version.verdict,
        change: &version.change,
    };
    super::writer::members(out, &written);
    if let Some(data) = &version.data {
        out.reserve(data.len() + 16);
        out.push_str(",\"data\":");
        out.push_str(data.text());
    }
}

/// Reads a whole line of a version, and the chain hash before it, where the line says it.
pub(super) fn read(line: &str) -> Result<(Version, Option<ChainHash>), String> {
    let read: Read<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let data = read.data.map(|data| Document::parse(data.get(), &Limits::default()));
    let data = data.transpose().map_err(|error| format!("data: {error}"))?;
    let version = Version {
        seq: read.seq,
        key: StateKey { state_type: read.state_type, state_id: read.state_id },
        version: read.version,
        operation: read.operation,
        data,
        content_hash: read.content_hash,
        chain_hash: read.chain_hash,
        recorded_at: read.recorded_at,
        author: read.author,
        description: read.description,
        batch_id: read.batch_id,
        origin: read.origin.and_then(Origin::shared),
        verdict: read.verdict,
        change: read.change,
        damaged: None,
    };
    Ok((version, read.follows))
}
