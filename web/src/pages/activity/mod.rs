//! Activity: every version in commit order, live, with what each one changed.

mod detail;
mod filters;
mod keys;
mod list;
mod strip;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::activity::{Line, Log, Words, lines};
use crate::model::number;
use crate::model::still::Which;
use crate::parts::{CopyLink, FaultNote, Icon, Kbd, Pic, Stand};
use crate::shell::{clock, desk, narrow, router};

const FIRST_PAGE: u32 = 200;
const PAGE: u32 = 1000;
/// Versions shown above the one that an address names.
const ABOVE: u64 = 12;
/// A filtered feed reads back through the day by itself, but not further than this many versions.
const SEARCH_MOST: usize = 20_000;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Ctx {
    words: Memo<Words>,
    folded: Memo<bool>,
    log: Remote<Log>,
    lines: Memo<Vec<Line>>,
    /// The version shown in the detail pane.
    selected: Memo<Option<u64>>,
    /// Scroll position of the list, in px.
    scrolled: RwSignal<f64>,
    /// Where to scroll to.
    jump: RwSignal<Option<f64>>,
    /// What holds the list still.
    stand: Stand,
    loading_more: RwSignal<bool>,
    /// Somewhere in the past where the log starts; the newest version if `None`.
    anchor: RwSignal<Option<u64>>,
}

/// The list as it was left, for who comes back to it.
#[derive(Clone)]
struct Left {
    anchor: Option<u64>,
    only: Option<String>,
    log: Log,
    scrolled: f64,
}

/// The page.
#[component]
pub(crate) fn Activity() -> impl IntoView {
    let (live, clock, narrow) = (live(), clock(), narrow());
    let ctx = Ctx::new();
    ctx.keep_up();
    ctx.search_the_day();
    keys::take(ctx);
    let pause = move || {
        if live.is_paused() {
            let held = live.held.get().unwrap_or(0);
            view! { <Pic icon=Icon::Play/>{format!("Resume, show {} new", number::count(held))}<Kbd name="."/> }.into_any()
        } else {
            view! { <Pic icon=Icon::Pause/>"Pause"<Kbd name="."/> }.into_any()
        }
    };
    view! {
        <div class="page activity">
            <div class="page-head">
                <h1>"Activity"</h1>
                <span class="about">"every version of the store, in commit order"</span>
                <div class="acts">
                    <CopyLink/>
                    <button class="btn" class:main=move || live.is_paused() on:click=move |_| live.toggle_pause(clock.read())>
                        {pause}
                    </button>
                </div>
            </div>
            <filters::Filters ctx/>
            <strip::MatchStrip ctx/>
            <FaultNote remote=ctx.log/>
            <div class="feed-and-detail">
                <list::List ctx/>
                <Show when=move || !narrow.get()><detail::Detail ctx/></Show>
            </div>
        </div>
    }
}

impl Ctx {
    fn new() -> Self {
        let (router, live, clock) = (router(), live(), clock());
        let words = Memo::new(move |_| router.query.with(Words::of));
        let folded = Memo::new(move |_| router.param("fold").as_deref() != Some("off"));
        let selected = Memo::new(move |_| router.param("sel").and_then(|text| text.parse().ok()));
        let named = selected
            .get_untracked()
            .filter(|seq| *seq + u64::from(FIRST_PAGE) / 2 < live.seq.get_untracked());
        // Who comes back finds the list from where it was.
        let anchor = RwSignal::new(router.peek::<Left>("activity").map_or(named, |left| left.anchor));
        let (scrolled, jump) = (RwSignal::new(0.0_f64), RwSignal::new(None));
        let only = Memo::new(move |_| words.with(|words| words.only_type().map(str::to_owned)));
        let log = remote(
            move || Some((anchor.get(), only.get())),
            move |(anchor, only): (Option<u64>, Option<String>)| {
                let left = router.take::<Left>("activity").filter(|left| (left.anchor, &left.only) == (anchor, &only));
                if let Some(left) = &left {
                    scrolled.set(left.scrolled);
                    jump.set(Some(left.scrolled));
                }
                async move {
                    if let Some(left) = left {
                        return Ok(left.log);
                    }
                    let before = anchor.map_or(0, |seq| seq + ABOVE);
                    let page = api::events_before(before, FIRST_PAGE, only.as_deref()).await?;
                    Ok(Log::of(page, anchor.is_some()))
                }
            },
        );
        router.keep("activity", move || {
            let left = Left {
                anchor: anchor.try_get_untracked()?,
                only: only.try_get_untracked()?,
                log: log.value.try_get_untracked()??,
                scrolled: scrolled.try_get_untracked()?,
            };
            Some(std::rc::Rc::new(left))
        });
        let stand = Stand::new(move || selected.get().is_some() || scrolled.get() > 0.0);
        let today = Memo::new(move |_| crate::model::age::day_number(clock.now.get()));
        let lines = Memo::new(move |_| {
            today.track();
            words.with(|words| {
                log.value.with(|log| {
                    log.as_ref()
                        .map(|log| lines(&log.events, words, folded.get(), clock.read()))
                        .unwrap_or_default()
                })
            })
        });
        Self {
            words,
            folded,
            log,
            lines,
            selected,
            scrolled,
            jump,
            stand,
            loading_more: RwSignal::new(false),
            anchor,
        }
    }

    /// Brings new versions in, unless the list stands still.
    fn keep_up(self) {
        self.log.follow_standing(
            self.stand,
            |log| log.seq,
            move |log, events| {
                let only = self.words.with_untracked(|words| words.only_type().map(str::to_owned));
                let mine: Vec<_> = events
                    .iter()
                    .filter(|event| only.as_deref().is_none_or(|name| name == event.state_type.as_str()))
                    .cloned()
                    .collect();
                log.take(&mine);
                log.seq = events.last().map_or(log.seq, |event| event.seq.0);
            },
            move |_, event| {
                let shown = self.words.with_untracked(|words| words.match_version(event));
                shown.then_some(Which::Version(event.seq.0))
            },
        );
        // An address may name a version that has not been read: the log starts there then.
        Effect::new(move |before: Option<Option<u64>>| {
            let selected = self.selected.get();
            let changed = before.is_some_and(|before| before != selected);
            if let (true, Some(seq)) = (changed, selected) {
                let read = self.log.value.with_untracked(|log| log.as_ref().is_some_and(|log| log.has(seq)));
                if !read {
                    self.anchor.set(Some(seq));
                }
            }
            selected
        });
    }

    /// A filtered feed reads on until it has seen the whole day.
    fn search_the_day(self) {
        let desk = desk();
        Effect::new(move || {
            let since = desk.overview.value.with(|day| day.as_ref().map(|day| day.since));
            let unread = self.log.value.with(|log| {
                let (log, since) = (log.as_ref()?, since?);
                (!log.reaches(since) && log.events.len() < SEARCH_MOST && !log.anchored).then_some(())
            });
            if unread.is_some() && self.words.with(Words::is_any) && !self.loading_more.get() {
                self.load_more();
            }
        });
    }

    fn load_more(self) {
        let from = self
            .log
            .value
            .with_untracked(|log| log.as_ref().filter(|log| !log.is_whole()).map(|log| log.before));
        let Some(before) = from else { return };
        if self.loading_more.get_untracked() || self.log.loading.get_untracked() {
            return;
        }
        self.loading_more.set(true);
        let only = self.words.with_untracked(|words| words.only_type().map(str::to_owned));
        spawn_local(async move {
            let page = api::events_before(before, PAGE, only.as_deref()).await;
            match page {
                Ok(page) => {
                    self.log.value.try_update(|log| {
                        if let Some(log) = log.as_mut().filter(|log| log.before == before) {
                            log.extend(page);
                        }
                    });
                    self.loading_more.try_set(false);
                }
                Err(error) => {
                    self.log.fault.try_set(Some(crate::live::Fault { error, next_try: None }));
                    gloo_timers::future::TimeoutFuture::new(3000).await;
                    self.loading_more.try_set(false);
                }
            }
        });
    }

    /// Back to the newest versions.
    fn to_the_newest(self) {
        self.anchor.set(None);
        self.jump.set(Some(0.0));
    }
}
