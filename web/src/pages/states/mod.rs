//! States: search, filter, select, open.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "what the parts share is a bundle of handles, made to be copied"
)]

mod bulk;
mod filters;
mod remembered;
mod row;

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::model::StateKey;

use super::waiting::Waiting;
use crate::api;
use crate::live::{Remote, remote};
use crate::model::inbox::Event;
use crate::model::listing::{Filter, Listing};
use crate::model::selection::{Selection, step};
use crate::model::{address, number};
use crate::parts::{CopyLink, Empty, FaultNote, Icon, Kbd, NewRows, Stand, VirtualList};
use crate::shell::{desk, keys, narrow, router};

const PAGE: &str = "60";
/// After events that only the store can place, the list is read again, but not more often than this.
const SETTLE: Duration = Duration::from_millis(1500);

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Ctx {
    filter: Memo<Filter>,
    list: Remote<Listing>,
    selected: RwSignal<Selection<StateKey>>,
    cursor: RwSignal<Option<StateKey>>,
    /// Scroll position of the list, in px.
    scrolled: RwSignal<f64>,
    /// Where to scroll to.
    jump: RwSignal<Option<f64>>,
    /// What holds the list still.
    stand: Stand,
    loading_more: RwSignal<bool>,
}

/// The list as it was left, for who comes back to it.
#[derive(Clone)]
struct Left {
    filter: Filter,
    list: Listing,
    selected: Selection<StateKey>,
    cursor: Option<StateKey>,
    scrolled: f64,
}

/// The page.
#[component]
pub(crate) fn States() -> impl IntoView {
    let desk = desk();
    let ctx = Ctx::new();
    let list = ctx.list;
    ctx.keep_up();
    ctx.take_keys();
    let about = move || {
        let all = desk
            .status
            .value
            .with(|status| status.as_ref().and_then(crate::model::standing::Standing::states));
        let total = list.value.with(|list| list.as_ref().map(|list| list.total));
        match (total, all) {
            (Some(total), _) if ctx.stale_since().is_some() => format!("{} remembered", number::count(total)),
            (Some(total), Some(all)) => format!("{} of {} match", number::count(total), number::count(all)),
            (Some(total), None) => format!("{} match", number::count(total)),
            _ => String::new(),
        }
    };
    view! {
        <div class="page states">
            <div class="page-head wide-only">
                <h1>"States"</h1>
                <span class="about">{about}</span>
                <div class="acts"><CopyLink/></div>
            </div>
            <filters::Filters ctx/>
            <div class="narrow-only list-about"><span>{about}</span><span>{move || order_words(ctx)}</span></div>
            <bulk::Bulk ctx/>
            <FaultNote remote=list/>
            <remembered::Remembered ctx/>
            <Waiting/>
            <Table ctx/>
        </div>
    }
}

#[component]
fn Table(ctx: Ctx) -> impl IntoView {
    let narrow = narrow();
    let rows = Signal::derive(move || {
        ctx.list.value.with(|list| list.as_ref().map(|l| l.rows.clone()).unwrap_or_default())
    });
    let reveal = Signal::derive(move || {
        let cursor = ctx.cursor.get()?;
        ctx.list.value.with_untracked(|list| list.as_ref()?.rows.iter().position(|row| key_of(row) == cursor))
    });
    let none = move || ctx.list.value.with(|list| list.as_ref().is_some_and(|list| list.rows.is_empty()));
    let shown = move || {
        ctx.list.value.with(|list| {
            list.as_ref().map(|list| {
                let more = if list.next_cursor.is_some() { ", more load as you scroll" } else { "" };
                format!(
                    "{} of {} shown{more}",
                    number::count(list.rows.len() as u64),
                    number::count(list.total)
                )
            })
        })
    };
    view! {
        <section class="panel states-table" aria-label="States">
            <Show
                when=move || !none()
                fallback=move || view! { <NoMatch ctx/> }
            >
                <VirtualList
                    rows=rows
                    key=|row: &Event| (row.state_type.clone(), row.state_id.clone(), row.seq)
                    height=Callback::new(move |_: Event| if narrow.get() { 54 } else { 32 })
                    row=move |row: Event| view! { <row::StateRow row ctx/> }
                    near_end=Callback::new(move |()| ctx.load_more())
                    scrolled=ctx.scrolled
                    jump=ctx.jump
                    stand=ctx.stand
                    reveal=reveal
                    head_height=28
                    head=ViewFn::from(move || view! { <row::Head ctx/> })
                />
            </Show>
            <div class="foot">
                <span>{shown}</span>
                <NewRows stand=ctx.stand then=Callback::new(move |()| ctx.jump.set(Some(0.0)))/>
                <span class="keys">
                    <Kbd name="j"/><Kbd name="k"/>"move"<Kbd name="x"/>"select"<Kbd name="Enter"/>"open"<Kbd name="c"/>"compare"
                </span>
            </div>
        </section>
    }
}

#[component]
fn NoMatch(ctx: Ctx) -> impl IntoView {
    let filter = ctx.filter;
    let clear = move || match filter.with(Filter::count) {
        1 => "Clear the filter".to_owned(),
        count => format!("Clear {count} filters"),
    };
    view! {
        <Empty icon=Icon::Search head=Signal::derive(move || {
            if filter.with(Filter::is_any) { "No state matches" } else { "No live state" }.to_owned()
        })>
            {move || filter.with(Filter::words)}" "
            <Show when=move || filter.with(Filter::is_any)><a href="/view/states">{clear}</a></Show>
        </Empty>
    }
}

fn key_of(row: &Event) -> StateKey {
    StateKey { state_type: row.state_type.clone(), state_id: row.state_id.clone() }
}

fn order_words(ctx: Ctx) -> &'static str {
    if ctx.filter.with(|filter| filter.by_id) { "by type and id" } else { "newest change first" }
}

impl Ctx {
    fn new() -> Self {
        let router = router();
        let filter = Memo::new(move |_| router.query.with(Filter::of));
        let selected = RwSignal::new(Selection::default());
        let cursor = RwSignal::new(None);
        let (scrolled, jump) = (RwSignal::new(0.0_f64), RwSignal::new(None));
        let come_back = move |left: Left| {
            selected.set(left.selected);
            cursor.set(left.cursor);
            scrolled.set(left.scrolled);
            jump.set(Some(left.scrolled));
            left.list
        };
        let list = remote(
            move || Some(filter.get()),
            move |filter: Filter| {
                let left = router.take::<Left>("states").filter(|left| left.filter == filter).map(come_back);
                async move {
                    if let Some(list) = left {
                        return Ok(list);
                    }
                    let query = filter.to_api().with("limit", Some(PAGE));
                    api::states_or_remembered(&query).await.map(Listing::of)
                }
            },
        );
        router.keep("states", move || {
            let left = Left {
                filter: filter.try_get_untracked()?,
                list: list.value.try_get_untracked()??,
                selected: selected.try_get_untracked()?,
                cursor: cursor.try_get_untracked()?,
                scrolled: scrolled.try_get_untracked()?,
            };
            Some(std::rc::Rc::new(left))
        });
        let stand = Stand::new(move || {
            selected.with(|selected| !selected.keys.is_empty())
                || cursor.with(Option::is_some)
                // By id rows stay where they are.
                || scrolled.get() > 0.0 && !filter.with(|filter| filter.by_id)
        });
        Self { filter, list, selected, cursor, scrolled, jump, stand, loading_more: RwSignal::new(false) }
    }

    /// Brings events in, unless the list stands still.
    fn keep_up(self) {
        let due = StoredValue::new(false);
        let settle = move || {
            if !due.try_get_value().unwrap_or(true) {
                due.set_value(true);
                set_timeout(
                    move || {
                        due.try_set_value(false);
                        if self.stand.is_still() {
                            self.stand.note_untold();
                        } else {
                            self.list.reload();
                        }
                    },
                    SETTLE,
                );
            }
        };
        self.list.follow_standing(
            self.stand,
            |list| list.seq.0,
            move |list, events| {
                let filter = self.filter.get_untracked();
                let unsure =
                    events.iter().fold(false, |unsure, event| list.take(&filter, event).unsure | unsure);
                if unsure {
                    settle();
                }
            },
            move |list, event| list.makes_new(&self.filter.get_untracked(), event),
        );
    }

    fn load_more(self) {
        let asked = self.filter.get_untracked();
        let cursor =
            self.list.value.with_untracked(|list| list.as_ref().and_then(|list| list.next_cursor.clone()));
        let Some(cursor) = cursor else { return };
        if self.loading_more.get_untracked() || self.list.loading.get_untracked() {
            return;
        }
        self.loading_more.set(true);
        spawn_local(async move {
            let query = asked.to_api().with("limit", Some(PAGE)).with("cursor", Some(&cursor));
            let page = api::states_or_remembered(&query).await;
            let still_asked = self.filter.try_get_untracked() == Some(asked);
            if let (Ok(page), true) = (page, still_asked) {
                self.list.value.try_update(|list| {
                    if let Some(list) =
                        list.as_mut().filter(|list| list.next_cursor.as_ref() == Some(&cursor))
                    {
                        list.extend(page);
                    }
                });
            }
            self.loading_more.try_set(false);
        });
    }

    fn keys_of_rows(self) -> Vec<StateKey> {
        self.list.value.with_untracked(|list| {
            list.as_ref().map(|l| l.rows.iter().map(key_of).collect()).unwrap_or_default()
        })
    }

    fn take_keys(self) {
        let router = router();
        keys().on_key(move |key| {
            let cursor = self.cursor.get_untracked();
            match (key, cursor) {
                ("j" | "k" | "ArrowDown" | "ArrowUp", cursor) => {
                    let rows = self.keys_of_rows();
                    let by = if matches!(key, "j" | "ArrowDown") { 1 } else { -1 };
                    if let Some(at) = step(&rows, cursor.as_ref(), by) {
                        self.cursor.set(rows.into_iter().nth(at));
                    }
                }
                ("Enter", Some(cursor)) => router.go(&address::state(&cursor)),
                ("x", Some(cursor)) => self.selected.update(|selected| selected.toggle(&cursor)),
                ("Shift+x", Some(cursor)) => {
                    let rows = self.keys_of_rows();
                    self.selected.update(|selected| selected.extend_to(&cursor, &rows));
                }
                ("c", Some(cursor)) => {
                    if let Some(href) = self.compare(&cursor) {
                        router.go(&href);
                    }
                }
                ("r", _) if self.selected.with_untracked(|selected| !selected.keys.is_empty()) => {
                    let href = self.selected.with_untracked(|selected| address::restore_of(&selected.keys));
                    router.go(&href);
                }
                ("Escape", _) if self.selected.with_untracked(|selected| !selected.keys.is_empty()) => {
                    self.selected.update(Selection::clear);
                }
                ("Escape", Some(_)) => self.cursor.set(None),
                _ => return false,
            }
            true
        });
    }

    /// The comparison of a state's last two versions.
    fn compare(self, key: &StateKey) -> Option<String> {
        let version = self.list.value.with_untracked(|list| {
            list.as_ref()?.rows.iter().find(|row| key_of(row) == *key).map(|row| row.version.0)
        })?;
        Some(address::compare(key, version.saturating_sub(1).max(1), version))
    }
}
