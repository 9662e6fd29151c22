//! What a restore does to single states, worked out in the browser from their documents.

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::try_join;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use stateloft_core::api::{Effect, Plan, PlannedState, Selection, StateSelection, VersionView};
use stateloft_core::diff::Diff;
use stateloft_core::model::{Mode, StateKey, Verdict};
use stateloft_core::restore::selection_key;
use wasm_bindgen::JsValue;

use crate::model::restore::Outcome;
use crate::pages::compare::Failure;
use crate::shell::desk;
use crate::worker;

/// One state, worked out.
#[derive(Clone, PartialEq)]
pub(super) struct Detail {
    /// For these ticks.
    ticks: StateSelection,
    /// The version that was the head.
    now: u64,
    /// How far it is.
    pub(super) stage: Stage,
}

/// How far it is.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// Documents are fetched, or the worker is at it.
    Working,
    /// Done.
    Done {
        /// What becomes of it.
        outcome: Outcome,
        /// From now to the target; from nothing where the state comes back, to nothing where it goes.
        diff: Arc<Diff>,
        /// It comes or goes as a whole: there is nothing to choose in it.
        whole: bool,
        /// What a plan binds of it.
        bound: Option<String>,
    },
    /// It could not be worked out.
    Failed(Failure),
}

/// What the component says.
#[derive(Deserialize)]
struct Restored {
    effect: Effect,
    verdict: Verdict,
    selected: u32,
    diff: Option<Diff>,
    bound: Option<String>,
}

/// What was worked out of single states, by their names in a selection.
#[derive(Clone, Copy)]
pub(super) struct Details(RwSignal<HashMap<String, Detail>>);

impl Details {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(HashMap::new()))
    }

    pub(super) fn clear(self) {
        self.0.update(HashMap::clear);
    }

    pub(super) fn forget(self, name: &str) {
        self.0.update(|details| {
            details.remove(name);
        });
    }

    /// What is known of a state; the last known stays while newer ticks are worked out.
    pub(super) fn get(self, name: &str) -> Option<Stage> {
        self.0.with(|details| details.get(name).map(|detail| detail.stage.clone()))
    }

    /// What becomes of a state under exactly these ticks, if that is known.
    pub(super) fn outcome(self, name: &str, ticks: Option<&StateSelection>) -> Option<Outcome> {
        self.0.with(|details| {
            let detail = details.get(name)?;
            let same =
                ticks.map_or(detail.ticks == StateSelection::default(), |ticks| detail.ticks == *ticks);
            match &detail.stage {
                Stage::Done { outcome, .. } if same => Some(outcome.clone()),
                _ => None,
            }
        })
    }

    /// Whether something was worked out here otherwise than by the server. What is damaged, or exact, is bound as a whole, by what
    /// is not read here.
    pub(super) fn contradict(self, plan: &Plan, ticks: &Selection) -> bool {
        let differs = |state: &PlannedState| {
            let name = selection_key(&state.key);
            let ticks = ticks.get(&name).cloned().unwrap_or_default();
            self.0.with_untracked(|details| {
                let detail = details.get(&name).filter(|d| d.ticks == ticks && d.now == state.now.version.0);
                matches!(detail.map(|d| &d.stage), Some(Stage::Done { bound, .. }) if *bound != state.bound)
            })
        };
        !plan.exact && plan.states.iter().any(|state| !state.now.damaged && differs(state))
    }

    /// Works a state out, unless that is done or being done.
    pub(super) fn want(self, name: String, planned: &PlannedState, ticks: StateSelection) {
        let now = planned.now.version.0;
        let there = self.0.with_untracked(|details| {
            details.get(&name).is_some_and(|detail| detail.ticks == ticks && detail.now == now)
        });
        if there {
            return;
        }
        self.0.update(|details| {
            // What is on the screen stays there until the new result is in.
            let old = details.remove(&name).filter(|detail| detail.now == now);
            let stage = old.map_or(Stage::Working, |detail| detail.stage);
            details.insert(name.clone(), Detail { ticks: ticks.clone(), now, stage });
        });
        let mode = mode_of(&planned.key);
        let planned = planned.clone();
        spawn_local(async move {
            let worked = work_out(&planned, &ticks, mode).await;
            self.0.try_update(|details| {
                let current = details.get_mut(&name).filter(|d| d.ticks == ticks && d.now == now);
                if let Some(detail) = current {
                    detail.stage = worked.unwrap_or_else(Stage::Failed);
                }
            });
        });
    }
}

/// How strictly the state's type is validated, as the server says.
pub(crate) fn mode_of(key: &StateKey) -> Mode {
    desk().overview.value.with_untracked(|day| {
        let types = day.as_ref().map(|day| day.types.as_slice()).unwrap_or_default();
        types.iter().find(|t| t.state_type == key.state_type.as_str()).map_or(Mode::Warn, |t| t.mode)
    })
}

/// Its word in the component’s calls.
pub(crate) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Warn => "warn",
        Mode::Strict => "strict",
    }
}

/// The texts of both ends, null where a state has none.
async fn ends(state: &PlannedState) -> Result<(JsValue, JsValue), Failure> {
    let read = async |version: Option<&VersionView>| match version {
        Some(version) if version.content_hash.is_some() => worker::text_of(&state.key, version).await,
        _ => Ok(JsValue::NULL),
    };
    Ok(try_join(read(Some(&state.now)), read(state.target.as_ref())).await?)
}

async fn work_out(state: &PlannedState, ticks: &StateSelection, mode: Mode) -> Result<Stage, Failure> {
    let (now, target) = ends(state).await?;
    let state_type = JsValue::from_str(state.key.state_type.as_str());
    let plain = serde_wasm_bindgen::Serializer::json_compatible();
    let ticks = ticks.serialize(&plain).map_err(|error| worker::WorkerError::Shape(error.to_string()))?;
    let args = [state_type, now.clone(), target.clone(), ticks, JsValue::from_str(mode_name(mode))];
    let restored: Restored = worker::call("plan", &args).await?;
    let outcome = Outcome { effect: restored.effect, verdict: restored.verdict, selected: restored.selected };
    let (diff, whole) = match restored.diff {
        Some(diff) => (diff, false),
        None => (difference(state, now, target).await?, true),
    };
    Ok(Stage::Done { outcome, diff: Arc::new(diff), whole, bound: restored.bound })
}

async fn difference(state: &PlannedState, old: JsValue, new: JsValue) -> Result<Diff, Failure> {
    let state_type = JsValue::from_str(state.key.state_type.as_str());
    let text = |side: JsValue| if side.is_null() { JsValue::from_str("{}") } else { side };
    Ok(worker::call("diff", &[state_type, text(old), text(new)]).await?)
}
