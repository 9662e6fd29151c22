//! What stands between the service and its store: looked at, set by hand, and used while the store is away.

use std::sync::{Arc, Weak};
use std::time::Duration;

use stateloft_core::api::{
    BreakerState, BreakerStatus, FallbackConflict, FallbackConflicts, FallbackStatus, ForcedState, KeepSide,
    Moment, PendingState, SettleConflict, StorePulse,
};
use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{StateKey, Timestamp, Verdict, Version, VersionNumber};

use super::signature::Signature;
use super::{Result, Service, ServiceError, Which};
use crate::store::StoreError;
use crate::store::fallback::FallbackStore;
use crate::store::guarded::GuardedStore;

/// How often counting is tried again when the store was away at the start.
const COUNT_AGAIN: Duration = Duration::from_secs(2);

/// A version that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The version.
    pub version: Version,
    /// The store is away: this was the head so long ago. `None` where the store has just said so.
    pub age: Option<Duration>,
    /// Writes to the state that wait in the fallback journal, where what is stored was read in spite of them.
    pub waiting: u64,
    /// It was asked for by a time, and recorded times are ahead of the clock, up to this one: they may not be when it was.
    pub times_ahead: Option<Timestamp>,
}

/// What a read finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A version.
    Version(Box<Reading>),
    /// The last write that was accepted and waits in the fallback journal: it has no version yet.
    Pending(Box<PendingState>),
}

impl Service {
    /// Follows what the fallback journal replays, and counts once, so that there is something to show while the store
    /// is away.
    pub(super) async fn begin_resilience(self: &Arc<Self>) {
        if self.settings.resilience.guard.is_some()
            && self.status().await.map_or(true, |status| status.seq.is_none())
        {
            tracing::debug!("nothing could be counted at the start");
            tokio::spawn(count_when_it_comes(Arc::downgrade(self)));
        }
        if let Some(fallback) = &self.settings.resilience.fallback {
            let (mut replays, events) = (fallback.follow_replays(), Arc::clone(&self.events));
            let (vitals, counts) = (Arc::clone(&self.vitals), Arc::clone(self.writer.counts()));
            tokio::spawn(async move {
                while let Some(versions) = replays.recv().await {
                    vitals.replayed(&versions);
                    counts.add_saved(versions.len());
                    events.publish(versions).await;
                }
            });
        }
    }

    /// One version of a state, as [`Self::get`] gives it; while the store is away the head that was last known. What waits
    /// in the fallback journal comes before either, unless only what is stored is asked for: who was answered 202 reads what was
    /// written, until it has a version.
    pub async fn read(&self, key: &StateKey, which: &Which, only_stored: bool) -> Result<Found> {
        let fallback = self.settings.resilience.fallback.as_ref();
        let pending = fallback
            .filter(|_| matches!(which, Which::Head | Which::At(Moment::Now)))
            .and_then(|fallback| fallback.pending_state(key));
        let waiting = pending.as_ref().map_or(0, |pending| pending.waiting);
        if let Some(pending) = pending.filter(|_| !only_stored) {
            return if pending.is_delete() {
                Err(ServiceError::PendingDelete(Box::new(pending)))
            } else {
                Ok(Found::Pending(Box::new(pending)))
            };
        }
        let found =
            |version, age| Found::Version(Box::new(Reading { version, age, waiting, times_ahead: None }));
        let error = match self.get(key, which).await {
            Ok(version) => {
                let by_time = matches!(which, Which::At(Moment::Time(_)));
                let times_ahead = if by_time { self.times_ahead() } else { None };
                let reading = Reading { version, age: None, waiting, times_ahead };
                return Ok(Found::Version(Box::new(reading)));
            }
            Err(error) if matches!(which, Which::Number(_) | Which::Id(_)) => self.named_later(error),
            Err(error) => error,
        };
        match (fallback, which, &error) {
            (Some(fallback), Which::Head | Which::At(Moment::Now), ServiceError::Store(outage))
                if outage.is_outage() =>
            {
                let known = fallback.last_known(key).and_then(|(head, age)| Some((head?, age)));
                match known.filter(|(head, _)| !head.is_deleted()) {
                    Some((version, age)) => Ok(found(version, Some(age))),
                    None => Err(error),
                }
            }
            _ => Err(error),
        }
    }

    /// Of a state that has no version, but a write that waits, it is not said that it does not exist.
    pub(super) fn named_later(&self, error: ServiceError) -> ServiceError {
        let waits = |key: &StateKey| {
            let fallback = self.settings.resilience.fallback.as_ref();
            fallback.is_some_and(|fallback| fallback.pending_state(key).is_some())
        };
        match error {
            ServiceError::StateNotFound(key) if waits(&key) => ServiceError::NoVersionYet(key),
            other => other,
        }
    }

    /// The head that a demand is compared with. While the store is away it is the one that was last known: the write is
    /// compared again when it is replayed.
    pub(super) async fn head_for_demand(&self, key: &StateKey) -> Result<Option<Version>> {
        match (self.store.head(key).await, &self.settings.resilience.fallback) {
            (Err(error), Some(fallback)) if error.is_outage() => match fallback.last_known(key) {
                Some((head, _)) => Ok(head),
                None => Err(error.into()),
            },
            (head, _) => Ok(head?),
        }
    }

    /// Whether the store answers, as far as calls have told. Asks nothing.
    #[must_use]
    pub fn pulse(&self) -> StorePulse {
        let resilience = &self.settings.resilience;
        let away = resilience.guard.as_ref().is_some_and(|guard| {
            guard.breaker().state != BreakerState::Closed || guard.outage().failing.is_some()
        });
        let takes_writes = |journal: &Arc<FallbackStore>| journal.fallback_status().fault.is_none();
        match away {
            false => StorePulse::Up,
            true if resilience.fallback.as_ref().is_some_and(takes_writes) => StorePulse::Journal,
            true => StorePulse::Away,
        }
    }

    /// How the circuit breaker is.
    pub fn breaker(&self) -> Result<BreakerStatus> {
        Ok(self.guard()?.breaker())
    }

    /// Closes the circuit breaker and forgets every failure.
    pub fn reset_breaker(&self) -> Result<BreakerStatus> {
        let guard = self.guard()?;
        guard.reset_breaker();
        tracing::warn!("the circuit breaker was reset by hand");
        Ok(guard.breaker())
    }

    /// Keeps the circuit breaker open or closed until it is reset.
    pub fn force_breaker(&self, state: ForcedState) -> Result<BreakerStatus> {
        let guard = self.guard()?;
        guard.force_breaker(state);
        tracing::warn!(?state, "the circuit breaker was forced by hand");
        Ok(guard.breaker())
    }

    /// How the fallback journal is.
    pub async fn fallback(&self) -> Result<FallbackStatus> {
        let fallback = self.fallback_store()?;
        on_disk(move || Ok(fallback.fallback_status())).await
    }

    /// Writes of the journal that could not be replayed and wait for a decision, the oldest first.
    pub async fn fallback_conflicts(&self) -> Result<FallbackConflicts> {
        let fallback = self.fallback_store()?;
        on_disk(move || fallback.conflicts()).await
    }

    /// One of them.
    pub async fn fallback_conflict(&self, pending_id: &str) -> Result<FallbackConflict> {
        let (fallback, id) = (self.fallback_store()?, pending_id.to_owned());
        let found = on_disk(move || fallback.conflict(&id)).await?;
        found.ok_or_else(|| ServiceError::ConflictNotFound(pending_id.chars().take(80).collect()))
    }

    /// Settles a conflict. With [`KeepSide::Mine`] the write is made now, if every head is still the one that the conflict
    /// shows; while the store is away it goes to the journal again ([`ServiceError::Deferred`]). The conflict is kept on the
    /// disk, but no longer listed.
    pub async fn settle_conflict(
        &self,
        pending_id: &str,
        request: SettleConflict,
    ) -> Result<FallbackConflict> {
        let conflict = self.fallback_conflict(pending_id).await?;
        let mut who = Signature::new(
            request.user_id.or_else(|| conflict.user_id.clone()),
            request.description.or_else(|| conflict.description.clone()),
        )?;
        who.origin.clone_from(&conflict.origin);
        let mut deferred = None;
        if request.keep == KeepSide::Mine && !self.is_written(&conflict).await {
            // The versions carry the id under which the write was accepted.
            who.batch_id = Some(conflict.pending_id.as_str().into());
            let writes = self.writes_of(&conflict, &who)?;
            match self.commit(writes, None).await {
                Ok(_) => {}
                // It is decided: if it cannot be written when the store is back, it becomes a conflict again.
                Err(ServiceError::Deferred(pending)) => deferred = Some(pending),
                Err(error) => return Err(error),
            }
        }
        let (fallback, id) = (self.fallback_store()?, conflict.pending_id.clone());
        on_disk(move || fallback.settle(&id)).await?;
        deferred.map_or(Ok(conflict), |pending| Err(ServiceError::Deferred(pending)))
    }

    /// Whether a conflict's write was made, when somebody decided so before and the server ended in between.
    async fn is_written(&self, conflict: &FallbackConflict) -> bool {
        for side in &conflict.sides {
            if let Ok(Some(head)) = self.store.head(&side.key).await
                && head.batch_id.as_deref() == Some(&conflict.pending_id)
            {
                return true;
            }
        }
        false
    }

    fn writes_of(&self, conflict: &FallbackConflict, who: &Signature) -> Result<Vec<Write>> {
        let mut writes = Vec::with_capacity(conflict.sides.len());
        for side in &conflict.sides {
            let (change, verdict) = match &side.mine {
                None => (Change::Delete, Verdict::NotChecked),
                Some(data) if side.change == "restore" => {
                    (Change::Restore(data.clone()), self.accept(&side.key, data)?)
                }
                Some(data) => (Change::Save(data.clone()), self.accept(&side.key, data)?),
            };
            let theirs = side.theirs_version.as_ref().map_or(VersionNumber::ZERO, |version| version.version);
            writes.push(who.write(side.key.clone(), change, Expectation::Version(theirs), verdict));
        }
        Ok(writes)
    }

    fn guard(&self) -> Result<&Arc<GuardedStore>> {
        let guard = self.settings.resilience.guard.as_ref();
        guard.ok_or(ServiceError::NotConfigured("a circuit breaker"))
    }

    pub(super) fn fallback_store(&self) -> Result<Arc<FallbackStore>> {
        let fallback = self.settings.resilience.fallback.as_ref();
        fallback.cloned().ok_or(ServiceError::NotConfigured("a fallback journal"))
    }
}

/// Counts as soon as the store can be asked, for the next time that it cannot.
async fn count_when_it_comes(service: Weak<Service>) {
    while let Some(service) = service.upgrade()
        && service.status().await.map_or(true, |status| status.counts_as_of.is_some() || status.seq.is_none())
    {
        drop(service);
        tokio::time::sleep(COUNT_AGAIN).await;
    }
}

/// Works with files without keeping the requests of others waiting.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, StoreError> + Send + 'static,
) -> Result<T> {
    let worked = tokio::task::spawn_blocking(work).await;
    Ok(worked.map_err(|error| ServiceError::Internal(error.to_string()))??)
}
