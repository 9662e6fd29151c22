//! Who listens, and how far behind commits they are.

use leptos::prelude::*;
use stateloft_core::api::{ListenerStatus, StatusDetails, StatusSeries};

use super::cards::{Card, Line};
use super::chart::Chart;
use super::ctx;
use crate::model::health::{Mood, latency};
use crate::model::incident::called;
use crate::model::{age, number};
use crate::parts::theirs;
use crate::shell::clock;

/// The card.
#[component]
pub(super) fn EventLag() -> impl IntoView {
    let ctx = ctx();
    let status = ctx.status;
    let chip = Signal::derive(move || {
        let listeners = status.with(|status| status.as_ref().map(|status| status.listeners))?;
        Some((Mood::Good, number::counted(listeners, "listener", "listeners")))
    });
    let lag = move || {
        status.with(|status| {
            let (figure, about) = latency(&status.as_ref()?.event_lag);
            Some(view! { <Line name="Commit to message, p50 and p99" figure about/> })
        })
    };
    let behind = move || {
        let last = status.with(|status| status.as_ref()?.seq)?.0;
        ctx.details.value.with(|details| details.as_ref().map(|details| sessions(details, last)))
    };
    view! {
        <Card name="Event lag" chip>
            {lag}
            {behind}
            <Chart name="lag p99" values=|series: &StatusSeries| series.event_lag_p99_ms.clone() words=number::millis/>
        </Card>
    }
}

fn sessions(details: &StatusDetails, last: u64) -> impl IntoView + use<> {
    let furthest = details.listeners.iter().map(|listener| listener.behind).max();
    let furthest = furthest.map_or("nobody listens".to_owned(), number::count);
    let sessions = &details.sessions;
    view! {
        <Line name="Furthest behind" figure=furthest about=format!("of {}", number::count(last))/>
        <Line
            name="Closed as too slow, 24 h" figure=number::count(sessions.too_slow)
            about=sessions.last_too_slow.clone().unwrap_or_default()
        />
        <Line
            name="Replays after reconnect" figure=number::count(sessions.replays)
            about=format!("{} impossible", number::count(sessions.impossible))
        />
    }
}

/// The table.
#[component]
pub(super) fn Listeners() -> impl IntoView {
    let ctx = ctx();
    let listeners = Memo::new(move |_| {
        ctx.details.value.with(|details| details.as_ref().map(|d| (d.listeners.clone(), d.listeners_total)))
    });
    let note = move || {
        listeners.with(|listeners| {
            let known = listeners.as_ref().map(|(shown, all)| (shown.len() as u64, *all));
            let Some((shown, all)) = known else { return ctx.unread().map(|(_, words)| words) };
            Some(if shown < all {
                format!("{} of {}, furthest behind first", number::count(shown), number::count(all))
            } else {
                format!("{}, furthest behind first", number::count(all))
            })
        })
    };
    let rows = move || listeners.get().map(|(listeners, _)| listeners.into_iter().map(row).collect_view());
    let nobody = move || listeners.with(|listeners| listeners.as_ref().is_some_and(|(_, all)| *all == 0));
    view! {
        <section class="panel listeners" aria-label="Listeners">
            <div class="head"><h2>"Listeners"</h2><span class="note">{note}</span></div>
            <div class="body" tabindex="0" role="region" aria-label="Listeners of this server">
                <table>
                    <thead>
                        <tr>
                            <th>"Client"</th><th>"Topics"</th><th class="num">"At seq"</th><th class="num">"Behind"</th>
                            <th class="num">"Sent, 1 h"</th><th class="num">"Connected for"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
                <Show when=nobody><p class="hint">"Nobody listens to this server."</p></Show>
            </div>
        </section>
    }
}

fn row(listener: ListenerStatus) -> impl IntoView {
    let clock = clock();
    let (name, given) = called(&listener);
    let topics = if listener.topics.is_empty() { "none yet".to_owned() } else { listener.topics.join(", ") };
    let connected = listener.connected_at;
    let long = move || age::long(age::seconds_between(connected, clock.now.get()));
    let address = listener.address.clone().unwrap_or_default();
    let late = listener.behind > 0;
    view! {
        <tr>
            <td class="who" class:given=given title=format!("{} {address}", listener.kind)>{theirs(&name)}</td>
            <td class="mono">{theirs(&topics)}</td>
            <td class="num mono">{number::count(listener.seq.0)}</td>
            <td class="num mono" class:c-warn=late>{number::count(listener.behind)}</td>
            <td class="num mono">{number::count(listener.sent_last_hour)}</td>
            <td class="num">{long}</td>
        </tr>
    }
}
