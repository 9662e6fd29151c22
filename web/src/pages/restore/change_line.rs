//! One path of a state in a plan: now, after, and its box or lock.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::StateSelection;
use stateloft_core::diff::Diff;
use stateloft_core::model::{Mode, StateKey, Violation};
use stateloft_core::restore::selection_key;

use super::detail::mode_of;
use super::looking::{Eye, Row};
use super::planning::Planning;
use crate::model::hidden::told;
use crate::model::number;
use crate::model::restore::{PathFate, fate, set_unlocked};
use crate::parts::{Ask, ChangeRow, Icon, Pic, theirs};

fn ticks_of(planning: Planning, key: &StateKey) -> Option<StateSelection> {
    planning.ticks.with(|ticks| ticks.get(&selection_key(key)).cloned())
}

/// The row.
#[component]
pub(super) fn ChangeLine(
    planning: Planning,
    key: StateKey,
    diff: Arc<Diff>,
    at: usize,
    whole: bool,
) -> impl IntoView {
    let change = diff.changes[at].clone();
    let row = Row { state: selection_key(&key), path: Some(change.display.clone()) };
    let is_at = {
        let row = row.clone();
        move || planning.cursor.with(|cursor| cursor.as_ref() == Some(&row))
    };
    let come = {
        let row = row.clone();
        move |_| planning.cursor.set(Some(row.clone()))
    };
    let seen = {
        let (state, path) = (row.state.clone(), change.display.clone());
        Memo::new(move |_| planning.seen.with(|seen| seen.has(&state, &path)))
    };
    let eye = view! { <Eye planning row of=told(&change.display) seen/> };
    if whole {
        return view! {
            <div class="plan-change" class:cursor=is_at on:click=come><ChangeRow change lead=().into_any()/>{eye}</div>
        }
        .into_any();
    }
    let fate_now = {
        let (key, change) = (key.clone(), change.clone());
        Memo::new(move |_| fate(&change, ticks_of(planning, &key).as_ref()))
    };
    let instead = Signal::derive(move || match fate_now.get() {
        PathFate::Written => None,
        PathFate::Left => Some("left"),
        PathFate::Kept | PathFate::Volatile => Some("kept"),
    });
    let label = format!("Write {}", told(&change.display));
    let press = {
        let change = change.clone();
        StoredValue::new_local(move |()| planning.turn_path(&key, &diff, &change))
    };
    let lead = view! {
        {move || if fate_now.get() == PathFate::Kept {
            view! { <span class="lock" role="img" aria-label="protected"><Pic icon=Icon::Lock size=14/></span> }.into_any()
        } else {
            view! {
                <input class="check" type="checkbox" aria-label=label.clone()
                    prop:checked=move || fate_now.get() == PathFate::Written
                    on:click=move |_| press.with_value(|press| press(()))/>
            }.into_any()
        }}
    };
    view! {
        <div class="plan-change" class:off=move || instead.get().is_some() class:cursor=is_at on:click=come>
            <ChangeRow change lead=lead.into_any() instead/>{eye}
        </div>
    }
    .into_any()
}

/// A rule that the result would break, under its path.
#[component]
pub(super) fn BrokenLine(key: StateKey, violation: Violation) -> impl IntoView {
    let consequence = match mode_of(&key) {
        Mode::Strict => "Mode is strict: it cannot be stored. Untick what breaks it.",
        Mode::Off | Mode::Warn => "Mode is warn: it would be stored as invalid. Untick the path to avoid it.",
    };
    let words = format!("{} {consequence}", sentence(&violation.message));
    let tip = words.clone();
    view! {
        <div class="broken-row plan-broken" role="note">
            <Pic icon=Icon::Warn/>
            <b class="mono">{if violation.pointer.is_empty() { "whole document".into_any() } else { theirs(&violation.pointer) }}</b>
            <span class="cut" data-tip=tip>{words}</span>
        </div>
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

/// What is held back of a state: volatile paths, and protected ones with the second step that unlocks them.
#[component]
pub(super) fn Foot(planning: Planning, key: StateKey, diff: Arc<Diff>) -> impl IntoView {
    let volatile = diff.changes.iter().filter(|change| change.volatile).count() as u64;
    let names: Vec<_> =
        diff.changes.iter().filter(|c| c.volatile).take(12).map(|c| told(&c.display)).collect();
    let mut locked: Vec<(String, String, String)> = diff
        .changes
        .iter()
        .filter_map(|change| Some((change.path.clone(), change.display.clone(), change.protected.clone()?)))
        .collect();
    locked.dedup_by(|a, b| a.0 == b.0);
    let shown = {
        let name = selection_key(&key);
        Memo::new(move |_| planning.noise.with(|noise| noise.contains(&name)))
    };
    let turn = {
        let name = selection_key(&key);
        move |_| {
            planning.noise.update(|noise| {
                if !noise.remove(&name) {
                    noise.insert(name.clone());
                }
            });
        }
    };
    let locks = locked.into_iter().map(|(path, display, why)| {
        view! { <Lock planning key=key.clone() path display why/> }
    });
    view! {
        <div class="plan-foot">
            {(volatile > 0).then(|| view! {
                <span class="chip" data-tip=names.join("\n")>
                    <Pic icon=Icon::Funnel size=14/>
                    {number::counted(volatile, "volatile path left as it is", "volatile paths left as they are")}
                </span>
                <button class="link" on:click=turn>{move || if shown.get() { "Hide" } else { "Show and tick…" }}</button>
            })}
            {locks.collect_view()}
        </div>
    }
}

#[component]
fn Lock(planning: Planning, key: StateKey, path: String, display: String, why: String) -> impl IntoView {
    let asking = RwSignal::new(false);
    let unlocked = {
        let (key, path) = (key.clone(), path.clone());
        Memo::new(move |_| ticks_of(planning, &key).is_some_and(|ticks| ticks.unlocked.contains(&path)))
    };
    let set = StoredValue::new(move |on: bool| planning.tick(|ticks| set_unlocked(ticks, &key, &path, on)));
    let act = Callback::new(move |()| {
        set.with_value(|set| set(true));
        asking.set(false);
    });
    let reason = StoredValue::new(format!("It is protected: {}.", why.trim_end_matches('.')));
    let title = format!("Write {} as well?", told(&display));
    let confirm = format!("Unlock {}", told(&display));
    view! {
        <span class="lock-words">
            {move || if unlocked.get() { "unlocked: " } else { "protected: " }}
            <span class="mono">{theirs(&display)}</span>" "{format!("{}. ", why.trim_end_matches('.'))}
            <button class="link" on:click=move |_| {
                if unlocked.get_untracked() { set.with_value(|set| set(false)); } else { asking.set(true); }
            }>{move || if unlocked.get() { "Lock again" } else { "Unlock…" }}</button>
        </span>
        <Show when=move || asking.get()>
            <Ask
                open=asking title=title.clone() confirm=confirm.clone() danger=true act
            >
                <p>{reason.get_value()}</p>
                <p>"Writing an old value here does not change anything outside of this store. Only its box is shown now; nothing is written yet."</p>
            </Ask>
        </Show>
    }
}
