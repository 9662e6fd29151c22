//! How the server and its store are.

use statehouse_core::api::{Health, Status, VerifyReport};
use statehouse_core::model::Seq;

use super::{Result, Service};
use crate::store::{TypeTotals, verify_stretch};

/// Versions verified by one request at most.
const VERIFY_MAX: usize = 10_000;

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

    /// Everything about the server and its store.
    pub async fn status(&self) -> Result<Status> {
        let totals = self.store.totals().await?;
        let sum = |part: fn(&TypeTotals) -> u64| totals.iter().map(part).sum();
        let checked = self.checked();
        Ok(Status {
            version: self.settings.version.clone(),
            started_at: self.started_at,
            now: self.now(),
            store: self.store.status().await,
            seq: self.store.tip().await?.seq,
            states_live: sum(|t| t.live),
            states_deleted: sum(|t| t.deleted),
            states_invalid: sum(|t| t.invalid),
            snapshots: self.store.snapshots(1, None).await?.total,
            commit: self.writer.latency().status(),
            event_lag: self.events.lag(),
            listeners: self.events.listeners(),
            verified_seq: (checked.to > Seq::ZERO).then_some(checked.to),
            chain_fault: checked.fault,
            key_required: self.settings.key_required,
        })
    }

    /// Checks one stretch of the chain: at most `limit` versions after a seq.
    pub async fn verify(&self, after: Seq, limit: usize) -> Result<VerifyReport> {
        let report = verify_stretch(self.store.as_ref(), after, limit.clamp(1, VERIFY_MAX)).await?;
        let mut checked = self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if after <= checked.to && report.verified_to >= checked.to {
            checked.to = report.verified_to;
            checked.fault.clone_from(&report.fault);
        }
        Ok(report)
    }
}
