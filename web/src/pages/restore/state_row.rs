//! One state of a plan: its box, what happens to it, which version becomes which.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::{Effect, PlannedState, StateSelection};
use stateloft_core::restore::selection_key;

use super::detail::Stage;
use super::looking::{Eye, Row};
use super::planning::Planning;
use crate::model::hidden::told;
use crate::model::number;
use crate::model::restore::{Outcome, Tick, set_state, tick_of_changes, tick_of_state, would_be};
use crate::parts::{Chip, Icon, Pic, Tone, theirs};

/// Sign, word and colour of an effect.
pub(super) fn effect_words(effect: Effect) -> (&'static str, &'static str, &'static str) {
    match effect {
        Effect::Changed => ("~", "changed", "chg"),
        Effect::Recreated => ("+", "recreated", "add"),
        Effect::Deleted => ("\u{2212}", "deleted", "del"),
        Effect::Equal => ("=", "equal", ""),
        Effect::Damaged => ("!", "damaged", "del"),
    }
}

/// What happens to a state that differs from the target.
fn chip(effect: Effect) -> AnyView {
    let (tone, words) = match effect {
        Effect::Changed => (Tone::Chg, "~ changed"),
        Effect::Recreated => (Tone::Add, "+ recreated"),
        Effect::Deleted => (Tone::Del, "\u{2212} deleted"),
        Effect::Equal => (Tone::Plain, "left as it is"),
        Effect::Damaged => (Tone::Del, "! damaged at the target"),
    };
    view! { <Chip tone>{words}</Chip> }.into_any()
}

/// The row.
#[component]
pub(super) fn StateRow(planning: Planning, state: PlannedState, open: bool) -> impl IntoView {
    let name = selection_key(&state.key);
    let outcome = {
        let state = state.clone();
        Memo::new(move |_| planning.outcome(&state))
    };
    let effect = move || outcome.with(|outcome| outcome.effect);
    let becomes = becomes(&state);
    let broken = move || outcome.with(|outcome| outcome.verdict.violations().len() as u64);
    let paths = paths_words(&state, outcome);
    let turn = {
        let name = name.clone();
        move |_| planning.unfold(&name)
    };
    let row = Row { state: name, path: None };
    let at = {
        let row = row.clone();
        move || planning.cursor.with(|cursor| cursor.as_ref() == Some(&row))
    };
    let seen = {
        let state = state.clone();
        Memo::new(move |_| planning.lacking(&state) == 0)
    };
    let of = told(&state.key.to_string());
    let id = theirs(state.key.state_id.as_str());
    view! {
        <div class="plan-state" class:open=open class:cursor=at>
            <StateBox planning state=state.clone()/>
            <button class="unfold" aria-expanded=open.to_string() on:click=turn>
                <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
                <span class="mono strong cut id">{id}</span>
                <span class="type ink2">{state.key.state_type.to_string()}</span>
                {move || chip(effect())}
                <span class="mono ink2 cut becomes">{becomes}</span>
                <span class="end">
                    {move || Some(broken()).filter(|count| *count > 0).map(|count| view! {
                        <Chip tone=Tone::Warn icon=Icon::Warn>{number::counted(count, "violation", "violations")}</Chip>
                    })}
                    <span class="ink2 paths">{paths}</span>
                </span>
            </button>
            <Eye planning row of seen/>
        </div>
    }
}

/// `v58 becomes v59`, `deleted, v6 becomes v7`.
fn becomes(state: &PlannedState) -> String {
    let (now, next) = (state.now.version, state.next_version);
    match would_be(state) {
        Effect::Recreated => format!("deleted, v{now} becomes v{next}"),
        Effect::Deleted => format!("v{now} becomes a tombstone, v{next}"),
        Effect::Changed | Effect::Equal => format!("v{now} becomes v{next}"),
        Effect::Damaged => format!("v{now} stays: what is stored of the target cannot be restored"),
    }
}

/// `7 of 9 paths`, `whole document, 14 paths`.
fn paths_words(state: &PlannedState, outcome: Memo<Outcome>) -> impl Fn() -> String + use<> {
    let all = u64::from(state.paths);
    let whole = would_be(state) != Effect::Changed;
    move || {
        let words = number::counted(all, "path", "paths");
        if whole {
            return format!("whole document, {words}");
        }
        format!("{} of {words}", number::count(u64::from(outcome.with(|outcome| outcome.selected))))
    }
}

/// The state's own box: mixed when some of its paths are off.
#[component]
fn StateBox(planning: Planning, state: PlannedState) -> impl IntoView {
    let name = selection_key(&state.key);
    let field = NodeRef::<html::Input>::new();
    let tick = {
        let (name, state) = (name.clone(), state.clone());
        Memo::new(move |_| {
            let ticks: Option<StateSelection> = planning.ticks.with(|ticks| ticks.get(&name).cloned());
            match planning.details.get(&name) {
                Some(Stage::Done { diff, whole: false, .. }) => {
                    tick_of_changes(&diff.changes, ticks.as_ref())
                }
                _ => tick_of_state(&state, &planning.outcome(&state), ticks.as_ref()),
            }
        })
    };
    leptos::prelude::Effect::new(move || {
        if let Some(field) = field.get() {
            field.set_indeterminate(tick.get() == Tick::Mixed);
        }
    });
    let label = format!("Write {}", told(&state.key.to_string()));
    let key = state.key.clone();
    let press = move |_| {
        let on = tick.get_untracked() != Tick::On;
        planning.tick(|ticks| set_state(ticks, &key, on));
    };
    view! {
        <input class="check" type="checkbox" node_ref=field aria-label=label prop:checked=move || tick.get() == Tick::On on:click=press/>
    }
}
