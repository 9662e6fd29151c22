//! What drifted before, and keeping what this list says.

use leptos::prelude::*;
use stateloft_core::api::DriftList;

use super::board::Board;
use crate::api;
use crate::live::remote;
use crate::model::address::encode_segment;
use crate::model::age;
use crate::model::reconcile::drift_lines;
use crate::parts::FaultNote;
use crate::shell::clock;

/// Lines that are shown.
const SHOWN: usize = 8;

/// The card.
#[component]
pub(super) fn DriftCard(board: Board) -> impl IntoView {
    let clock = clock();
    let id = board.id.get_value();
    let drifts = remote(
        move || {
            board.router.query.track();
            Some(id.clone())
        },
        |id: String| async move { api::get::<DriftList>(&format!("/runs/{}/drifts", encode_segment(&id))).await },
    );
    // Kept with an answer that was asked to keep it.
    let recorded = Memo::new(move |_| board.plan.with(|plan| plan.as_ref().and_then(|plan| plan.recorded)));
    Effect::new(move || {
        if recorded.get().is_some() {
            drifts.reload();
            // What both agree on is known to the rows from now on.
            board.again();
        }
    });
    let lines = Memo::new(move |_| drifts.value.with(|list| list.as_ref().map(drift_lines)));
    let as_of = move || {
        drifts
            .value
            .with(|list| list.as_ref().and_then(|list| list.as_of))
            .map(|at| format!("as of {}", age::moment(at, clock.read())))
    };
    let row = move |line: crate::model::reconcile::DriftLine| {
        let class = if line.open { "drift-row c-warn" } else { "drift-row" };
        view! {
            <div class=class>
                <time class="mono ink2" data-tip=age::full(line.at)>{age::moment(line.at, clock.read())}</time>
                <span>{line.words}</span><span class="end ink2">{line.how}</span>
            </div>
        }
    };
    let has_list = move || board.plan.with(|plan| plan.as_ref().is_some_and(|plan| plan.list_hash.is_some()));
    view! {
        <section class="panel drift" aria-labelledby="drift">
            <div class="head"><h2 id="drift">"Drift before"</h2><span class="note">{as_of}</span></div>
            <FaultNote remote=drifts/>
            <div class="drift-body">
                {move || lines.get().map(|lines| if lines.is_empty() {
                    view! { <p class="note">"None is recorded."</p> }.into_any()
                } else {
                    let more = lines.len().saturating_sub(SHOWN);
                    view! {
                        {lines.into_iter().take(SHOWN).map(row).collect_view()}
                        {(more > 0).then(|| view! { <p class="note">{format!("and {more} before")}</p> })}
                    }.into_any()
                })}
                <Show when=has_list>
                    <button class="link" data-tip="Writes a version of the instance\u{2019}s drift: since when what differs, and what agrees."
                        on:click=move |_| board.record_drift()>"Record what this list says"</button>
                </Show>
            </div>
        </section>
    }
}
