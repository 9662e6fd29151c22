//! What the journal keeps of a write.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stateloft_core::commit::{Change, Expectation, Fence, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, Seq, StateKey, Timestamp, Verdict, VersionNumber, accepted_at};

use crate::store::RequestKey;

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record {
    /// A batch was accepted.
    Entry(Entry),
    /// The entry of this id is about to be written; if it was, it stands after this seq.
    Attempt(String, Seq),
    /// The entry of this id needs no replay any more.
    Done(Done),
}

/// An accepted batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Which record of the journal it is.
    #[serde(skip)]
    pub(super) number: u64,
    /// Its id, and the batch id of its versions.
    pub(super) id: String,
    pub(super) accepted_at: Timestamp,
    /// The batch was sent to the store before it was accepted, and nobody knows what became of it; if it was written, it
    /// stands after this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent_after: Option<Seq>,
    /// The key of the request, for which it is written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) once: Option<RequestKey>,
    /// The run that writes must still hold its lease when it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fence: Option<Fence>,
    pub(super) writes: Vec<EntryWrite>,
}

impl Entry {
    /// When the server took it, as its versions will say it: a little before it was accepted here.
    pub(super) fn taken_at(&self) -> Timestamp {
        accepted_at(&self.id).unwrap_or(self.accepted_at)
    }
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) id: String,
    /// What it has made of each of its states, for later entries to follow.
    pub(super) heads: Vec<(StateKey, Made)>,
}

/// What an entry has made of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Made {
    /// This is its version.
    Version(VersionNumber),
    /// Nothing: the entry is a conflict.
    Conflict,
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct EntryWrite {
    pub(super) key: StateKey,
    kind: Kind,
    pub(super) data: Option<Document>,
    pub(super) expected: Expected,
    /// The head that was last known when the write was accepted (0: none), where no entry before it wrote the state.
    pub(super) base: Option<VersionNumber>,
    /// What waited for the state when it was accepted.
    #[serde(default, skip_serializing_if = "Before::is_nothing")]
    pub(super) after: Before,
    pub(super) verdict: Verdict,
    pub(super) author: Option<Arc<str>>,
    pub(super) description: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<Arc<Origin>>,
}

/// What a write follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Before {
    /// What the store has.
    #[default]
    Nothing,
    /// The entry of this id.
    Entry(String),
    /// Perhaps an entry that was lost from a journal of the first versions, which did not say it.
    Unknown,
}

impl Before {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Save,
    Restore,
    Delete,
    Record { restored: bool },
}

/// What the writer expects of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Expected {
    Any,
    Absent,
    Present,
    Version(VersionNumber),
}

impl EntryWrite {
    /// A write as it waits. One that takes in a version of another store cannot: its place in the log is part of it; nor one that is
    /// about what the store holds by then.
    pub(super) fn of(write: &Write, base: Option<VersionNumber>, after: Before) -> Option<Self> {
        let (kind, data) = match &write.change {
            Change::Save(data) => (Kind::Save, Some(data.clone())),
            Change::Restore(data) => (Kind::Restore, Some(data.clone())),
            Change::Delete => (Kind::Delete, None),
            Change::Record { data, restored } => (Kind::Record { restored: *restored }, Some(data.clone())),
            Change::Adopt(_) | Change::Keep => return None,
        };
        let expected = match write.expectation {
            Expectation::Any => Expected::Any,
            Expectation::Absent => Expected::Absent,
            Expectation::Present => Expected::Present,
            Expectation::Version(version) => Expected::Version(version),
        };
        Some(Self {
            key: write.key.clone(),
            kind,
            data,
            expected,
            base,
            after,
            verdict: write.verdict.clone(),
            author: write.author.clone(),
            description: write.description.clone(),
            origin: write.origin.clone(),
        })
    }

    /// The write for the store: only onto the head that was looked at.
    pub(super) fn onto(&self, head: VersionNumber, id: &str) -> Write {
        let change = match (self.kind, &self.data) {
            (Kind::Save, Some(data)) => Change::Save(data.clone()),
            (Kind::Restore, Some(data)) => Change::Restore(data.clone()),
            (Kind::Record { restored }, Some(data)) => Change::Record { data: data.clone(), restored },
            (Kind::Delete, _) | (_, None) => Change::Delete,
        };
        Write {
            key: self.key.clone(),
            change,
            expectation: Expectation::Version(head),
            verdict: self.verdict.clone(),
            author: self.author.clone(),
            description: self.description.clone(),
            batch_id: Some(id.into()),
            origin: self.origin.clone(),
            foreseen: None,
            rebase: None,
        }
    }

    /// What it does, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Save | Kind::Record { restored: false } => "save",
            Kind::Restore | Kind::Record { restored: true } => "restore",
            Kind::Delete => "delete",
        }
    }

    pub(super) fn is_delete(&self) -> bool {
        self.kind == Kind::Delete
    }
}

impl Expected {
    pub(super) fn expectation(self) -> Expectation {
        match self {
            Self::Any => Expectation::Any,
            Self::Absent => Expectation::Absent,
            Self::Present => Expectation::Present,
            Self::Version(version) => Expectation::Version(version),
        }
    }
}
