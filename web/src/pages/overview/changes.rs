//! The last changes, live.

use leptos::prelude::*;

use crate::api;
use crate::live::{live, remote};
use crate::model::feed::{self, Row};
use crate::model::inbox::Event;
use crate::model::still::Which;
use crate::pages::feed_row::FeedLink;
use crate::parts::{FaultNote, Icon, Kbd, NewRows, Pic, Stand};
use crate::shell::{clock, narrow};

/// Versions kept; more than rows, because bursts fold.
const KEPT: usize = 120;
const ROWS: usize = 11;
const ROWS_NARROW: usize = 6;

struct Latest {
    events: Vec<Event>,
    seq: u64,
}

/// The panel.
#[component]
pub(crate) fn LastChanges() -> impl IntoView {
    let (live, clock, narrow) = (live(), clock(), narrow());
    let latest = remote(
        || Some(()),
        |()| async {
            let page = api::newest_events(60).await?;
            let seq = page.events.first().map_or(page.seq, |event| event.version.seq).0;
            let events = page.events.into_iter().map(|event| event.version.into()).collect();
            Ok(Latest { events, seq })
        },
    );
    let stand = Stand::new(|| false);
    latest.follow_standing(
        stand,
        |latest| latest.seq,
        |latest, events| {
            latest.events.splice(0..0, events.iter().rev().cloned());
            latest.events.truncate(KEPT);
            latest.seq = events.last().map_or(latest.seq, |event| event.seq.0);
        },
        |_, event| Some(Which::Version(event.seq.0)),
    );
    let rows = Memo::new(move |_| {
        let keep = if narrow.get() { ROWS_NARROW } else { ROWS };
        latest.value.with(|latest| {
            let mut rows = latest.as_ref().map(|latest| feed::fold(&latest.events)).unwrap_or_default();
            rows.truncate(keep);
            rows
        })
    });
    view! {
        <section class="panel last-changes" aria-labelledby="last-changes">
            <div class="head">
                <h2 id="last-changes">"Last changes"</h2>
                <span class="note cut">"first changed path, repeats folded"</span>
                <div class="end">
                    <NewRows stand/>
                    <button
                        class="btn small" aria-pressed=move || if live.is_paused() { "true" } else { "false" }
                        on:click=move |_| live.toggle_pause(clock.read())
                    >
                        {move || if live.is_paused() {
                            view! { <Pic icon=Icon::Play size=14/>"Resume" }.into_any()
                        } else {
                            view! { <Pic icon=Icon::Pause size=14/>"Pause" }.into_any()
                        }}
                        <Kbd name="."/>
                    </button>
                    <a class="wide-only" href="/view/activity">"All activity"</a>
                </div>
            </div>
            <FaultNote remote=latest/>
            <div class="rows" {..stand.held()}>
                <For each=move || rows.get() key=Row::key children=|row| view! { <FeedLink row/> }/>
            </div>
        </section>
    }
}
