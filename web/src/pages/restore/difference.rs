//! What moved between the plan that was looked at and the one that there is now: path by path, to be looked at before anything
//! is written.

use leptos::prelude::*;
use stateloft_core::api::{PathMoved, StateMoved};

use super::planning::{Fresh, Planning};
use crate::model::hidden::told;
use crate::model::{age, number};
use crate::parts::{Icon, Pic, theirs};
use crate::shell::{clock, keys};

/// Paths of one state that are drawn.
const ROWS: usize = 20;

/// The panel, in place of the banner where the server said what moved.
#[component]
pub(super) fn Difference(planning: Planning, fresh: Fresh) -> impl IntoView {
    let counted: Vec<StateMoved> = fresh.said.iter().filter(|state| state.counts).cloned().collect();
    let others: Vec<StateMoved> = fresh.said.iter().filter(|state| !state.counts).cloned().collect();
    let paths = counted.iter().flat_map(|state| &state.paths).filter(|path| path.selected).count() as u64;
    let states = number::counted(counted.len() as u64, "state", "states");
    let about = match paths {
        0 => states,
        paths => format!("{} of {states}", number::counted(paths, "ticked path", "ticked paths")),
    };
    let out = if counted.len() == 1 { "Leave the state out" } else { "Leave the states out" };
    keys().on_key(move |key| match key {
        "y" => {
            planning.adopt();
            true
        }
        "o" => {
            planning.leave_out();
            true
        }
        _ => false,
    });
    view! {
        <section class="panel plan-moved" role="alert" aria-label="What moved">
            <div class="plan-moved-head">
                <Pic icon=Icon::Warn/>
                <b>"Nothing was written. What moved since you looked"</b><span class="ink2">{about}</span>
                <span class="end row">
                    <button class="btn" on:click=move |_| planning.leave_out()>{out}" "<kbd class="kbd">"o"</kbd></button>
                    <button class="btn main" on:click=move |_| planning.adopt()>"Accept the fresh plan "<kbd class="kbd">"y"</kbd></button>
                </span>
            </div>
            {counted.into_iter().map(|state| view! { <Moved state/> }).collect_view()}
            <Stood others/>
        </section>
    }
}

#[component]
fn Moved(state: StateMoved) -> impl IntoView {
    let clock = clock();
    let by = {
        let (author, when) = (state.now.user_id.clone(), state.now.timestamp);
        move || {
            let author = told(author.as_deref().unwrap_or("no author"));
            format!("{author}, {}", age::ago(when, clock.now.get()))
        }
    };
    let was = state.was.map_or_else(|| "not there".to_owned(), |was| format!("v{was}"));
    let existence =
        state.was_live.map(|was| if was { "was there, is deleted now" } else { "was deleted, is there now" });
    let verdict = state.verdict_is.as_ref().map(|is| {
        let count = |verdict: Option<&stateloft_core::model::Verdict>| {
            verdict.map_or(0, |verdict| verdict.violations().len() as u64)
        };
        let (is, was) = (count(Some(is)), count(state.verdict_was.as_ref()));
        format!(
            "the result breaks {}, it broke {} when you looked",
            number::counted(is, "rule", "rules"),
            number::count(was)
        )
    });
    let (ticked, left): (Vec<_>, Vec<_>) = state.paths.into_iter().partition(|path| path.selected);
    let more = ticked.len().saturating_sub(ROWS) as u64 + state.more;
    let rows = ticked.into_iter().take(ROWS).map(|path| view! { <Row path/> }).collect_view();
    let volatile =
        (state.volatile > 0).then(|| number::counted(state.volatile, "volatile path", "volatile paths"));
    let also: Vec<_> = left.iter().take(3).map(line).chain(volatile).collect();
    view! {
        <div class="thead moved-row">
            <span class="cut">{theirs(state.key.state_id.as_str())}{format!(", {}", state.key.state_type)}</span>
            <span class="num">{format!("You looked at, {was}")}</span>
            <span class="num">{format!("Now it is, v{}", state.now.version)}</span>
            <span class="num">"Differs by"</span>
            <span class="num cut">{by}</span>
        </div>
        {existence.map(|words| view! { <p class="moved-words">{words}</p> })}
        {verdict.map(|words| view! { <p class="moved-words">{words}</p> })}
        {rows}
        {(more > 0).then(|| view! { <p class="moved-words ink2">{format!("and {}", number::counted(more, "path more", "paths more"))}</p> })}
        {(!also.is_empty()).then(|| view! { <p class="moved-words ink2">"Also moved, but not ticked by you: "<span class="mono">{also.join(", ")}</span></p> })}
    }
}

fn value(text: Option<&String>) -> String {
    text.map_or_else(|| "absent".to_owned(), |text| told(&text.chars().take(60).collect::<String>()))
}

fn line(path: &PathMoved) -> String {
    format!("{} {} \u{2192} {}", told(&path.display), value(path.was.as_ref()), value(path.now.as_ref()))
}

#[component]
fn Row(path: PathMoved) -> impl IntoView {
    let becomes = path.becomes.as_ref().map(|text| format!(" \u{2192} {}", value(Some(text))));
    view! {
        <div class="trow moved-row">
            <b class="mono cut">{theirs(&path.display)}</b>
            <span class="num mono ink2 cut">{value(path.was.as_ref())}{becomes.clone()}</span>
            <span class="num mono cut">{value(path.now.as_ref())}{becomes}</span>
            <span class="num mono">{path.delta.clone()}</span><span></span>
        </div>
    }
}

/// What did not move: the ticks, the reason, and states that were saved without touching what is ticked.
#[component]
fn Stood(others: Vec<StateMoved>) -> impl IntoView {
    let stood: Vec<_> = others
        .iter()
        .take(3)
        .map(|state| {
            let was = state.was.map_or(0, |was| was.0);
            let times = number::counted(state.now.version.0.saturating_sub(was), "time", "times");
            format!(
                "{} {} was saved {times}: no ticked path moved.",
                told(state.key.state_id.as_str()),
                state.key.state_type
            )
        })
        .collect();
    view! { <p class="moved-words">"Your other ticks and the reason are as they were. "{stood.join(" ")}</p> }
}
