//! Open positions, with values as last saved by the bots.

use std::cmp::Ordering;
use std::collections::HashMap;

use futures::future::join_all;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::{Remote, remote};
use crate::model::address::{self, Query};
use crate::model::inbox::Event;
use crate::model::listing::{Filter, Listing};
use crate::model::number;
use crate::model::position::{Fields, Opened, pair_key, sign, z_score};
use crate::parts::{Age, Empty, FaultNote, Icon, Pic, Stand, theirs};
use crate::shell::clock;

/// Positions whose data is read; the States page has them all.
const SHOWN: usize = 40;
/// Requests under way at once.
const AT_ONCE: usize = 6;
/// A document is read again at most this often (ms).
const EVERY_MS: u32 = 1000;
/// And so often while it cannot be read.
const AWAY_MS: u32 = 5000;
/// A position not saved for this long (seconds) is late.
const LATE: i64 = 30 * 60;

/// What is known of one document: the version read, and what it said.
#[derive(Clone, PartialEq)]
struct Read {
    version: u64,
    fields: Fields,
    z: Option<String>,
}

type Known = HashMap<StateKey, Read>;

/// The panel.
#[component]
pub(crate) fn OpenPositions() -> impl IntoView {
    let list = heads();
    let known = RwSignal::new(Known::new());
    read_documents(list, known);
    let stand = Stand::new(|| false);
    let rows = stand.steady(
        move || list.value.with(|list| list.as_ref().map(|list| open(list, SHOWN)).unwrap_or_default()),
        key_of,
    );
    let total = Memo::new(move |_| {
        let count = |list: &Listing| {
            list.rows.iter().filter(|row| row.state_type.as_str() == "position").count() as u64
        };
        list.value.with(|list| list.as_ref().map(count))
    });
    let about = move || match total.get() {
        Some(total) => format!("{}, values as last saved by the bots", number::count(total)),
        None => "no data".to_owned(),
    };
    let none = move || total.get() == Some(0);
    view! {
        <section class="panel positions" aria-labelledby="positions">
            <div class="head">
                <h2 id="positions">"Open positions"</h2>
                <span class="note cut wide-only">{about}</span>
                <span class="end">
                    <a href=address::states_of("position")>{move || total.get().map_or_else(|| "All".to_owned(), |total| format!("All {}", number::count(total)))}</a>
                </span>
            </div>
            <FaultNote remote=list/>
            <div class="body" {..stand.held()}>
                <div class="cells thead">
                    <span>"Pair"</span><span>"Side"</span>
                    <span class="num">"Quantity"</span><span class="num">"Entry"</span><span class="num">"Stop"</span>
                    <span class="num">"z-score"</span><span class="num">"P&L"</span>
                    <span class="num">"Open for"</span><span class="num">"Saved ago"</span>
                </div>
                <For each=move || rows.get() key=|row: &Event| (row.state_id.clone(), row.version) let:row>
                    <PositionRow row known/>
                </For>
                <Show when=none><Empty icon=Icon::Check head="No open position">"No live state has the type position."</Empty></Show>
            </div>
        </section>
    }
}

/// Heads of positions and pair states, without data.
fn heads() -> Remote<Listing> {
    let filter = Filter {
        types: vec!["position".to_owned(), "pair_state".to_owned()],
        by_id: true,
        ..Filter::default()
    };
    let asked = filter.to_api().with("limit", Some("500"));
    let list = remote(
        move || Some(asked.clone()),
        |query: Query| async move { api::states(&query).await.map(Listing::of) },
    );
    list.follow(
        |list| list.seq.0,
        move |list, events| {
            for event in events {
                list.take(&filter, event);
            }
        },
    );
    list
}

fn open(list: &Listing, most: usize) -> Vec<Event> {
    list.rows.iter().filter(|row| row.state_type.as_str() == "position").take(most).cloned().collect()
}

fn key_of(row: &Event) -> StateKey {
    StateKey { state_type: row.state_type.clone(), state_id: row.state_id.clone() }
}

/// Reads the documents of the positions shown and of their pairs, again whenever their version has moved on.
fn read_documents(list: Remote<Listing>, known: RwSignal<Known>) {
    let busy = StoredValue::new(false);
    Effect::new(move || {
        list.value.track();
        if !busy.get_value() {
            busy.set_value(true);
            spawn_local(async move {
                while let Some(stale) = stale(list, known) {
                    let mut missed = false;
                    for keys in stale.chunks(AT_ONCE) {
                        let read = join_all(keys.iter().map(read_one)).await;
                        missed |= read.iter().any(Option::is_none);
                        known.try_update(|known| known.extend(read.into_iter().flatten()));
                    }
                    TimeoutFuture::new(if missed { AWAY_MS } else { EVERY_MS }).await;
                }
                busy.try_set_value(false);
            });
        }
    });
}

/// The states whose documents must be read; `None` when all are known, or the page is gone.
fn stale(list: Remote<Listing>, known: RwSignal<Known>) -> Option<Vec<(StateKey, u64)>> {
    let wanted = list.value.try_with_untracked(|list| {
        let list = list.as_ref()?;
        let heads: HashMap<StateKey, u64> =
            list.rows.iter().map(|row| (key_of(row), row.version.0)).collect();
        let positions = open(list, SHOWN).iter().map(key_of).collect::<Vec<_>>();
        let pairs =
            positions.iter().filter_map(pair_key).filter(|key| heads.contains_key(key)).collect::<Vec<_>>();
        let with_version = |key: StateKey| heads.get(&key).copied().map(|version| (key, version));
        Some(positions.into_iter().chain(pairs).filter_map(with_version).collect::<Vec<_>>())
    })??;
    let stale: Vec<_> = known.try_with_untracked(|known| {
        wanted
            .into_iter()
            .filter(|(key, version)| known.get(key).is_none_or(|read| read.version < *version))
            .collect()
    })?;
    (!stale.is_empty()).then_some(stale)
}

async fn read_one((key, version): &(StateKey, u64)) -> Option<(StateKey, Read)> {
    let answer = api::state(key, &Query::default()).await;
    if answer.as_ref().is_err_and(api::ApiError::passes) {
        return None;
    }
    let read = match answer.ok().and_then(|state| Some((state.version.version.0, state.data?))) {
        Some((version, data)) => Read { version, fields: Fields::of(&data), z: z_score(&data) },
        // Deleted meanwhile, or not to be had: the row says that there is no data, and is asked for at its next version.
        None => Read { version: *version, fields: Fields::default(), z: None },
    };
    Some((key.clone(), read))
}

#[component]
fn PositionRow(row: Event, known: RwSignal<Known>) -> impl IntoView {
    let clock = clock();
    let key = key_of(&row);
    let pair = pair_key(&key);
    let own = {
        let key = key.clone();
        Memo::new(move |_| known.with(|known| known.get(&key).map(|read| read.fields.clone())))
    };
    let z = Memo::new(move |_| known.with(|known| known.get(pair.as_ref()?).and_then(|read| read.z.clone())));
    let field = move |pick: fn(&Fields) -> Option<String>| {
        move || own.with(|own| own.as_ref().and_then(pick)).unwrap_or_else(|| "–".to_owned())
    };
    let id = row.state_id.to_string();
    let name =
        move || own.with(|own| own.as_ref().and_then(|own| own.pair.clone())).unwrap_or_else(|| id.clone());
    // Two positions of one pair differ only in their ids.
    let state_id = row.state_id.to_string();
    let named = {
        let state_id = state_id.clone();
        move || {
            own.with(|own| {
                own.as_ref().and_then(|own| own.pair.as_ref()).is_some_and(|pair| *pair != state_id)
            })
        }
    };
    let stop_broken = row.verdict.violations().iter().any(|violation| violation.pointer.starts_with("/stop"));
    let invalid = row.verdict.is_invalid().then(|| {
        let why = row.verdict.violations().first().map(|v| format!("{} {}", v.pointer, v.message));
        view! { <span class="c-warn" role="img" aria-label="breaks a rule" data-tip=why><Pic icon=Icon::Warn size=14/></span> }
    });
    let pnl = move || own.with(|own| own.as_ref().and_then(|own| own.pnl.clone()));
    let pnl_words = move || {
        pnl().map_or_else(
            || "–".to_owned(),
            |text| if sign(&text) == Ordering::Greater { format!("+{text}") } else { text },
        )
    };
    let pnl_class = move || match pnl().as_deref().map(sign) {
        Some(Ordering::Greater) => "num mono pnl c-add",
        Some(Ordering::Less) => "num mono pnl c-del",
        _ => "num mono pnl",
    };
    let opened = move || {
        let now = clock.now.get();
        own.with(|own| match own.as_ref().and_then(|own| Some((own.open_for(now), own.opened.clone()?))) {
            Some((Some(words), _)) => words,
            Some((None, Opened::Unclear(_))) => "zone unknown".to_owned(),
            _ => "–".to_owned(),
        })
    };
    let (time, tip) = (row.effective_at(), crate::model::age::of_version(&row));
    let late = Memo::new(move |_| crate::model::age::seconds_between(time, clock.now.get()) > LATE);
    view! {
        <a class="trow dense cells position" href=address::state(&key)>
            <span class="id">
                <span class="cut name">{name}</span>
                {move || named().then(|| view! { <span class="note mono cut">{theirs(&state_id)}</span> })}
                {invalid}
            </span>
            <span class="side-word">{field(|own| own.side.clone())}</span>
            <span class="num mono qty">{field(|own| own.quantity.clone())}</span>
            <span class="num mono entry">{field(|own| own.entry.clone())}</span>
            <span class="num mono stop" class:c-warn=stop_broken>{field(|own| own.stop.clone())}</span>
            <span class="num mono z">{move || z.get().unwrap_or_else(|| "–".to_owned())}</span>
            <span class=pnl_class>{pnl_words}</span>
            <span class="num open-for">{opened}</span>
            <span class="num saved" class:c-warn=move || late.get()><Age time tip bare=true/></span>
        </a>
    }
}
