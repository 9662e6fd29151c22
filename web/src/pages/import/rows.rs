//! How the lines are drawn, but for those of items.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::{FileSummary, Quarantined};

use super::importing::{Importing, Shown};
use super::item_row::{ItemRow, NoteRow};
use super::lines::Line;
use super::waiting_row::WaitingRow;
use crate::model::hidden::told;
use crate::model::import::{Fold, Only, Row, about_file, damage, place};
use crate::model::number;
use crate::model::restore::Tick;
use crate::pages::compare::Working;
use crate::parts::{ChangeRow, Chip, Icon, Pic, Tone, theirs};

/// A line of the list.
pub(super) fn line_row(importing: Importing, line: Line) -> AnyView {
    match line {
        Line::Row { shown, row } => row_of(importing, shown, row),
        Line::Head { shown, at } => head(&shown, at),
        Line::Change { diff, nth, .. } => {
            view! { <div class="import-change"><ChangeRow change=diff.changes[nth].clone()/></div> }.into_any()
        }
        Line::Broken { violation, .. } => view! {
            <div class="import-broken" role="note">
                <Pic icon=Icon::Warn size=14/>
                <b class="mono">{if violation.pointer.is_empty() { "whole document".into_any() } else { theirs(&violation.pointer) }}</b>
                <span class="cut" data-tip=told(&violation.message)>{theirs(&violation.message)}</span>
            </div>
        }
        .into_any(),
        Line::Words { words, .. } => view! { <div class="import-words ink3">{words}</div> }.into_any(),
        Line::Working { .. } => view! { <Working words="Comparing with the store" cancel=None/> }.into_any(),
        Line::Failed { failure, .. } => {
            view! { <div class="failed-line c-del" role="alert">{failure.sentence()}" "{failure.detail()}</div> }.into_any()
        }
        Line::Waiting { id, name } => view! { <WaitingRow importing id name/> }.into_any(),
    }
}

fn row_of(importing: Importing, shown: Arc<Shown>, row: Row) -> AnyView {
    match row {
        Row::File { at, open } => view! { <FileRow importing shown at open/> }.into_any(),
        Row::Item { at } => view! { <ItemRow importing shown at/> }.into_any(),
        Row::Note { at } => view! { <NoteRow importing shown at/> }.into_any(),
        Row::Fold(fold) => view! { <FoldRow importing shown fold/> }.into_any(),
        Row::Held { at } => held(importing, &shown, at),
        Row::Same { words, .. } => {
            view! { <div class="import-words"><span class="g eq">"="</span>{theirs(&words)}</div> }.into_any()
        }
        Row::Beside { words, .. } => {
            view! { <div class="import-words ink3">{theirs(&words)}</div> }.into_any()
        }
        Row::Damage { at } => {
            let error = &shown.found.errors[at];
            let hint = error.hint.clone().unwrap_or_default();
            view! {
                <div class="import-damage" role="note">
                    <Pic icon=Icon::Warn size=14/><b class="c-warn">"damaged"</b><span>{damage(error)}</span>
                    <span class="mono ink3 cut">{theirs(&error.near)}</span><span class="ink3 cut">{hint}</span>
                </div>
            }
            .into_any()
        }
    }
}

fn head(shown: &Shown, at: usize) -> AnyView {
    let held = shown.look.states.get(&shown.found.items[at].key());
    let store = held.map(|held| format!("In the store, v{}", held.head.version));
    view! {
        <div class="import-change head"><div class="thead change">
            <span></span><span>"Path"</span><span class="num">{store}</span><span></span><span class="num">"In the file"</span>
            <span class="num">"Delta"</span><span class="num">"Percent"</span>
        </div></div>
    }
    .into_any()
}

/// Whether the keys are at a line.
pub(super) fn at_cursor(importing: Importing, name: String) -> Memo<bool> {
    Memo::new(move |_| importing.cursor.with(|cursor| cursor.as_ref() == Some(&name)))
}

/// The box over these items; nothing where none of them has one.
#[component]
pub(super) fn TickBox(
    importing: Importing,
    shown: Arc<Shown>,
    items: Vec<usize>,
    /// What it says that it ticks.
    label: String,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let items = StoredValue::new(items);
    let shown = StoredValue::new(shown);
    let tick = Memo::new(move |_| {
        importing.ticks.with(|ticks| {
            shown.with_value(|shown| {
                items.with_value(|items| {
                    ticks.over(items.iter().map(|at| (&shown.found.items[*at], &shown.stood[*at])))
                })
            })
        })
    });
    Effect::new(move || {
        if let Some(field) = field.get() {
            field.set_indeterminate(tick.get() == Some(Tick::Mixed));
        }
    });
    let press = move |_| {
        let on = tick.get_untracked() != Some(Tick::On);
        shown.with_value(|shown| items.with_value(|items| importing.tick(shown, items, on)));
    };
    let there = Memo::new(move |_| tick.with(Option::is_some));
    let label = StoredValue::new(label);
    view! {
        <Show when=move || there.get() fallback=|| view! { <span></span> }>
            <input
                class="check" type="checkbox" node_ref=field aria-label=label.get_value()
                prop:checked=move || tick.get() == Some(Tick::On) on:click=press
            />
        </Show>
    }
}

/// Turns the boxes of a line, as `x` does.
pub(super) fn turn_boxes(importing: Importing, line: &Line) {
    let Line::Row { shown, row } = line else { return };
    let items = match row {
        Row::File { at, .. } => Importing::items_of(shown, *at),
        Row::Item { at } => vec![*at],
        Row::Fold(fold) => fold.items.clone(),
        _ => return,
    };
    let over = importing.ticks.with_untracked(|ticks| {
        ticks.over(items.iter().map(|at| (&shown.found.items[*at], &shown.stood[*at])))
    });
    if let Some(tick) = over {
        importing.tick(shown, &items, tick != Tick::On);
    }
}

#[component]
fn FileRow(importing: Importing, shown: Arc<Shown>, at: usize, open: bool) -> impl IntoView {
    let file = shown.found.files[at].clone();
    let cursor = at_cursor(importing, format!("f{}", file.name));
    let turn = {
        let name = file.name.clone();
        move |_| importing.turn(&name)
    };
    let first = shown.found.errors.iter().find(|error| error.file == file.name && file.items == 0);
    let about = match first {
        Some(error) => view! { <b class="c-warn">"damaged"</b>{format!(" {}", damage(error))} }.into_any(),
        None => about_file(&shown.found, &file).into_any(),
    };
    let icon = if file.damaged { Icon::Warn } else { Icon::File };
    let items = Importing::items_of(&shown, at);
    let label = format!("Write everything of {}", told(&file.name));
    view! {
        <div class="import-file" class:cursor=move || cursor.get()>
            <TickBox importing shown=Arc::clone(&shown) items label/>
            <button class="unfold" aria-expanded=open.to_string() on:click=turn>
                <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
                <Pic icon/>
                <b class="mono cut name">{theirs(&file.name)}</b>
                <span class="about cut">{about}</span>
                <FileCounts shown file/>
            </button>
        </div>
    }
}

/// `+40 ~1 =0`, and what of the file is in quarantine.
#[component]
fn FileCounts(shown: Arc<Shown>, file: FileSummary) -> impl IntoView {
    let (mut new, mut changed, mut same) = (0_u64, 0_u64, shown.found.duplicates(&file.name).count() as u64);
    let own =
        shown.found.items.iter().zip(shown.stood.iter()).filter(|(item, _)| item.source.file == file.name);
    for (item, stood) in own {
        let has = |only: Only| u64::from(only.has_item(item, stood));
        new += has(Only::New);
        changed += has(Only::Changed);
        same += has(Only::Unchanged);
    }
    let part = |sign: &'static str, count: u64, class: &'static str| {
        let class = if count > 0 { class } else { "" };
        view! { <span class=class>{format!("{sign}{}", number::count(count))}</span> }
    };
    let all = new + changed + same;
    let words = format!("{new} new, {changed} changed, {same} unchanged");
    view! {
        <span class="end">
            {(file.quarantined > 0).then(|| view! { <b class="c-warn">{format!("{} quarantined", number::count(file.quarantined))}</b> })}
            {(all > 0).then(|| view! {
                <span class="counts3" role="img" aria-label=words>{part("+", new, "c-add")}{part("~", changed, "c-chg")}{part("=", same, "")}</span>
            })}
        </span>
    }
}

#[component]
fn FoldRow(importing: Importing, shown: Arc<Shown>, fold: Fold) -> impl IntoView {
    let cursor = at_cursor(importing, format!("+{}", fold.id));
    let id = fold.id.clone();
    let invalid = fold.items.iter().filter(|at| shown.found.items[**at].verdict.is_invalid()).count() as u64;
    let label = format!("Write {}", fold.words);
    let open = fold.open;
    view! {
        <div class="import-fold" class:cursor=move || cursor.get()>
            <TickBox importing shown items=fold.items label/>
            <button class="unfold" aria-expanded=open.to_string() on:click=move |_| importing.turn(&id)>
                <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
                <span class="cut">{fold.words}</span>
                {(invalid > 0).then(|| view! {
                    <span class="verdict bad"><Pic icon=Icon::Warn size=14/>{format!("{} invalid", number::count(invalid))}</span>
                })}
            </button>
        </div>
    }
}

fn held(importing: Importing, shown: &Shown, at: usize) -> AnyView {
    let Quarantined { source, reason, .. } = &shown.found.quarantine[at];
    let there = shown.quarantine[at] == stateloft_core::api::Standing::Unchanged;
    let cursor = at_cursor(importing, format!("q{at} {source}"));
    let what = if there { format!("{reason}; it was there, or settled, before") } else { reason.clone() };
    view! {
        <div class="cells import-row import-held" class:cursor=move || cursor.get()>
            <span></span>
            <span class="mono" data-tip=told(&source.to_string())>{theirs(&place(source))}</span>
            <span class="ink3">"no state"</span><b class="mono">"not placed"</b>
            <span class="ink3">"not checked"</span>
            <span class="in-store"><Chip tone=Tone::Warn icon=Icon::Warn>"quarantine"</Chip></span>
            <span class="what ink2" data-tip=told(&what)>{theirs(&what)}</span>
        </div>
    }
    .into_any()
}
