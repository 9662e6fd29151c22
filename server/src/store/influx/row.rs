//! A version as it is stored: everything but the data, as JSON with short names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::model::{
    ChangeSummary, Operation, Origin, Seq, StateKey, Timestamp, Verdict, Version, VersionNumber, saved_at,
};

use super::index::Noted;
use crate::store::proof::{self, mark};
use crate::store::{Result, StoreError};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(rename = "t")]
    state_type: String,
    #[serde(rename = "i")]
    state_id: String,
    #[serde(rename = "n")]
    version: u64,
    #[serde(rename = "o")]
    operation: String,
    #[serde(rename = "h")]
    content_hash: Option<ContentHash>,
    #[serde(rename = "x")]
    pub(super) chain_hash: ChainHash,
    #[serde(rename = "r")]
    recorded_at: i64,
    #[serde(rename = "a")]
    pub(super) author: Option<Arc<str>>,
    #[serde(rename = "d")]
    description: Option<Arc<str>>,
    #[serde(rename = "b")]
    batch_id: Option<Arc<str>>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    origin: Option<Arc<Origin>>,
    #[serde(rename = "v")]
    verdict: Verdict,
    #[serde(rename = "c")]
    change: ChangeSummary,
    #[serde(rename = "s")]
    pub(super) size: u64,
}

impl Row {
    pub(super) fn of(version: &Version) -> Self {
        Self {
            state_type: version.key.state_type.as_str().to_owned(),
            state_id: version.key.state_id.as_str().to_owned(),
            version: version.version.0,
            operation: version.operation.as_str().to_owned(),
            content_hash: version.content_hash,
            chain_hash: version.chain_hash,
            recorded_at: version.recorded_at.micros(),
            author: version.author.clone(),
            description: version.description.clone(),
            batch_id: version.batch_id.clone(),
            origin: version.origin.clone(),
            verdict: version.verdict.clone(),
            change: version.change.clone(),
            size: version.size() as u64,
        }
    }

    pub(super) fn read(seq: Seq, bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes)
            .map_err(|error| StoreError::Damaged(format!("seq {seq}: it cannot be read: {error}")))
    }

    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    pub(super) fn key(&self) -> Result<StateKey> {
        StateKey::new(&self.state_type, &self.state_id).map_err(|_| {
            StoreError::Damaged(format!("a state is named {:?} {:?}", self.state_type, self.state_id))
        })
    }

    pub(super) fn recorded_at(&self) -> Timestamp {
        Timestamp::from_micros(self.recorded_at)
    }

    /// What the index notes of it.
    pub(super) fn noted(&self) -> Noted {
        Noted {
            recorded_at: self.recorded_at(),
            saved_at: self.batch_id.as_deref().and_then(saved_at),
            author: self.author.clone(),
            size: self.size,
            origin: self.origin.clone(),
        }
    }

    /// Whether there is data to read.
    pub(super) fn has_data(&self) -> bool {
        self.content_hash.is_some()
    }

    /// The version without its data.
    pub(super) fn version(self, seq: Seq) -> Result<Version> {
        let (key, recorded_at) = (self.key()?, self.recorded_at());
        let operation = Operation::from_name(&self.operation);
        let mut version = Version {
            seq,
            key,
            version: VersionNumber(self.version),
            operation: operation.unwrap_or(Operation::Update),
            data: None,
            content_hash: self.content_hash,
            chain_hash: self.chain_hash,
            recorded_at,
            author: self.author,
            description: self.description,
            batch_id: self.batch_id,
            origin: self.origin,
            verdict: self.verdict,
            change: self.change,
            damaged: None,
        };
        if operation.is_none() {
            mark(&mut version, "its operation cannot be read");
        }
        Ok(version)
    }
}

/// Puts stored data into a version, if it is what was written.
pub(super) fn fill(version: &mut Version, size: u64, bytes: Result<Option<Vec<u8>>>) {
    let Ok(bytes) = bytes else { return mark(version, "its data is not whole") };
    let Ok(text) = bytes.map(String::from_utf8).transpose() else {
        return mark(version, "its data cannot be read");
    };
    if let Err(what) = proof::fill(version, text.as_deref(), Some(size)) {
        mark(version, what);
    }
}
