//! A snapshot compared with now: a plan that nobody applies.

use std::time::Duration;

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{Effect as PlanEffect, Moment, Plan, PlanRequest, PlannedState, Scope, Selection};
use stateloft_core::model::{Operation, SnapshotId};

use crate::api;
use crate::live::{live, remote};
use crate::model::address::{self, Query};
use crate::model::{age, number};
use crate::parts::{Chip, Empty, FaultNote, Icon, Pic, Tone, age_of, theirs};
use crate::shell::router;

/// While others write, the comparison is read again, but not more often than this.
const SETTLE: Duration = Duration::from_secs(2);

/// Which states differ between the snapshot and now.
#[component]
pub(super) fn Since(id: String) -> impl IntoView {
    let (router, live) = (router(), live());
    let wanted = id.clone();
    let turn = RwSignal::new(0_u32);
    let plan = remote(
        move || SnapshotId::new(&wanted).ok().map(|id| (id, turn.get())),
        |(id, _)| async move {
            let request = PlanRequest {
                target: Moment::Snapshot(id),
                scope: Scope::default(),
                selection: Selection::new(),
                exact: false,
            };
            api::send::<Plan>(Method::POST, "/restores", Some(&request)).await
        },
    );
    // Read again after changes made elsewhere; the plan says at which seq it is true.
    let due = StoredValue::new(false);
    live.on_events(move |_| {
        if !due.try_get_value().unwrap_or(true) {
            due.set_value(true);
            set_timeout(
                move || {
                    due.try_set_value(false);
                    turn.try_update(|turn| *turn += 1);
                },
                SETTLE,
            );
        }
    });
    let target = Query::default().with("target", Some(&format!("snapshot:{id}")));
    let about = move || plan.value.with(|plan| plan.as_ref().map(summary));
    let rows = move || plan.value.with(|plan| plan.as_ref().map(differing).unwrap_or_default());
    let none = move || plan.value.with(|plan| plan.as_ref().is_some_and(|plan| plan.counts.written() == 0));
    view! {
        <section class="panel since" aria-label="Since the snapshot">
            <div class="head">
                <h2>"Since "<span class="mono">{id}</span></h2>
                <span class="note">{about}</span>
                <span class="end">
                    <a class="btn small" href=format!("/view/restore{target}")><Pic icon=Icon::Restore/>"Plan a restore"</a>
                    <button class="btn icon small" aria-label="Close" on:click=move |_| router.set(&[("compare", None)])>
                        <Pic icon=Icon::Close/>
                    </button>
                </span>
            </div>
            <FaultNote remote=plan/>
            <Show when=none><Empty icon=Icon::Check head="Nothing has changed since"/></Show>
            <div class="body">
                <For each=rows key=|row| (row.key.clone(), row.now.seq) let:row><Row row/></For>
            </div>
        </section>
    }
}

/// What a state looks like from the snapshot's side: a restore that would delete it means that it is new since.
fn story(row: &PlannedState) -> (Tone, &'static str) {
    match row.effect {
        PlanEffect::Deleted => (Tone::Add, "+ new since"),
        PlanEffect::Recreated => (Tone::Del, "\u{2212} deleted since"),
        PlanEffect::Changed => (Tone::Chg, "~ changed"),
        PlanEffect::Equal => (Tone::Plain, "= equal"),
        PlanEffect::Damaged => (Tone::Del, "! damaged there"),
    }
}

fn differing(plan: &Plan) -> Vec<PlannedState> {
    plan.states.iter().filter(|state| state.effect != PlanEffect::Equal).cloned().collect()
}

fn summary(plan: &Plan) -> String {
    let counts = &plan.counts;
    let when = plan.target_time.map(|time| format!("{}, ", age::full(time))).unwrap_or_default();
    format!(
        "{when}seq {} to {}: {} changed, {} deleted, {} new, {} equal",
        number::count(plan.target_seq.0),
        number::count(plan.seq.0),
        number::count(counts.changed),
        number::count(counts.recreated),
        number::count(counts.deleted),
        number::count(counts.equal),
    )
}

#[component]
fn Row(row: PlannedState) -> impl IntoView {
    let (tone, words) = story(&row);
    let now = row.now.version.0;
    let then = row.target.as_ref().map(|target| target.version.0);
    let href = match then {
        Some(then) => address::compare(&row.key, then, now),
        None => address::state(&row.key),
    };
    let versions = match (then, row.now.operation == Operation::Delete) {
        (Some(then), _) => format!("v{then} → v{now}"),
        (None, true) => format!("v{now}, deleted"),
        (None, false) => format!("v{now}"),
    };
    let paths = (row.paths > 0).then(|| number::counted(u64::from(row.paths), "path", "paths"));
    view! {
        <a class="trow cells differs-row" href=href>
            <span><Chip tone>{words}</Chip></span>
            <span class="ink2">{row.key.state_type.to_string()}</span>
            <span class="id">{theirs(row.key.state_id.as_str())}</span>
            <span class="mono ink2">{versions}</span>
            <span class="ink2">{paths}</span>
            <span class="ink2">{theirs(row.now.user_id.as_deref().unwrap_or_default())}</span>
            <span class="num ink2">{age_of(&row.now)}</span>
        </a>
    }
}
