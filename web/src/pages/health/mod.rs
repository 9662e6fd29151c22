//! Health: one sentence, the last incident and how it ended, then the parts, each with its figures, its day as a line, and
//! what can be done about it by hand.

mod about;
mod alarms;
mod breaker;
mod cards;
mod chart;
mod conflicts;
mod incident;
mod journal;
mod listeners;
mod mirror;
mod store;
mod verify;

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{Status, StatusDetails, StatusSeries};

use super::waiting::Waiting;
use crate::api;
use crate::live::live;
use crate::live::{Remote, remote};
use crate::model::age;
use crate::model::health::{Mood, verdict};
use crate::parts::{Chip, FaultNote, Icon, Tone};
use crate::shell::{Desk, clock, desk};

/// Figures are read so often while somebody looks.
const EVERY: Duration = Duration::from_secs(5);
/// The lines, which move slowly.
const LINES_EVERY: Duration = Duration::from_secs(20);

/// The words for a figure that is derived from nothing.
const NO_DATA: &str = "no data";

/// What the parts of the page read.
fn ctx() -> Ctx {
    expect_context()
}

/// What the parts of the page read.
#[derive(Clone, Copy)]
struct Ctx {
    desk: Desk,
    /// All that the status says.
    status: Memo<Option<Status>>,
    details: Remote<StatusDetails>,
    series: Remote<StatusSeries>,
}

impl Ctx {
    fn new() -> Self {
        let desk = desk();
        let details = remote(|| Some(()), |()| async { api::get("/status/details").await });
        let series = remote(|| Some(()), |()| async { api::get("/status/series").await });
        let status = Memo::new(move |_| desk.status.value.with(|known| known.as_ref()?.whole()));
        let ctx = Self { desk, status, details, series };
        provide_context(ctx);
        again(EVERY, move || ctx.refresh());
        again(LINES_EVERY, move || series.refresh());
        // An incident that begins or ends shows in the lines at once.
        let ended = Memo::new(move |_| {
            details.value.with(|details| details.as_ref().map(|d| (d.incidents, d.working_since.is_some())))
        });
        Effect::new(move |before: Option<_>| {
            let now = ended.get();
            if before.flatten().is_some() && before.flatten() != now {
                series.reload();
            }
            now
        });
        ctx
    }

    /// The chip of a card whose figures could not be read.
    fn unread(&self) -> Option<(Mood, String)> {
        let unread = self.details.value.with(Option::is_none) && self.details.fault.with(Option::is_some);
        unread.then(|| (Mood::Plain, NO_DATA.to_owned()))
    }

    /// Reads the figures again, when the last answer has come.
    fn refresh(&self) {
        self.desk.status.refresh();
        self.details.refresh();
    }

    /// Reads the figures now.
    fn reload(&self) {
        self.desk.status.reload();
        self.details.reload();
    }
}

fn again(every: Duration, work: impl Fn() + 'static) {
    if let Ok(timer) = set_interval_with_handle(work, every) {
        on_cleanup(move || timer.clear());
    }
}

/// The page.
#[component]
pub(crate) fn Health() -> impl IntoView {
    let (clock, live) = (clock(), live());
    let ctx = Ctx::new();
    let verdict = Memo::new(move |_| {
        let contact = live.contact.get();
        ctx.status.with(|status| verdict(status.as_ref(), contact))
    });
    // What the sentence says and what the note below it says are of the same moment.
    Effect::new(move |before: Option<Option<_>>| {
        let now = verdict.get();
        if before.flatten().is_some_and(|before| Some(&before) != now.as_ref()) {
            ctx.details.reload();
        }
        now
    });
    let since = Memo::new(move |_| ctx.details.value.with(|details| details.as_ref()?.working_since));
    let said = move || {
        let (mood, words) = verdict.get()?;
        Some(match since.get().filter(|_| mood == Mood::Good) {
            Some(since) => {
                let long = age::long(age::seconds_between(since, clock.now.get()));
                mark(mood, format!("{words}, for {long}"))
            }
            None => mark(mood, words),
        })
    };
    let read = move || {
        let at = ctx.status.with(|status| status.as_ref().map(|status| status.now))?;
        Some(format!("numbers read {}, every {} s", age::ago(at, clock.now.get()), EVERY.as_secs()))
    };
    let amber = move || verdict.with(|verdict| verdict.as_ref().is_some_and(|(mood, _)| *mood == Mood::Bad));
    view! {
        <div class="page health-page" class:amber=amber>
            <div class="page-head">
                <h1>"Health"</h1>
                <span class="verdict" aria-live="polite">{said}</span>
                <span class="about wide-only">{read}</span>
                <div class="acts">
                    <a class="btn plain wide-only" href="/api/v1/metrics" target="_blank">"/metrics"</a>
                    <a class="btn plain" href="/api/v1/status" target="_blank">"/status as JSON"</a>
                    <verify::VerifyButton/>
                </div>
            </div>
            <FaultNote remote=ctx.desk.status/>
            <alarms::Alarms/>
            <incident::LastIncident/>
            <conflicts::Conflicts/>
            <Waiting/>
            <div class="cards">
                <store::Store/>
                <store::Pool/>
                <store::Caches/>
                <breaker::Breaker/>
                <journal::Journal/>
                <listeners::EventLag/>
                <listeners::Listeners/>
                <about::Chain/>
                <mirror::Mirror/>
                <about::Promises/>
                <about::Versions/>
            </div>
        </div>
    }
}

/// A chip in the colour of the news.
fn mark(mood: Mood, words: String) -> AnyView {
    match mood {
        Mood::Good => view! { <Chip icon=Icon::Check><span class="good">{words}</span></Chip> }.into_any(),
        Mood::Plain => view! { <Chip>{words}</Chip> }.into_any(),
        Mood::Bad => view! { <Chip tone=Tone::Warn icon=Icon::Warn>{words}</Chip> }.into_any(),
    }
}
