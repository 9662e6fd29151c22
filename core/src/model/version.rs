//! One immutable version of a state.

use std::fmt;
use std::sync::Arc;

use super::{
    ChangeSummary, Operation, Origin, Seq, StateKey, Timestamp, Verdict, VersionNumber, effective_at,
    entity_tag, saved_at,
};
use crate::hash::{ChainHash, ContentHash, Link};
use crate::json::Document;

/// The public name of a version: `<seq>-<first 8 hexadecimal digits of its chain hash>`.
///
/// Unique over the store, safe in an address, and opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionId(String);

impl VersionId {
    /// The id of the version with this place and hash.
    #[must_use]
    pub fn new(seq: Seq, chain: &ChainHash) -> Self {
        Self(format!("{seq}-{}", chain.short()))
    }

    /// The seq that a version id claims, if the text has the shape of one. The caller compares the whole id with that
    /// of the version found there.
    #[must_use]
    pub fn seq_of(text: &str) -> Option<Seq> {
        let (seq, hash) = text.split_once('-')?;
        (hash.len() == 8).then(|| seq.parse().ok().map(Seq))?
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One immutable version of a state, with everything that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Place in the store.
    pub seq: Seq,
    /// Which state.
    pub key: StateKey,
    /// Place in the state.
    pub version: VersionNumber,
    /// What it did.
    pub operation: Operation,
    /// The exact data; `None` for a tombstone.
    pub data: Option<Document>,
    /// SHA-256 of the data's text; `None` for a tombstone.
    pub content_hash: Option<ContentHash>,
    /// SHA-256 over the previous version's chain hash and every field of this one.
    pub chain_hash: ChainHash,
    /// When the server recorded it.
    pub recorded_at: Timestamp,
    /// Who wrote it, as the client said (`user_id` in the API).
    pub author: Option<Arc<str>>,
    /// Why, as the client said.
    pub description: Option<Arc<str>>,
    /// Versions of one atomic batch share this id.
    pub batch_id: Option<Arc<str>>,
    /// Where it comes from, as the client said; never one that says nothing.
    pub origin: Option<Arc<Origin>>,
    /// What validation said when it was written.
    pub verdict: Verdict,
    /// How it differs from the version before.
    pub change: ChangeSummary,
    /// What is wrong with what a store holds of it, if anything is. Then it has no data, and of the rest only its place can
    /// be relied on. A version that is written has none.
    pub damaged: Option<Arc<str>>,
}

impl Version {
    /// The public id.
    #[must_use]
    pub fn version_id(&self) -> VersionId {
        VersionId::new(self.seq, &self.chain_hash)
    }

    /// When an older system saved it; `None` if it was not imported.
    #[must_use]
    pub fn saved_at(&self) -> Option<Timestamp> {
        self.batch_id.as_deref().and_then(saved_at)
    }

    /// The time by which it is found: see [`effective_at`].
    #[must_use]
    pub fn effective_at(&self) -> Timestamp {
        effective_at(self.recorded_at, self.saved_at())
    }

    /// What its chain hash covers.
    #[must_use]
    pub fn link(&self) -> Link<'_> {
        Link {
            seq: self.seq,
            key: &self.key,
            version: self.version,
            operation: self.operation,
            content_hash: self.content_hash.as_ref(),
            recorded_at: self.recorded_at,
            author: self.author.as_deref(),
            description: self.description.as_deref(),
            batch_id: self.batch_id.as_deref(),
            verdict: &self.verdict,
            origin: self.origin.as_deref(),
        }
    }

    /// Whether this version is a tombstone.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.operation == Operation::Delete
    }

    /// The HTTP entity tag without quotes: see [`entity_tag`].
    #[must_use]
    pub fn etag(&self) -> String {
        entity_tag(&self.key.state_type, &self.key.state_id, self.version, self.content_hash.as_ref())
    }

    /// Bytes of data.
    #[must_use]
    pub fn size(&self) -> usize {
        self.data.as_ref().map_or(0, |data| data.text().len())
    }
}
