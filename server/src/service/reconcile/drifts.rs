//! What is kept of how an instance and its broker stood: a state of type `drift`, named `PROGRAM.INSTANCE`, as positions outlive runs.

use stateloft_core::api::{DriftList, ReconcilePlan};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, RunId, StateKey, Verdict, VersionNumber};
use stateloft_core::reconcile::{Drifts, Planned, Seen};

use super::apply::ATTEMPTS;
use super::plan::Asked;
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::{StoreError, Told};

/// The type of that state.
const DRIFT: &str = "drift";

/// What is kept, and the version that has it.
pub(super) struct Kept {
    key: StateKey,
    version: VersionNumber,
    pub(super) drifts: Drifts,
}

impl Service {
    /// What differs between a run's positions and its broker's, and what did: `GET /runs/{run_id}/drifts`.
    pub async fn drifts(&self, run: &str) -> Result<DriftList> {
        let run = self.run_named(run).await?;
        let Drifts { as_of, open, resolved, .. } = self.drifts_of(&run).await?.drifts;
        Ok(DriftList { run_id: run.to_string(), as_of, open, resolved })
    }

    /// Keeps what a report says: the plan, once that is written.
    pub(super) async fn record_drift(&self, asked: &Asked, epoch: Option<u64>) -> Result<ReconcilePlan> {
        let origin = Origin { run_id: Some(asked.run.as_str().into()), ..Origin::default() };
        let why = Some("drift recorded".to_owned());
        let who = Signature::new(None, why)?.from(origin)?.within(epoch)?;
        for attempt in 1.. {
            let Planned { mut plan, whole, .. } = self.plan_now(asked).await?;
            let kept = self.drifts_of(&asked.run).await?;
            kept.drifts.tell(&mut plan.rows);
            let mut rows = plan.rows.clone();
            // What a policy would choose has not been done.
            for row in &mut rows {
                row.chosen = None;
            }
            let seen = Seen { rows: &rows, as_of: plan.as_of, whole, now: self.now() };
            let Some(write) = kept.after(seen, &who)? else { return Ok(plan) };
            match self.commit_drift(vec![write], &who, None).await {
                Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) if attempt < ATTEMPTS => {}
                Err(error) => return Err(error),
                Ok(outcomes) => {
                    plan.recorded = outcomes.first().map(|outcome| outcome.version().version.0);
                    return Ok(plan);
                }
            }
        }
        Err(ServiceError::Internal("no attempt was the last one".into()))
    }

    pub(super) async fn drifts_of(&self, run: &RunId) -> Result<Kept> {
        let id = format!("{}.{}", run.program(), run.instance());
        let key = StateKey::new(DRIFT, &id).map_err(|error| ServiceError::Internal(error.to_string()))?;
        let head = self.store.head(&key).await?.map(StoreError::unless_damaged).transpose()?;
        let version = head.as_ref().map_or(VersionNumber::ZERO, |head| head.version);
        let drifts = match head.and_then(|head| head.data) {
            None => Drifts::default(),
            Some(data) => data.to().map_err(|error| {
                ServiceError::Parameter(format!(
                    "the state {key} holds something else than what is kept of drift ({error}): restore or delete it"
                ))
            })?,
        };
        Ok(Kept { key, version, drifts })
    }

    /// Writes, if what is kept of drift is still what it was, and no run has come since live runs were asked. It never waits in the
    /// fallback journal: a plan is about what is stored now.
    pub(super) async fn commit_drift(
        &self,
        writes: Vec<Write>,
        who: &Signature,
        told: Option<Told>,
    ) -> Result<Vec<Outcome>> {
        use stateloft_core::commit::{Check, Condition, Terms};
        let is_kept = |write: &&Write| write.key.state_type.as_str() == DRIFT;
        let check = |write: &Write| Check {
            item: 0,
            key: write.key.clone(),
            condition: Condition::Head(write.expectation),
        };
        let checks = writes.iter().filter(is_kept).map(check).collect();
        let terms = Box::new(Terms { checks, fence: who.fence.clone(), ..Terms::default() });
        self.commit_told(writes, terms, told).await.map_err(|error| match error {
            ServiceError::TermsNeedStore => ServiceError::NeedsStore,
            other => other,
        })
    }
}

impl Kept {
    /// The write that keeps what follows from a report; `None` of one that is older than what is kept.
    pub(super) fn after(self, seen: Seen<'_>, who: &Signature) -> Result<Option<Write>> {
        if self.drifts.as_of.is_some_and(|last| last > seen.as_of) {
            return Ok(None);
        }
        let data = Document::from_serialize(&self.drifts.after(seen));
        let data = data.map_err(|_| {
            ServiceError::TooLarge(
                "what is kept of drift would be too large for one state: name fewer positions in the scope"
                    .into(),
            )
        })?;
        let expected = Expectation::Version(self.version);
        Ok(Some(who.write(self.key, Change::Save(data), expected, Verdict::NotChecked)))
    }
}
