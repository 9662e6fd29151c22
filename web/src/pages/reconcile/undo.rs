//! Taking back what was written: a restore of these states to the moment right before, in one click, as long as nothing was saved on top.

use std::sync::Arc;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{ApplyRequest, Code, Moment, Plan, PlanRequest, Scope, Selection, VersionView};
use stateloft_core::model::{Seq, StateKey};

use crate::api::{self, ApiError};
use crate::model::address::Query;
use crate::model::handshake::order::{Order, Planned};
use crate::model::restore::states_word;
use crate::pages::restore::Sending;
use crate::parts::{Author, Icon, Notice, NoticeKind, Pic, WriteNote};

/// States that fit into the address of a plan.
const SCOPE: usize = 60;

/// Why it was not taken back.
#[derive(Debug, Clone, PartialEq)]
enum Kept {
    /// It could not be looked at.
    Unread(ApiError),
    /// Something was saved since: a restore would take that back, too.
    Newer,
}

/// The button, and what stands in its way.
#[component]
pub(super) fn Undo(
    /// What was written of states.
    states: Vec<VersionView>,
    /// The seq right before.
    before: u64,
) -> impl IntoView {
    let (sending, kept, asking) = (Sending::new(), RwSignal::new(None::<Kept>), RwSignal::new(false));
    let words = match states.len() {
        1 => "Undo: write the state as it was before".to_owned(),
        many => format!("Undo: write the {} as they were before", states_word(many as u64)),
    };
    let href = plan_href(&states, before);
    let states = StoredValue::new(states);
    let press = move |_| {
        kept.set(None);
        asking.set(true);
        spawn_local(async move {
            let answer = plan(&states.get_value(), before).await;
            asking.try_set(false);
            match answer {
                Ok(Some(plan)) => write(plan, sending, kept),
                Ok(None) => {
                    kept.try_set(Some(Kept::Newer));
                }
                Err(error) => {
                    kept.try_set(Some(Kept::Unread(error)));
                }
            }
        });
    };
    let note = move || {
        let (head, rest) = match kept.get()? {
            Kept::Newer => (
                "Nothing was written.".to_owned(),
                "Of these states something was saved since: taking all of it back would take that back, too. ".to_owned(),
            ),
            Kept::Unread(error) => {
                let (head, rest) = error.of_read();
                (format!("Nothing was written. {head}"), format!("{rest} "))
            }
        };
        let href = href.clone();
        Some(view! { <Notice kind=NoticeKind::Error head>{rest}<a href=href>"Look at the plan"</a></Notice> })
    };
    view! {
        <div class="undo-part">
            <button class="btn undo" disabled=move || asking.get() || sending.writing.busy.get() on:click=press>
                <Pic icon=Icon::Restore/>{move || if sending.writing.busy.get() { "Asking whoever holds it\u{2026}".to_owned() } else { words.clone() }}
            </button>
            {note}
            <WriteNote writing=sending.writing/>
        </div>
    }
}

/// The plan of taking it back; `None` where a state has a later version than the one that was written.
async fn plan(states: &[VersionView], before: u64) -> Result<Option<Plan>, ApiError> {
    let request = PlanRequest {
        target: Moment::Seq(Seq(before)),
        scope: Scope { states: states.iter().map(key).collect(), ..Scope::default() },
        selection: Selection::new(),
        exact: false,
    };
    let plan = api::send::<Plan>(Method::POST, "/restores", Some(&request)).await?;
    let is_ours = |now: &VersionView| {
        states.iter().any(|written| key(written) == key(now) && written.version == now.version)
    };
    Ok(plan.states.iter().all(|state| is_ours(&state.now)).then_some(plan))
}

fn key(version: &VersionView) -> StateKey {
    StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() }
}

fn write(plan: Plan, sending: Sending, kept: RwSignal<Option<Kept>>) {
    let request = ApplyRequest {
        target: plan.target.clone(),
        scope: plan.scope.clone(),
        selection: plan.selection.clone(),
        exact: plan.exact,
        seq: Some(plan.seq),
        reason: "undo of a reconcile".to_owned(),
        user_id: Author::stored(),
        // What was there before is put back as it was, whatever the rules say of it.
        accept_violations: true,
        run_id: None,
        correlation_id: None,
        causation_id: None,
        handshake: None,
    };
    let order = Order::Apply(Box::new(Planned { plan: Arc::new(plan), request }));
    sending.send(
        order,
        || (),
        move |error| match error.code() {
            Some(Code::PlanOutdated) => {
                kept.try_set(Some(Kept::Newer));
                Ok(())
            }
            _ => Err(error),
        },
    );
}

/// The plan on its own page. So many states that they do not fit into an address are planned as all of their type.
fn plan_href(states: &[VersionView], before: u64) -> String {
    let mut query = Query::default().with("target", Some(&format!("seq:{before}")));
    if states.len() <= SCOPE {
        for version in states {
            query = query.and("state", &format!("{}/{}", version.state_type, version.state_id));
        }
    } else if let Some(first) = states.first() {
        query = query.and("type", first.state_type.as_str());
    }
    format!("/view/restore{query}")
}
