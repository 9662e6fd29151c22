//! A version as it is stored: everything but the data, as JSON with short names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use statehouse_core::api::VersionView;
use statehouse_core::hash::{ChainHash, ContentHash};
use statehouse_core::json::{Document, Limits};
use statehouse_core::model::{
    ChangeSummary, Operation, Seq, StateKey, Timestamp, Verdict, Version, VersionId, VersionNumber,
    accepted_at,
};

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

    fn operation(&self, seq: Seq) -> Result<Operation> {
        Operation::from_name(&self.operation)
            .ok_or_else(|| StoreError::Damaged(format!("seq {seq}: operation cannot be read")))
    }

    /// Whether there is data to read.
    pub(super) fn has_data(&self) -> bool {
        self.content_hash.is_some()
    }

    /// Everything but the data, as it is shown.
    pub(super) fn view(self, seq: Seq) -> Result<VersionView> {
        let (key, operation, timestamp) = (self.key()?, self.operation(seq)?, self.recorded_at());
        Ok(VersionView {
            state_id: key.state_id,
            state_type: key.state_type,
            seq,
            version: VersionNumber(self.version),
            version_id: VersionId::new(seq, &self.chain_hash).to_string(),
            operation,
            content_hash: self.content_hash,
            chain_hash: self.chain_hash,
            timestamp,
            user_id: self.author,
            description: self.description,
            accepted_at: self.batch_id.as_deref().and_then(accepted_at),
            batch_id: self.batch_id,
            verdict: self.verdict,
            change: self.change,
            size: usize::try_from(self.size).unwrap_or(usize::MAX),
        })
    }

    /// The whole version.
    pub(super) fn version(self, seq: Seq, data: Option<Document>) -> Result<Version> {
        let (key, operation, recorded_at) = (self.key()?, self.operation(seq)?, self.recorded_at());
        Ok(Version {
            seq,
            key,
            version: VersionNumber(self.version),
            operation,
            data,
            content_hash: self.content_hash,
            chain_hash: self.chain_hash,
            recorded_at,
            author: self.author,
            description: self.description,
            batch_id: self.batch_id,
            verdict: self.verdict,
            change: self.change,
        })
    }
}

/// Stored data.
pub(super) fn document(seq: Seq, bytes: Vec<u8>) -> Result<Document> {
    // What was within the limits when it was written is read under any.
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let text = String::from_utf8(bytes).ok();
    text.and_then(|text| Document::parse(&text, &limits).ok())
        .ok_or_else(|| StoreError::Damaged(format!("seq {seq}: data cannot be read")))
}
