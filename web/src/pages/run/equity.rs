//! What the portfolio was worth, and its fall from the peak so far.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{EventPage, RunView};

use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::inbox::Event;
use crate::model::runs::equity::{Equity, MEMBER};
use crate::model::scale::Canvas;
use crate::model::{age, number};
use crate::parts::{FaultNote, theirs};

/// Versions that are drawn.
const VERSIONS: usize = 1_000;
/// While the run saves, they are read again so often at most.
const SETTLE: Duration = Duration::from_secs(10);
const WORTH: Canvas = Canvas { width: 1_000.0, height: 100.0 };
const FALL: Canvas = Canvas { width: 1_000.0, height: 28.0 };

/// The panel.
#[component]
pub(super) fn EquityPanel(run: Remote<RunView>) -> impl IntoView {
    let id = super::of(run, |view| view.run.run_id.clone());
    let page = remote(
        move || id.get(),
        |id: String| async move {
            let query = Query::default()
                .with("before", Some("0"))
                .with("limit", Some(&VERSIONS.to_string()))
                .with("data", Some("true"))
                .with("state_type", Some("portfolio"))
                .with("run_id", Some(&id));
            api::get::<EventPage>(&format!("/events{query}")).await
        },
    );
    keep_up(page, id);
    let equity =
        Memo::new(move |_| page.value.with(|page| page.as_ref().and_then(|page| Equity::of(&page.events))));
    let cut = move || page.value.with(|page| page.as_ref().is_some_and(|page| page.events.len() >= VERSIONS));
    let none = move || page.value.with(Option::is_some) && equity.with(Option::is_none);
    let about = move || {
        equity.with(|equity| {
            let equity = equity.as_ref()?;
            let versions = number::counted(equity.points.len() as u64, "version", "versions");
            let least = if cut() { "the last " } else { "" };
            Some(view! { <span class="note"><span class="mono">{theirs(&equity.state_id)}" /"{MEMBER}</span>{format!(" {least}{versions} by this run")}</span> })
        })
    };
    view! {
        <section class="panel run-equity" aria-labelledby="equity">
            <div class="head"><h2 id="equity">"Equity"</h2>{about}<span class="end">{move || equity.with(|equity| equity.as_ref().map(summary))}</span></div>
            <FaultNote remote=page/>
            <div class="body">
                <Show when=none><p class="loading">"No data: the program saved no portfolio."</p></Show>
                {move || equity.get().map(|equity| view! { <Curve equity/> })}
            </div>
        </section>
    }
}

/// Reads it again some time after the run has saved a portfolio.
fn keep_up(page: Remote<EventPage>, id: Memo<Option<String>>) {
    let due = StoredValue::new(false);
    live().on_events(move |events| {
        let run = id.try_get_untracked().flatten();
        let own = |event: &Event| {
            event.state_type.as_str() == "portfolio" && event.run_id.as_deref() == run.as_deref()
        };
        if run.is_some() && events.iter().any(own) && !due.try_get_value().unwrap_or(true) {
            due.set_value(true);
            set_timeout(
                move || {
                    if due.try_set_value(false).is_none() {
                        page.reload();
                    }
                },
                SETTLE,
            );
        }
    });
}

/// `peak 101548.12 09:31, deepest fall -131.60 -0.13 %, 09:02 to 09:07`.
fn summary(equity: &Equity) -> AnyView {
    let time = |at: usize| equity.points.get(at).map(|point| age::minute(point.time)).unwrap_or_default();
    let fall = match &equity.deepest {
        Some(fall) => {
            let percent = fall.percent.as_deref().map(|percent| format!(" {percent} %,")).unwrap_or_default();
            let when = format!("{percent} {} to {}", time(fall.from), time(fall.to));
            view! { "deepest fall "<b class="mono">{fall.amount.clone()}</b>{when} }.into_any()
        }
        None => "it never fell".into_any(),
    };
    view! { <span>"peak "<b class="mono">{equity.range().0.to_owned()}</b>{format!(" {}, ", time(equity.peak))}{fall}</span> }.into_any()
}

#[component]
fn Curve(equity: Equity) -> impl IntoView {
    let (line, fall) = equity.lines(WORTH, FALL);
    let (high, low) = equity.range();
    let (high, low) = (high.to_owned(), low.to_owned());
    let ends = equity.points.first().zip(equity.points.last());
    let (first, last) =
        ends.map(|(first, last)| (age::clock(first.time), age::clock(last.time))).unwrap_or_default();
    let words = format!("From {first} to {last}, {high} at most, {low} at least");
    let area = format!("{fall}L1000.0 0.0L0.0 0.0Z");
    let fell = equity.deepest.is_some();
    view! {
        <div class="curve" role="img" aria-label=words>
            <span class="mono high">{high}</span>
            <span class="mono low">{low}</span>
            <svg class="worth" viewBox="0 0 1000 100" preserveAspectRatio="none"><path d=line/></svg>
            {fell.then(|| view! {
                <span class="fall-word note">"fall"</span>
                <svg class="fall" viewBox="0 0 1000 28" preserveAspectRatio="none"><path class="ground" d=area/><path d=fall/></svg>
            })}
            <span class="times note"><span>{first}</span><span>{last}</span></span>
        </div>
    }
}
