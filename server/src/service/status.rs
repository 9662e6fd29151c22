//! How the server and its store are.

use std::sync::{MutexGuard, PoisonError};

use stateloft_core::api::{AlarmCode, Health, Quota, Quotas, Status, Unreadable, VerifyReport};
use stateloft_core::model::{Seq, Timestamp};

use super::{Result, Service};
use crate::store::{StoreError, TypeTotals, verify_stretch};

/// Versions verified by one request at most.
const VERIFY_MAX: usize = 10_000;
/// What to do when the chain does not verify.
const CHAIN_BROKEN: &str = "Find out who or what changed the stored data, and compare with a backup; states that are whole can be read and written";

/// What was counted, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    at: Timestamp,
    seq: Seq,
    live: u64,
    deleted: u64,
    invalid: u64,
    snapshots: u64,
}

impl Service {
    /// Whether the store answers, as old clients ask it.
    pub async fn health(&self) -> Health {
        let store = self.store.status().await;
        Health {
            status: if store.up { "healthy" } else { "degraded" }.to_owned(),
            timestamp: self.now(),
            database_connected: store.up,
            database_type: store.kind,
        }
    }

    /// Everything about the server and its store. While the store is away the counts are those that were last known, if
    /// it was ever there.
    pub async fn status(&self) -> Result<Status> {
        // Before the counting: a write that leaves the journal in between is counted twice then, and never missing from both.
        let fallback = match &self.settings.resilience.fallback {
            Some(_) => Some(self.fallback().await?),
            None => None,
        };
        let (counted, counts_as_of) = match self.count().await {
            Ok(counted) => {
                *self.last_counted() = Some(counted);
                (Some(counted), None)
            }
            Err(error) if error.is_outage() && self.settings.resilience.guard.is_some() => {
                let last = *self.last_counted();
                (last, last.map(|last| last.at))
            }
            Err(error) => return Err(error.into()),
        };
        let count = |part: fn(Counted) -> u64| counted.map(part);
        let checked = self.checked();
        let store = self.store.status().await;
        if store.up {
            self.vitals.met(&store.engine);
        }
        let resilience = &self.settings.resilience;
        Ok(Status {
            version: self.settings.version.clone(),
            started_at: self.started_at,
            now: self.now(),
            store,
            seq: counted.map(|counted| counted.seq),
            states_live: count(|counted| counted.live),
            states_deleted: count(|counted| counted.deleted),
            states_invalid: count(|counted| counted.invalid),
            snapshots: count(|counted| counted.snapshots),
            runs_live: self.runs_live(),
            commit: self.writer.latency().status(),
            event_lag: self.events.lag(),
            listeners: self.events.listeners().count(),
            verified_seq: (checked.to() > Seq::ZERO).then_some(checked.to()),
            chain_fault: checked.first(),
            key_required: self.settings.key_required,
            quotas: Quotas {
                snapshots: Quota {
                    used: count(|counted| counted.snapshots),
                    limit: self.settings.snapshots_max,
                },
                sessions: Quota {
                    used: Some(self.events.listeners().count()),
                    limit: self.settings.sessions_max,
                },
            },
            counts_as_of,
            breaker: resilience.guard.as_ref().map(|guard| guard.breaker()),
            memory: Some(self.settings.budget.status()),
            caches: resilience.cache.iter().map(|cache| cache.cache_status()).collect(),
            fallback,
            mirror: self.settings.mirror.as_ref().map(|mirror| mirror.status(self.events.last_seq())),
            alarms: self.alarms(),
        })
    }

    async fn count(&self) -> std::result::Result<Counted, StoreError> {
        let totals = self.store.totals().await?;
        let sum = |part: fn(&TypeTotals) -> u64| totals.iter().map(part).sum();
        Ok(Counted {
            at: self.now(),
            seq: self.store.tip().await?.seq,
            live: sum(|t| t.live),
            deleted: sum(|t| t.deleted),
            invalid: sum(|t| t.invalid),
            snapshots: self.store.snapshots(1, None).await?.total,
        })
    }

    fn last_counted(&self) -> MutexGuard<'_, Option<Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks one stretch of the chain: at most `limit` versions after a seq.
    pub async fn verify(&self, after: Seq, limit: usize) -> Result<VerifyReport> {
        let (written, turns) = (self.events.last_seq(), self.events.turns());
        let mut report = verify_stretch(self.store.as_ref(), after, limit.clamp(1, VERIFY_MAX)).await?;
        // Behind its end a log says nothing of what is missing there, but this server knows what it has seen. Only where
        // others write, too, it may be another log now.
        if report.ok
            && report.seq < written
            && self.events.catch_up().await? >= written
            && !turns.has_changed().unwrap_or(true)
        {
            let fault = format!("the log ends at seq {}, but went to seq {written} before", report.seq);
            report.faults.push(Unreadable { seq: report.seq.next(), reason: fault.clone() });
            (report.ok, report.fault) = (false, Some(fault));
        }
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        checked.note(&report);
        match checked.said() {
            Some(faults) => self.alarms.raise(AlarmCode::ChainBroken, "", faults, CHAIN_BROKEN),
            None => self.alarms.clear(AlarmCode::ChainBroken, ""),
        }
        Ok(report)
    }
}
