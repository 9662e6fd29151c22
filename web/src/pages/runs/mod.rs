//! Runs: who ran when, who runs now, how each ended, and what lay between a crash and the next start.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "what the parts share is a bundle of handles, made to be copied"
)]

mod empty;
mod filters;
mod gap;
mod keys;
mod lanes;
mod list;
mod looks;
mod marked;
mod marks;
mod reading;

use leptos::prelude::*;
use stateloft_core::api::RunRow;
use stateloft_core::model::Timestamp;

use crate::live::Remote;
use crate::model::runs::filter::{Filter, counts};
use crate::model::runs::lanes::Lane;
use crate::model::runs::lease::Lease;
use crate::model::runs::marks::Marks;
use crate::model::runs::walk::Spot;
use crate::model::runs::window::{Asked, Window};
use crate::model::{age, number};
use crate::parts::{CopyLink, FaultNote, Stand};
use crate::shell::{clock, narrow, router};

pub(crate) use gap::Compared;
pub(crate) use lanes::Torn;
pub(crate) use list::found;
pub(crate) use looks::kept as looked;
pub(crate) use marks::{CodeWords, KindMark};
pub(crate) use reading::{Runs as RunsRead, lease, leases, when_runs_change, within};

/// The lanes are drawn anew so often, in microseconds.
const REDRAW: i64 = 5_000_000;

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct Ctx {
    asked: Memo<Asked>,
    filter: Memo<Filter>,
    /// Runs of the stretch of time.
    runs: Remote<RunsRead>,
    /// Those that are live, asked again and again.
    leases: Remote<RunsRead>,
    window: Memo<Window>,
    lanes: Memo<Vec<Lane>>,
    marked: marked::Marked,
    /// What stands on the lanes besides runs.
    marks: Memo<Marks>,
    /// What is chosen on the lanes.
    spot: Memo<Option<Spot>>,
    /// What holds the list still.
    stand: Stand,
}

/// The page.
#[component]
pub(crate) fn Runs() -> impl IntoView {
    let ctx = Ctx::new();
    let looked = looks::look();
    keys::take(ctx);
    let none = Memo::new(move |_| {
        ctx.runs.value.with(|runs| runs.as_ref().is_some_and(|runs| runs.rows.is_empty()))
            && ctx.asked.with(|asked| !matches!(asked, Asked::Between(..)))
    });
    view! {
        <div class="page runs">
            <div class="page-head">
                <h1>"Runs"</h1>
                <span class="about">{move || ctx.about()}</span>
                <div class="acts">
                    <filters::StretchMenu ctx/>
                    <CopyLink/>
                </div>
            </div>
            <filters::Filters ctx looked/>
            <FaultNote remote=ctx.runs/>
            {move || if none.get() {
                view! { <empty::NoRuns ctx/> }.into_any()
            } else {
                view! {
                    <lanes::Lanes ctx/>
                    <div class="runs-below">
                        <list::List ctx/>
                        <gap::Beside ctx/>
                    </div>
                }
                .into_any()
            }}
        </div>
    }
}

impl Ctx {
    fn new() -> Self {
        let (router, narrow, clock, live) = (router(), narrow(), clock(), crate::live::live());
        let asked = Memo::new(move |_| router.query.with(|query| Asked::of(query, narrow.get())));
        let filter = Memo::new(move |_| router.query.with(Filter::of));
        let runs = reading::of_stretch(asked, clock);
        let leases = reading::leases();
        let now = Memo::new(move |_| Timestamp::from_micros(live.seen().micros() / REDRAW * REDRAW));
        let window = Memo::new(move |_| {
            let now = now.get();
            runs.value.with(|runs| asked.get().shown(now, runs.as_ref().map_or(&[], |runs| &runs.rows)))
        });
        let spot = Memo::new(move |_| Spot::named(router.param("sel"), router.param("gap")));
        let stand = Stand::new(move || spot.with(Option::is_some));
        let lanes = Memo::new(move |_| {
            let lease_of = reading::lease_of(leases);
            runs.value.with(|runs| {
                let rows = runs.as_ref().map_or(&[][..], |runs| &runs.rows);
                let rows = filter.with(|filter| of_shown_instances(rows, filter));
                crate::model::runs::lanes::lanes(&rows, window.get(), now.get(), lease_of)
            })
        });
        let marked = marked::Marked::read(asked, clock);
        let marks = Memo::new(move |_| marked.within(window.get()));
        Self { asked, filter, runs, leases, window, lanes, marked, marks, spot, stand }
    }

    /// `5 live, 1 of them late · 20 runs of 8 instances · leases as of 09:46:12`.
    fn about(self) -> Option<String> {
        let (all, instances) = self.runs.value.with(|runs| {
            let rows = &runs.as_ref()?.rows;
            let names = rows.iter().map(|row| crate::model::runs::instance(&row.run));
            Some((rows.len() as u64, names.collect::<std::collections::HashSet<_>>().len() as u64))
        })?;
        let more = self.runs.value.with(|runs| runs.as_ref().is_some_and(|runs| runs.more));
        let (live, late) = self.live();
        let late = if late > 0 { format!(", {late} of them late") } else { String::new() };
        let least = if more { "the last " } else { "" };
        Some(format!(
            "{live} live{late} · {least}{} of {} · {}",
            number::counted(all, "run", "runs"),
            number::counted(instances, "instance", "instances"),
            self.leases_words(),
        ))
    }

    /// How many are live, and how many of those are late.
    fn live(self) -> (u64, u64) {
        let lease_of = reading::lease_of(self.leases);
        self.runs.value.with(|runs| {
            let rows = runs.as_ref().map_or(&[][..], |runs| &runs.rows);
            let late = |row: &&RunRow| lease_of(row).is_some_and(Lease::is_late);
            (counts(&rows.iter())[0], rows.iter().filter(late).count() as u64)
        })
    }

    fn leases_words(self) -> String {
        let at = self.leases.read_at.get().map(age::clock);
        let failed = self.leases.fault.with(Option::is_some);
        match (at, failed) {
            (Some(at), false) => format!("leases as of {at}"),
            (Some(at), true) => format!("leases unknown since {at}"),
            (None, _) => "leases not read yet".to_owned(),
        }
    }
}

/// All runs of the instances of which some run is shown: a lane is whole or not there.
fn of_shown_instances(rows: &[RunRow], filter: &Filter) -> Vec<RunRow> {
    let of = |row: &RunRow| (row.run.program.clone(), row.run.instance.clone());
    let shown: std::collections::HashSet<_> = rows.iter().filter(|row| filter.has(row)).map(of).collect();
    rows.iter().filter(|row| shown.contains(&of(row))).cloned().collect()
}
