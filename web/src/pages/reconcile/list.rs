//! The rows: chips with counts, the columns' heads, the list, and below what both sides did.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::{Agreement, PlannedRow, ReconcilePlan};
use wasm_bindgen::JsCast;

use super::board::Board;
use super::detail::Detail;
use super::row::{HEIGHT, HEIGHT_NARROW, HEIGHT_NARROW_PLAIN, Row};
use crate::live::live;
use crate::model::number;
use crate::model::reconcile::{Moved, Show as Shown, Source, identity, offered, ordered, verdict, which};
use crate::parts::{Kbd, Notice, NoticeKind, VirtualList, theirs};
use crate::shell::{clock, keys, narrow};

/// A row of the list: of this answer, at this place.
#[derive(Clone)]
pub(super) struct Item {
    plan: Arc<ReconcilePlan>,
    at: usize,
    /// As it was, where it moved since it was looked at.
    was: Option<Arc<PlannedRow>>,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan) && self.at == other.at && self.was == other.was
    }
}

impl Item {
    fn row(&self) -> &PlannedRow {
        &self.plan.rows[self.at]
    }

    /// Changes with everything that the row shows.
    fn key(&self) -> String {
        let row = self.row();
        let versions: Vec<_> = row.said.ours.iter().filter_map(|held| held.version).collect();
        let agreed = row.agreed.as_ref().map(|agreed| agreed.at);
        format!("{} {versions:?} {agreed:?} {}", row.row, self.was.is_some())
    }
}

/// The panel.
#[component]
pub(super) fn Rows(board: Board) -> impl IntoView {
    let show = Memo::new(move |_| board.router.param("show").and_then(|word| Shown::parse(&word)));
    let items = Memo::new(move |_| {
        let Some(plan) = board.plan.get() else { return Vec::new() };
        board.moved.with(|moved| {
            let item = |at: usize| Item {
                was: moved.was(&plan.rows[at].row).cloned().map(Arc::new),
                plan: Arc::clone(&plan),
                at,
            };
            ordered(&plan, show.get(), moved).into_iter().map(item).collect()
        })
    });
    let open = Memo::new(move |_| board.router.param("row"));
    walk(board, items);
    let narrow = narrow();
    let height = Callback::new(move |item: Item| match (narrow.get(), item.row().choices.is_empty()) {
        (false, _) => HEIGHT,
        (true, false) => HEIGHT_NARROW,
        (true, true) => HEIGHT_NARROW_PLAIN,
    });
    let place = Signal::derive(move || {
        let cursor = board.cursor.get()?;
        items.with(|items| items.iter().position(|item| which(&item.row().row) == cursor))
    });
    let none = move || items.with(Vec::is_empty);
    view! {
        <section class="panel reconcile-list" aria-label="Rows">
            <Chips board show/>
            <MovedNote board/>
            <Unread board/>
            <Heads board/>
            <VirtualList
                rows=items key=Item::key height reveal=place
                row=move |item: Item| view! { <Row board row=item.row().clone() was=item.was.clone()/> }
            >
                <Show when=none><p class="loading">"No row of this kind."</p></Show>
            </VirtualList>
            {move || open.get().map(|name| view! { <Detail board name/> })}
            <div class="foot">
                <span>"Flat: it said 0. Hatched: it did not say, or said too early."</span>
                <span class="keys"><Kbd name="j"/><Kbd name="k"/>"move"<Kbd name="1"/><Kbd name="2"/><Kbd name="3"/>"choose"<Kbd name="Enter"/>"open"</span>
            </div>
        </section>
    }
}

/// `j k`, `1 2 3`, `0`, `Enter`, `Esc`.
fn walk(board: Board, items: Memo<Vec<Item>>) {
    let at = move || {
        let cursor = board.cursor.get_untracked()?;
        items.with_untracked(|items| items.iter().position(|item| which(&item.row().row) == cursor))
    };
    let row = move || {
        at().and_then(|at| items.with_untracked(|items| items.get(at).map(|item| item.row().clone())))
    };
    keys().on_key(move |key| match key {
        "j" | "k" => {
            let to = match (at(), key) {
                (None, _) => Some(0),
                (Some(at), "j") => Some(at + 1),
                (Some(at), _) => at.checked_sub(1),
            };
            let to = to.and_then(|to| {
                items.with_untracked(|items| items.get(to).map(|item| which(&item.row().row).to_owned()))
            });
            let moves = to.is_some();
            if moves {
                release();
                board.cursor.set(to);
            }
            moves
        }
        "1" | "2" | "3" | "4" => {
            let nth = key.parse::<usize>().unwrap_or(1) - 1;
            let Some(row) = row() else { return false };
            let Some(choice) = offered(&row).get(nth).copied() else { return false };
            board.choose(&row, choice);
            true
        }
        "0" => {
            let Some(row) = row() else { return false };
            board.change(|chosen| chosen.clear(&row.row), &row.row);
            true
        }
        "Enter" => {
            let Some(row) = row() else { return false };
            board.router.adjust(&[("row", Some(which(&row.row)))]);
            true
        }
        "Escape" => {
            let is_open = board.router.query.with_untracked(|query| query.get("row").is_some());
            if is_open {
                board.router.adjust(&[("row", None)]);
            }
            is_open
        }
        _ => false,
    });
}

/// Takes the focus from the button that has it: Enter is meant for the row from now on.
fn release() {
    let focused =
        document().active_element().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(focused) = focused {
        let _ = focused.blur();
    }
}

#[component]
fn Chips(board: Board, show: Memo<Option<Shown>>) -> impl IntoView {
    let all = move || board.plan.with(|plan| plan.as_ref().map_or(0, |plan| plan.rows.len() as u64));
    let count = move |kind: Agreement| {
        board.plan.with(|plan| plan.as_ref().map_or(0, |plan| Shown::count(&plan.counts, kind)))
    };
    let chip = move |kind: Agreement| {
        let (sign, word, class) = verdict(kind);
        let on = move || show.get() == Some(Shown(kind));
        let press = move |_| {
            let to = (!on()).then(|| Shown::word(kind));
            board.router.set(&[("show", to)]);
        };
        let empty = move || count(kind) == 0;
        view! {
            <button class=format!("filter count {class}") class:on=on class:zero=empty aria-pressed=move || on().to_string() on:click=press>
                <span>{sign}" "{move || number::count(count(kind))}<span class="word">" "{word}</span></span>
            </button>
        }
    };
    let tolerance = move || {
        let asked = board.asked.get()?;
        let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "0".to_owned());
        let tolerance = &asked.options.tolerance;
        Some(format!("within {}, price {}", of(&tolerance.quantity), of(&tolerance.price)))
    };
    view! {
        <div class="bar filters reconcile-chips">
            <button class="filter count" class:on=move || show.get().is_none() aria-pressed=move || show.get().is_none().to_string()
                on:click=move |_| board.router.set(&[("show", None)])>{move || format!("all {}", number::count(all()))}</button>
            {Shown::ALL.map(chip).into_iter().collect_view()}
            <span class="about mono">{tolerance}</span>
        </div>
    }
}

/// What moved while somebody looked, and that nothing was written.
#[component]
fn MovedNote(board: Board) -> impl IntoView {
    move || {
        let gone =
            board.plan.with(|plan| plan.as_ref().map(|plan| board.moved.with(|moved| moved.gone(plan))));
        let count = board.moved.with(Moved::len);
        let stopped = board.stopped.get();
        if count == 0 && !stopped {
            return None;
        }
        let rows = number::counted(count as u64, "row", "rows");
        let head = match (stopped, count) {
            (true, 0) => {
                "Nothing was written: what would be written is not what was looked at any more.".to_owned()
            }
            (true, _) => format!("Nothing was written: {rows} moved."),
            (false, _) => format!("{rows} moved since you looked."),
        };
        let gone: Vec<_> = gone.unwrap_or_default().iter().map(|row| identity(&row.said)).collect();
        let kind = if stopped { NoticeKind::Error } else { NoticeKind::Warn };
        Some(view! {
            <Notice kind head>
                {(count > 0).then_some("Their choices are taken back and they stand on top; every other choice and the reason are kept. ")}
                {(!gone.is_empty()).then(|| view! { "Not there any more: "<span class="mono">{theirs(&gone.join(", "))}</span>". " })}
                <button class="link" on:click=move |_| {
                    board.moved.set(Moved::default());
                    board.stopped.set(false);
                }>"Seen"</button>
            </Notice>
        })
    }
}

/// What of the list is not understood.
#[component]
fn Unread(board: Board) -> impl IntoView {
    move || {
        let plan = board.plan.get()?;
        let first = plan.unread.first()?;
        let count = plan.unread.len() as u64;
        let head = format!(
            "{} of the list not understood, so it does not count as whole.",
            number::counted(count, "part", "parts")
        );
        let words = format!("{}: {}", first.pointer, first.reason);
        Some(view! { <Notice kind=NoticeKind::Warn head><span class="mono">{theirs(&words)}</span></Notice> })
    }
}

#[component]
fn Heads(board: Board) -> impl IntoView {
    let (live, clock) = (live(), clock());
    let broker = move || {
        let asked = board.asked.get()?;
        let plan = board.plan.get()?;
        let old = crate::model::age::short(crate::model::age::seconds_between(
            asked.options.as_of,
            clock.now.get(),
        ));
        let unsure = plan.list_hash.is_none() || plan.failure.is_some();
        let words = match (&asked.source, unsure, asked.options.partial || !plan.unread.is_empty()) {
            (Source::Nobody, ..) => "no list".to_owned(),
            (_, true, _) => format!("no answer, {old} ago"),
            (_, false, true) => format!("{old} old, not whole"),
            (_, false, false) => format!("{old} old, whole"),
        };
        let class = if unsure || asked.options.partial { "c-warn" } else { "ink3" };
        Some(view! { <span class=class>{words}</span> })
    };
    view! {
        <div class="thead reconcile-row reconcile-heads">
            <span class="name">"Verdict"</span>
            <span class="who">"Identity"</span>
            <span class="side-cell"><b>"Broker"</b>{broker}</span>
            <span class="side-cell"><b>"Ours"</b><span>{move || format!("now, seq {}", number::count(live.seq.get()))}</span></span>
            <span class="side-cell"><b>"Last agreed"</b><span>"as far as recorded"</span></span>
            <span class="pick"><b>"Choice"</b><span>"keys 1 2 3 on the row"</span></span>
        </div>
    }
}
