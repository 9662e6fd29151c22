//! What a request with an `Idempotency-Key` did. A receipt is written with what it is of, in the same commit, so that the same
//! request, sent again, gets the same answer again: after a restart, and by another server on the same store.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use stateloft_core::api::{FileError, FileSummary, ImportCounts, SnapshotView};
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Timestamp};

use super::{WriteRefusal, WriteRequest, Written};

/// How long a receipt counts, in microseconds: 24 hours.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;

/// What a client calls a request, and what the request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestKey {
    /// Of the key that the client sent.
    pub key: RequestHash,
    /// Of what it asked: another request under the same key is refused.
    pub request: RequestHash,
}

/// What a request did, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which request.
    pub key: RequestKey,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it did.
    pub did: Did,
}

/// What the answer to an import says that is not in the versions that it wrote: how its items stood before they were written, nobody can
/// see afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportSaid {
    /// Its id; absent where it wrote nothing.
    pub import_id: Option<String>,
    /// How many items stood how.
    pub counts: ImportCounts,
    /// The files.
    pub files: Vec<FileSummary>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}

/// What a request did: enough to give its answer again from what is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Did {
    /// It wrote to states.
    Batch {
        /// Of each write, in order: the seq of the head after it, and whether that version was made by it.
        outcomes: Vec<(Seq, bool)>,
        /// The batch's id.
        batch_id: Option<String>,
        /// The end of the log after it.
        seq: Seq,
        /// How many of the outcomes, the last ones, are of states that it closed because it did not name them; absent where it
        /// was not asked to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed: Option<usize>,
    },
    /// It took in files.
    Import {
        /// The end of the log before it: what it wrote is all that is behind that, up to `seq`.
        before: Seq,
        /// The last version that it wrote; `before` where it wrote none.
        seq: Seq,
        /// What else was said of it.
        said: Box<ImportSaid>,
    },
    /// The restore of this id was applied.
    Restore(String),
    /// This snapshot was made.
    Snapshot(Box<SnapshotView>),
    /// This snapshot was forgotten.
    Forgotten(Box<SnapshotView>),
}

impl Did {
    /// What a request wrote, where the log then ends at `seq`; nothing was where it waits in the fallback journal.
    pub(super) fn of(request: &WriteRequest, written: &Written, seq: Seq) -> Option<Self> {
        if let (WriteRequest::Import { said, .. }, Written::Batch { outcomes, .. }) = (request, written) {
            // The last request that was decided: its versions are the last ones.
            let wrote = outcomes.iter().filter(|outcome| outcome.is_written()).count() as u64;
            return Some(Self::Import { before: Seq(seq.0 - wrote), seq, said: said.clone() });
        }
        Some(match written {
            Written::Batch { restore: Some(record), .. } => Self::Restore(record.restore_id.clone()),
            Written::Batch { outcomes, restore: None } => Self::Batch {
                outcomes: outcomes.iter().map(|o| (o.version().seq, o.is_written())).collect(),
                batch_id: request.batch_id().map(str::to_owned),
                seq,
                closed: closed(request, outcomes.len()),
            },
            Written::Snapshot(snapshot) => Self::Snapshot(Box::new(SnapshotView::of(snapshot))),
            Written::SnapshotDeleted(snapshot) => Self::Forgotten(Box::new(SnapshotView::of(snapshot))),
            Written::Pending(_) => return None,
        })
    }
}

/// How many of so many outcomes of a request are of what it closed, if it was asked to.
fn closed(request: &WriteRequest, outcomes: usize) -> Option<usize> {
    match request {
        WriteRequest::OnTerms { writes, .. } if request.closes() => {
            Some(outcomes.saturating_sub(writes.len()))
        }
        _ => None,
    }
}

impl Receipt {
    /// Whether it still counts.
    #[must_use]
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.at > oldest(now)
    }
}

/// Receipts from this time and before do not count any more.
pub(super) fn oldest(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_sub(KEPT))
}

/// The receipts that a group needs to know, as far as they exist, and those that it adds.
#[derive(Debug, Default)]
pub(super) struct Receipts(HashMap<RequestHash, Receipt>);

impl Receipts {
    /// Those that are stored.
    pub(super) fn of(stored: impl IntoIterator<Item = Receipt>) -> Self {
        Self(stored.into_iter().map(|receipt| (receipt.key.key, receipt)).collect())
    }

    /// Refuses a request whose key is used already.
    pub(super) fn check(&self, key: &RequestKey, now: Timestamp) -> Result<(), WriteRefusal> {
        match self.0.get(&key.key).filter(|receipt| receipt.counts_at(now)) {
            None => Ok(()),
            Some(receipt) if receipt.key.request == key.request => Err(WriteRefusal::WrittenBefore),
            Some(_) => Err(WriteRefusal::KeyTaken),
        }
    }

    pub(super) fn add(&mut self, receipt: Receipt) {
        self.0.insert(receipt.key.key, receipt);
    }
}
