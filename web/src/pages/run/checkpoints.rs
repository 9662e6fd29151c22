//! The checkpoints of a run: moments to look at, and to go back to.

use leptos::prelude::*;
use stateloft_core::api::{CheckpointList, CheckpointView, RunStates, RunView};
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::{Remote, remote};
use crate::model::age;
use crate::model::number::count;
use crate::model::runs::between::{Pair, ticked};
use crate::model::runs::checkpoints::{apart, called, opened, plan};
use crate::parts::{FaultNote, Icon, Kbd, Pic, theirs};
use crate::shell::{keys, router};

/// Checkpoints that are shown.
const SHOWN: usize = 50;
/// States that fit into the address of a plan. A run that wrote more is planned without them, and the plan says of what it is.
const SCOPE: usize = 60;

/// The panel.
#[component]
pub(super) fn Checkpoints(run: Remote<RunView>) -> impl IntoView {
    let known = super::of(run, |view| (view.run.run_id.clone(), view.checkpoints));
    let list = remote(
        move || known.get(),
        |(id, _): (String, u64)| async move {
            api::get::<CheckpointList>(&super::path(&id, &format!("/checkpoints?limit={SHOWN}"))).await
        },
    );
    let wrote = remote(
        move || known.get().filter(|(_, taken)| *taken > 0),
        |(id, _): (String, u64)| async move {
            api::get::<RunStates>(&super::path(&id, &format!("/states?limit={SCOPE}"))).await
        },
    );
    let router = router();
    let from_address = || router.param("compare").as_deref().and_then(Pair::parse);
    let ticks = RwSignal::new(untrack(from_address).map(|pair| vec![pair.a, pair.b]).unwrap_or_default());
    let pair = Memo::new(move |_| ticks.with(|ticks| Pair::of(*ticks.first()?, *ticks.get(1)?)));
    let compare = move || {
        let pair = pair.get_untracked();
        if let Some(pair) = pair {
            router.set(&[("compare", Some(&pair.to_string()))]);
        }
        pair.is_some()
    };
    keys().on_key(move |key| key == "c" && compare());
    let numbers = move || list.value.with(|list| list.as_ref().map(|list| apart(&list.statistics)));
    let rows = move || {
        let states = wrote.value.with(|states| states.as_ref().map(scope));
        list.value.with(|list| {
            let list = list.as_ref()?;
            let rows = list.checkpoints.iter().map(|one| row(one, states.as_deref(), ticks));
            Some((rows.collect_view(), list.damaged.iter().map(|number| damaged(*number)).collect_view()))
        })
    };
    let rest = move || {
        list.value.with(|list| match list.as_ref() {
            Some(list) if list.statistics.count == 0 => Some("It took none.".to_owned()),
            Some(list) if list.next_cursor.is_some() => {
                Some(format!("The last {} are shown.", count(SHOWN as u64)))
            }
            _ => None,
        })
    };
    view! {
        <section class="panel run-checkpoints" aria-labelledby="checkpoints">
            <div class="head"><h2 id="checkpoints">"Checkpoints"</h2><span class="note">{numbers}</span>
                {move || pair.get().map(|pair| view! {
                    <span class="end">
                        <button class="btn small" on:click=move |_| { compare(); }>
                            <Pic icon=Icon::Compare size=14/>{format!("Compare c{} with c{}", pair.a, pair.b)}<Kbd name="c"/>
                        </button>
                    </span>
                })}
            </div>
            <FaultNote remote=list/>
            <div class="body">
                {rows}
                {move || rest().map(|words| view! { <p class="loading">{words}</p> })}
            </div>
        </section>
    }
}

/// The states that the run wrote, if all of them are known.
fn scope(wrote: &RunStates) -> Vec<StateKey> {
    let key = |row: &stateloft_core::api::RunState| StateKey {
        state_type: row.state_type.clone(),
        state_id: row.state_id.clone(),
    };
    if wrote.next_cursor.is_some() { Vec::new() } else { wrote.states.iter().map(key).collect() }
}

/// One of which nothing is shown.
fn damaged(number: u64) -> AnyView {
    view! {
        <div class="trow dense cells run-checkpoint">
            <span class="id">{format!("c{number}")}</span>
            <span class="ink2">"what is stored of it is damaged"</span>
        </div>
    }
    .into_any()
}

fn row(checkpoint: &CheckpointView, states: Option<&[StateKey]>, ticks: RwSignal<Vec<u64>>) -> AnyView {
    let number = checkpoint.number;
    let label = format!("Compare checkpoint {number}");
    let restore = states.map(|states| {
        let what = format!("Plan a restore to checkpoint {number}");
        view! { <a href=plan(checkpoint, states) aria-label=what.clone() data-tip=what><Pic icon=Icon::Restore/></a> }
    });
    let pinned = checkpoint.pinned.then(|| view! { <Pic icon=Icon::Snapshot/> });
    let tip = checkpoint.pinned.then_some("pinned");
    view! {
        <div class="trow dense cells run-checkpoint">
            <input
                class="check" type="checkbox" aria-label=label data-tip="Two are compared"
                prop:checked=move || ticks.with(|ticks| ticks.contains(&number))
                on:change=move |_| ticks.update(|ticks| *ticks = ticked(std::mem::take(ticks), number))
            />
            <a class="id" href=opened(checkpoint) data-tip="What was saved with it, in the log">{format!("c{number}")}</a>
            <span class="ink2">{theirs(&called(checkpoint))}</span>
            <span data-tip=tip>{pinned}</span>
            <span class="mono ink2">{age::clock(checkpoint.taken_at)}</span>
            {restore}
        </div>
    }
    .into_any()
}
