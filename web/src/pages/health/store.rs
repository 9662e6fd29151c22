//! The store, the connections to it, and the cache before it.

use leptos::prelude::*;
use stateloft_core::api::{CacheStatus, MemoryStatus, PoolStatus, Status, StatusDetails, StatusSeries};

use super::cards::{Card, Line};
use super::chart::Chart;
use super::ctx;
use crate::model::health::{Mood, latency, saves_a_second};
use crate::model::{age, number};

/// The store.
#[component]
pub(super) fn Store() -> impl IntoView {
    let ctx = ctx();
    let status = ctx.status;
    let chip = Signal::derive(move || {
        status.with(|status| {
            let up = status.as_ref().map(|status| status.store.up)?;
            let said = if up { (Mood::Good, "answers") } else { (Mood::Bad, "does not answer") };
            Some((said.0, said.1.to_owned()))
        })
    });
    let saves = move || {
        let (now, most) = ctx.series.value.with(|series| series.as_ref().and_then(saves_a_second))?;
        Some(view! { <Line name="Saves per second" figure=now about=format!("most in a minute {most}")/> })
    };
    let sizes = move || {
        let whole = status.with(|status| status.as_ref().and_then(|status| status.store.size_bytes));
        ctx.details.value.with(|details| details.as_ref().map(|details| sizes(details, whole)))
    };
    view! {
        <Card name="Store" chip>
            {move || status.with(|status| status.as_ref().map(engine))}
            {saves}
            {sizes}
            <Chart name="commit p99" values=|series: &StatusSeries| series.commit_p99_ms.clone() words=number::millis/>
        </Card>
    }
}

fn engine(status: &Status) -> impl IntoView + use<> {
    let durable = match status.store.promises.as_slice() {
        [] => "no data",
        promises if promises.iter().any(|promise| promise.starts_with("NOT durable")) => "OFF",
        _ => "on",
    };
    let (commit, about) = latency(&status.commit);
    // Who packed it stands with the versions below.
    let engine = status.store.engine.split(" (").next().unwrap_or_default().to_owned();
    let stale = status.counts_as_of.map(|time| {
        view! { <Line name="Counts as of" figure=age::clock(time)/> }
    });
    view! {
        <Line name=format!("{engine}, durable commits") figure=durable/>
        <Line name="Commit, p50 and p99" figure=commit about/>
        {stale}
    }
}

fn sizes(details: &StatusDetails, whole: Option<u64>) -> AnyView {
    match (&details.sizes, whole) {
        (Some(sizes), _) => {
            let history = number::bytes(sizes.history_bytes);
            view! { <Line name="Size, heads and history" figure=number::bytes(sizes.heads_bytes) about=history/> }.into_any()
        }
        (None, Some(whole)) => {
            view! { <Line name="Size, everything" figure=number::bytes(whole)/> }.into_any()
        }
        (None, None) => {
            view! { <Line name="Size" figure="no data" about="the store does not say"/> }.into_any()
        }
    }
}

/// The connections.
#[component]
pub(super) fn Pool() -> impl IntoView {
    let ctx = ctx();
    let details = ctx.details.value;
    let pool =
        Memo::new(move |_| details.with(|details| details.as_ref().map(|details| details.pool.clone())));
    let chip = Signal::derive(move || {
        let Some(pool) = pool.get() else { return ctx.unread() };
        Some(match pool {
            None => (Mood::Plain, "none".to_owned()),
            Some(pool) if pool.busy >= pool.max => (Mood::Bad, "all in use".to_owned()),
            Some(pool) => (Mood::Good, format!("{} free", pool.max - pool.busy)),
        })
    });
    let slowest = move || {
        details.with(|details| {
            let read = details.as_ref()?.slowest_read.clone()?;
            Some(view! { <Line name="Slowest read, 1 h" figure=number::millis(read.took_ms) about=read.what/> })
        })
    };
    view! {
        <Card name="Connection pool" chip>
            {move || pool.get().map(|pool| pool.map_or_else(
                || view! { <p class="hint">"This store is not reached through a pool of connections, or does not answer."</p> }.into_any(),
                |pool| connections(&pool).into_any(),
            ))}
            {slowest}
            <Chart
                name="in use at once" words=|count: f64| format!("{count:.0}")
                values=|series: &StatusSeries| series.pool_in_use.iter().map(|count| count.map(f64::from)).collect()
            />
        </Card>
    }
}

/// The connections, a square each; many are drawn as shares.
fn connections(pool: &PoolStatus) -> impl IntoView + use<> {
    const MOST: u32 = 40;
    let squares = pool.max.clamp(1, MOST);
    let share = |count: u32| if pool.max <= MOST { count } else { (count * MOST).div_ceil(pool.max) };
    let (busy, open) = (share(pool.busy), share(pool.busy + pool.idle));
    let kind = move |n: u32| match n {
        n if n < busy => "busy",
        n if n < open => "idle",
        _ => "",
    };
    let unopened = pool.max.saturating_sub(pool.busy + pool.idle);
    let label = format!("{} of {} connections in use, {} open", pool.busy, pool.max, pool.busy + pool.idle);
    let wait = pool.longest_wait_ms.zip(pool.longest_wait_at).map(|(wait, at)| {
        let at = format!("at {}", age::clock(at));
        view! { <Line name="Longest wait, 24 h" figure=number::millis(wait) about=at/> }
    });
    view! {
        <Line name="In use" figure=pool.busy.to_string() about=format!("of {}", pool.max)/>
        <div class="pool" role="img" aria-label=label>
            {(0..squares).map(|n| view! { <span class=kind(n)></span> }).collect_view()}
        </div>
        <div class="legend" aria-hidden="true">
            <span class="busy">{format!("{} busy", pool.busy)}</span>
            <span class="idle">{format!("{} idle", pool.idle)}</span>
            <span class="none">{format!("{unopened} not opened")}</span>
        </div>
        {wait}
    }
}

/// The caches.
#[component]
pub(super) fn Caches() -> impl IntoView {
    let ctx = ctx();
    let caches =
        Memo::new(move |_| ctx.status.with(|status| status.as_ref().map(|status| status.caches.clone())));
    let chip = Signal::derive(move || {
        let caches = caches.get()?;
        Some(match caches.first() {
            None => (Mood::Plain, "off".to_owned()),
            Some(cache) => {
                (Mood::Plain, format!("{} of {}", number::count(cache.size), number::count(cache.max_size)))
            }
        })
    });
    let held = move || ctx.status.with(|status| status.as_ref()?.memory.as_ref().map(memory));
    let off = move || caches.with(|caches| caches.as_ref().is_some_and(Vec::is_empty));
    view! {
        <Card name="Cache" chip>
            {move || caches.get().map(|caches| caches.iter().map(cache).collect_view())}
            <Show when=off><p class="hint">"Every read goes to the store."</p></Show>
            <Show when=move || !off()>
                <Chart
                    name="hit rate" words=|rate: f64| format!("{rate:.2} %")
                    values=|series: &StatusSeries| series.cache_hit_rate.clone()
                />
            </Show>
            {held}
        </Card>
    }
}

/// What is held for requests and sessions, beside the caches.
fn memory(memory: &MemoryStatus) -> impl IntoView + use<> {
    let held = memory.small_held + memory.classes.iter().map(|class| class.held).sum::<u64>();
    let refused = memory.classes.iter().map(|class| class.refused).sum();
    let of = format!("of {}", number::bytes(memory.limit));
    view! {
        <Line name="Held for requests" figure=number::bytes(held) about=of/>
        <Line name="Refused for want of room" figure=number::count(refused)/>
    }
}

fn cache(cache: &CacheStatus) -> impl IntoView + use<> {
    let reads = cache.hits + cache.misses;
    let rate = if reads == 0 { "no data".to_owned() } else { format!("{:.2} %", cache.hit_rate) };
    let of = format!("{} of {}", number::count(cache.hits), number::count(reads));
    view! {
        <Line name="Hits" figure=rate about=of/>
        <Line name="Evicted, expired" figure=number::count(cache.evictions) about=number::count(cache.expirations)/>
        <Line name="An entry lives for" figure=age::long(seconds(cache.ttl_seconds)) about="then it is read again"/>
        <Line name="Clean-ups" figure=number::count(cache.cleanup_runs)/>
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a setting in seconds")]
fn seconds(number: f64) -> i64 {
    number as i64
}
