//! Leases of runs, guarded. Who renews waits for an answer as whoever reads; what the server looks at by itself says nothing about whether
//! the store is there, and is left for later where it may not be.

use async_trait::async_trait;
use stateloft_core::api::BreakerState;
use stateloft_core::model::Timestamp;
use tokio::time::timeout_at;

use super::{GuardedStore, LOOK};
use crate::store::{LeaseLook, LeaseTerm, Leases, Result, StateStore, StoreError};

#[async_trait]
impl Leases for GuardedStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
        self.read("renewal of leases", |inner| inner.renew_leases(leases, now)).await
    }

    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        self.quietly(|inner| inner.expect_leases(leases)).await
    }

    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        self.quietly(Leases::look_at_leases).await
    }

    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        self.quietly(|inner| inner.forget_leases(run_ids)).await
    }
}

impl GuardedStore {
    async fn quietly<'a, T: Send, F>(
        &'a self,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        if self.breaker.status().state != BreakerState::Closed {
            return Err(StoreError::NotAsked { retry_after: LOOK });
        }
        timeout_at(self.deadline()?, call(self.inner.as_ref())).await.unwrap_or_else(|_| Err(self.late()))
    }
}
