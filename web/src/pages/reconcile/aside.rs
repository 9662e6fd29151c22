//! Beside the rows: what will be written, in the server's own words, the live program, and the button.

use leptos::prelude::*;

use super::apply::Apply;
use super::board::Board;
use super::drift::DriftCard;
use crate::model::change::Glyph;
use crate::model::number;
use crate::model::reconcile::{Line, lines};
use crate::model::runs::instance;
use crate::parts::{GlyphMark, Icon, Notice, NoticeKind, Pic, Tint, theirs};

/// Lines that are drawn of a plan of very many choices.
const SHOWN: usize = 40;

/// The column.
#[component]
pub(super) fn Aside(board: Board, calm: Memo<bool>) -> impl IntoView {
    let has_list = Memo::new(move |_| {
        board
            .plan
            .with(|plan| plan.as_ref().is_some_and(|plan| plan.list_hash.is_some() && plan.failure.is_none()))
    });
    view! {
        <aside class="plan-aside">
            <div class="plan-facts">
                <Show when=move || has_list.get() && !calm.get()><WhatIsWritten board/><Program board/></Show>
                <DriftCard board/>
            </div>
            <Show when=move || has_list.get() && !calm.get()><Apply board/></Show>
        </aside>
    }
}

#[component]
fn WhatIsWritten(board: Board) -> impl IntoView {
    let said = Memo::new(move |_| {
        board.plan.with(|plan| plan.as_ref().map(|plan| (lines(plan), plan.counts.unknown)))
    });
    let all = move || {
        let (lines, unknown) = said.get()?;
        let more = lines.len().saturating_sub(SHOWN) as u64;
        let none = lines.is_empty();
        Some(view! {
            {none.then(|| view! { <li><span></span><span class="ink3">"Nothing is chosen yet."</span></li> })}
            {lines.into_iter().take(SHOWN).map(|line| view! { <LineRow line/> }).collect_view()}
            {(more > 0).then(|| view! { <li><span></span><span>{format!("and {}", number::counted(more, "row more", "rows more"))}</span></li> })}
            {(unknown > 0).then(|| view! {
                <li><span class="g">"?"</span><span>{format!("{} as they are. No answer never closes anything.", number::counted(unknown, "unknown row stays", "unknown rows stay"))}</span></li>
            })}
            <li><span class="c-accent"><Pic icon=Icon::Snapshot/></span><span>"The broker\u{2019}s text and when it was taken are kept with the commit. Undo is one click."</span></li>
        })
    };
    view! {
        <section class="panel padded what" class:stale-words=move || !board.confirmed.get()>
            <h2>"What will be written"</h2>
            <ul>{all}</ul>
        </section>
    }
}

#[component]
fn LineRow(line: Line) -> impl IntoView {
    let Line { glyph, lead, steps, tail } = line;
    let step = |(name, old, new): (String, Option<String>, Option<String>)| {
        let before = old.clone().unwrap_or_else(|| "absent".to_owned());
        let after = match (new, old) {
            (Some(new), Some(old)) => view! { <Tint old new/> }.into_any(),
            (Some(new), None) => theirs(&new),
            (None, _) => "absent".into_any(),
        };
        view! { " "{theirs(&name)}" "<span class="mono">{theirs(&before)}" \u{2192} "{after}</span>"," }
    };
    let class = if glyph == Glyph::Equal { "ink3" } else { "" };
    view! {
        <li><GlyphMark glyph/><span class=class><b class="mono">{theirs(&lead)}</b>{steps.into_iter().map(step).collect_view()}" "{theirs(&tail)}</span></li>
    }
}

/// Whether the program runs. Whom a write asks is said above its button.
#[component]
fn Program(board: Board) -> impl IntoView {
    let asks = Memo::new(move |_| {
        board.plan.with(|plan| plan.as_ref().is_some_and(|plan| !plan.held_by.is_empty()))
    });
    move || {
        let asks = asks.get();
        board.run.value.with(|run| {
            let run = run.as_ref()?;
            let name = instance(&run.run);
            Some(if run.live {
                let rest = if asks {
                    "It makes way first, and reads what is written before it saves anything more."
                } else {
                    "Nothing that it holds is written so far, so it is not asked."
                };
                view! { <Notice kind=NoticeKind::Info head=format!("{name} is live.")>{rest}</Notice> }
            } else {
                view! {
                    <Notice kind=NoticeKind::Info head=format!("{name} does not run.")>"What is written is what its next run finds."</Notice>
                }
            })
        })
    }
}
