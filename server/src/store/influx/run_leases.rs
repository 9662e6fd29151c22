//! Leases of runs: the owner of the bucket counts them, in its memory. Who opens the bucket next expects those of all live runs, and does
//! not know when they were renewed last.

use async_trait::async_trait;
use stateloft_core::model::Timestamp;

use super::InfluxStore;
use crate::store::leases::OwnLeases;
use crate::store::{LeaseLook, LeaseTerm, Leases, Result, StoreError};

#[async_trait]
impl Leases for InfluxStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], now: Timestamp) -> Result<Vec<bool>> {
        Ok(self.run_leases()?.renew(leases, now))
    }

    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        self.run_leases()?.expect(leases);
        Ok(())
    }

    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        Ok(self.run_leases()?.look())
    }

    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        self.run_leases()?.forget(run_ids);
        Ok(())
    }
}

impl InfluxStore {
    /// The leases, as long as the bucket is this server's: else nobody can renew here, and a look begins behind a gap.
    fn run_leases(&self) -> Result<&OwnLeases> {
        if self.shared.writing.is_none() {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        }
        drop(self.index()?);
        Ok(&self.run_leases)
    }
}
