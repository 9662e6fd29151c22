//! Writing what a plan says.

use std::sync::Arc;

use stateloft_core::api::{
    AppliedRestore, ApplyRequest, Moment, Originated, PlanRequest, RestoredTo, Scope, Selection,
    SnapshotRestored, VersionView,
};
use stateloft_core::commit::{Change, Expectation, Outcome, Rebasing, Write};
use stateloft_core::model::{Origin, SnapshotId, StateKey, Violation};
use stateloft_core::restore::{Planned, PlannedState, Writing, selection_key};

use super::plan::{ToWrite, Worked};
use crate::service::handshakes::{About, Agreement, Purpose, Sent, Shake, Touched, carry_on};
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::NewRestore;

/// How often a restore is worked out anew when what it binds moves between that and the commit.
pub(super) const ATTEMPTS: usize = 8;

/// Who restores and why, and what the restore undoes.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) user_id: Option<String>,
    pub(super) origin: Origin,
    pub(super) reason: String,
    pub(super) undoes: Option<String>,
    /// Write states that break rules in mode warn.
    pub(super) accept_violations: bool,
}

impl Service {
    /// Writes what a plan says, in one commit, if the same request still gives the same plan.
    /// Live runs that hold what it writes are asked first. Whoever hangs up does not stop it.
    pub async fn apply(self: &Arc<Self>, plan: &str, request: ApplyRequest) -> Result<AppliedRestore> {
        let (service, plan) = (Arc::clone(self), plan.to_owned());
        let sent = Sent::to(&format!("/restores/{plan}/apply"), request.clone());
        let mut shake = Shake::new(self, request.handshake.clone(), Some(sent))?;
        carry_on(Box::pin(async move {
            let done = service.apply_plan(&plan, request, &mut shake).await;
            service.end_shake(shake, done).await
        }))
        .await
    }

    async fn apply_plan(
        &self,
        plan: &str,
        request: ApplyRequest,
        shake: &mut Shake,
    ) -> Result<AppliedRestore> {
        if request.reason.trim().is_empty() {
            return Err(ServiceError::body("/reason", "required", "a restore needs a reason"));
        }
        let origin = request.origin();
        let asked = PlanRequest {
            target: request.target,
            scope: request.scope,
            selection: request.selection,
            exact: request.exact,
        };
        let order = Order {
            origin,
            user_id: request.user_id,
            reason: request.reason,
            undoes: None,
            accept_violations: request.accept_violations,
        };
        for _ in 0..ATTEMPTS {
            let worked = self.work_out(asked.clone(), false).await?;
            if worked.plan.plan != plan {
                return Err(self.outdated(worked, request.seq).await?);
            }
            match self.write_plan(worked, order.clone(), shake).await {
                // What moved is perhaps not what the plan binds: then it is the same plan again.
                Err(ServiceError::Conflict(_)) => {}
                other => return other,
            }
        }
        let worked = self.work_out(asked, false).await?;
        Err(self.outdated(worked, request.seq).await?)
    }

    /// Restores everything to a snapshot without a look at the plan, as old clients do.
    pub async fn restore_snapshot(
        self: &Arc<Self>,
        id: &SnapshotId,
        user_id: Option<String>,
        origin: Origin,
    ) -> Result<SnapshotRestored> {
        let (service, id) = (Arc::clone(self), id.clone());
        let mut shake = Shake::new(self, None, None)?;
        carry_on(Box::pin(async move {
            let done = service.restore_all(&id, user_id, origin, &mut shake).await;
            service.end_shake(shake, done).await
        }))
        .await
    }

    async fn restore_all(
        &self,
        id: &SnapshotId,
        user_id: Option<String>,
        origin: Origin,
        shake: &mut Shake,
    ) -> Result<SnapshotRestored> {
        let order = Order {
            user_id,
            origin,
            reason: format!("Restored to snapshot {id}"),
            undoes: None,
            accept_violations: true,
        };
        let asked = PlanRequest {
            target: Moment::Snapshot(id.clone()),
            scope: Scope::default(),
            selection: Selection::new(),
            exact: false,
        };
        for _ in 0..ATTEMPTS {
            let worked = self.work_out(asked.clone(), true).await?;
            match self.write_plan(worked, order.clone(), shake).await {
                Ok(restore) => return Ok(self.snapshot_restored(id, Some(restore))),
                Err(ServiceError::NothingToRestore) => return Ok(self.snapshot_restored(id, None)),
                Err(ServiceError::Conflict(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let worked = self.work_out(asked, true).await?;
        Err(self.outdated(worked, None).await?)
    }

    /// The answer to an earlier request that restored to a snapshot.
    pub(in crate::service) fn snapshot_restored_again(
        &self,
        restore: AppliedRestore,
    ) -> Result<SnapshotRestored> {
        match restore.record.target.clone() {
            RestoredTo::Moment(Moment::Snapshot(id)) => Ok(self.snapshot_restored(&id, Some(restore))),
            other => Err(ServiceError::Internal(format!("a receipt names a restore to {other}"))),
        }
    }

    fn snapshot_restored(&self, id: &SnapshotId, restore: Option<AppliedRestore>) -> SnapshotRestored {
        let message = match &restore {
            None => format!("Nothing to do: every state is as it was at snapshot {id}"),
            Some(restore) => {
                let counts = &restore.record.counts;
                let damaged = match counts.damaged {
                    0 => String::new(),
                    damaged => format!(", {damaged} not restored because they are damaged at the snapshot"),
                };
                format!(
                    "Restored to snapshot {id}: {} changed, {} recreated, {} deleted, {} as they were{damaged}",
                    counts.changed, counts.recreated, counts.deleted, counts.equal
                )
            }
        };
        let timestamp = restore.as_ref().map_or_else(|| self.now(), |restore| restore.record.timestamp);
        SnapshotRestored { snapshot_id: id.clone(), success: true, message, timestamp, restore }
    }

    /// Writes a plan in one commit. What it says is written onto the heads that there are then; only what it binds must be as it
    /// was.
    pub(super) async fn write_plan(
        &self,
        worked: Worked,
        order: Order,
        shake: &mut Shake,
    ) -> Result<AppliedRestore> {
        self.write_planned(worked.into(), order, shake).await
    }

    /// The same of any plan.
    pub(super) async fn write_planned(
        &self,
        planned: ToWrite,
        order: Order,
        shake: &mut Shake,
    ) -> Result<AppliedRestore> {
        let ToWrite { plan, target, target_seq, scope, selection, exact, counts, .. } = planned;
        let (writes, mut targets, everything) = (planned.writes, planned.targets, planned.everything);
        if writes.is_empty() {
            return Err(ServiceError::NothingToRestore);
        }
        self.check_rules(&writes, order.accept_violations)?;
        let restore_id = Arc::clone(&shake.id);
        let mut who = Signature::new(order.user_id, None)?.from(order.origin)?;
        who.description = Signature::reason(&order.reason)?;
        who.batch_id = Some(Arc::clone(&restore_id));
        let about = About {
            plan: &plan,
            purpose: Purpose::Restore(target.to_string()),
            reason: &order.reason,
            author: who.author.as_deref(),
            by_run: who.origin.as_deref().and_then(|origin| origin.run_id.as_deref()),
        };
        let keys = writes.iter().map(|planned| &planned.key).collect();
        let Agreement { beside, told } = self.in_agreement(shake, &about, &Touched::of(keys)).await?;
        let planned = |planned: Planned| {
            let rebase = (!exact).then(|| PlannedState {
                target: targets.remove(&planned.key),
                ticks: selection.get(&selection_key(&planned.key)).cloned().unwrap_or_default(),
                everything,
                bound: planned.bound.clone().filter(|_| !everything),
                mode: self.settings.modes.mode(&planned.key.state_type),
            });
            write(planned, &who, rebase)
        };
        let writes: Vec<Write> = writes.into_iter().filter_map(planned).collect();
        let own = writes.len();
        let record = NewRestore {
            restore_id,
            plan,
            target,
            target_seq,
            scope,
            counts,
            author: who.author.clone(),
            reason: order.reason,
            undoes: order.undoes,
            beside,
            told,
        };
        let (outcomes, record) = self.commit(writes, Some(Box::new(record))).await?;
        let record =
            record.ok_or_else(|| ServiceError::Internal("a restore came back without its record".into()))?;
        let versions = outcomes.iter().take(own).filter_map(|outcome| match outcome {
            Outcome::Written(version) => Some(VersionView::of(version)),
            Outcome::Unchanged(_) => None,
        });
        let handshake = self.handshake_of(shake).await;
        Ok(AppliedRestore { versions: versions.collect(), record: *record, handshake })
    }

    fn check_rules(&self, writes: &[Planned], accept_violations: bool) -> Result<()> {
        let broken: Vec<(StateKey, Violation)> = writes
            .iter()
            .filter(|planned| self.is_strict(&planned.key))
            .flat_map(|planned| planned.verdict.violations().iter().map(|v| (planned.key.clone(), v.clone())))
            .collect();
        if !broken.is_empty() {
            return Err(ServiceError::Invalid(broken));
        }
        match writes.iter().filter(|planned| planned.verdict.is_invalid()).count() {
            0 => Ok(()),
            _ if accept_violations => Ok(()),
            invalid => Err(ServiceError::ViolationsNotAccepted(invalid as u64)),
        }
    }
}

fn write(planned: Planned, who: &Signature, rebase: Option<PlannedState>) -> Option<Write> {
    let change = match planned.writing {
        Writing::Nothing => return None,
        Writing::Data(data) => Change::Restore(data),
        Writing::Tombstone => Change::Delete,
    };
    let expected = Expectation::Version(planned.replaces);
    let rebase = rebase.map(|rebase| Rebasing(Arc::new(rebase)));
    Some(Write { rebase, ..who.write(planned.key, change, expected, planned.verdict) })
}
