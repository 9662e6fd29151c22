//! The states of which the run wrote versions.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{RunState, RunStates, RunView};
use stateloft_core::model::StateKey;

use super::book::Book;
use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address;
use crate::model::number;
use crate::parts::{Chip, Empty, FaultNote, Icon, Stand, Tone, theirs};

/// Rows that are read; the count says how many there are.
const PAGE: usize = 500;
/// What the run writes is read again so often at most.
const SETTLE: Duration = Duration::from_secs(2);

/// The states of a run, and again when it has written.
fn read(id: String) -> Remote<RunStates> {
    let asked = id.clone();
    let states = remote(
        move || Some(asked.clone()),
        |id: String| async move {
            api::get::<RunStates>(&super::path(&id, &format!("/states?limit={PAGE}"))).await
        },
    );
    let due = StoredValue::new(false);
    live().on_events(move |events| {
        let own = events.iter().any(|event| event.run_id.as_deref() == Some(&id));
        if own && !due.try_get_value().unwrap_or(true) {
            due.set_value(true);
            set_timeout(
                move || {
                    if due.try_set_value(false).is_none() {
                        states.reload();
                    }
                },
                SETTLE,
            );
        }
    });
    states
}

/// The panel.
#[component]
pub(super) fn States(run: Remote<RunView>) -> impl IntoView {
    let id = super::of(run, |view| view.run.run_id.clone());
    let total = super::of(run, |view| view.states);
    move || {
        id.get().map(|id| {
            let states = read(id);
            view! { <Book run states/><Table states total/> }
        })
    }
}

#[component]
fn Table(states: Remote<RunStates>, total: Memo<Option<u64>>) -> impl IntoView {
    let stand = Stand::new(|| false);
    let rows = stand.steady(
        move || {
            states
                .value
                .with(|states| states.as_ref().map(|states| states.states.clone()).unwrap_or_default())
        },
        |row: &RunState| (row.state_type.clone(), row.state_id.clone()),
    );
    let none =
        move || states.value.with(|states| states.as_ref().is_some_and(|states| states.states.is_empty()));
    let rest = move || {
        let more =
            states.value.with(|states| states.as_ref().is_some_and(|states| states.next_cursor.is_some()));
        more.then(|| format!("The first {} by type and id are shown.", number::count(PAGE as u64)))
    };
    view! {
        <section class="panel run-states" aria-labelledby="run-states">
            <div class="head">
                <h2 id="run-states">"States"</h2>
                <span class="note">"that it wrote, by type and id"</span>
                <span class="end">{move || total.get().map(number::count)}</span>
            </div>
            <FaultNote remote=states/>
            <div class="body" {..stand.held()}>
                <div class="thead cells run-state">
                    <span>"State"</span><span>"Type"</span><span class="num">"Versions"</span><span class="num">"Its last"</span><span>"Since"</span>
                </div>
                <For each=move || rows.get() key=|row| (row.state_type.clone(), row.state_id.clone(), row.version, row.head_version) let:row>
                    <Row row/>
                </For>
                <Show when=none><Empty icon=Icon::States head="It has written nothing yet"/></Show>
                {move || rest().map(|words| view! { <p class="loading">{words}</p> })}
            </div>
        </section>
    }
}

#[component]
fn Row(row: RunState) -> impl IntoView {
    let key = StateKey { state_type: row.state_type.clone(), state_id: row.state_id.clone() };
    let since = match (row.live, row.changed_since) {
        (false, _) => view! { <Chip tone=Tone::Del>"deleted"</Chip> }.into_any(),
        (true, true) => {
            let words = format!("others wrote up to v{}", row.head_version);
            let href = address::compare(&key, row.version.0, row.head_version.0);
            view! { <a href=href>{words}</a> }.into_any()
        }
        (true, false) => view! { <span class="ink3">"as it left it"</span> }.into_any(),
    };
    view! {
        <div class="trow dense cells run-state">
            <a class="id" href=address::version(&key, row.version.0)>{theirs(key.state_id.as_str())}</a>
            <span class="ink2">{key.state_type.to_string()}</span>
            <span class="num mono">{number::count(row.versions)}</span>
            <span class="num mono">{format!("v{}", row.version)}</span>
            <span class="since-words">{since}</span>
        </div>
    }
}
