//! What runs are asked, and how far that is, as it is kept.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stateloft_core::api::{Handshake, Pause};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::model::{RunId, Seq, StateKey, Verdict, VersionNumber};

use super::super::once;
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use crate::store::StoreError;

/// The type of handshakes.
const HANDSHAKE: &str = "handshake";
/// How often a step is tried anew that finds another one ahead of it.
pub(in crate::service) const ATTEMPTS: usize = 32;

/// What is kept, and where it stands.
pub(in crate::service) struct Kept<T> {
    key: StateKey,
    /// Nothing where there never was anything, or what a person wrote there is something else.
    pub(in crate::service) value: Option<T>,
    version: VersionNumber,
    /// Where it was written.
    pub(in crate::service) seq: Seq,
}

impl<T: Serialize> Kept<T> {
    /// The write that puts this in its place, unless somebody else was quicker.
    pub(in crate::service) fn becomes(&self, value: &T, who: &Signature) -> Result<Write> {
        let internal = |error: &dyn std::fmt::Display| ServiceError::Internal(error.to_string());
        let text = serde_json::to_string(value).map_err(|error| internal(&error))?;
        let data = text.parse().map_err(|error: stateloft_core::json::JsonError| internal(&error))?;
        let expected = Expectation::Version(self.version);
        Ok(who.write(self.key.clone(), Change::Save(data), expected, Verdict::NotChecked))
    }
}

/// Who writes a step, and what it is.
pub(in crate::service) fn step(author: Option<&str>, what: &str) -> Signature {
    Signature { author: author.map(Arc::from), description: Some(what.into()), ..Signature::default() }
}

/// Whether somebody else was quicker.
pub(in crate::service) fn was_later(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Conflict(_) | ServiceError::ChecksFailed(_))
}

/// A step was tried again and again, and others always were quicker.
pub(in crate::service) fn never() -> ServiceError {
    ServiceError::Internal("what a run is asked is moved on by others again and again".into())
}

impl Service {
    /// A handshake by its id.
    pub(super) async fn kept_handshake(&self, id: &str) -> Result<Kept<Handshake>> {
        let key = StateKey::new(HANDSHAKE, id)
            .map_err(|_| ServiceError::HandshakeNotFound(id.chars().take(80).collect()))?;
        self.kept(key).await
    }

    /// What a run is asked.
    pub(super) async fn kept_pause(&self, run: &RunId) -> Result<Kept<Pause>> {
        self.kept(run.pause().clone()).await
    }

    pub(in crate::service) async fn kept<T: DeserializeOwned>(&self, key: StateKey) -> Result<Kept<T>> {
        let head = self.store.head(&key).await?.map(StoreError::unless_damaged).transpose()?;
        let value = head.as_ref().and_then(|head| serde_json::from_str(head.data.as_ref()?.text()).ok());
        let (version, seq) = head.map_or((VersionNumber::ZERO, Seq::ZERO), |head| (head.version, head.seq));
        Ok(Kept { key, value, version, seq })
    }

    /// Commits a step, apart from what the request that it is done for is answered with.
    pub(super) async fn commit_step(&self, writes: Vec<Write>) -> Result<Vec<Outcome>> {
        once::apart(self.commit_runs(writes)).await
    }
}
