//! Asking the server for a plan, and what its answers mean for the plan on the screen.

use std::sync::Arc;
use std::time::Duration;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use stateloft_core::api::{Plan, PlanRequest, Selection, StateMoved};
use stateloft_core::model::StateKey;
use stateloft_core::restore::selection_key;

use super::looking::Row;
use super::planning::{Fresh, Planning};
use crate::api::{self, ApiError};
use crate::model::restore::{Agreement, carried_over, moved, set_state};
use crate::model::seen::Seen;
use crate::worker::{self, WorkerError};

impl Planning {
    /// Asks the server for the plan of the present ticks.
    pub(super) fn request(self, after: Duration) {
        let Some(target) = self.ask.with_untracked(|ask| ask.target.clone()) else { return };
        let (scope, exact) = self.ask.with_untracked(|ask| (ask.scope.clone(), ask.exact));
        self.asked.update(|asked| *asked += 1);
        let number = self.asked.get_untracked();
        // What is confirmed for these very ticks may be written meanwhile: should it not hold any more, the server says so.
        if self.confirmed.with_untracked(Option::is_none) {
            self.agreement.set(Agreement::Waiting);
        }
        set_timeout(
            move || {
                let latest = move || self.asked.try_get_untracked() == Some(number);
                let Some(selection) = self.ticks.try_get_untracked().filter(|_| latest()) else { return };
                spawn_local(async move {
                    let request = PlanRequest { target, scope, selection, exact };
                    let answer = api::send::<Plan>(Method::POST, "/restores", Some(&request)).await;
                    if latest() {
                        self.take(answer, request.selection).await;
                    }
                });
            },
            after,
        );
    }

    async fn take(self, answer: Result<Plan, ApiError>, ticks: Selection) {
        match answer {
            Ok(plan) => {
                self.fault.try_set(None);
                let plan = Arc::new(plan);
                let shown = self.plan.try_get_untracked().flatten();
                match shown {
                    Some(shown) if is_other(&shown, &plan) => self.offer(plan, &shown),
                    // Heads may have moved in what the plan does not bind: it stands on those of now.
                    Some(shown) if shown.states == plan.states => self.confirm(plan, &ticks).await,
                    _ => {
                        self.see_again(&plan.plan);
                        self.plan.try_set(Some(Arc::clone(&plan)));
                        self.confirm(plan, &ticks).await;
                    }
                }
            }
            Err(error) => {
                self.agreement.try_set(Agreement::Unanswered);
                self.fault.try_set(Some(error));
            }
        }
    }

    /// Says that the plan that is looked at is out of date, with a newer one at hand. It is not taken away: whoever presses
    /// the button is refused by the server, and nobody writes what he has not seen.
    fn offer(self, plan: Arc<Plan>, shown: &Plan) {
        let moved = moved(shown, &plan);
        let pressable = self.confirmed.try_with_untracked(Option::is_some) == Some(true);
        self.agreement.try_set(if pressable { Agreement::Agreed } else { Agreement::Outdated });
        self.fresh.try_set(Some(Fresh { plan, moved, said: Vec::new(), refused: false }));
    }

    /// The server refused to apply the plan and gave a newer one: that is looked at now. Ticks and reason stay.
    pub(super) fn refused(self, plan: Arc<Plan>, said: Vec<StateMoved>, shown: &Plan) {
        let moved = moved(shown, &plan);
        self.show(Arc::clone(&plan), &moved);
        let named = |state: &'_ StateMoved| selection_key(&state.key);
        self.seen.try_update(|seen| seen.lose(said.iter().map(|state| (named(state), state))));
        let counted = said.iter().filter(|state| state.counts);
        self.open.try_update(|open| open.extend(counted.clone().map(named)));
        let first = counted.clone().find_map(|state| {
            let path = state.paths.iter().find(|path| path.selected)?;
            Some(Row { state: named(state), path: Some(path.display.clone()) })
        });
        if first.is_some() {
            self.cursor.try_set(first);
        }
        self.fresh.try_set(Some(Fresh { plan, moved, said, refused: true }));
    }

    /// Leaves the states out of which something moved that is ticked.
    pub(super) fn leave_out(self) {
        let Some(fresh) = self.fresh.try_update(Option::take).flatten() else { return };
        self.tick(|ticks| fresh.keys().for_each(|key| set_state(ticks, key, false)));
    }

    fn show(self, plan: Arc<Plan>, moved: &[(StateKey, Option<u64>)]) {
        for (key, _) in moved {
            self.details.forget(&selection_key(key));
        }
        let ticks = carried_over(&self.ticks.get_untracked(), &plan);
        let same = ticks == plan.selection;
        self.plan.set(Some(Arc::clone(&plan)));
        self.confirmed.set(None);
        self.ticks.set(ticks.clone());
        if same {
            // The server has just worked it out for these very ticks.
            self.asked.update(|asked| *asked += 1);
            self.agreement.set(Agreement::Waiting);
            spawn_local(async move { self.confirm(plan, &ticks).await });
        } else {
            self.request(Duration::ZERO);
        }
    }

    /// Checks that the browser works out the same: of each state that was looked into, and the hash of the whole.
    async fn confirm(self, answer: Arc<Plan>, ticks: &Selection) {
        let hash = hash_of(&answer, ticks).await;
        if self.ticks.try_with_untracked(|now| now == ticks) != Some(true) {
            return;
        }
        let agreement = match hash {
            Ok(_) if self.details.contradict(&answer, ticks) => Agreement::Differ,
            Ok(hash) if hash == answer.plan => Agreement::Agreed,
            Ok(_) => Agreement::Differ,
            Err(_) => Agreement::Unchecked,
        };
        self.agreement.try_set(agreement);
        self.confirmed.try_set(Some(answer));
    }

    /// Looks at the newer plan, and into what moved. Ticks and reason stay.
    pub(super) fn adopt(self) {
        let Some(fresh) = self.fresh.try_update(Option::take).flatten() else { return };
        if !fresh.refused {
            self.show(Arc::clone(&fresh.plan), &fresh.moved);
        }
        self.seen.try_update(Seen::accept);
        self.open.update(|open| open.extend(fresh.keys().map(selection_key)));
    }

    /// Works the plan out once more.
    pub(super) fn again(self) {
        self.request(Duration::ZERO);
    }
}

/// Whether the fresh plan is about another moment, or binds what was not looked at.
fn is_other(shown: &Plan, fresh: &Plan) -> bool {
    shown.target_seq != fresh.target_seq || !moved(shown, fresh).is_empty()
}

/// The hash that the browser works out for a plan with these ticks.
async fn hash_of(plan: &Plan, ticks: &Selection) -> Result<String, WorkerError> {
    let format = serde_wasm_bindgen::Serializer::json_compatible();
    let wrong = |error: serde_wasm_bindgen::Error| WorkerError::Shape(error.to_string());
    let plan = plan.serialize(&format).map_err(wrong)?;
    let ticks = ticks.serialize(&format).map_err(wrong)?;
    worker::call("plan_hash", &[plan, ticks]).await
}
