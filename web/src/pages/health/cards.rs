//! The parts of the server, a card each.

use leptos::prelude::*;
use statehouse_core::api::{CacheStatus, FallbackStatus, Status};

use super::mark;
use crate::model::health::{Mood, journal_word, latency};
use crate::model::{age, number};
use crate::shell::clock;

/// A card: its name, what it is like, its figures.
#[component]
pub(super) fn Card(
    /// The name.
    name: &'static str,
    /// What it is like.
    chip: AnyView,
    /// Its CSS classes.
    #[prop(default = "panel card")]
    class: &'static str,
    /// The figures.
    children: Children,
) -> impl IntoView {
    view! {
        <section class=class aria-label=name>
            <div class="head"><h2>{name}</h2><span class="end">{chip}</span></div>
            <div class="body">{children()}</div>
        </section>
    }
}

/// One figure: what it is, the figure, what it is of.
#[component]
pub(super) fn Line(
    /// What it is.
    name: &'static str,
    /// The figure.
    #[prop(into)]
    figure: String,
    /// What it is of.
    #[prop(optional, into)]
    about: String,
) -> impl IntoView {
    view! {
        <div class="line">
            <span>{name}</span>
            <span class="figure"><b>{figure}</b>{(!about.is_empty()).then(|| format!(" {about}"))}</span>
        </div>
    }
}

/// The store and the connections to it.
#[component]
pub(super) fn Store(status: Status) -> impl IntoView {
    let store = status.store;
    let chip = if store.up {
        mark(Mood::Good, "answers".to_owned())
    } else {
        mark(Mood::Bad, "does not answer".to_owned())
    };
    let (commit, about) = latency(&status.commit);
    let commits = status.commit.count;
    let size = store.size_bytes.map_or_else(|| "no data".to_owned(), number::bytes);
    let of = format!(
        "in {}, {} deleted",
        number::counted(status.states_live + status.states_deleted, "state", "states"),
        number::count(status.states_deleted)
    );
    let pool = store.pool;
    view! {
        <Card name="Store" chip>
            <Line name="Engine" figure=store.engine.clone()/>
            <Line name="Commit, p50 and p99" figure=commit about/>
            <Line name="Commits, 5 min" figure=number::count(commits)/>
            <Line name="Versions" figure=number::count(status.seq.0) about=of/>
            <Line name="Size, data and history" figure=size/>
            {status.counts_as_of.map(|time| view! {
                <Line name="Counts as of" figure=age::to_second(time) about="the store does not answer"/>
            })}
            {pool.map(|(busy, all)| view! {
                <Line name="Connections in use" figure=busy.to_string() about=format!("of {all}")/>
                <PoolBar busy all/>
            })}
        </Card>
    }
}

/// The connections, a square each; many are drawn as shares.
#[component]
fn PoolBar(busy: u32, all: u32) -> impl IntoView {
    const MOST: u32 = 40;
    let squares = all.clamp(1, MOST);
    let filled = if all <= MOST { busy } else { (busy * MOST).div_ceil(all) };
    let label = format!("{busy} of {all} connections in use");
    view! {
        <div class="pool" role="img" aria-label=label>
            {(0..squares).map(|n| view! { <span class:busy=n < filled></span> }).collect_view()}
        </div>
    }
}

/// Watchers, and how far behind commits they are.
#[component]
pub(super) fn Events(status: Status) -> impl IntoView {
    let clock = clock();
    let (lag, about) = latency(&status.event_lag);
    let listeners = number::counted(status.listeners, "listener", "listeners");
    let started = status.started_at;
    let running = move || age::long(age::seconds_between(started, clock.now.get()));
    view! {
        <Card name="Events" chip=mark(Mood::Good, listeners)>
            <Line name="Commit to message, p50 and p99" figure=lag about/>
            <Line name="Last seq" figure=number::count(status.seq.0)/>
            <Line name="Program" figure=status.version.clone()/>
            <div class="line"><span>"Running for"</span><span class="figure"><b>{running}</b></span></div>
        </Card>
    }
}

/// The chain of hashes.
#[component]
pub(super) fn Chain(status: Status) -> impl IntoView {
    let chip = match status.verified_seq {
        _ if status.chain_fault.is_some() => mark(Mood::Bad, "damaged".to_owned()),
        Some(seq) if seq >= status.seq => mark(Mood::Good, "verified".to_owned()),
        _ => mark(Mood::Plain, "verifying".to_owned()),
    };
    let to = status.verified_seq.map_or_else(|| "nothing yet".to_owned(), |seq| number::count(seq.0));
    let key = if status.key_required { "wanted" } else { "not wanted on this address" };
    view! {
        <Card name="Chain" chip>
            <Line name="Verified to seq" figure=to about=format!("of {}", number::count(status.seq.0))/>
            <Line name="API key" figure=key/>
            {status.chain_fault.clone().map(|fault| view! { <p class="fault">{fault}</p> })}
            <p class="hint">"Each version's hash covers the one before it. The server checks all of them from its start on."</p>
        </Card>
    }
}

/// The journal of writes that wait for the store.
#[component]
pub(super) fn Journal(journal: Option<FallbackStatus>) -> impl IntoView {
    let clock = clock();
    let Some(journal) = journal else {
        return view! {
            <Card name="Fallback journal" chip=mark(Mood::Plain, "off".to_owned())>
                <p class="hint">
                    "While the store is away, saves are refused with 503. TRADING_STATE_ENABLE_FILE_FALLBACK=true keeps them in a local journal instead."
                </p>
            </Card>
        }
        .into_any();
    };
    let (mood, words) = journal_word(&journal);
    let oldest = journal.oldest;
    let waiting_since = move || oldest.map(|time| format!("oldest {}", age::ago(time, clock.now.get())));
    let torn = (journal.torn_bytes > 0).then(|| number::bytes(journal.torn_bytes));
    view! {
        <Card name="Fallback journal" chip=mark(mood, words)>
            <div class="line">
                <span>"Waiting to be replayed"</span>
                <span class="figure"><b>{number::count(journal.pending)}</b>" "{waiting_since}</span>
            </div>
            <Line name="Set aside, in conflict" figure=number::count(journal.conflicts)/>
            <Line name="Replayed since the start" figure=number::count(journal.replayed)/>
            <Line name="Size" figure=number::bytes(journal.size_bytes)/>
            {torn.map(|bytes| view! { <Line name="Torn end set aside" figure=bytes/> })}
            {journal.fault.clone().map(|fault| view! { <p class="fault">{fault}</p> })}
            <p class="hint">"While the store is away, saves are answered 202 with durable: fallback, and replayed in order."</p>
        </Card>
    }
    .into_any()
}

/// The caches.
#[component]
pub(super) fn Caches(caches: Vec<CacheStatus>) -> impl IntoView {
    if caches.is_empty() {
        return view! {
            <Card name="Cache" chip=mark(Mood::Plain, "off".to_owned())>
                <p class="hint">"Every read goes to the store."</p>
            </Card>
        }
        .into_any();
    }
    let many = caches.len() > 1;
    let cards = caches.into_iter().map(|cache| {
        let reads = cache.hits + cache.misses;
        let rate = if reads == 0 { "no data".to_owned() } else { format!("{:.2} %", cache.hit_rate) };
        let of = format!("{} of {}", number::count(cache.hits), number::count(reads));
        let chip = mark(
            Mood::Plain,
            format!("{} of {}", number::count(cache.size), number::count(cache.max_size)),
        );
        view! {
            <Card name="Cache" chip>
                {many.then(|| view! { <Line name="Holds" figure=cache.name.clone()/> })}
                <Line name="Hits" figure=rate about=of/>
                <Line name="Evicted" figure=number::count(cache.evictions)/>
                <Line name="Expired" figure=number::count(cache.expirations) about=format!("after {} s", cache.ttl_seconds)/>
                <Line name="Clean-ups" figure=number::count(cache.cleanup_runs)/>
            </Card>
        }
    });
    cards.collect_view().into_any()
}

/// What the store promises.
#[component]
pub(super) fn Promises(status: Status) -> impl IntoView {
    let promises = status.store.promises.clone();
    view! {
        <Card name="What this store promises" class="panel card wide" chip=().into_any()>
            <ul class="promises">
                {promises.into_iter().map(|promise| view! { <li>{promise}</li> }).collect_view()}
            </ul>
        </Card>
    }
}
