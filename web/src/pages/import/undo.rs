//! Undoing an import: a restore to before it, of what is still as it was written.

use std::collections::HashMap;
use std::sync::Arc;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{
    ApplyRequest, Effect, Moment, Plan, PlanRequest, Scope, Selection, StateSelection,
};
use stateloft_core::model::{StateKey, VersionNumber};
use stateloft_core::restore::selection_key;

use crate::api::{self, ApiError};
use crate::model::handshake::order::{Order, Planned};
use crate::model::import::Written;
use crate::model::number;
use crate::pages::restore::Sending;
use crate::parts::{Author, Icon, Pic};
use crate::shell::toasts;

/// The button. One press is enough: an undo is a restore like any other, and can be undone itself.
#[component]
pub(super) fn UndoImport(id: String, written: Written, sending: Sending) -> impl IntoView {
    let toasts = toasts();
    let planning = RwSignal::new(false);
    let count = (written.states.len() + written.held.len()) as u64;
    let words = format!("Undo: take back {}", number::counted(count, "version", "versions"));
    let press = move |_| {
        let (id, written) = (id.clone(), written.clone());
        planning.set(true);
        spawn_local(async move {
            let planned = plan(&written).await;
            planning.try_set(false);
            match planned {
                Err(error) => {
                    let (head, rest) = error.of_read();
                    toasts.failed(format!("Nothing was undone. {head}"), rest);
                }
                Ok(plan) if plan.counts.written() == 0 => {
                    toasts.failed(
                        "Nothing is left to undo.",
                        "Everything that it wrote was saved again, or undone, since.",
                    );
                }
                Ok(plan) => {
                    sending.send(apply(plan, &id), || (), Err);
                }
            }
        });
    };
    view! {
        <button class="btn undo" disabled=move || planning.get() || sending.writing.busy.get() on:click=press>
            <Pic icon=Icon::Restore/>{words}
        </button>
    }
}

/// The plan that takes back what still is as the import wrote it.
async fn plan(written: &Written) -> Result<Plan, ApiError> {
    let mut wrote: HashMap<StateKey, VersionNumber> = HashMap::new();
    for version in written.states.iter().chain(&written.held) {
        let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
        let last = wrote.entry(key).or_insert(version.version);
        *last = version.version.max(*last);
    }
    let mut states: Vec<StateKey> = wrote.keys().cloned().collect();
    states.sort();
    let target = Moment::Seq(written.before());
    let scope = Scope { states, ..Scope::default() };
    let request = PlanRequest { target, scope, selection: Selection::new(), exact: false };
    let first: Plan = api::send(Method::POST, "/restores", Some(&request)).await?;
    let moved = first
        .states
        .iter()
        .filter(|state| state.effect != Effect::Equal && wrote.get(&state.key) != Some(&state.now.version));
    let skip = |state: &stateloft_core::api::PlannedState| {
        (selection_key(&state.key), StateSelection { skip: true, ..StateSelection::default() })
    };
    let selection: Selection = moved.map(skip).collect();
    if selection.is_empty() {
        return Ok(first);
    }
    api::send(Method::POST, "/restores", Some(&PlanRequest { selection, ..request })).await
}

fn apply(plan: Plan, id: &str) -> Order {
    let request = ApplyRequest {
        target: plan.target.clone(),
        scope: plan.scope.clone(),
        selection: plan.selection.clone(),
        exact: plan.exact,
        seq: Some(plan.seq),
        reason: format!("Undo of the import {id}"),
        user_id: Author::stored(),
        // What was there before is put back as it was, whatever the rules say of it.
        accept_violations: true,
        run_id: None,
        correlation_id: None,
        causation_id: None,
        handshake: None,
    };
    Order::Apply(Box::new(Planned { plan: Arc::new(plan), request }))
}
