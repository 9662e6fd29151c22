//! The checkpoints of a run: moments to look at, and to go back to.

use leptos::prelude::*;
use stateloft_core::api::{CheckpointList, CheckpointView, RunStates, RunView};
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::{Remote, remote};
use crate::model::age;
use crate::model::number::count;
use crate::model::runs::checkpoints::{apart, called, opened, plan};
use crate::parts::{FaultNote, Icon, Pic, theirs};

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
    let numbers = move || list.value.with(|list| list.as_ref().map(|list| apart(&list.statistics)));
    let rows = move || {
        let states = wrote.value.with(|states| states.as_ref().map(scope));
        list.value.with(|list| {
            let list = list.as_ref()?;
            let rows = list.checkpoints.iter().map(|one| row(one, states.as_deref()));
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
            <div class="head"><h2 id="checkpoints">"Checkpoints"</h2><span class="note">{numbers}</span></div>
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

fn row(checkpoint: &CheckpointView, states: Option<&[StateKey]>) -> AnyView {
    let restore = states.map(|states| {
        let what = format!("Plan a restore to checkpoint {}", checkpoint.number);
        view! { <a href=plan(checkpoint, states) aria-label=what.clone() data-tip=what><Pic icon=Icon::Restore/></a> }
    });
    let pinned = checkpoint.pinned.then(|| view! { <Pic icon=Icon::Snapshot/> });
    let tip = checkpoint.pinned.then_some("pinned");
    view! {
        <div class="trow dense cells run-checkpoint">
            <a class="id" href=opened(checkpoint) data-tip="All states as they were then">{format!("c{}", checkpoint.number)}</a>
            <span class="ink2">{theirs(&called(checkpoint))}</span>
            <span data-tip=tip>{pinned}</span>
            <span class="mono ink2">{age::clock(checkpoint.taken_at)}</span>
            {restore}
        </div>
    }
    .into_any()
}
