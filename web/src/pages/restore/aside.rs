//! Beside the plan: what will happen, who is writing there, what the broker does not know, and the button.

use leptos::prelude::*;
use stateloft_core::api::{Effect, Plan, PlannedState};

use super::apply::Apply;
use super::planning::Planning;
use crate::model::change::Glyph;
use crate::model::{age, number};
use crate::parts::{Age, GlyphMark, Icon, Pic, theirs};
use crate::shell::clock;

/// An author who saved within this many seconds is said to be writing.
const WRITING: i64 = 10 * 60;

/// The column.
#[component]
pub(super) fn Aside(planning: Planning) -> impl IntoView {
    let there = move || planning.plan.with(Option::is_some);
    view! {
        <aside class="plan-aside">
            <Show when=there>
                <div class="plan-facts">
                    <WhatHappens planning/>
                    <Exactness planning/>
                    <Writing planning/>
                    <Broker planning/>
                </div>
                <Apply planning/>
            </Show>
        </aside>
    }
}

#[component]
fn WhatHappens(planning: Planning) -> impl IntoView {
    let counts = Memo::new(move |_| planning.counts());
    let states = |count: u64, one: &str, many: &str| {
        format!("{} {}", number::counted(count, "state", "states"), if count == 1 { one } else { many })
    };
    let comes_back = move || {
        let count = counts.with(|counts| counts.recreated);
        let lone = (count == 1).then(|| the_recreated(planning)).flatten();
        match lone {
            Some(state) => format!("1 deleted state comes back as v{}", state.next_version),
            None => format!(
                "{} {}",
                number::counted(count, "deleted state", "deleted states"),
                if count == 1 { "comes back" } else { "come back" }
            ),
        }
    };
    let snapshot = move || planning.plan.with(|plan| plan.as_ref().map(|plan| plan.snapshot_before.clone()));
    view! {
        <section class="panel padded what">
            <h2>"What will happen"</h2>
            <ul>
                <li><GlyphMark glyph=Glyph::Changed/>
                    <span>{move || states(counts.with(|c| c.changed), "gets a new version made from the ticked paths", "get a new version made from the ticked paths")}</span></li>
                <li><GlyphMark glyph=Glyph::Added/><span>{comes_back}</span></li>
                <li><GlyphMark glyph=Glyph::Removed/>
                    <span>{move || states(counts.with(|c| c.deleted), "is deleted", "are deleted")}</span></li>
                <li><span class="c-accent"><Pic icon=Icon::Snapshot/></span>
                    <span>"A snapshot "<span class="mono">{snapshot}</span>" is taken first. Undo is one click."</span></li>
                <li><span class="ink2"><Pic icon=Icon::Lock/></span><span>"All in one commit, or nothing. History is kept."</span></li>
            </ul>
        </section>
    }
}

fn the_recreated(planning: Planning) -> Option<PlannedState> {
    let plan = planning.plan.get()?;
    plan.states.iter().find(|state| planning.outcome(state).effect == Effect::Recreated).cloned()
}

/// An author who saved one of the states that would be written a short while ago.
#[component]
fn Writing(planning: Planning) -> impl IntoView {
    let clock = clock();
    let last = Memo::new(move |_| {
        let plan = planning.plan.get()?;
        let written = plan
            .states
            .iter()
            .filter(|state| !matches!(planning.outcome(state).effect, Effect::Equal | Effect::Damaged));
        let now = written.map(|state| &state.now).max_by_key(|now| now.timestamp)?;
        Some((now.user_id.clone()?, now.state_id.to_string(), now.timestamp, now.seq))
    });
    let recent = Memo::new(move |_| {
        last.get().filter(|(_, _, time, _)| age::seconds_between(*time, clock.now.get()) < WRITING)
    });
    move || {
        recent.get().map(|(author, id, time, seq)| {
            view! {
                <div class="notice" role="note">
                    <Pic icon=Icon::Author/>
                    <p>
                        <b>{theirs(&author)}" is writing here."</b>" It saved "{theirs(&id)}" "<Age time seq/>
                        ". Only what you ticked stops the write, if it moves."
                    </p>
                </div>
            }
        })
    }
}

/// States of whose results it is said here whether they are the target.
const RESULTS: usize = 6;

/// Whether what would be written ever existed.
#[component]
fn Exactness(planning: Planning) -> impl IntoView {
    let shown = Memo::new(move |_| planning.confirmed.get().or_else(|| planning.plan.get()));
    let written = |plan: &Plan| {
        let written = |state: &&PlannedState| !matches!(state.effect, Effect::Equal | Effect::Damaged);
        plan.states.iter().filter(written).cloned().collect::<Vec<_>>()
    };
    let rows = move || {
        let plan = shown.get()?;
        let states = written(&plan);
        let more = states.len().saturating_sub(RESULTS) as u64;
        let rows = states.into_iter().take(RESULTS).map(|state| view! { <ResultLine state/> }).collect_view();
        Some(view! {
            {rows}
            {(more > 0).then(|| view! { <p class="note">{format!("and {}", number::counted(more, "state more", "states more"))}</p> })}
        })
    };
    let invented = move || {
        let plan = shown.get()?;
        let count = plan.counts.written().saturating_sub(plan.counts.exact);
        (count > 0).then(|| {
            let results = number::counted(count, "result", "results");
            format!("{results} never existed before: old values beside today’s. A program’s own checksum inside would fail.")
        })
    };
    let all = move || {
        let plan = shown.get()?;
        Some(plan.states.iter().map(|state| u64::from(state.paths)).sum::<u64>())
    };
    let exact = move || planning.ask.with(|ask| ask.exact);
    view! {
        <section class="panel padded exactness">
            <h2>"Will the result be the target?"</h2>
            {rows}
            <p class="note">{invented}</p>
            <label class="row">
                <input class="check" type="checkbox" prop:checked=exact on:change=move |event| planning.set_exact(event_target_checked(&event))/>
                {move || format!("Byte for byte instead, all {}", number::counted(all().unwrap_or_default(), "path", "paths"))}
            </label>
        </section>
    }
}

#[component]
fn ResultLine(state: PlannedState) -> impl IntoView {
    let ends = |hash: String| {
        format!("{}…{}", hash.get(..4).unwrap_or_default(), hash.get(60..).unwrap_or_default())
    };
    let target =
        state.target.as_ref().and_then(|target| target.content_hash).map(|hash| ends(hash.to_string()));
    let result = state.result_hash.map(|hash| ends(hash.to_string()));
    let words = if state.exact {
        view! { <b class="c-accent">"exact"</b> }.into_any()
    } else {
        view! { <span>{format!("{} of {}", state.selected, number::counted(state.paths.into(), "path", "paths"))}</span> }.into_any()
    };
    view! {
        <div class="result-line">
            <b class="mono cut">{theirs(state.key.state_id.as_str())}</b>
            <span class="end">{state.key.state_type.to_string()}" "{words}</span>
            <span class="mono ink2">{target.map(|hash| format!("target {hash}"))}</span>
            <span class="mono ink2 end">{result.map(|hash| format!("result {hash}"))}</span>
        </div>
    }
}

#[component]
fn Broker(planning: Planning) -> impl IntoView {
    let clock = clock();
    let since = move || {
        let plan = planning.plan.get()?;
        Some(format!("Orders filled since {} stay filled.", age::moment(plan.target_time?, clock.read())))
    };
    view! {
        <div class="notice warn" role="note">
            <Pic icon=Icon::Warn/>
            <p><b>"A saved state is not the broker’s truth."</b>" "{since}</p>
        </div>
    }
}
