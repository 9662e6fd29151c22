//! Activity: every version in commit order, live, with what each one changed.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "what the parts share is a bundle of handles, made to be copied"
)]

mod detail;
mod filters;
mod keys;
mod list;
mod strip;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::VersionFilter;

use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::activity::{Line, Log, Words, first_seq, lines, to_api};
use crate::model::number;
use crate::model::still::Which;
use crate::parts::{CopyLink, FaultNote, Icon, Kbd, Pic, Stand};
use crate::shell::{clock, desk, narrow, router};

const FIRST_PAGE: u32 = 200;
const PAGE: u32 = 1000;
/// Versions shown above the one that an address names.
const ABOVE: u64 = 12;
/// A filtered feed reads on by itself until the day is searched and this many match, or everything is searched.
const ENOUGH: usize = 60;

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
    /// The search was stopped.
    stopped: RwSignal<bool>,
    /// Somewhere in the past where the log starts; the newest version if `None`.
    anchor: RwSignal<Option<u64>>,
}

/// The list as it was left, for who comes back to it.
#[derive(Clone)]
struct Left {
    anchor: Option<u64>,
    wanted: VersionFilter,
    log: Log,
    scrolled: f64,
}

/// The page.
#[component]
pub(crate) fn Activity() -> impl IntoView {
    let (live, clock, narrow) = (live(), clock(), narrow());
    let ctx = Ctx::new();
    ctx.keep_up();
    ctx.search_on();
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
        let log = remote(
            move || {
                let words = words.get();
                words.misfit.is_none().then_some((anchor.get(), words.filter))
            },
            move |(anchor, wanted): (Option<u64>, VersionFilter)| {
                let left = router.take::<Left>("activity");
                let left = left.filter(|left| (left.anchor, &left.wanted) == (anchor, &wanted));
                if let Some(left) = &left {
                    scrolled.set(left.scrolled);
                    jump.set(Some(left.scrolled));
                }
                async move {
                    if let Some(left) = left {
                        return Ok(left.log);
                    }
                    let before = anchor.map_or(0, |seq| seq + ABOVE);
                    let page = api::events_before(before, FIRST_PAGE, to_api(&wanted)).await?;
                    Ok(Log::of(page, before))
                }
            },
        );
        router.keep("activity", move || {
            let left = Left {
                anchor: anchor.try_get_untracked()?,
                wanted: words.try_get_untracked()?.filter,
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
            stopped: RwSignal::new(false),
            anchor,
        }
    }

    /// Brings new versions in, unless the list stands still.
    fn keep_up(self) {
        self.log.follow_standing(
            self.stand,
            |log| log.seq,
            move |log, events| {
                let mine: Vec<_> = self.words.with_untracked(|words| {
                    events.iter().filter(|event| words.match_version(event)).cloned().collect()
                });
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

    /// Whether a filtered feed has more to look at before it may stand.
    fn searches(self) -> bool {
        let first = desk().overview.value.with(|day| day.as_ref().map(first_seq));
        self.words.with(Words::is_any)
            && self.log.value.with(|log| {
                let unsearched = |log: &Log| {
                    log.events.len() < ENOUGH
                        || !log.anchored && first.is_some_and(|first| !log.reaches(first))
                };
                log.as_ref().is_some_and(|log| !log.is_whole() && unsearched(log))
            })
    }

    /// A filtered feed reads on by itself, until somebody stops it.
    fn search_on(self) {
        Effect::new(move || {
            if !self.stopped.get() && !self.loading_more.get() && self.searches() {
                self.load_more();
            }
        });
        Effect::new(move || {
            self.words.track();
            self.stopped.set(false);
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
        let wanted = self.words.with_untracked(|words| words.filter.clone());
        spawn_local(async move {
            let page = api::events_before(before, PAGE, to_api(&wanted)).await;
            match page {
                Ok(page) => {
                    let asked = self.words.try_with_untracked(|words| words.filter == wanted);
                    self.log.value.try_update(|log| {
                        let log = log.as_mut().filter(|log| asked == Some(true) && log.before == before);
                        if let Some(log) = log {
                            log.extend(page);
                        }
                    });
                    self.log.fault.try_set(None);
                }
                Err(error) => {
                    self.log.fault.try_set(Some(crate::live::Fault { error, next_try: None }));
                    gloo_timers::future::TimeoutFuture::new(3000).await;
                }
            }
            self.loading_more.try_set(false);
        });
    }

    /// Back to the newest versions.
    fn to_the_newest(self) {
        self.anchor.set(None);
        self.jump.set(Some(0.0));
    }
}
