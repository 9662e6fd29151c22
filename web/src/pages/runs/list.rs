//! The list of runs.

use std::collections::BTreeSet;

use leptos::prelude::*;
use stateloft_core::api::{RunOutcome, RunRow};

use super::reading::lease_of;
use super::{CodeWords, Ctx, KindMark};
use crate::model::runs::lanes::Kind;
use crate::model::runs::lines::{Line, lines, loop_words};
use crate::model::runs::walk::Spot;
use crate::model::runs::{Fresh, instance, lasted, word};
use crate::model::{address, age, number};
use crate::parts::{Empty, Icon, NewRows, Pic, theirs};
use crate::shell::{clock, router};

/// The panel.
#[component]
pub(super) fn List(ctx: Ctx) -> impl IntoView {
    let clock = clock();
    let open = RwSignal::new(BTreeSet::<String>::new());
    let today = Memo::new(move |_| age::day_number(clock.now.get()));
    let shown = ctx.stand.steady(
        move || {
            today.track();
            ctx.runs.value.with(|runs| {
                let all = runs.as_ref().map_or(&[][..], |runs| &runs.rows);
                let rows: Vec<RunRow> =
                    ctx.filter.with(|filter| all.iter().filter(|row| filter.has(row)).cloned().collect());
                open.with(|open| lines(&rows, all, open, clock.read()))
            })
        },
        Line::key,
    );
    let count =
        move || shown.with(|lines| lines.iter().filter(|line| !matches!(line, Line::Day(_))).count() as u64);
    let none = move || ctx.runs.value.with(Option::is_some) && count() == 0;
    let more = move || ctx.runs.value.with(|runs| runs.as_ref().is_some_and(|runs| runs.more));
    view! {
        <section class="panel run-list" aria-labelledby="run-list">
            <div class="head">
                <h2 id="run-list">"Runs"</h2>
                <span class="note">"newest first, of the lanes above"</span>
                <span class="end"><NewRows stand=ctx.stand/>{move || number::count(count())}</span>
            </div>
            <div class="body" {..ctx.stand.held()}>
                <div class="thead cells run-row">
                    <span>"Started"</span><span>"Run"</span><span>"Code, config"</span><span>"Found"</span>
                    <span>"Outcome"</span><span class="num">"Lasted"</span><span>"Host"</span>
                </div>
                <For each=move || shown.get() key=Line::key children=move |line| match line {
                    Line::Day(day) => view! { <div class="day">{day}</div> }.into_any(),
                    Line::Run(row, fresh) => view! { <Row ctx row=*row fresh/> }.into_any(),
                    Line::Loop(rows) => view! { <Loop rows open/> }.into_any(),
                }/>
                <Show when=none><Empty icon=Icon::Search head="No run is of these filters"/></Show>
                <Show when=more><p class="loading">"There are more: look at a shorter time, or at one program."</p></Show>
            </div>
        </section>
    }
}

/// What a run found, in a word.
pub(crate) fn found(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Fresh => "fresh",
        RunOutcome::Resumed => "resumed",
        RunOutcome::AfterCrash => "after crash",
    }
}

#[component]
fn Row(ctx: Ctx, row: RunRow, fresh: Fresh) -> impl IntoView {
    let (router, clock) = (router(), clock());
    let run = row.run.clone();
    let id = run.run_id.clone();
    let chosen = {
        let id = id.clone();
        move || ctx.spot.with(|spot| matches!(spot, Some(Spot::Bar(chosen)) if *chosen == id))
    };
    let _ = router;
    let outcome = {
        let row = row.clone();
        move || {
            let lease = lease_of(ctx.leases)(&row);
            let word = if lease.is_some_and(crate::model::runs::lease::Lease::is_late) {
                "late"
            } else {
                word(&row.run, row.live)
            };
            view! { <KindMark kind=Kind::of(&row, lease) word=word/> }
        }
    };
    let long = {
        let run = run.clone();
        move || {
            // An ended run does not grow older.
            let now = if run.ended_at.is_some() { run.started_at } else { clock.now.get() };
            age::long(lasted(&run, now))
        }
    };
    let started = age::clock(run.started_at);
    let crashed = run.outcome == RunOutcome::AfterCrash;
    view! {
        <a class="trow dense cells run-row" class:selected=chosen href=address::run(&id)>
            <span class="mono ink2 t" data-tip=age::full(run.started_at)>{started}</span>
            <span class="id">{theirs(&id)}</span>
            <span class="code"><CodeWords run=run.clone() fresh/></span>
            <span class="found" class:c-warn=crashed>{found(run.outcome)}</span>
            <span class="outcome">{outcome}</span>
            <span class="num lasted">{long}</span>
            <span class="host ink2">{theirs(run.host.as_deref().unwrap_or_default())}</span>
        </a>
    }
}

/// Crashes that followed each other at once, as one line; a press unfolds them.
#[component]
fn Loop(rows: Vec<RunRow>, open: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let (crashes, of) = loop_words(&rows).unwrap_or_default();
    let newest = rows.first().map(|row| row.run.clone());
    newest.map(|newest| {
        let id = newest.run_id.clone();
        let started = age::clock(newest.started_at);
        view! {
            <button class="trow dense cells run-row loop" aria-expanded="false" on:click=move |_| open.update(|open| { open.insert(id.clone()); })>
                <span class="mono ink2 t">{started}</span>
                <span class="id"><Pic icon=Icon::Right size=14/>{crashes}" "<span class="ink2">{of}</span></span>
                <span class="code"><CodeWords run=newest.clone() fresh=Fresh::default()/></span>
                <span class="found"></span>
                <span class="outcome"><KindMark kind=Kind::Crashed word="crashed"/></span>
                <span class="num lasted"></span>
                <span class="host ink2">{instance(&newest)}</span>
            </button>
        }
    })
}
