//! Applied restores, newest first, each with Undo.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{Moment, Plan, RestoreList, RestoreRecord, RestoredTo};

use super::scope::words as scope_words;
use super::sending::Sending;
use super::undo::{Undo, UndoRefused};
use crate::api;
use crate::live::{live, remote};
use crate::model::address::{Query, encode_segment};
use crate::model::found::{Found, Hand};
use crate::model::hidden::told;
use crate::model::{age, found, number};
use crate::parts::{Counts, Empty, FaultNote, Icon, Pic, Stand, theirs};
use crate::shell::{clock, router};

/// Restores on one page.
const PAGE: &str = "50";

async fn page(cursor: Option<String>) -> Result<RestoreList, api::ApiError> {
    let query = Query::default().with("limit", Some(PAGE)).with("cursor", cursor.as_deref());
    api::get(&format!("/restores{query}")).await
}

/// Looks for a restore among the newest, and for its id.
pub(super) async fn find(
    is_it: impl Fn(&RestoreRecord) -> bool,
    hand: Hand,
) -> Result<(Found, Option<String>), api::ApiError> {
    let newest = page(None).await?;
    let (found, there) = found::restore(&newest.restores, is_it, &hand);
    Ok((found, there.map(|record| record.restore_id.clone())))
}

/// How the place in the list is called among what is kept of a page.
const NAME: &str = "earlier restores";

/// The list as it was left.
#[derive(Clone)]
struct Left {
    list: RestoreList,
    /// How far down, in pixels.
    scrolled: i32,
}

/// The panel.
#[component]
pub(super) fn Earlier(
    /// Not this one: it is shown above.
    #[prop(optional, into)]
    but: Option<String>,
) -> impl IntoView {
    let (live, router, alone) = (live(), router(), but.is_some());
    let (body, scrolled) = (NodeRef::<html::Div>::new(), StoredValue::new(0));
    let list = remote(
        move || Some(live.lists.get()),
        move |_| {
            let left = router.take::<Left>(NAME);
            scrolled.set_value(left.as_ref().map_or(0, |left| left.scrolled));
            async move {
                match left {
                    Some(left) => Ok(left.list),
                    None => page(None).await,
                }
            }
        },
    );
    router.keep(NAME, move || {
        let list = list.value.try_get_untracked()??;
        Some(Rc::new(Left { list, scrolled: body.try_get_untracked()??.scroll_top() }))
    });
    Effect::new(move |_| {
        if let Some(body) = body.get() {
            let to = scrolled.get_value();
            // Its rows are there with the next frame.
            request_animation_frame(move || body.set_scroll_top(to));
        }
    });
    let rows = move || {
        list.value.with(|list| {
            let rows = list.as_ref().map(|list| list.restores.clone()).unwrap_or_default();
            rows.into_iter().filter(|row| but.as_ref() != Some(&row.restore_id)).collect::<Vec<_>>()
        })
    };
    let stand = Stand::new(|| false);
    let rows = stand.steady(rows, |row: &RestoreRecord| row.restore_id.clone());
    let none = move || list.value.with(Option::is_some) && rows.with(Vec::is_empty);
    let more = move || list.value.with(|list| list.as_ref().and_then(|list| list.next_cursor.clone()));
    let (refused, sending) = (RwSignal::new(None), Sending::new());
    let reading = RwSignal::new(false);
    let read_more = move |_| {
        let Some(cursor) = untrack(more) else { return };
        reading.set(true);
        spawn_local(async move {
            if let Ok(next) = page(Some(cursor)).await {
                list.value.try_update(|list| {
                    if let Some(list) = list {
                        list.restores.extend(next.restores);
                        list.next_cursor = next.next_cursor;
                    }
                });
            }
            reading.try_set(false);
        });
    };
    view! {
        <section class="panel earlier" aria-label="Earlier restores">
            <div class="head">
                <h2>"Earlier restores"</h2>
                <span class="note">"every restore is kept and can be undone"</span>
                <a class="btn small plain end" href="/view/handshakes">"Handshakes"</a>
                <a class="btn small" href="/view/restore"><Pic icon=Icon::Restore size=14/>"Plan a restore"</a>
            </div>
            <FaultNote remote=list/>
            <UndoRefused refused writing=sending.writing/>
            <Show when=none><Empty icon=Icon::Restore head=if alone { "No other restore yet" } else { "No restore yet" }></Empty></Show>
            <Show when=move || !rows.with(Vec::is_empty)>
                <div node_ref=body class="body" {..stand.held()}>
                    <div class="thead cells earlier-row">
                        <span>"Applied"</span><span>"By"</span><span>"Target"</span><span>"Scope"</span><span>"Written"</span>
                        <span>"Reason"</span><span>"Snapshot before"</span><span></span>
                    </div>
                    <For each=move || rows.get() key=|row| row.restore_id.clone() let:row><Row row refused sending/></For>
                    <Show when=move || more().is_some()>
                        <button class="btn small more" disabled=move || reading.get() on:click=read_more>"Older restores"</button>
                    </Show>
                </div>
            </Show>
        </section>
    }
}

/// A target in few words.
pub(super) fn target_words(target: &RestoredTo) -> String {
    match target {
        RestoredTo::Moment(Moment::Snapshot(name)) => format!("snapshot {}", told(name.as_str())),
        RestoredTo::Moment(Moment::Seq(seq)) => format!("seq {}", number::count(seq.0)),
        RestoredTo::Moment(Moment::Time(time)) => age::to_second(*time),
        RestoredTo::Moment(Moment::Now) => "now".to_owned(),
        RestoredTo::Documents(name) if name == "by hand" => "what was said by hand".to_owned(),
        RestoredTo::Documents(name) => format!("file {}", told(name)),
    }
}

#[component]
fn Row(row: RestoreRecord, refused: RwSignal<Option<Plan>>, sending: Sending) -> impl IntoView {
    let clock = clock();
    let href = format!("/view/restore/{}", encode_segment(&row.restore_id));
    let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let states = &row.counts;
    let counts = stateloft_core::diff::Counts {
        added: narrow(states.recreated),
        changed: narrow(states.changed),
        removed: narrow(states.deleted),
        ..stateloft_core::diff::Counts::default()
    };
    let reason = match &row.undoes {
        Some(_) if row.reason.is_empty() => "undo".to_owned(),
        _ => row.reason.clone(),
    };
    let snapshot = row.snapshot_before.to_string();
    let look = format!("/view/snapshots{}", Query::default().with("compare", Some(&snapshot)));
    view! {
        <div class="trow cells earlier-row">
            <a class="mono" href=href data-tip=age::full(row.timestamp)>{age::moment(row.timestamp, clock.read())}</a>
            <span>{theirs(row.user_id.as_deref().unwrap_or("no author"))}</span>
            <span class="mono">{target_words(&row.target)}</span>
            <span class="mono ink2">{scope_words(&row.scope)}</span>
            <span><Counts counts/></span>
            <span class="ink2" data-tip=(reason.len() > 30).then(|| told(&reason))>{theirs(&reason)}</span>
            <a class="mono" href=look>{theirs(&snapshot)}</a>
            <span class="num"><Undo record=row brief=true refused sending/></span>
        </div>
    }
}
