//! Requests with an `Idempotency-Key`: done once, and answered again from what is stored.
//!
//! The receipt that says what a request did is written with it ([`Receipt`]). A second request with the same key waits for the
//! first one here; on another server the store refuses it, and then it finds the receipt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use stateloft_core::api::{
    AppliedRestore, BatchResponse, SettledQuarantine, SnapshotRestored, SnapshotView, StateView, VersionView,
};
use stateloft_core::commit::Outcome;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Version};

use super::{Result, Service, ServiceError};
use crate::store::{Did, Receipt, RequestKey, StoreError, WriteRequest};

tokio::task_local! {
    /// The key of the request that this task works for.
    static KEY: Option<RequestKey>;
}

fn key_now() -> Option<RequestKey> {
    KEY.try_with(|key| *key).ok().flatten()
}

/// Whether the request that this task works for is done once.
pub(super) fn is_keyed() -> bool {
    key_now().is_some()
}

/// Work for the request that this task works for, which another task is to do.
pub(super) fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    KEY.scope(key_now(), work)
}

/// Work that is not what the request asks for: what it writes is no answer to the request's key.
pub(super) fn apart<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    KEY.scope(None, work)
}

/// The same request as it is written: once, if the request that this task works for has a key.
pub(super) fn keyed(request: WriteRequest) -> WriteRequest {
    match key_now() {
        Some(key) => WriteRequest::Once(key, Box::new(request)),
        None => request,
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// An earlier request with the same key did it.
    pub again: bool,
}

/// An answer that can be given again from what is stored.
#[async_trait]
pub trait Repeatable: Sized {
    /// What a request did, as its answer.
    async fn again(service: &Service, did: Did) -> Result<Self>;
}

/// One turn at a time for each key.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<RequestHash, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    fn of(&self, key: &RequestHash) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(key).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(*key, Arc::downgrade(&turn));
        turn
    }
}

impl Service {
    /// Does what a request asks once for its key, if it has one. A request that was refused has used up no key.
    pub async fn once<T: Repeatable>(
        &self,
        key: Option<RequestKey>,
        work: impl Future<Output = Result<T>>,
    ) -> Result<Answered<T>> {
        let Some(key) = key else { return Ok(Answered { answer: work.await?, again: false }) };
        let turn = self.turns.of(&key.key);
        let _turn = turn.lock().await;
        match self.receipt(&key).await {
            Ok(Some(receipt)) => return self.again(receipt).await,
            Ok(None) => {}
            // The commit looks as well, and where the journal takes the write its replay does.
            Err(ServiceError::Store(error)) if error.is_outage() => {}
            Err(error) => return Err(error),
        }
        let refusal = match KEY.scope(Some(key), work).await {
            Ok(answer) => return Ok(Answered { answer, again: false }),
            Err(error) => error,
        };
        // Perhaps it is refused because another server has done it meanwhile.
        match self.receipt(&key).await {
            Ok(Some(receipt)) => self.again(receipt).await,
            Err(taken @ ServiceError::KeyTaken) => Err(taken),
            _ => Err(refusal),
        }
    }

    async fn again<T: Repeatable>(&self, receipt: Receipt) -> Result<Answered<T>> {
        Ok(Answered { answer: T::again(self, receipt.did).await?, again: true })
    }

    /// The receipt of an earlier request with the same key.
    async fn receipt(&self, key: &RequestKey) -> Result<Option<Receipt>> {
        let fallback = self.settings.resilience.fallback.as_ref();
        if let Some((waiting, pending)) = fallback.and_then(|fallback| fallback.waiting_under(&key.key)) {
            let same = waiting.request == key.request;
            return Err(if same { ServiceError::DeferredBefore(pending) } else { ServiceError::KeyTaken });
        }
        let found = self.store.receipt(&key.key).await?;
        match found.filter(|receipt| receipt.counts_at(self.now())) {
            Some(receipt) if receipt.key.request != key.request => Err(ServiceError::KeyTaken),
            found => Ok(found),
        }
    }

    /// The receipt of the request that this task works for, once it is written.
    pub(super) async fn receipt_of_this(&self) -> Result<Option<Receipt>> {
        match key_now() {
            Some(key) => Ok(self.store.receipt(&key.key).await?),
            None => Ok(None),
        }
    }

    pub(super) async fn version_at(&self, seq: Seq) -> Result<Version> {
        let found = self.store.by_seq(seq).await?.map(StoreError::unless_damaged).transpose()?;
        found.ok_or_else(|| ServiceError::Internal(format!("a receipt names seq {seq}, which is not there")))
    }
}

/// A receipt says that something else was done than what its request asks for.
fn strange<T>(did: &Did) -> Result<T> {
    Err(ServiceError::Internal(format!("a receipt says {did:?}")))
}

#[async_trait]
impl Repeatable for Outcome {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let Did::Batch { outcomes, .. } = &did else { return strange(&did) };
        let &[(seq, made)] = outcomes.as_slice() else { return strange(&did) };
        let version = service.version_at(seq).await?;
        Ok(if made { Self::Written(version) } else { Self::Unchanged(version) })
    }
}

#[async_trait]
impl Repeatable for Version {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        Outcome::again(service, did).await.map(Outcome::into_version)
    }
}

#[async_trait]
impl Repeatable for BatchResponse {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let Did::Batch { outcomes, batch_id, seq, closed } = did else { return strange(&did) };
        let mut results = Vec::with_capacity(outcomes.len());
        for (seq, made) in outcomes {
            let version = service.version_at(seq).await?;
            results.push(StateView { unchanged: !made, ..StateView::of(&version) });
        }
        let closed = closed.map(|count| results.split_off(results.len().saturating_sub(count)));
        Ok(Self { batch_id: batch_id.unwrap_or_default(), seq, results, closed })
    }
}

#[async_trait]
impl Repeatable for SettledQuarantine {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let Did::Batch { outcomes, .. } = &did else { return strange(&did) };
        let (&[(settled, _)] | &[(settled, _), _]) = outcomes.as_slice() else { return strange(&did) };
        let saved = match outcomes.get(1) {
            Some((seq, _)) => Some(VersionView::of(&service.version_at(*seq).await?)),
            None => None,
        };
        Ok(Self { settled: VersionView::of(&service.version_at(settled).await?), saved })
    }
}

#[async_trait]
impl Repeatable for AppliedRestore {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        match did {
            Did::Restore(restore_id) => service.restore(&restore_id).await,
            other => strange(&other),
        }
    }
}

#[async_trait]
impl Repeatable for SnapshotRestored {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let restore = AppliedRestore::again(service, did).await?;
        service.snapshot_restored_again(restore)
    }
}

#[async_trait]
impl Repeatable for SnapshotView {
    async fn again(_service: &Service, did: Did) -> Result<Self> {
        match did {
            Did::Snapshot(snapshot) | Did::Forgotten(snapshot) => Ok(*snapshot),
            other => strange(&other),
        }
    }
}
