//! What can be written.

use std::sync::Arc;

use stateloft_core::api::{PendingWrite, PlanCounts, RestoreRecord, RestoredTo, Scope};
use stateloft_core::commit::{Condition, Outcome, Refusal, Terms, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, Snapshot, SnapshotId, SnapshotKind, StateKey};

use super::{ImportSaid, RequestKey, Told};

/// One request of a group, atomic of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteRequest {
    /// Writes to states, all or none.
    Batch {
        /// The writes.
        writes: Vec<Write>,
        /// The batch applies a restore: a snapshot is taken first and the restore is recorded.
        restore: Option<Box<NewRestore>>,
    },
    /// Writes to states, all or none, on terms. Those that it closes are among what it wrote, behind the writes' outcomes.
    OnTerms {
        /// The writes.
        writes: Vec<Write>,
        /// What must be true, and what is closed.
        terms: Box<Terms>,
        /// Who was asked before, where live runs that hold what is written were to be. Where a run has come since that was not, nothing
        /// is written.
        told: Option<Told>,
    },
    /// Writes to states, all or none, that are an import.
    Import {
        /// The writes; none where all that the files hold is there already.
        writes: Vec<Write>,
        /// What its answer says besides.
        said: Box<ImportSaid>,
    },
    /// Names a seq.
    CreateSnapshot(NewSnapshot),
    /// Forgets a name.
    DeleteSnapshot(SnapshotId),
    /// Takes in a snapshot of another store exactly as it is.
    AdoptSnapshot(Snapshot),
    /// Takes in the record of a restore of another store exactly as it is.
    AdoptRestore(Box<RestoreRecord>),
    /// One of the others, which is done once for its key.
    Once(RequestKey, Box<Self>),
}

impl WriteRequest {
    /// Bytes of data that it brings.
    #[must_use]
    pub fn data_bytes(&self) -> usize {
        match self {
            Self::Batch { writes, restore } => {
                data_bytes(writes) + restore.as_ref().map_or(0, |restore| data_bytes(&restore.beside))
            }
            Self::OnTerms { writes, terms, .. } => {
                let compared = terms.checks.iter().map(|check| match &check.condition {
                    Condition::Equals(_, value) => value.len(),
                    Condition::Head(_) | Condition::Content(_) | Condition::Has(..) => 0,
                });
                data_bytes(writes) + compared.sum::<usize>()
            }
            Self::Import { writes, .. } => data_bytes(writes),
            Self::CreateSnapshot(_)
            | Self::DeleteSnapshot(_)
            | Self::AdoptSnapshot(_)
            | Self::AdoptRestore(_) => 0,
            Self::Once(_, request) => request.data_bytes(),
        }
    }

    /// The id of the batch that it is.
    pub(super) fn batch_id(&self) -> Option<&str> {
        match self.parts().0 {
            Self::Batch { writes, .. } | Self::Import { writes, .. } => writes.first()?.batch_id.as_deref(),
            Self::OnTerms { writes, terms, .. } => {
                let first = || writes.first()?.batch_id.as_deref();
                terms.signed.batch_id.as_deref().or_else(first)
            }
            _ => None,
        }
    }

    /// Whether it closes what it does not name.
    #[must_use]
    pub fn closes(&self) -> bool {
        matches!(self.parts().0, Self::OnTerms { terms, .. } if !terms.closings.is_empty())
    }

    /// What is asked, and the key for which it is done once.
    #[must_use]
    pub fn parts(&self) -> (&Self, Option<&RequestKey>) {
        match self {
            Self::Once(key, request) => (request.parts().0, Some(key)),
            other => (other, None),
        }
    }
}

fn data_bytes(writes: &[Write]) -> usize {
    writes.iter().map(|write| write.change.data().map_or(0, Document::len)).sum()
}

/// A snapshot to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSnapshot {
    /// Its name.
    pub id: SnapshotId,
    /// Why.
    pub description: Option<Arc<str>>,
    /// Who.
    pub author: Option<Arc<str>>,
    /// How it came about.
    pub kind: SnapshotKind,
    /// The moment that it names; the present one where it says none.
    pub seq: Option<Seq>,
}

/// What to keep of a restore; seqs and the time are filled in by the commit.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRestore {
    /// Its id, also the batch id of its versions.
    pub restore_id: Arc<str>,
    /// The plan's hash.
    pub plan: String,
    /// The target as asked for.
    pub target: RestoredTo,
    /// The target resolved.
    pub target_seq: Seq,
    /// Which states.
    pub scope: Scope,
    /// What is written.
    pub counts: PlanCounts,
    /// Who.
    pub author: Option<Arc<str>>,
    /// Why.
    pub reason: String,
    /// The restore that this one undoes.
    pub undoes: Option<String>,
    /// What is written in the same commit, behind the restore's own versions, and is no part of it: that live runs have to read
    /// what it wrote. Its outcomes are behind those of the restore's writes.
    pub beside: Vec<Write>,
    /// Who was asked. Where a run has come since that was not, nothing is written.
    pub told: Told,
}

/// What a request did.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// One outcome a write, in order, and the restore's record if it was one.
    Batch {
        /// The outcomes; behind them those of what was closed.
        outcomes: Vec<Outcome>,
        /// The record.
        restore: Option<Box<RestoreRecord>>,
    },
    /// The snapshot made.
    Snapshot(Snapshot),
    /// The snapshot forgotten.
    SnapshotDeleted(Snapshot),
    /// The store is away: the batch is safe in the fallback journal and has no versions yet.
    Pending(PendingWrite),
}

impl Written {
    /// The outcomes of a batch; none for anything else.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        match self {
            Self::Batch { outcomes, .. } => outcomes,
            Self::Snapshot(_) | Self::SnapshotDeleted(_) | Self::Pending(_) => &[],
        }
    }
}

/// Why a request was refused. Nothing of it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteRefusal {
    /// The batch cannot be written.
    Batch(Refusal),
    /// A request with the same key did it before.
    WrittenBefore,
    /// Another request has the same key.
    KeyTaken,
    /// The log ends at this seq, before the one that is to be named.
    NotThereYet(Seq),
    /// A snapshot of that name exists.
    SnapshotExists(Snapshot),
    /// There is no snapshot of that name.
    SnapshotNotFound(SnapshotId),
    /// A run has begun, or written what is to be written, after those were asked who held that.
    RunsHaveCome,
    /// Every write of a restore equals its head.
    NothingToRestore,
    /// The store is away, and a batch that waits in the fallback journal will move this head first.
    StatePending(StateKey),
    /// The store is away, and this kind of request cannot wait in the fallback journal.
    NeedsStore,
    /// The store did not say whether it wrote it, and this request cannot wait in the fallback journal.
    OutcomeUnknown,
}
