//! A plan on the screen: what was asked, what the server and the browser worked out, what is ticked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use statehouse_core::api::{Plan, PlanCounts, PlanRequest, PlannedState, Selection};
use statehouse_core::model::StateKey;
use statehouse_core::restore::selection_key;

use super::detail::Details;
use crate::api::{self, ApiError};
use crate::live::live;
use crate::model::plan_address::{self, Ask};
use crate::model::restore::{Agreement, Form, Outcome, carried_over, moved, outcome, tally};
use crate::shell::{Router, router};
use crate::worker::{self, WorkerError};

/// Ticks that follow each other quickly are asked of the server once.
const SETTLE: Duration = Duration::from_millis(250);
/// A plan whose states are being written to is worked out afresh at most this often.
const AFRESH: Duration = Duration::from_secs(1);

/// A plan made after heads have moved, beside the one on the screen.
#[derive(Clone)]
pub(super) struct Fresh {
    /// The plan.
    pub(super) plan: Arc<Plan>,
    /// What moved, and from which version.
    pub(super) moved: Vec<(StateKey, Option<u64>)>,
    /// The old one was refused, and this one is on the screen already.
    pub(super) refused: bool,
}

/// A plan on the screen.
#[derive(Clone, Copy)]
pub(crate) struct Planning {
    /// What is asked.
    pub(super) ask: Memo<Ask>,
    /// The plan that is looked at.
    pub(super) plan: RwSignal<Option<Arc<Plan>>>,
    /// The server's plan for the same heads and the present ticks: its hash is what may be applied.
    pub(super) confirmed: RwSignal<Option<Arc<Plan>>>,
    /// Why there is no plan.
    pub(super) fault: RwSignal<Option<ApiError>>,
    /// What is ticked.
    pub(super) ticks: RwSignal<Selection>,
    /// What was worked out of single states.
    pub(super) details: Details,
    /// Which states are unfolded.
    pub(super) open: RwSignal<BTreeSet<String>>,
    /// Whether browser and server agree.
    pub(super) agreement: RwSignal<Agreement>,
    /// A newer plan.
    pub(super) fresh: RwSignal<Option<Fresh>>,
    /// What is filled in.
    pub(super) form: RwSignal<Form>,
    router: Router,
    /// Counts requests, so that a late answer to an old one is known as such.
    asked: RwSignal<u64>,
}

impl Planning {
    /// Asks for the plan of the address, and again when it changes.
    pub(super) fn new() -> Self {
        let router = router();
        let ask = Memo::new(move |_| router.query.with(plan_address::ask));
        let this = Self {
            ask,
            plan: RwSignal::new(None),
            confirmed: RwSignal::new(None),
            fault: RwSignal::new(None),
            ticks: RwSignal::new(Selection::new()),
            details: Details::new(),
            open: RwSignal::new(BTreeSet::new()),
            agreement: RwSignal::new(Agreement::Waiting),
            fresh: RwSignal::new(None),
            form: RwSignal::new(Form::default()),
            router,
            asked: RwSignal::new(0),
        };
        let epoch = live().epoch;
        Effect::new(move || {
            ask.track();
            epoch.track();
            untrack(|| this.start());
        });
        Effect::new(move || this.work_out());
        this.follow();
        this
    }

    /// Begins with what the address says.
    fn start(self) {
        self.plan.set(None);
        self.confirmed.set(None);
        self.fault.set(None);
        self.fresh.set(None);
        self.details.clear();
        self.ticks.set(self.router.query.with_untracked(plan_address::ticks));
        self.request(Duration::ZERO);
    }

    /// Asks the server for the plan of the present ticks.
    fn request(self, after: Duration) {
        let Some(target) = self.ask.with_untracked(|ask| ask.target.clone()) else { return };
        let scope = self.ask.with_untracked(|ask| ask.scope.clone());
        self.asked.update(|asked| *asked += 1);
        let number = self.asked.get_untracked();
        self.agreement.set(Agreement::Waiting);
        set_timeout(
            move || {
                let latest = move || self.asked.try_get_untracked() == Some(number);
                let Some(selection) = self.ticks.try_get_untracked().filter(|_| latest()) else { return };
                spawn_local(async move {
                    let request = PlanRequest { target, scope, selection };
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
                    Some(shown) => self.confirm(&shown, plan, &ticks).await,
                    None => {
                        self.plan.try_set(Some(Arc::clone(&plan)));
                        self.confirm(&plan.clone(), plan, &ticks).await;
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
        self.fresh.try_set(Some(Fresh { plan, moved, refused: false }));
    }

    /// The server refused to apply the plan and gave a newer one: that is looked at now. Ticks and reason stay.
    pub(super) fn refused(self, plan: Arc<Plan>, shown: &Plan) {
        let moved = moved(shown, &plan);
        self.show(Arc::clone(&plan), &moved);
        self.fresh.try_set(Some(Fresh { plan, moved, refused: true }));
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
            spawn_local(async move { self.confirm(&plan.clone(), plan, &ticks).await });
        } else {
            self.request(Duration::ZERO);
        }
    }

    /// Checks that the browser works out the same hash.
    async fn confirm(self, shown: &Plan, answer: Arc<Plan>, ticks: &Selection) {
        let hash = hash_of(shown, ticks).await;
        if self.ticks.try_with_untracked(|now| now == ticks) != Some(true) {
            return;
        }
        let agreement = match hash {
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
        self.open.update(|open| open.extend(fresh.moved.iter().map(|(key, _)| selection_key(key))));
    }

    /// Works the plan out once more.
    pub(super) fn again(self) {
        self.request(Duration::ZERO);
    }

    /// Changes ticks; the address follows.
    pub(super) fn tick(self, edit: impl FnOnce(&mut Selection)) {
        self.ticks.update(edit);
        self.confirmed.set(None);
        let ask = self.ask.get_untracked();
        let query = self.ticks.with_untracked(|ticks| plan_address::with_ticks(&ask, ticks));
        self.router.replace(&format!("/view/restore{query}"));
        self.request(SETTLE);
    }

    /// Unfolds or folds a state.
    pub(super) fn turn(self, name: &str) {
        self.open.update(|open| {
            if !open.remove(name) {
                open.insert(name.to_owned());
            }
        });
    }

    /// Works out every state that is unfolded or of which single paths are ticked.
    fn work_out(self) {
        let Some(plan) = self.plan.get() else { return };
        self.ticks.with(|ticks| {
            self.open.with(|open| {
                for state in &plan.states {
                    let name = selection_key(&state.key);
                    let ticks = ticks.get(&name);
                    if open.contains(&name) || ticks.is_some_and(|ticks| !ticks.skip) {
                        self.details.want(name, state, ticks.cloned().unwrap_or_default());
                    }
                }
            });
        });
    }

    /// What becomes of a state under the present ticks.
    pub(super) fn outcome(self, state: &PlannedState) -> Outcome {
        let name = selection_key(&state.key);
        let planned =
            self.plan.with(|plan| plan.as_ref().and_then(|plan| plan.selection.get(&name).cloned()));
        self.ticks.with(|ticks| {
            let ticks = ticks.get(&name);
            let worked_out = self.details.outcome(&name, ticks);
            outcome(state, planned.as_ref(), ticks, worked_out)
        })
    }

    /// Totals under the present ticks: as confirmed by the server, until then as worked out here.
    pub(super) fn counts(self) -> PlanCounts {
        if let Some(confirmed) = self.confirmed.get() {
            return confirmed.counts;
        }
        let Some(plan) = self.plan.get() else { return PlanCounts::default() };
        let in_scope = plan.counts.equal + plan.counts.written();
        tally(plan.states.iter().map(|state| self.outcome(state)), in_scope)
    }

    /// Works the plan out afresh when something is written in its scope.
    fn follow(self) {
        let due = StoredValue::new(false);
        live().on_events(move |events| {
            let scope = self.ask.try_with_untracked(|ask| ask.scope.clone());
            let Some(scope) = scope else { return };
            let ours = |event: &crate::model::inbox::Event| {
                let key = StateKey { state_type: event.state_type.clone(), state_id: event.state_id.clone() };
                (scope.states.is_empty() || scope.states.contains(&key))
                    && (scope.types.is_empty() || scope.types.contains(&key.state_type))
                    && scope.prefix.as_deref().is_none_or(|prefix| key.state_id.as_str().starts_with(prefix))
            };
            let planned = self.plan.try_with_untracked(Option::is_some) == Some(true);
            if planned
                && events.iter().any(ours)
                && due.try_update_value(|due| !std::mem::replace(due, true)) == Some(true)
            {
                set_timeout(
                    move || {
                        if due.try_set_value(false).is_none() {
                            self.request(Duration::ZERO);
                        }
                    },
                    AFRESH,
                );
            }
        });
    }
}

/// Whether the fresh plan is about other heads, or another moment.
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
