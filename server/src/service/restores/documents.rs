//! Restores to documents that come with the request: planned, looked at and applied as others are.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use stateloft_core::api::{AppliedRestore, ApplyGiven, GivenPlan, GivenRequest, Originated, RestoredTo};
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{Seq, StateKey, Version};
use stateloft_core::restore::{GivenAsked, GivenNow, Side, plan_given, records_stay, stays};

use super::apply::{ATTEMPTS, Order};
use super::plan::{STATES_MAX, ToWrite, unplanned, weight, with_rules};
use crate::budget::{self, Class};
use crate::service::handshakes::{Sent, Shake, Touched, carry_on};
use crate::service::write::must_be_object;
use crate::service::{Result, Service, ServiceError};

/// The longest name of what documents come from, in bytes.
const NAME_MAX: usize = 256;

/// A plan, and what it writes.
struct Worked {
    plan: GivenPlan,
    to_write: ToWrite,
}

impl Service {
    /// Works out what a restore to given documents would write; writes nothing.
    pub async fn plan_documents(&self, request: GivenRequest) -> Result<GivenPlan> {
        let Worked { mut plan, to_write } = self.work_out_documents(&request).await?;
        plan.held_by = self.held_by(&Touched::of(to_write.keys())).await?;
        Ok(plan)
    }

    /// Writes that in one commit, if the same request still gives the same plan.
    pub async fn apply_documents(
        self: &Arc<Self>,
        plan: &str,
        request: ApplyGiven,
    ) -> Result<AppliedRestore> {
        let (service, plan) = (Arc::clone(self), plan.to_owned());
        let sent = Sent::to(&format!("/restores/documents/{plan}/apply"), request.clone());
        let mut shake = Shake::new(self, request.handshake.clone(), Some(sent))?;
        carry_on(Box::pin(async move {
            let done = service.apply_given(&plan, request, &mut shake).await;
            service.end_shake(shake, done).await
        }))
        .await
    }

    async fn apply_given(
        &self,
        plan: &str,
        request: ApplyGiven,
        shake: &mut Shake,
    ) -> Result<AppliedRestore> {
        if request.reason.trim().is_empty() {
            return Err(ServiceError::body("/reason", "required", "a restore needs a reason"));
        }
        let origin = request.origin();
        let ApplyGiven { name, states, scope, selection, exact, delete_others, .. } = request;
        let asked = GivenRequest { name, states, scope, selection, exact, delete_others };
        let order = Order {
            origin,
            user_id: request.user_id,
            reason: request.reason,
            undoes: None,
            accept_violations: request.accept_violations,
        };
        for _ in 0..ATTEMPTS {
            let Worked { plan: found, to_write } = self.work_out_documents(&asked).await?;
            if found.plan != plan {
                break;
            }
            match self.write_planned(to_write, order.clone(), shake).await {
                // What moved is perhaps not what the plan binds: then it is the same plan again.
                Err(ServiceError::Conflict(_)) => {}
                other => return other,
            }
        }
        Err(ServiceError::DocumentsOutdated)
    }

    async fn work_out_documents(&self, request: &GivenRequest) -> Result<Worked> {
        check(request)?;
        let seq = self.store.tip().await?.seq;
        let (states, left_out) = self.now_of(request).await?;
        let begun = states.iter().filter(|state| state.now.is_none()).map(|state| &state.key);
        self.accept_types(begun, |_| "/states".to_owned()).await?;
        let GivenRequest { name, scope, selection, exact, delete_others, .. } = request.clone();
        let asked = GivenAsked { name, scope, selection, exact, delete_others, seq, left_out };
        let modes = self.settings.modes.clone();
        let work = tokio::task::spawn_blocking(move || {
            let given = |state: &GivenNow| Some((state.key.clone(), Side::given(state.data.clone()?)));
            let targets: HashMap<StateKey, Side> = states.iter().filter_map(given).collect();
            let planned = with_rules(&modes, |rules| plan_given(asked, states, rules));
            let (plan, writes) = planned.map_err(|error| unplanned(&error))?;
            let to_write = ToWrite {
                plan: plan.plan.clone(),
                target: RestoredTo::Documents(plan.name.clone()),
                target_seq: seq,
                scope: plan.scope.clone(),
                selection: plan.selection.clone(),
                exact: plan.exact,
                counts: plan.counts,
                writes,
                targets,
                everything: false,
            };
            Ok(Worked { plan, to_write })
        });
        work.await.map_err(|error| ServiceError::Internal(error.to_string()))?
    }

    /// What is given of the scope, each with its head; and where others are to go, those. Apart from them what differs and stays.
    async fn now_of(&self, request: &GivenRequest) -> Result<(Vec<GivenNow>, Vec<StateKey>)> {
        if request.states.len() > STATES_MAX {
            return Err(ServiceError::TooLarge(format!(
                "more than {STATES_MAX} states: restore them in parts"
            )));
        }
        let mut others: HashMap<StateKey, Version> = HashMap::new();
        if request.delete_others {
            let all = self.moved_since(Seq::ZERO, &request.scope).await?;
            others = all.into_iter().map(|(head, _)| (head.key.clone(), head)).collect();
        }
        let within = request.scope.within();
        let (mut states, mut left_out) = (Vec::new(), Vec::new());
        for given in &request.states {
            let key = given.key();
            if !within.has(&key) {
                continue;
            }
            let now = match others.remove(&key) {
                Some(head) => Some(head),
                None if request.delete_others => None,
                None => self.store.head(&key).await?,
            };
            if records_stay(&request.scope, &key)
                || now.as_ref().is_some_and(|now| stays(&request.scope, now))
            {
                let given = ContentHash::of(&given.data);
                if now.and_then(|now| now.content_hash) != Some(given) {
                    left_out.push(key);
                }
                continue;
            }
            // What is given is held by the request already; here it is compared.
            let bytes = given.data.weight_at_most() + now.as_ref().map_or(0, weight);
            budget::hold(Class::Work, bytes).await?;
            states.push(GivenNow { key, now, data: Some(given.data.clone()) });
        }
        for head in others.into_values().filter(|head| !head.is_deleted()) {
            if stays(&request.scope, &head) {
                left_out.push(head.key);
            } else {
                states.push(GivenNow { key: head.key.clone(), now: Some(head), data: None });
            }
        }
        left_out.sort();
        Ok((states, left_out))
    }
}

/// Refuses what cannot be planned.
fn check(request: &GivenRequest) -> Result<()> {
    let name = &request.name;
    if name.is_empty() || name.len() > NAME_MAX || name.contains(char::is_control) {
        let message = format!("name must be 1 to {NAME_MAX} bytes without control characters");
        return Err(ServiceError::body("/name", "name", message));
    }
    let mut there: HashSet<StateKey> = HashSet::new();
    for (nth, given) in request.states.iter().enumerate() {
        must_be_object(&given.data, &format!("/states/{nth}/data"))?;
        if !there.insert(given.key()) {
            let message = format!("{} is there twice: give each state once, as it is to be", given.key());
            return Err(ServiceError::body(&format!("/states/{nth}"), "unique", message));
        }
    }
    Ok(())
}
