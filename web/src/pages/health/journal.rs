//! The journal of writes that wait for the store.

use leptos::prelude::*;
use stateloft_core::api::{FallbackStatus, StatusDetails, StatusSeries};

use super::cards::{Card, Line};
use super::chart::Chart;
use super::ctx;
use crate::model::health::{Mood, journal_word};
use crate::model::incident::length;
use crate::model::{age, number};
use crate::shell::clock;

/// The card.
#[component]
pub(super) fn Journal() -> impl IntoView {
    let ctx = ctx();
    let known = Memo::new(move |_| ctx.status.with(Option::is_some));
    let journal = Memo::new(move |_| {
        ctx.status.with(|status| status.as_ref().and_then(|status| status.fallback.clone()))
    });
    let chip = Signal::derive(move || {
        let word = journal.with(|journal| journal.as_ref().map(journal_word));
        Some(word.unwrap_or((Mood::Plain, "off".to_owned()))).filter(|_| known.get())
    });
    let there = Memo::new(move |_| journal.with(Option::is_some));
    // An empty journal needs no line.
    let waited = Memo::new(move |_| {
        let any = |series: &StatusSeries| series.fallback_pending.iter().flatten().any(|count| *count > 0);
        ctx.series.value.with(|series| series.as_ref().is_some_and(any))
    });
    let last = move || ctx.details.value.with(|details| details.as_ref().map(replay_and_disk));
    view! {
        <Card name="Fallback journal" chip>
            <Show
                when=move || there.get()
                fallback=|| view! {
                    <p class="hint">
                        "While the store is away, saves are refused with 503. TRADING_STATE_ENABLE_FILE_FALLBACK=true keeps them in a local journal instead."
                    </p>
                }
            >
                {move || journal.get().map(|journal| figures(&journal))}
                {last}
                <Show when=move || waited.get()>
                    <Chart
                        name="waiting" words=|count: f64| format!("{count:.0}")
                        values=|series: &StatusSeries| series.fallback_pending.iter().map(|count| count.map(as_float)).collect()
                    />
                </Show>
                <p class="hint">
                    "While the store is away, saves are answered 202 with durable: fallback, and this page turns amber."
                </p>
            </Show>
        </Card>
    }
}

fn figures(journal: &FallbackStatus) -> impl IntoView + use<> {
    let clock = clock();
    let oldest = journal.oldest;
    let waiting_since = move || oldest.map(|time| format!("oldest {}", age::ago(time, clock.now.get())));
    let torn = (journal.torn_bytes > 0).then(|| number::bytes(journal.torn_bytes));
    view! {
        <div class="line">
            <span>"Waiting to be replayed"</span>
            <span class="figure"><b>{number::count(journal.pending)}</b><span>{waiting_since}</span></span>
        </div>
        <Line name="Set aside, in conflict" figure=number::count(journal.conflicts)/>
        {torn.map(|bytes| view! { <Line name="Torn end set aside" figure=bytes/> })}
        {journal.fault.clone().map(|fault| view! { <p class="fault">{fault}</p> })}
    }
}

fn replay_and_disk(details: &StatusDetails) -> impl IntoView + use<> {
    let replay = details.incident.as_ref().filter(|incident| incident.replayed > 0).map(|incident| {
        let about = incident
            .answered_at
            .zip(incident.ended_at)
            .map(|(from, to)| format!("{}, in {}", age::clock(from), length(age::seconds_between(from, to))));
        let writes = number::counted(incident.replayed, "write", "writes");
        view! { <Line name="Last replay" figure=writes about=about.unwrap_or_default()/> }
    });
    let free = details.journal_disk_free_bytes.map(number::bytes);
    view! {
        {replay}
        {free.map(|free| view! { <Line name="Free disk" figure=free/> })}
    }
}

#[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
fn as_float(count: u64) -> f64 {
    count as f64
}
