//! Versions over 24 hours: per author, and on phones in one strip.

use leptos::prelude::*;
use stateloft_core::api::Overview;
use stateloft_core::model::Timestamp;

use crate::live::live;
use crate::model::address::Query;
use crate::model::strip::Strip;
use crate::model::{age, number, quiet, rare};
use crate::parts::{Bars, Stand, theirs};
use crate::shell::desk;

const AUTHORS: usize = 8;

#[derive(Clone, PartialEq)]
struct Line {
    author: Option<String>,
    count: u64,
    strip: Strip,
    /// Words over the silence, and where it starts (0 to 1).
    quiet: Option<(String, f64)>,
    /// It hardly saved anything, and last there (0 to 1).
    rare: Option<f64>,
}

/// One line of bars for each author.
#[component]
pub(crate) fn ByAuthor() -> impl IntoView {
    let (desk, live) = (desk(), live());
    let stand = Stand::new(|| false);
    let lines = stand.steady(
        move || {
            let now = live.seen();
            let now = Timestamp::from_micros(now.micros() / 10_000_000 * 10_000_000);
            desk.overview.value.with(|day| day.as_ref().map(|day| lines(day, now)).unwrap_or_default())
        },
        |line: &Line| line.author.clone(),
    );
    let peak = Signal::derive(move || {
        lines.with(|lines| lines.iter().map(|line| line.strip.peak()).max().unwrap_or(0))
    });
    let hours = move || {
        desk.overview.value.with(|day| day.as_ref().map(|day| ticks(day, live.until())).unwrap_or_default())
    };
    view! {
        <section class="panel authors" aria-labelledby="authors">
            <div class="head">
                <h2 id="authors">"Activity, 24 h"</h2>
                <span class="note">"versions per author"</span>
                <span class="end">{move || desk.overview.value.with(|day| day.as_ref().map_or_else(no_data, |d| number::count(Strip::of(d).total())))}</span>
            </div>
            <div class="body" {..stand.held()}>
                {move || lines.get().into_iter().map(|line| {
                    let href = format!("/view/activity{}", Query::default().with("author", line.author.as_deref()));
                    let quiet = line.quiet.map(|(words, at)| view! {
                        <span class="hush" style:left=format!("{}%", at * 100.0)>{words}</span>
                    });
                    let rare = line.rare.map(|at| view! { <span class="rare" class:early={at > 0.5}>"rare today"</span> });
                    view! {
                        <a class="author" href=href>
                            <span class="cut">{theirs(line.author.as_deref().unwrap_or("no author"))}</span>
                            <span class="area"><Bars strip=Signal::stored(line.strip) height=18 peak=peak/>{quiet}{rare}</span>
                            <span class="num note">{number::count(line.count)}</span>
                        </a>
                    }
                }).collect_view()}
                <div class="author ticks note">
                    <span></span>
                    <span class="area">{move || hours().into_iter().map(|hour| view! { <span>{hour}</span> }).collect_view()}</span>
                    <span></span>
                </div>
            </div>
        </section>
    }
}

/// All versions in one strip; only phones show it (wide windows have it on top).
#[component]
pub(crate) fn DayStrip() -> impl IntoView {
    let (desk, live) = (desk(), live());
    let strip = Memo::new(move |_| desk.overview.value.with(|day| day.as_ref().map(Strip::of)));
    let bars = Signal::derive(move || strip.get().unwrap_or_default());
    let total = move || {
        strip.with(|strip| {
            strip.as_ref().map_or_else(no_data, |strip| number::counted(strip.total(), "version", "versions"))
        })
    };
    let hours = move || {
        let all = desk
            .overview
            .value
            .with(|day| day.as_ref().map(|day| ticks(day, live.until())).unwrap_or_default());
        all.into_iter().step_by(2).collect::<Vec<_>>()
    };
    view! {
        <section class="panel day-strip" aria-label="Activity of the last 24 hours">
            <div class="head">
                <h2>"Activity, 24 h"</h2>
                <span class="end">{total}</span>
            </div>
            <div class="body">
                <Bars strip=bars height=34/>
                <div class="ticks note">{move || hours().into_iter().map(|hour| view! { <span>{hour}</span> }).collect_view()}</div>
            </div>
        </section>
    }
}

fn no_data() -> String {
    "no data".to_owned()
}

fn lines(day: &Overview, now: Timestamp) -> Vec<Line> {
    let silent = quiet::quiet(day, now);
    let known = rare::shown(day, AUTHORS).into_iter().map(|author| {
        let strip = Strip::of_author(day, |name| name == author.author.as_deref());
        let quiet = silent.iter().find(|quiet| quiet.author == author.author).map(|quiet| {
            (format!("quiet for {}", age::long(quiet.silent)), strip.place(quiet.last_at).unwrap_or(0.0))
        });
        let rare = rare::is_rare(author, day).then(|| strip.place(author.last_at).unwrap_or(0.0));
        Line { author: author.author.clone(), count: author.count, strip, quiet, rare }
    });
    known.collect()
}

/// Times under the bars, every quarter, and `now`, or the moment at which the bars end.
fn ticks(day: &Overview, end: String) -> Vec<String> {
    let span = day.until.micros() - day.since.micros();
    let quarter = |part: i64| age::minute(Timestamp::from_micros(day.since.micros() + span / 4 * part));
    (0..4).map(quarter).chain([end]).collect()
}
