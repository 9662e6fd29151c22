//! The states of the file: searched, of one type, as of any seq.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::bundle::StateThen;
use stateloft_core::model::Seq;

use super::file::Book;
use super::moment::{AsOf, Moment};
use super::paged::Paged;
use super::row::{FileRow, Head};
use crate::model::{number, opened};
use crate::parts::{Empty, FilterChip, Icon, Kbd, Menu, Notice, NoticeKind, SearchField, VirtualList};
use crate::shell::{keys, narrow, router};
use crate::worker::Ask;

type Row = Arc<StateThen>;

/// The list.
#[component]
pub(super) fn FileStates(book: Arc<Book>) -> impl IntoView {
    let (router, narrow) = (router(), narrow());
    let moment = Moment::of(&book);
    let deleted = Memo::new(move |_| router.param("deleted").is_some());
    let by_id = Memo::new(move |_| router.param("sort").is_some());
    let asked = Memo::new(move |_| {
        let (q, state_type) = (router.param("q"), router.param("type"));
        Ask::states(moment.at.get(), q, state_type, deleted.get(), by_id.get())
    });
    let list = Paged::<StateThen>::new("bundle.states", asked);
    let cursor = RwSignal::new(None::<Seq>);
    let at_cursor = Memo::new(move |_| cursor.get());
    listen(list, cursor, moment);
    let reveal = Signal::derive(move || {
        let cursor = cursor.get()?;
        list.rows.with_untracked(|rows| rows.iter().position(|row| row.version.seq == cursor))
    });
    let none = move || list.total.get() == Some(0);
    let total = move || list.total.get().map(|total| number::counted(total as u64, "state", "states"));
    let of = number::count(book.summary.states);
    let fault = move || {
        list.fault.get().map(|error| {
            view! { <Notice kind=NoticeKind::Error head="The file cannot be asked.">{error.words()}</Notice> }
        })
    };
    view! {
        <AsOf book=Arc::clone(&book) moment/>
        <div class="filters">
            <SearchField hint="Type, id, author, reason, data" label="Search the file"/>
            <div class="chips">
                <TypeMenu types=book.summary.types.clone()/>
                <FilterChip on=deleted press=Callback::new(move |()| {
                    router.set(&[("deleted", (!deleted.get_untracked()).then_some("include"))]);
                })>"with deleted"</FilterChip>
                <FilterChip on=by_id press=Callback::new(move |()| {
                    router.set(&[("sort", (!by_id.get_untracked()).then_some("id"))]);
                })>"by type and id"</FilterChip>
            </div>
            <span class="about">{total}{format!(" of {of} in the file")}</span>
        </div>
        {fault}
        <section class="panel states-table" aria-label="States of the file">
            <Show when=move || !none() fallback=move || view! {
                <Empty icon=Icon::Search head="No state of the file matches">
                    <button class="link" on:click=move |_| router.set(&[("q", None), ("type", None), ("seq", None), ("deleted", Some("include"))])>
                        "Show all of them, the deleted ones too"
                    </button>
                </Empty>
            }>
                <VirtualList
                    rows=list.rows
                    key=|row: &Row| row.version.seq
                    height=Callback::new(move |_: Row| if narrow.get() { 54 } else { 32 })
                    row=move |row: Row| view! { <FileRow row at=moment.at cursor=at_cursor/> }
                    near_end=Callback::new(move |()| list.more())
                    reveal=reveal
                    head_height=28
                    head=ViewFn::from(|| view! { <Head/> })
                />
            </Show>
            <div class="foot">
                <span>"of the file, not of the store"</span>
                <span class="keys"><Kbd name="j"/><Kbd name="k"/>"move"<Kbd name="Enter"/>"open"</span>
            </div>
        </section>
    }
}

#[component]
fn TypeMenu(types: Vec<String>) -> impl IntoView {
    let router = router();
    let chosen = Memo::new(move |_| router.param("type"));
    let words = Signal::derive(move || chosen.get().unwrap_or_else(|| "every type".to_owned()));
    let class =
        Signal::derive(move || if chosen.get().is_some() { "filter on" } else { "filter" }.to_owned());
    view! {
        <Menu words button=class>
            <button on:click=move |_| router.set(&[("type", None)])>"every type"</button>
            {types.iter().cloned().map(|name| {
                let label = name.clone();
                view! { <button on:click=move |_| router.set(&[("type", Some(&name))])>{label}</button> }
            }).collect_view()}
        </Menu>
    }
}

fn listen(list: Paged<StateThen>, cursor: RwSignal<Option<Seq>>, moment: Moment) {
    let router = router();
    keys().on_key(move |key| {
        match key {
            "j" | "k" | "ArrowDown" | "ArrowUp" => list.rows.with_untracked(|rows| {
                let at =
                    cursor.get_untracked().and_then(|seq| rows.iter().position(|row| row.version.seq == seq));
                let to = match (at, matches!(key, "j" | "ArrowDown")) {
                    (None, _) => 0,
                    (Some(at), true) => (at + 1).min(rows.len().saturating_sub(1)),
                    (Some(at), false) => at.saturating_sub(1),
                };
                cursor.set(rows.get(to).map(|row| row.version.seq));
            }),
            "Enter" => {
                let Some(seq) = cursor.get_untracked() else { return false };
                let row =
                    list.rows.with_untracked(|rows| rows.iter().find(|row| row.version.seq == seq).cloned());
                if let Some(row) = row {
                    router.go(&opened::state_address(&row.version, moment.at.get_untracked()));
                }
            }
            _ => return false,
        }
        true
    });
}
