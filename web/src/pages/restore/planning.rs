//! A plan on the screen: what was asked, what the server and the browser worked out, what is ticked. How the server is
//! asked and what follows from its answers stands in [`super::exchange`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{Plan, PlanCounts, PlannedState, Selection, StateMoved, StateSelection};
use stateloft_core::model::StateKey;
use stateloft_core::restore::selection_key;

use super::detail::Details;
use super::looking::Row;
use crate::api::ApiError;
use crate::live::live;
use crate::model::plan_address::{self, Ask};
use crate::model::restore::{Agreement, Form, Outcome, outcome, tally};
use crate::model::seen::Seen;
use crate::shell::{Router, router};

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
    /// What the server said of it, path by path, when it refused the old one.
    pub(super) said: Vec<StateMoved>,
    /// The old one was refused, and this one is on the screen already.
    pub(super) refused: bool,
}

impl Fresh {
    /// The states of which something moved that the plan binds.
    pub(super) fn keys(&self) -> impl Iterator<Item = &StateKey> {
        let said = self.said.iter().filter(|state| state.counts).map(|state| &state.key);
        said.chain(self.moved.iter().map(|(key, _)| key).filter(|_| self.said.is_empty()))
    }
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
    /// Which rows have been looked at.
    pub(super) seen: RwSignal<Seen>,
    /// The row that the keys are at.
    pub(super) cursor: RwSignal<Option<Row>>,
    /// How far the list is scrolled, in px, and where to.
    pub(super) scrolled: RwSignal<f64>,
    pub(super) jump: RwSignal<Option<f64>>,
    /// What had been looked at of a plan, by its hash, when this entry of the history was left.
    pub(super) seen_before: StoredValue<Option<(String, Seen)>>,
    /// Of which states volatile paths are shown, too.
    pub(super) noise: RwSignal<BTreeSet<String>>,
    /// Whether browser and server agree.
    pub(super) agreement: RwSignal<Agreement>,
    /// A newer plan.
    pub(super) fresh: RwSignal<Option<Fresh>>,
    /// What is filled in.
    pub(super) form: RwSignal<Form>,
    pub(super) router: Router,
    /// Counts requests, so that a late answer to an old one is known as such.
    pub(super) asked: RwSignal<u64>,
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
            seen: RwSignal::new(Seen::default()),
            cursor: RwSignal::new(None),
            scrolled: RwSignal::new(0.0),
            jump: RwSignal::new(None),
            seen_before: StoredValue::new(None),
            noise: RwSignal::new(BTreeSet::new()),
            agreement: RwSignal::new(Agreement::Waiting),
            fresh: RwSignal::new(None),
            form: RwSignal::new(Form::default()),
            router,
            asked: RwSignal::new(0),
        };
        this.come_back();
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
        self.seen.set(Seen::default());
        self.ticks.set(self.router.query.with_untracked(plan_address::ticks));
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

    /// Restores byte for byte, or not: then of the ticks only those of whole states are left.
    pub(super) fn set_exact(self, exact: bool) {
        let ask = Ask { exact, ..self.ask.get_untracked() };
        let mut ticks = self.ticks.get_untracked();
        if exact {
            ticks.retain(|_, ticks| ticks.skip);
            for ticks in ticks.values_mut() {
                *ticks = StateSelection { skip: true, ..StateSelection::default() };
            }
        }
        self.router.replace(&format!("/view/restore{}", plan_address::with_ticks(&ask, &ticks)));
    }

    /// Unfolds or folds a state.
    pub(super) fn unfold(self, name: &str) {
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
        let in_scope = plan.counts.equal + plan.counts.written() + plan.counts.damaged;
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
