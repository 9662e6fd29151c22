//! The feed.

use leptos::prelude::*;

use super::Ctx;
use super::keys::key_of;
use crate::live::live;
use crate::model::activity::{Line, Log, Words};
use crate::model::feed::Row;
use crate::model::{address, age, number};
use crate::pages::feed_row::FeedCells;
use crate::parts::{Empty, Icon, Kbd, NewRows, Pic, VirtualList};
use crate::shell::{clock, narrow, router};

/// A row younger than this (seconds) flashes when it appears.
const FRESH: i64 = 3;

/// The panel.
#[component]
pub(super) fn List(ctx: Ctx) -> impl IntoView {
    let narrow = narrow();
    let reveal = Signal::derive(move || {
        let seq = ctx.selected.get()?;
        ctx.lines.with_untracked(|lines| {
            lines.iter().position(|line| matches!(line, Line::Row(row) if row.newest.seq.0 == seq))
        })
    });
    let height = Callback::new(move |line: Line| match (line, narrow.get()) {
        (Line::Day(..), _) => 24,
        (Line::Row(_), false) => 32,
        (Line::Row(_), true) => 58,
    });
    let rows = Signal::derive(move || ctx.lines.get());
    let none = move || {
        let known = ctx.log.value.with(Option::is_some) || ctx.words.with(|words| words.misfit.is_some());
        known && ctx.lines.with(Vec::is_empty)
    };
    view! {
        <section class="panel feed-panel" aria-label="Versions, newest first">
            <Bands ctx/>
            <Show when=move || !none() fallback=move || view! { <NoMatch ctx/> }>
                <VirtualList
                    rows=rows key=Line::key height=height
                    row=move |line: Line| view! { <LineView line ctx/> }
                    near_end=Callback::new(move |()| ctx.load_more())
                    scrolled=ctx.scrolled
                    jump=ctx.jump
                    stand=ctx.stand
                    reveal=reveal
                />
            </Show>
            <div class="foot">
                <Searched ctx/>
                <NewRows stand=ctx.stand then=Callback::new(move |()| ctx.jump.set(Some(0.0)))/>
                <span class="keys"><Kbd name="j"/><Kbd name="k"/>"move"<Kbd name="Enter"/>"open"<Kbd name="c"/>"compare"<Kbd name="."/>"pause"</span>
            </div>
        </section>
    }
}

/// What stands above the rows when the newest are not shown.
#[component]
fn Bands(ctx: Ctx) -> impl IntoView {
    let (live, clock) = (live(), clock());
    let held = move || live.held.get().filter(|held| *held > 0);
    let anchored = move || ctx.anchor.with(Option::is_some);
    let paused_at = move || live.paused_at.get().map(age::clock).unwrap_or_default();
    view! {
        {move || held().map(|held| view! {
            <button class="more-new" on:click=move |_| live.toggle_pause(clock.read())>
                <Pic icon=Icon::Up/>{format!("{} new since {}", number::count(held), paused_at())}
            </button>
        })}
        <Show when=anchored>
            <button class="more-new" on:click=move |_| ctx.to_the_newest()>
                <Pic icon=Icon::Up/>"This is around a moment in the past. Go to the newest"
            </button>
        </Show>
    }
}

#[component]
fn LineView(line: Line, ctx: Ctx) -> impl IntoView {
    match line {
        Line::Day(words, _) => view! { <div class="day">{words}</div> }.into_any(),
        Line::Row(row) => view! { <FeedLine row ctx/> }.into_any(),
    }
}

#[component]
fn FeedLine(row: Row, ctx: Ctx) -> impl IntoView {
    let (router, narrow) = (router(), narrow());
    let seq = row.newest.seq.0;
    let fresh = age::seconds_between(row.newest.timestamp, clock().read()) < FRESH;
    let (oldest, burst) = (row.oldest.seq.0, row.is_burst());
    let at_cursor = Memo::new(move |_| {
        ctx.selected.get().is_some_and(|sel| sel == seq || (burst && (oldest..=seq).contains(&sel)))
    });
    let href = address::version(&key_of(&row), row.newest.version.0);
    let click = move |event: web_sys::MouseEvent| {
        let modified = event.meta_key() || event.ctrl_key() || event.shift_key();
        // On phones the detail is the state's own page.
        if !modified && !narrow.get_untracked() {
            event.prevent_default();
            router.adjust(&[("sel", Some(&seq.to_string()))]);
        }
    };
    view! {
        <a
            class="trow cells feed with-counts" href=href class:flash=fresh class:selected=move || at_cursor.get()
            class:cursor=move || at_cursor.get() aria-current=move || at_cursor.get().then_some("true") on:click=click
        >
            <FeedCells row counts=true/>
        </a>
    }
}

#[component]
fn NoMatch(ctx: Ctx) -> impl IntoView {
    let filtered = move || ctx.words.with(Words::is_any);
    let misfit = move || ctx.words.with(|words| words.misfit.clone());
    let whole = move || ctx.log.value.with(|log| log.as_ref().is_some_and(Log::is_whole));
    let head = Signal::derive(move || {
        match (misfit(), filtered(), whole()) {
            (Some(misfit), ..) => return format!("Nothing can match: {misfit}"),
            (None, true, true) => "No version matches",
            (None, true, false) => "Nothing matches so far",
            (None, false, _) => "No version yet",
        }
        .to_owned()
    });
    view! {
        <Empty icon=Icon::Search head=head>
            <Show when=move || misfit().is_none()><p class="search-so-far"><Searched ctx/></p></Show>
            <Show when=filtered><a href="/view/activity">"Clear the filters"</a></Show>
        </Empty>
    }
}

/// How far the search has come; it can be stopped, and goes on from there.
#[component]
fn Searched(ctx: Ctx) -> impl IntoView {
    let running = move || ctx.searches() && !ctx.stopped.get();
    let stopped = move || ctx.searches() && ctx.stopped.get();
    let done = move || {
        format!("{:.1}%", 100.0 * ctx.log.value.with(|log| log.as_ref().map_or(0.0, Log::share_searched)))
    };
    view! {
        <span>{move || read_so_far(ctx)}</span>
        <Show when=running>
            <span class="progress searching" role="img" aria-label="searching"><i style:width=done></i></span>
            <button class="link" on:click=move |_| ctx.stopped.set(true)>"Stop"</button>
        </Show>
        <Show when=stopped>
            <button class="link" on:click=move |_| ctx.stopped.set(false)>"Search on"</button>
        </Show>
    }
}

/// How far back the log has been read, in words.
fn read_so_far(ctx: Ctx) -> String {
    let shown = ctx.lines.with(|lines| {
        lines.iter().map(|line| if let Line::Row(row) = line { row.count } else { 0 }).sum::<u64>()
    });
    let (now, filtered) = (clock().now.get(), ctx.words.with(Words::is_any));
    let words = ctx.log.value.with(|log| {
        let log = log.as_ref()?;
        let reach = match log.events.last() {
            _ if filtered => log.searched(),
            _ if log.is_whole() => "back to the first".to_owned(),
            Some(oldest) => {
                format!("back to {}, more load as you scroll", age::moment(oldest.timestamp, now))
            }
            None => "more load as you scroll".to_owned(),
        };
        Some(match (shown, filtered) {
            (0, true) => reach,
            (shown, true) => format!("{} found, {reach}", number::count(shown)),
            (shown, false) => format!("{}, {reach}", number::counted(shown, "version", "versions")),
        })
    });
    words.unwrap_or_default()
}
