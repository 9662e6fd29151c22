//! Beside the list: what is chosen on the lanes. Of a gap, what the next run found otherwise than the one that crashed had left it.

use leptos::prelude::*;
use stateloft_core::api::{RunComparison, RunDifference, Session};

use super::keys::{choose, pair_at};
use super::{CodeWords, Ctx};
use crate::api;
use crate::live::remote;
use crate::model::address::{self, Query};
use crate::model::runs::walk::{Spot, pair};
use crate::model::runs::{Fresh, instance, lasted};
use crate::model::{age, number};
use crate::parts::{ChangeRow, Chip, FaultNote, Icon, Kbd, Pic, Tone, theirs};
use crate::shell::{clock, router};

/// Differences that are shown; the run's page has all.
const SHOWN: usize = 6;

/// The panel, if something is chosen.
#[component]
pub(super) fn Beside(ctx: Ctx) -> impl IntoView {
    let router = router();
    let title = move || match ctx.spot.get() {
        Some(Spot::Gap(left)) => ctx.lanes.with(|lanes| {
            let gap = lanes.iter().flat_map(|lane| &lane.gaps).find(|gap| gap.left == left);
            gap.map(|gap| format!("Gap of {}", age::long(gap.seconds)))
        }),
        Some(Spot::Bar(id)) => Some(id),
        None => None,
    };
    let two = Memo::new(move |_| ctx.lanes.with(|lanes| pair(lanes, ctx.spot.get().as_ref()?)));
    let body = move || match (ctx.spot.get(), two.get()) {
        (None, _) => ().into_any(),
        (Some(_), Some((a, b))) => view! { <Compared a b shown=SHOWN/> }.into_any(),
        (Some(Spot::Gap(left)), None) => view! { <NothingYet ctx left/> }.into_any(),
        (Some(Spot::Bar(id)), None) => view! { <FirstKnown ctx id/> }.into_any(),
    };
    view! {
        <Show when=move || ctx.spot.with(Option::is_some)>
            <section class="panel beside" aria-label="What is chosen">
                <div class="head">
                    <h2 class="cut">{title}</h2>
                    <button class="btn icon small end" aria-label="Close" on:click=move |_| choose(router, None)><Pic icon=Icon::Close/></button>
                </div>
                <div class="body">{body}</div>
                <div class="foot">
                    {move || two.get().map(|(a, b)| view! {
                        <a class="btn small" href=address::runs_compared(&a, &b)><Pic icon=Icon::Compare/>"Compare both"<Kbd name="c"/></a>
                    })}
                    {move || opened(ctx).map(|id| view! { <a class="btn small" href=address::run(&id)>{format!("Open {id}")}</a> })}
                </div>
            </section>
        </Show>
    }
}

/// The run that the panel leads to.
fn opened(ctx: Ctx) -> Option<String> {
    ctx.lanes.track();
    match ctx.spot.get()? {
        Spot::Bar(id) => Some(id),
        Spot::Gap(left) => Some(pair_at(ctx).map_or(left, |(_, found)| found)),
    }
}

fn row_of(ctx: Ctx, id: &str) -> Option<Session> {
    ctx.runs.value.with(|runs| {
        let row = runs.as_ref()?.rows.iter().find(|row| row.run.run_id == id)?;
        Some(row.run.clone())
    })
}

/// How a run was left, and when its last word came.
fn left_words(run: &Session) -> String {
    let word = run.status.as_str();
    match (run.last_renewal, run.ended_at) {
        (Some(last), _) => format!("{word}, last word {}", age::clock(last)),
        (None, Some(ended)) => format!("{word} {}", age::clock(ended)),
        (None, None) => word.to_owned(),
    }
}

#[component]
fn NothingYet(ctx: Ctx, left: String) -> impl IntoView {
    let words =
        move || row_of(ctx, &left).map(|run| (run.run_id.clone(), left_words(&run), run.servers_were_away));
    move || {
        words().map(|(id, words, away)| view! {
            <dl class="facts">
                <dt>"left by"</dt><dd><b class="mono">{theirs(&id)}</b>" "{words}</dd>
                <dt>"found by"</dt><dd>"nobody yet: no run has begun since"</dd>
            </dl>
            {away.then(|| view! { <p class="note">"For a while after its last word no server was there to hear it."</p> })}
        })
    }
}

#[component]
fn FirstKnown(ctx: Ctx, id: String) -> impl IntoView {
    let clock = clock();
    move || {
        row_of(ctx, &id).map(|run| {
            let before = match &run.previous {
                Some(previous) => format!("after {previous}, which is not on these lanes"),
                None => "the first of its instance".to_owned(),
            };
            let long = age::long(lasted(&run, clock.read()));
            let ended = run.reason.clone();
            view! {
                <dl class="facts">
                    <dt>"instance"</dt><dd class="mono">{instance(&run)}</dd>
                    <dt>"began"</dt><dd>{age::to_second(run.started_at)}", "{before}</dd>
                    <dt>"lasted"</dt><dd>{long}</dd>
                    {ended.map(|reason| view! { <dt>"ended"</dt><dd>{theirs(&reason)}</dd> })}
                    <dt>"code"</dt><dd><CodeWords run=run.clone() fresh=Fresh::default()/></dd>
                </dl>
            }
        })
    }
}

/// What the second of two runs found otherwise than the first had left it.
#[component]
pub(crate) fn Compared(
    /// The run that left something.
    a: String,
    /// The run that found it.
    b: String,
    /// So many states are shown with their first change.
    shown: usize,
) -> impl IntoView {
    let query = Query::default().with("a", Some(&a)).with("b", Some(&b));
    let compared = remote(
        move || Some(query.clone()),
        |query: Query| async move { api::get::<RunComparison>(&format!("/runs/compare{query}")).await },
    );
    view! {
        <FaultNote remote=compared/>
        {move || compared.value.get().map(|compared| view! { <Difference compared shown/> })}
    }
}

#[component]
fn Difference(compared: RunComparison, shown: usize) -> impl IntoView {
    let RunComparison { a, b, same_code, config, found_different, states } = compared;
    let found = match b.outcome {
        stateloft_core::api::RunOutcome::AfterCrash => ("after_crash", true),
        stateloft_core::api::RunOutcome::Resumed => ("resumed", false),
        stateloft_core::api::RunOutcome::Fresh => ("fresh", false),
    };
    let different = found_different.len();
    let more = different.saturating_sub(shown);
    let fresh = Fresh::of(&b, Some(&a));
    let code = match same_code {
        Some(true) => "code the same",
        Some(false) => "code is another",
        None => "code not said",
    };
    let settings = match &config {
        Some(diff) if diff.is_empty() => "Config the same".to_owned(),
        Some(diff) => format!("Config: {}", number::counted(diff.changes.len() as u64, "path", "paths")),
        None => "Config not said by both".to_owned(),
    };
    let changes =
        config.map(|diff| diff.changes.into_iter().take(shown).collect::<Vec<_>>()).unwrap_or_default();
    view! {
        <dl class="facts">
            <dt>"left by"</dt><dd><b class="mono">{theirs(&a.run_id)}</b>" "{left_words(&a)}</dd>
            {a.reason.clone().map(|reason| view! { <dt>"because"</dt><dd>{theirs(&reason)}</dd> })}
            <dt>"found by"</dt>
            <dd><b class="mono">{theirs(&b.run_id)}</b>" "{age::clock(b.started_at)}", "<span class:c-warn=found.1>{found.0}</span></dd>
        </dl>
        <h3>"What it found different "<span class="note">{format!("{different} of {}", number::counted(states, "state", "states"))}</span></h3>
        {(different == 0).then(|| view! { <p class="note">"Everything was as it had been left."</p> })}
        {found_different.into_iter().take(shown).map(|row| view! { <StateDifference row/> }).collect_view()}
        {(more > 0).then(|| view! { <a href=address::runs_compared(&a.run_id, &b.run_id)>{format!("{more} more states")}</a> })}
        <h3>{settings}" "<CodeWords run=b.clone() fresh/><span class="note">{code}</span></h3>
        <div class="compact">{changes.into_iter().map(|change| view! { <ChangeRow change/> }).collect_view()}</div>
    }
}

/// One state: by whom it was written meanwhile, and its first change.
#[component]
fn StateDifference(
    /// It.
    row: RunDifference,
) -> impl IntoView {
    let key = stateloft_core::model::StateKey { state_type: row.state_type, state_id: row.state_id };
    let (from, to) = (row.left.version.0, row.found.version.0);
    let gone = row.found.operation == stateloft_core::model::Operation::Delete;
    let asked = key.clone();
    let diff = remote(
        move || (!gone).then(|| asked.clone()),
        move |key| async move { api::diff(&key, Some(from), to).await },
    );
    let by = row.found.user_id.as_deref().unwrap_or("no author").to_owned();
    let why = row.found.description.as_deref().unwrap_or_default().to_owned();
    let first =
        move || diff.value.with(|diff| diff.as_ref().and_then(|diff| diff.diff.changes.first().cloned()));
    let others = move || {
        diff.value.with(|diff| diff.as_ref().map_or(0, |diff| diff.diff.changes.len().saturating_sub(1)))
    };
    view! {
        <div class="found-row">
            <span class="row">
                <a class="mono cut id" href=address::compare(&key, from, to)>{theirs(key.state_id.as_str())}</a>
                <span class="note">{key.state_type.to_string()}</span>
                <span class="note end" data-tip=why>{format!("v{from} → v{to} by ")}{theirs(&by)}</span>
            </span>
            <FaultNote remote=diff/>
            {gone.then(|| view! { <Chip tone=Tone::Del>"deleted"</Chip> })}
            <span class="compact">{move || first().map(|change| view! { <ChangeRow change/> })}</span>
            {move || (others() > 0).then(|| view! { <span class="note">{format!("and {} more", number::counted(others() as u64, "path", "paths"))}</span> })}
        </div>
    }
}
