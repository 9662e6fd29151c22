//! Writing what a plan says, in one commit, after the live runs that hold it have made way.

use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::api::{
    AppliedReconcile, ApplyReconcile, HandshakeView, ReconcileOutdated, ReconcilePolicy, VersionView,
};
use stateloft_core::commit::{Change, Expectation, Outcome, Rebasing, Write};
use stateloft_core::model::{Origin, RunId, Seq, Version};
use stateloft_core::reconcile::{OntoLots, Planned, PlannedEdit, Seen};

use super::plan::{Asked, touched};
use super::record::{LIST_MAX, record};
use crate::service::handshakes::{About, Agreement, Purpose, Sent, Shake, carry_on};
use crate::service::once::Repeatable;
use crate::service::runs::run_id;
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::Did;

/// How often a plan is worked out anew when something moves between that and the commit.
pub(super) const ATTEMPTS: usize = 8;

impl Service {
    /// Writes what a plan says, if the same request still gives the same plan: `POST /reconciles/{plan}/apply`. Live runs that hold what it
    /// writes are asked first, but for the one that writes itself. Whoever hangs up does not stop it.
    pub async fn apply_reconcile(
        self: &Arc<Self>,
        plan: &str,
        request: ApplyReconcile,
    ) -> Result<AppliedReconcile> {
        let (service, plan) = (Arc::clone(self), plan.to_owned());
        let sent = Sent::to(&format!("/reconciles/{plan}/apply"), request.clone());
        let mut shake = Shake::new(self, request.handshake.clone(), Some(sent))?;
        carry_on(Box::pin(async move {
            let done = service.apply_choices(&plan, request, &mut shake).await;
            service.end_shake(shake, done).await
        }))
        .await
    }

    async fn apply_choices(
        &self,
        plan: &str,
        request: ApplyReconcile,
        shake: &mut Shake,
    ) -> Result<AppliedReconcile> {
        let ApplyReconcile { run_id: run, scope, list, options, choices, reason, user_id, epoch, .. } =
            request;
        let run = self.run_named(&run).await?;
        if reason.trim().is_empty() {
            return Err(ServiceError::body("/reason", "required", "say why what differs is written so"));
        }
        if choices.is_empty() {
            return Err(ServiceError::body(
                "/choices",
                "min_items",
                "nothing is chosen, so nothing is written",
            ));
        }
        if list.as_ref().is_some_and(|list| list.len() > LIST_MAX) {
            let text = format!(
                "the broker's list is kept with what is written, up to {} MiB: send the part that the choices are about, and say \
                 partial",
                LIST_MAX >> 20
            );
            return Err(ServiceError::TooLarge(text));
        }
        let origin = Origin {
            run_id: Some(run.as_str().into()),
            correlation_id: Some(plan.into()),
            ..Origin::default()
        };
        let mut who = Signature::new(user_id, None)?.from(origin)?.within(epoch)?;
        who.description = Signature::reason(&reason)?;
        who.batch_id = Some(Arc::clone(&shake.id));
        let asked = Asked { run, scope, list, options, policy: ReconcilePolicy::Halt, choices };
        for _ in 0..ATTEMPTS {
            let planned = self.plan_now(&asked).await?;
            if planned.plan.plan != plan {
                return Err(outdated(planned));
            }
            match self.write_reconcile(&asked, planned, &reason, &who, shake).await {
                // What moved is perhaps not what the plan binds: then it is the same plan again.
                Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => {}
                other => return other,
            }
        }
        Err(outdated(self.plan_now(&asked).await?))
    }

    async fn write_reconcile(
        &self,
        asked: &Asked,
        planned: Planned,
        reason: &str,
        who: &Signature,
        shake: &mut Shake,
    ) -> Result<AppliedReconcile> {
        let Planned { plan, edits, whole } = planned;
        let about = About {
            plan: &plan.plan,
            purpose: Purpose::Reconcile(&asked.run),
            reason,
            author: who.author.as_deref(),
            // It writes itself, and goes on with what it has written. Whoever writes for it does not say its number.
            by_run: who.fence.as_ref().map(|_| asked.run.as_str()),
        };
        let Agreement { beside, told } =
            self.in_agreement(shake, &about, &touched(&plan.writes, &asked.run)).await?;
        let place = |_| "/choices".to_owned();
        self.accept_types(edits.iter().map(|edit| &edit.key), place).await?;
        let mut writes: Vec<Write> =
            edits.into_iter().map(|edit| self.edit(edit, who)).collect::<Result<_>>()?;
        writes.push(record(&asked.run, &plan, (asked.list.as_ref(), &asked.options), who)?);
        let seen = Seen { rows: &plan.rows, as_of: plan.as_of, whole, now: self.now() };
        writes.extend(self.drifts_of(&asked.run).await?.after(seen, who)?);
        writes.extend(beside.into_iter().map(|write| Write { batch_id: who.batch_id.clone(), ..write }));
        let outcomes = self.commit_drift(writes, who, Some(told)).await?;
        let versions = outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version);
        applied(&plan.plan, &asked.run, versions, self.handshake_of(shake).await)
    }

    fn edit(&self, edit: PlannedEdit, who: &Signature) -> Result<Write> {
        let PlannedEdit { key, replaces, data, edited } = edit;
        let verdict = self.accept(&key, &data)?;
        // A strict type refuses what breaks its rules, and what is written onto a later head is checked only inside the commit.
        let edited = edited.filter(|_| !self.is_strict(&key));
        let mode = self.settings.modes.mode(&key.state_type);
        let rebase = edited.map(|edited| Rebasing(Arc::new(OntoLots { edited, mode })));
        let expected = replaces.map_or(Expectation::Absent, Expectation::Version);
        Ok(Write { rebase, ..who.write(key, Change::Save(data), expected, verdict) })
    }
}

/// The plan is not the one that was looked at, or what it writes is moved by others again and again: this is what it is now.
fn outdated(planned: Planned) -> ServiceError {
    let (plan, choices) = (planned.plan.plan, planned.plan.choices);
    ServiceError::ReconcileOutdated(Box::new(ReconcileOutdated { plan, choices, moved: Vec::new() }))
}

/// The answer. Among the versions of the commit are those that tell runs of it, which are of no plan.
fn applied<'a>(
    plan: &str,
    run: &RunId,
    versions: impl Iterator<Item = &'a Version>,
    handshake: Option<Box<HandshakeView>>,
) -> Result<AppliedReconcile> {
    let mut versions: Vec<&Version> = versions.filter(|version| plan_of(version) == Some(plan)).collect();
    versions.sort_by_key(|version| version.seq);
    let first = versions.first().ok_or_else(|| ServiceError::Internal("a plan wrote nothing".into()))?;
    Ok(AppliedReconcile {
        plan: plan.to_owned(),
        run_id: run.to_string(),
        before: format!("seq:{}", Seq(first.seq.0.saturating_sub(1))),
        versions: versions.into_iter().map(VersionView::of).collect(),
        handshake,
    })
}

/// The plan that wrote a version.
fn plan_of(version: &Version) -> Option<&str> {
    version.origin.as_deref()?.correlation_id.as_deref()
}

#[async_trait]
impl Repeatable for AppliedReconcile {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, batch_id: Some(batch), .. } = &did else { return Err(strange()) };
        let mut versions = Vec::with_capacity(outcomes.len());
        for (seq, _) in outcomes.iter().filter(|(_, made)| *made) {
            versions.push(service.version_at(*seq).await?);
        }
        let origin = versions.first().and_then(|version| version.origin.clone()).ok_or_else(strange)?;
        let (Some(run), Some(plan)) = (&origin.run_id, &origin.correlation_id) else { return Err(strange()) };
        let handshake = service.handshake_if_any(batch).await?.map(Box::new);
        applied(plan, &run_id(run)?, versions.iter(), handshake)
    }
}
