//! Writing what a plan says, in one commit.

use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::api::{
    AppliedReconcile, ApplyReconcile, ReconcileOutdated, ReconcilePolicy, VersionView,
};
use stateloft_core::commit::{Change, Expectation, Outcome, Rebasing, Write};
use stateloft_core::model::{Origin, RunId, Seq, Version};
use stateloft_core::reconcile::{OntoLots, Planned, PlannedEdit, Seen};

use super::plan::Asked;
use super::record::{LIST_MAX, record};
use crate::service::once::Repeatable;
use crate::service::runs::run_id;
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::Did;

/// How often a plan is worked out anew when something moves between that and the commit.
pub(super) const ATTEMPTS: usize = 5;

impl Service {
    /// Writes what a plan says, if the same request still gives the same plan: `POST /reconciles/{plan}/apply`.
    pub async fn apply_reconcile(&self, plan: &str, request: ApplyReconcile) -> Result<AppliedReconcile> {
        let ApplyReconcile { run_id: run, scope, list, options, choices, reason, user_id, epoch } = request;
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
        who.batch_id = Some(self.settings.ids.new_id(self.now()).into());
        let asked = Asked { run, scope, list, options, policy: ReconcilePolicy::Halt, choices };
        let mut last = None;
        for _ in 0..ATTEMPTS {
            let planned = self.plan_now(&asked).await?;
            if planned.plan.plan != plan {
                let (plan, choices) = (planned.plan.plan, planned.plan.choices);
                let outdated = ReconcileOutdated { plan, choices, moved: Vec::new() };
                return Err(ServiceError::ReconcileOutdated(Box::new(outdated)));
            }
            match self.write_reconcile(&asked, planned, &who).await {
                // What moved is perhaps not what the plan binds: then it is the same plan again.
                Err(error @ (ServiceError::Conflict(_) | ServiceError::ChecksFailed(_))) => {
                    last = Some(error);
                }
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| ServiceError::Internal("no attempt was made".into())))
    }

    async fn write_reconcile(
        &self,
        asked: &Asked,
        planned: Planned,
        who: &Signature,
    ) -> Result<AppliedReconcile> {
        let Planned { plan, edits, whole } = planned;
        let place = |_| "/choices".to_owned();
        self.accept_types(edits.iter().map(|edit| &edit.key), place).await?;
        let mut writes: Vec<Write> =
            edits.into_iter().map(|edit| self.edit(edit, who)).collect::<Result<_>>()?;
        writes.push(record(&asked.run, &plan, (asked.list.as_ref(), &asked.options), who)?);
        let seen = Seen { rows: &plan.rows, as_of: plan.as_of, whole, now: self.now() };
        writes.extend(self.drifts_of(&asked.run).await?.after(seen, who)?);
        let outcomes = self.commit_drift(writes, who).await?;
        let versions = outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version);
        applied(&plan.plan, &asked.run, versions)
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

fn applied<'a>(
    plan: &str,
    run: &RunId,
    versions: impl Iterator<Item = &'a Version>,
) -> Result<AppliedReconcile> {
    let mut versions: Vec<&Version> = versions.collect();
    versions.sort_by_key(|version| version.seq);
    let first = versions.first().ok_or_else(|| ServiceError::Internal("a plan wrote nothing".into()))?;
    Ok(AppliedReconcile {
        plan: plan.to_owned(),
        run_id: run.to_string(),
        before: format!("seq:{}", Seq(first.seq.0.saturating_sub(1))),
        versions: versions.into_iter().map(VersionView::of).collect(),
    })
}

#[async_trait]
impl Repeatable for AppliedReconcile {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let mut versions = Vec::with_capacity(outcomes.len());
        for (seq, _) in outcomes.iter().filter(|(_, made)| *made) {
            versions.push(service.version_at(*seq).await?);
        }
        let origin = versions.first().and_then(|version| version.origin.clone()).ok_or_else(strange)?;
        let (Some(run), Some(plan)) = (&origin.run_id, &origin.correlation_id) else { return Err(strange()) };
        applied(plan, &run_id(run)?, versions.iter())
    }
}
