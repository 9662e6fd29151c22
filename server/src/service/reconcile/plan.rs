//! What choices would write, worked out on the states as they are now.

use stateloft_core::api::{
    ChosenRow, PlanReconcile, PlannedWrite, ReconcileOptions, ReconcilePlan, ReconcilePolicy, Scope,
};
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, Seq, StateKey, StateType};
use stateloft_core::reconcile::{PlanError, Planned, PlannedEdit, Reconciling, plan};

use super::ours::{Whose, position};
use crate::heavy;
use crate::service::handshakes::Touched;
use crate::service::named::Named;
use crate::service::{Result, Service, ServiceError};

/// What is asked of a run: the same for a look and for applying what was looked at.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) run: RunId,
    pub(super) scope: Scope,
    pub(super) list: Option<Document>,
    pub(super) options: ReconcileOptions,
    pub(super) policy: ReconcilePolicy,
    pub(super) choices: Vec<ChosenRow>,
}

impl Service {
    /// How a broker's list stands to a run's positions, and what choices would write: `POST /runs/{run_id}/reconcile`. Writes nothing,
    /// unless the request asks to keep what it says of drift, or the run answers with it what it was asked.
    pub async fn plan_reconcile(&self, run: &str, request: PlanReconcile) -> Result<ReconcilePlan> {
        let run = self.run_named(run).await?;
        let PlanReconcile { scope, list, options, policy, choices, record, answers, epoch } = request;
        if let (Some(_), false, None) = (epoch, record, &answers) {
            let message =
                "epoch is said of what is written: leave it out, or ask to record, or say what it answers";
            return Err(ServiceError::body("/epoch", "unexpected", message));
        }
        let answers = self.answers_what(&run, answers.as_deref(), epoch, options.as_of).await?;
        let asked = Asked { run, scope, list, options, policy, choices };
        let mut plan = if record {
            self.record_drift(&asked, epoch).await?
        } else {
            let mut plan = self.plan_now(&asked).await?.plan;
            self.drifts_of(&asked.run).await?.drifts.tell(&mut plan.rows);
            plan
        };
        if let Some(ask) = answers {
            plan.answered = self.answer_ask(&asked, &ask, &plan).await?;
        }
        plan.held_by = self.held_by(&touched(&plan.writes, &asked.run)).await?;
        Ok(plan)
    }

    /// The plan as it is now.
    pub(super) async fn plan_now(&self, asked: &Asked) -> Result<Planned> {
        let Asked { run, scope, list, options, policy, choices } = asked;
        let whose = if *scope == Scope::default() { Whose::Instance(run) } else { Whose::Anybody };
        let ours = self.ours(scope.clone(), options.as_of, whose).await?;
        let state_type = begun_type(scope)?;
        let bytes = list.as_ref().map_or(0, Document::len) + ours.bytes();
        let mut taken = Vec::new();
        loop {
            let planned = heavy::work(bytes, || {
                let (run, policy) = (Some(run), *policy);
                let asked =
                    Reconciling { run, state_type: &state_type, options, policy, choices, taken: &taken };
                plan(&ours.states(), list.as_ref(), asked)
            });
            let planned = planned.map_err(refused)?;
            // A plan begins none of these any more, so there are fewer each time.
            let not_looked_at = self.not_looked_at(&planned.edits).await?;
            if not_looked_at.is_empty() {
                return Ok(planned);
            }
            taken.extend(not_looked_at);
        }
    }

    /// The states that a plan would begin and that there are already.
    async fn not_looked_at(&self, edits: &[PlannedEdit]) -> Result<Vec<StateKey>> {
        let begun = edits.iter().filter(|edit| edit.replaces.is_none()).map(|edit| edit.key.clone());
        let mut named = Named::new(begun.collect());
        let mut found = Vec::new();
        while let Some(page) = named.next(&*self.store, Seq::ZERO).await? {
            let living = page.into_iter().map(|state| state.head).filter(|head| !head.is_deleted());
            found.extend(living.map(|head| head.key));
        }
        Ok(found)
    }
}

/// What a plan of a run writes. States that it begins are where the run's program looks for them.
pub(super) fn touched<'a>(writes: &'a [PlannedWrite], run: &'a RunId) -> Touched<'a> {
    let begun = writes.iter().filter(|write| write.version.is_none()).map(|write| &write.key).collect();
    Touched { keys: writes.iter().map(|write| &write.key).collect(), begun: Some((run, begun)) }
}

/// The type of states that are begun: the one that is asked about.
fn begun_type(scope: &Scope) -> Result<StateType> {
    match scope.types.as_slice() {
        [one] => Ok(one.clone()),
        _ => position(),
    }
}

fn refused(error: PlanError) -> ServiceError {
    match error {
        PlanError::Report(error) => ServiceError::body(error.pointer(), "invalid", error.to_string()),
        PlanError::Choice { nth, member, code, text } => {
            ServiceError::body(&format!("/choices/{nth}/{member}"), code, text)
        }
        PlanError::Moved(outdated) => ServiceError::ReconcileOutdated(outdated),
        error @ PlanError::TooLarge(_) => ServiceError::TooLarge(error.to_string()),
    }
}
