//! The price as it was saved since the entry, with what was typed held against it.

use leptos::prelude::*;
use stateloft_core::book::by_hand::Field;
use stateloft_core::json::Pointer;
use stateloft_core::model::{StateKey, Timestamp};

use super::form::Hand;
use crate::api::ApiError;
use crate::live::remote;
use crate::model::by_hand::Mode;
use crate::model::path_history::PathHistory;
use crate::model::scale::{Canvas, extent, place};
use crate::model::{age, number};
use crate::pages::state::path_over_time;
use crate::parts::{FaultNote, theirs};
use crate::shell::clock;

/// Versions looked at, and bytes of documents read for it.
const VERSIONS: usize = 200;
const BYTES: usize = 4_000_000;
const CANVAS: Canvas = Canvas { width: 760.0, height: 90.0 };

#[derive(Clone, PartialEq)]
struct Asked {
    key: StateKey,
    path: String,
    from: Option<Timestamp>,
    upto: Timestamp,
    limit: usize,
}

/// The panel.
#[component]
pub(super) fn Chart(hand: Hand) -> impl IntoView {
    let clock = clock();
    let path = Memo::new(move |_| {
        hand.read(|position| position.price.as_ref().map(|price| price.path.clone())).flatten()
    });
    let entry = Memo::new(move |_| {
        hand.lot.with(|lot| lot.as_ref().and_then(|lot| Timestamp::parse(lot.entry_time.as_deref()?).ok()))
    });
    // Read once for a lot: what is saved meanwhile moves the line no further than its end.
    let asked = Memo::new(move |_| {
        let size = hand
            .document
            .with_untracked(|document| document.as_ref().map_or(1, |document| document.text().len()));
        let limit = (BYTES / size.max(1)).clamp(1, VERSIONS);
        Some(Asked {
            key: hand.key.get_value(),
            path: path.get()?,
            from: entry.get(),
            upto: clock.read(),
            limit,
        })
    });
    let history = remote(
        move || asked.get(),
        |asked: Asked| async move { read(&asked).await.map(|told| (asked, told)) },
    );
    let about = move || {
        history.value.with(|told| {
            let (_, (told, all)) = told.as_ref()?;
            Some(format!(
                ", {} of {}",
                number::count(told.looked_at as u64),
                number::counted(*all, "version", "versions")
            ))
        })
    };
    let title = move || if entry.get().is_some() { "Price as saved since entry" } else { "Price as saved" };
    view! {
        <div class="by-hand-chart">
            <div class="row"><b>{title}</b><span class="note"><span class="mono">{move || path.get()}</span>{about}</span></div>
            <FaultNote remote=history/>
            {move || match path.get() {
                None => view! { <p class="loading">"No data: no price was saved with this position."</p> }.into_any(),
                Some(_) => history.value.with(|told| told.as_ref().map(|(_, (told, _))| view! { <Line hand told=told.clone()/> }.into_any()))
                    .unwrap_or_else(|| view! { <p class="loading">"Reading what was saved."</p> }.into_any()),
            }}
        </div>
    }
}

async fn read(asked: &Asked) -> Result<(PathHistory, u64), ApiError> {
    let pointer = Pointer::parse(&asked.path).unwrap_or_default();
    path_over_time(&asked.key, &pointer, asked.from, asked.upto, asked.limit).await
}

/// What was typed, and what it is called.
fn levels(hand: Hand) -> Vec<(&'static str, String)> {
    let typed = |field: Field| {
        let text = hand.typed.with(|typed| typed.get(field).map(|text| text.trim().to_owned()))?;
        place(&text).map(|_| text)
    };
    let entry = hand.lot.with(|lot| lot.as_ref().and_then(|lot| lot.entry_price.clone()));
    let mut levels: Vec<(&'static str, String)> = entry.map(|price| ("entry", price)).into_iter().collect();
    let fields: &[(Field, &'static str)] = match hand.mode.get() {
        Mode::Close | Mode::All => &[(Field::ExitPrice, "exit, as typed")],
        Mode::Adjust => &[(Field::Stop, "stop, as typed"), (Field::Target, "target, as typed")],
        Mode::Add => &[(Field::EntryPrice, "entry, as typed")],
    };
    levels.extend(fields.iter().filter_map(|(field, words)| Some((*words, typed(*field)?))));
    levels
}

#[component]
fn Line(hand: Hand, told: PathHistory) -> impl IntoView {
    let values = told.values();
    let (first, last) = (told.points.first().map(|point| point.at), told.points.last().map(|point| point.at));
    let time = |at: Option<i64>| at.map(|at| age::clock(Timestamp::from_micros(at))).unwrap_or_default();
    let (first, last) = (time(first), time(last));
    let nothing = values.iter().flatten().next().is_none();
    let body = move || {
        let levels = levels(hand);
        let all = values.iter().flatten().copied().chain(levels.iter().filter_map(|(_, text)| place(text)));
        let range = extent(all)?;
        let line = CANVAS.steps(&values, range);
        let rows = levels.into_iter().filter_map(|(words, text)| {
            let top = format!("{:.2}%", 100.0 * CANVAS.y(place(&text)?, range) / CANVAS.height);
            let class = if words == "entry" { "level" } else { "level typed" };
            Some(view! { <span class=class style:top=top><span class="mono">{theirs(&text)}</span><i></i><span>{words}</span></span> })
        });
        Some(view! {
            <div class="plot">
                <svg viewBox="0 0 760 90" preserveAspectRatio="none" aria-hidden="true"><path d=line/></svg>
                {rows.collect_view()}
            </div>
        })
    };
    view! {
        <Show when=move || !nothing fallback=|| view! { <p class="loading">"No data: no price was saved since the entry."</p> }>
            {body.clone()}
            <div class="times mono note"><span>{first.clone()}</span><span>{last.clone()}", last saved change"</span></div>
        </Show>
    }
}
