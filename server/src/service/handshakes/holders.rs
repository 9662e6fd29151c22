//! Which live runs hold states in their memory.

use std::collections::HashSet;

use futures::{StreamExt as _, TryStreamExt as _};
use stateloft_core::api::{HeldBy, RunHolder};
use stateloft_core::model::{RunId, Seq};

use super::super::runs::Known;
use super::super::{Result, Service, ServiceError};
use super::shake::Touched;
use crate::store::LeaseLook;

/// States that are named of a run.
const NAMED: usize = 1_000;
/// Runs that are looked at at the same time.
const AT_ONCE: usize = 16;

impl Service {
    /// The live runs that hold some of what is to be written, by id: that have written it, or were given it when they began, as the last
    /// run before them that wrote anything had written it; or for whose instance it is begun.
    pub(in crate::service) async fn held_by(&self, touched: &Touched<'_>) -> Result<Vec<HeldBy>> {
        if touched.keys.is_empty() {
            return Ok(Vec::new());
        }
        let end = self.store.tip().await?.seq;
        let looks = self.store.look_at_leases().await?;
        let runs: Vec<(RunId, LeaseLook)> =
            looks.into_iter().filter_map(|look| Some((look.run_id.parse::<RunId>().ok()?, look))).collect();
        let ids: HashSet<String> = runs.iter().map(|(id, _)| id.to_string()).collect();
        let held = futures::stream::iter(runs)
            .map(|(id, look)| async move { self.holds(&id, &look, end, touched).await })
            .buffer_unordered(AT_ONCE);
        let held: Vec<Option<HeldBy>> = held.try_collect().await?;
        self.holdings.keep_only(&ids);
        let mut held: Vec<HeldBy> = held.into_iter().flatten().collect();
        held.sort_by(|one, other| one.run_id.cmp(&other.run_id));
        Ok(held)
    }

    async fn holds(
        &self,
        id: &RunId,
        look: &LeaseLook,
        end: Seq,
        touched: &Touched<'_>,
    ) -> Result<Option<HeldBy>> {
        let keys = &touched.keys;
        let Some(run) = self.live(id).await? else { return Ok(None) };
        // The session of a live run has one version.
        let mut held = self.written_among(id.as_str(), (run.head.seq, end), keys).await?;
        if let Some(giver) = self.given_by(&run).await? {
            let begun = self.begun_at(giver.session()).await?;
            held.extend(self.written_among(giver.as_str(), (begun, end), keys).await?);
            self.remember_giver(&run, &giver);
        }
        held.extend(keys.get(run.id.session()).map(|key| (*key).clone()));
        if let Some((of, begun)) = &touched.begun
            && (of.program(), of.instance()) == (run.id.program(), run.id.instance())
        {
            held.extend(begun.iter().map(|key| (*key).clone()));
        }
        if held.is_empty() {
            return Ok(None);
        }
        let RunHolder { run_id, host, pid, until, last_renewal, .. } = run.holder(Some(look), self.now());
        let more = held.len().saturating_sub(NAMED) as u64;
        let states = held.into_iter().take(NAMED).collect();
        Ok(Some(HeldBy { run_id, host, pid, last_renewal, until, states, more }))
    }

    /// A run, if it is live.
    pub(super) async fn live(&self, id: &RunId) -> Result<Option<Known>> {
        match self.known(id).await {
            Ok(run) => Ok(run.filter(Known::is_live)),
            Err(ServiceError::StateDeleted(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
