//! The refusal of a plan that is not the one that was looked at: with what it would be now, and what has moved.

use std::collections::HashMap;

use stateloft_core::api::{Plan, StateMoved, StateSelection};
use stateloft_core::model::{Seq, StateKey, Version};
use stateloft_core::restore::{Looked, selection_key, state_moved};

use super::plan::{Worked, with_rules};
use crate::service::{Result, Service, ServiceError};

/// A fresh plan in place of an outdated one, and what has moved between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Outdated {
    /// The plan as it is now.
    pub plan: Plan,
    /// What has moved since the other one was looked at, as far as it is known when that was: what it binds first.
    pub moved: Vec<StateMoved>,
}

impl Service {
    /// The refusal. `looked` is the store's seq when the plan was looked at.
    pub(super) async fn outdated(&self, mut worked: Worked, looked: Option<Seq>) -> Result<ServiceError> {
        self.say_who_holds(&mut worked).await?;
        let Worked { plan, targets, .. } = worked;
        let mut moved = Vec::new();
        // What the request says of the past is believed as far as there is one.
        if let Some(looked) = looked.filter(|seq| *seq < plan.seq && *seq >= plan.target_seq) {
            let since = self.moved_since(looked, &plan.scope).await?;
            let (modes, asked) = (self.settings.modes.clone(), plan.clone());
            let work = tokio::task::spawn_blocking(move || {
                with_rules(&modes, |rules| {
                    let moved = since.into_iter().map(|(now, was)| {
                        let name = selection_key(&now.key);
                        let default = StateSelection::default();
                        let ticks = asked.selection.get(&name).unwrap_or(&default);
                        let target = at_the_target(&targets, &now);
                        state_moved(was.as_ref(), &now, Looked { target, ticks, exact: asked.exact }, rules)
                    });
                    moved.collect::<Vec<_>>()
                })
            });
            moved = work.await.map_err(|error| ServiceError::Internal(error.to_string()))?;
            moved.sort_by(|one, other| (!one.counts, &one.key).cmp(&(!other.counts, &other.key)));
        }
        Ok(ServiceError::PlanOutdated(Box::new(Outdated { plan, moved })))
    }
}

fn at_the_target<'a>(targets: &'a HashMap<StateKey, Version>, now: &Version) -> Option<&'a Version> {
    targets.get(&now.key)
}
