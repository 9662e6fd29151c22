//! How answers that carry a version are read.
//!
//! On the wire a version's members and its data stand side by side in one object. One reader serves all types that
//! are written so: serde's own flattening would copy every member into a buffer first, and cost the console 20 KB.

use std::sync::Arc;

use serde::Deserialize;

use super::{Event, Notice, StateSummary, StateView, VersionView};
use crate::hash::{ChainHash, ContentHash};
use crate::json::Document;
use crate::model::{
    ChangeSummary, Operation, Seq, StateId, StateType, Timestamp, Verdict, VersionNumber, accepted_at,
    saved_at,
};

/// The members of [`VersionView`], and those that may stand beside them.
#[derive(Deserialize)]
pub(super) struct Record {
    state_id: StateId,
    state_type: StateType,
    seq: Seq,
    version: VersionNumber,
    version_id: String,
    operation: Operation,
    timestamp: Timestamp,
    user_id: Option<Arc<str>>,
    description: Option<Arc<str>>,
    #[serde(default)]
    batch_id: Option<Arc<str>>,
    #[serde(default)]
    run_id: Option<Arc<str>>,
    #[serde(default)]
    correlation_id: Option<Arc<str>>,
    #[serde(default)]
    causation_id: Option<Arc<str>>,
    content_hash: Option<ContentHash>,
    chain_hash: ChainHash,
    verdict: Verdict,
    change: ChangeSummary,
    size: usize,
    #[serde(default)]
    damaged: bool,
    #[serde(default)]
    data: Option<Document>,
    #[serde(default)]
    unchanged: bool,
    #[serde(default)]
    notices: Vec<Notice>,
}

impl Record {
    fn split(self) -> (VersionView, Option<Document>) {
        let version = VersionView {
            state_id: self.state_id,
            state_type: self.state_type,
            seq: self.seq,
            version: self.version,
            version_id: self.version_id,
            operation: self.operation,
            timestamp: self.timestamp,
            user_id: self.user_id,
            description: self.description,
            accepted_at: self.batch_id.as_deref().and_then(accepted_at),
            saved_at: self.batch_id.as_deref().and_then(saved_at),
            batch_id: self.batch_id,
            run_id: self.run_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            content_hash: self.content_hash,
            chain_hash: self.chain_hash,
            verdict: self.verdict,
            change: self.change,
            size: self.size,
            damaged: self.damaged,
        };
        (version, self.data)
    }
}

impl From<Record> for VersionView {
    fn from(record: Record) -> Self {
        record.split().0
    }
}

impl From<Record> for StateView {
    fn from(mut record: Record) -> Self {
        let (unchanged, notices) = (record.unchanged, std::mem::take(&mut record.notices));
        let (version, data) = record.split();
        Self { version, data, unchanged, notices }
    }
}

impl From<Record> for StateSummary {
    fn from(record: Record) -> Self {
        let (version, data) = record.split();
        Self { version, data }
    }
}

impl From<Record> for Event {
    fn from(record: Record) -> Self {
        let (version, data) = record.split();
        Self { version, data }
    }
}
