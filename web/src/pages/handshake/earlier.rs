//! Earlier handshakes, the last changed first.

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::HandshakeView;

use super::reading::{last, page};
use crate::model::handshake::{after, all_paused, names, outcome, stood_still};
use crate::model::hidden::told;
use crate::model::{address, age};
use crate::parts::{Empty, FaultNote, Icon, Stand, theirs};
use crate::shell::clock;

/// Rows of a page.
const PAGE: &str = "20";

/// The panel.
#[component]
pub(super) fn Earlier(
    /// Not this one: it is shown above.
    #[prop(optional, into)]
    but: Option<String>,
) -> impl IntoView {
    let alone = but.is_none();
    let list = last(PAGE);
    // What was read behind the first page; it is dropped when that is read again, as places in the list have moved then.
    let older = RwSignal::new((Vec::<HandshakeView>::new(), None::<Option<String>>));
    let reading = RwSignal::new(false);
    Effect::new(move || {
        list.value.track();
        older.set((Vec::new(), None));
    });
    let more = move || {
        let first = list.value.with(|list| list.as_ref().and_then(|list| list.next_cursor.clone()));
        older.with(|(_, next)| next.clone()).unwrap_or(first)
    };
    let rows = move || {
        let first =
            list.value.with(|list| list.as_ref().map(|list| list.handshakes.clone()).unwrap_or_default());
        let all = first.into_iter().chain(older.with(|(rows, _)| rows.clone()));
        all.filter(|row| but.as_ref() != Some(&row.handshake.handshake)).collect::<Vec<_>>()
    };
    let stand = Stand::new(|| false);
    let rows = stand.steady(rows, |row: &HandshakeView| row.handshake.handshake.clone());
    let none = move || list.value.with(Option::is_some) && rows.with(Vec::is_empty);
    let read_more = move |_| {
        let Some(cursor) = untrack(more) else { return };
        reading.set(true);
        spawn_local(async move {
            if let Ok(next) = page(PAGE, Some(cursor)).await {
                older.try_update(|(rows, cursor)| {
                    rows.extend(next.handshakes);
                    *cursor = Some(next.next_cursor);
                });
            }
            reading.try_set(false);
        });
    };
    view! {
        <section class="panel shakes" aria-label="Earlier handshakes">
            <div class="head">
                <h2>{if alone { "All" } else { "Earlier handshakes" }}</h2>
                <span class="note">"the last changed first"</span>
            </div>
            <FaultNote remote=list/>
            <Show when=none><Empty icon=Icon::Pause head=if alone { "No restore has asked a run yet" } else { "No other handshake yet" }></Empty></Show>
            <Show when=move || !rows.with(Vec::is_empty)>
                <div class="body" {..stand.held()}>
                    <div class="thead cells shake-row">
                        <span>"Asked"</span><span>"Target"</span><span>"Runs"</span><span class="num">"All paused"</span><span class="num">"Stood still"</span><span>"Outcome"</span>
                    </div>
                    <For each=move || rows.get() key=|row| (row.handshake.handshake.clone(), outcome(&row.handshake), row.waits_for.len()) let:row><Row row/></For>
                    <Show when=move || more().is_some()>
                        <button class="btn small more" disabled=move || reading.get() on:click=read_more>"Older handshakes"</button>
                    </Show>
                </div>
            </Show>
        </section>
    }
}

#[component]
fn Row(row: HandshakeView) -> impl IntoView {
    let clock = clock();
    let handshake = row.handshake;
    let runs: Vec<String> = handshake.runs.iter().map(|run| run.run_id.clone()).collect();
    let paused = match all_paused(&handshake) {
        Some(time) => after(handshake.asked_at, time),
        None if handshake.ended_at.is_some() => "no word".to_owned(),
        None => "not yet".to_owned(),
    };
    let stood = match stood_still(&handshake) {
        Some(micros) => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
        None if handshake.runs.iter().any(|run| run.paused_at.is_some()) => "still does".to_owned(),
        None => "nobody".to_owned(),
    };
    let missed = handshake.ended_at.is_some() && all_paused(&handshake).is_none();
    let href = address::handshake(&handshake.handshake);
    view! {
        <div class="trow cells shake-row">
            <a class="mono" href=href data-tip=age::full(handshake.asked_at)>{age::moment(handshake.asked_at, clock.read())}</a>
            <span class="mono cut">{what(&handshake)}</span>
            <span class="cut">{theirs(&names(&runs))}</span>
            <span class="num mono" class:c-warn=missed>{paused}</span>
            <span class="num mono">{stood}</span>
            <span>{outcome(&handshake)}</span>
        </div>
    }
}

/// What it was for.
fn what(handshake: &stateloft_core::api::Handshake) -> String {
    match (&handshake.target, &handshake.reconciles) {
        (Some(target), _) => told(target),
        (None, Some(run)) => format!("{}, reconciled", told(run)),
        (None, None) => "a pause, nothing restored".to_owned(),
    }
}
