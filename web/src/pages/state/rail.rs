//! The history rail: every version, newest first, read as the list is scrolled.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::model::{Operation, Timestamp};

use super::View;
use super::density::Density;
use super::history::{Reader, Versions};
use crate::api;
use crate::model::history::{RailRow, RailVersion, rail_rows};
use crate::model::still::Which;
use crate::model::{age, number};
use crate::pages::compare::Side;
use crate::parts::{Chip, Counts, Empty, FaultNote, Icon, NewRows, Pic, Stand, Tone, VirtualList, theirs};
use crate::shell::{clock, router};

/// How long a burst is looked at before the server is asked what it changed on the whole.
const STAYS: Duration = Duration::from_millis(400);

/// A row with what names it.
#[derive(Clone)]
struct Item {
    row: RailRow,
    versions: Arc<Vec<RailVersion>>,
}

/// Net counts of a burst, once the server has compared its ends.
type Net = HashMap<(u64, u64), Option<stateloft_core::diff::Counts>>;

/// What the rows of the rail share.
#[derive(Clone, Copy)]
struct Rail {
    view: View,
    open: RwSignal<BTreeSet<u64>>,
    net: RwSignal<Net>,
}

impl Item {
    fn at(&self, place: usize) -> &RailVersion {
        &self.versions[place]
    }

    fn key(&self) -> (u8, u64, u64, bool) {
        match &self.row {
            RailRow::Day(at) => (0, self.at(*at).version, 0, false),
            RailRow::Quiet(at, _) => (1, self.at(*at).version, 0, false),
            RailRow::Run(at) => (4, self.at(*at).version, 0, false),
            RailRow::Version { at, inside } => (2, self.at(*at).version, 0, *inside),
            RailRow::Burst { versions, open } => {
                (3, self.at(versions.start).version, self.at(versions.end - 1).version, *open)
            }
        }
    }
}

/// The rail.
#[component]
pub(super) fn HistoryRail(view: View) -> impl IntoView {
    let rail = Rail { view, open: RwSignal::new(BTreeSet::new()), net: RwSignal::new(Net::new()) };
    provide_context(rail);
    let router = router();
    let reader = move || view.listed();
    let total = move || reader().versions.value.with(|versions| versions.as_ref().map(|v| v.total));
    let stand = Stand::new(move || router.query.with(|query| query.get("b").is_some()));
    let versions = steady(stand, Signal::derive(reader));
    let items = Memo::new_with_compare(
        move |_| {
            let versions = versions.get();
            let rows = rail.open.with(|open| rail_rows(&versions, open));
            rows.into_iter().map(|row| Item { row, versions: Arc::clone(&versions) }).collect::<Vec<_>>()
        },
        |_, _| true,
    );
    // Once for each version chosen: not again because others have come above it.
    let chosen = Memo::new_with_compare(
        move |_| {
            let b = view.b.side.get()?.version.0;
            let place = items.with(|items| {
                items.iter().position(|item| match &item.row {
                    RailRow::Version { at, .. } => item.at(*at).version == b,
                    RailRow::Burst { versions, open: false } => {
                        versions.clone().any(|at| item.at(at).version == b)
                    }
                    _ => false,
                })
            })?;
            Some((b, place))
        },
        |old, new| old.flatten().map(|(b, _)| b) != new.flatten().map(|(b, _)| b),
    );
    let reveal = Signal::derive(move || chosen.get().map(|(_, place)| place));
    let empty = move || reader().versions.value.with(|v| v.as_ref().is_some_and(|v| v.rail.is_empty()));
    let words = move || total().map(|total| number::counted(total, "version", "versions"));
    view! {
        <section class="panel rail" aria-label="History">
            <div class="head">
                <h2>"History"</h2>
                <span class="note">{words}</span>
                <NewRows stand/>
                <Show when=move || view.stretched.get()>
                    <button class="btn icon small end" aria-label="Show every version" data-tip="Show every version"
                        on:click=move |_| router.set(&[("from", None), ("to", None)])>
                        <Pic icon=Icon::Funnel/>
                    </button>
                </Show>
            </div>
            <Density view/>
            <FaultNote remote=view.all.versions/>
            <Show when=empty>
                <Empty icon=Icon::Clock head="No version in this stretch of time">
                    <button class="link" on:click=move |_| router.set(&[("from", None), ("to", None)])>
                        "Show every version"
                    </button>
                </Empty>
            </Show>
            <VirtualList
                rows=items key=Item::key height=Callback::new(|item: Item| item.row.height()) row=rail_row
                near_end=Callback::new(move |()| untrack(reader).read_more()) reveal stand
                scrolled=view.scrolled jump=view.jump
            >
                <End reader=Signal::derive(reader)/>
            </VirtualList>
        </section>
    }
}

/// The versions that the rail shows: while it stands still, none that has come since.
fn steady(stand: Stand, reader: Signal<Reader>) -> Memo<Arc<Vec<RailVersion>>> {
    let ceiling = Memo::new(move |before: Option<&(u64, u64)>| {
        let newest = reader.get().versions.value.with(|v| v.as_ref().and_then(Versions::newest)).unwrap_or(0);
        let asked = stand.asked.get();
        match before {
            Some(&(ceiling, then)) if ceiling > 0 && then == asked && stand.still.get() => (ceiling, then),
            _ => (newest, asked),
        }
    });
    Effect::new(move || {
        let (ceiling, _) = ceiling.get();
        stand.caught_up();
        let newest = reader.get().versions.value.with(|v| v.as_ref().and_then(Versions::newest)).unwrap_or(0);
        (ceiling + 1..=newest).for_each(|version| stand.note(Some(Which::Version(version))));
    });
    Memo::new_with_compare(
        move |before: Option<&Arc<Vec<RailVersion>>>| {
            let all = reader.get().versions.value.with(|v| v.as_ref().map(|v| Arc::clone(&v.rail)));
            let all = all.unwrap_or_default();
            let new = all.partition_point(|version| version.version > ceiling.get().0);
            let shown = &all[new..];
            match before {
                _ if new == 0 => all,
                Some(before) if before.len() == shown.len() => Arc::clone(before),
                _ => Arc::new(shown.to_vec()),
            }
        },
        |old, new| old.is_none_or(|old| new.is_none_or(|new| !Arc::ptr_eq(old, new))),
    )
}

/// What stands below the last row.
#[component]
fn End(reader: Signal<Reader>) -> impl IntoView {
    let fault = move || reader.get().more_fault.get();
    view! {
        <Show when=move || reader.get().more.get()><p class="loading">"Reading older versions."</p></Show>
        <Show when=move || fault().is_some()>
            <p class="loading c-del">
                {move || fault().map(|error| error.of_read().0)}" "
                <button class="link" on:click=move |_| reader.get_untracked().read_more()>"Try now"</button>
            </p>
        </Show>
    }
}

fn rail_row(item: Item) -> AnyView {
    let clock = clock();
    match item.row.clone() {
        RailRow::Day(at) => {
            let time = Timestamp::from_micros(item.at(at).at);
            view! { <div class="day rail-day">{age::day(time, clock.read())}</div> }.into_any()
        }
        RailRow::Run(at) => {
            let run = item.at(at).run.clone().unwrap_or_default();
            view! {
                <div class="day rail-day cut" data-tip=format!("run {run}")>"run "{theirs(&run)}" begins"</div>
            }
            .into_any()
        }
        RailRow::Quiet(_, seconds) => {
            view! { <div class="gap rail-gap"><Pic icon=Icon::Clock size=14/>{format!("quiet for {}", age::long(seconds))}</div> }
                .into_any()
        }
        RailRow::Version { at, inside } => {
            view! { <VersionRow version=item.at(at).clone() inside/> }.into_any()
        }
        RailRow::Burst { versions, open } => {
            let list = item.versions[versions].to_vec();
            view! { <BurstRow list open/> }.into_any()
        }
    }
}

#[component]
fn VersionRow(version: RailVersion, inside: bool) -> impl IntoView {
    let (rail, router): (Rail, _) = (expect_context(), router());
    let view = rail.view;
    let number = version.version;
    let is_b = Memo::new(move |_| view.b.side.with(|b| b.as_ref().is_some_and(|b| b.version.0 == number)));
    let is_a = Memo::new(move |_| view.a.side.with(|a| a.as_ref().is_some_and(|a| a.version.0 == number)));
    let is_head = Memo::new(move |_| view.newest.get() == Some(number));
    let choose = move |event: web_sys::MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
            router.set(&[("a", Some(&number.to_string()))]);
        } else {
            view.show(number);
        }
    };
    let author = version.author.as_deref().unwrap_or("no author").to_owned();
    let words = match version.reason.as_deref().filter(|reason| !reason.is_empty()) {
        Some(reason) => view! { {theirs(&author)}" · "{theirs(reason)} }.into_any(),
        None => theirs(&author),
    };
    let time = Timestamp::from_micros(version.at);
    let imported = version.imported.map(|at| format!("\nimported {}", age::to_second(at)));
    let is_imported = imported.is_some();
    let tip = format!(
        "{}{}\nseq {}\nShift click compares with it",
        age::full(time),
        imported.unwrap_or_default(),
        number::count(version.seq)
    );
    view! {
        <button
            class="rail-row" class:on=move || is_b.get() class:inside=inside
            aria-current=move || is_b.get().then_some("true") on:click=choose
            data-tip=tip
        >
            <span class="line">
                <b class="mono">{format!("v{number}")}</b>
                <Show when=move || is_b.get()><Chip tone=Tone::Ab>"B"</Chip></Show>
                <Show when=move || is_a.get()><Chip tone=Tone::Ab>"A"</Chip></Show>
                <Show when=move || is_head.get()><Chip tone=Tone::Accent>"head"</Chip></Show>
                <OperationChip operation=version.operation/>
                {is_imported.then(|| view! { <Chip>"imported"</Chip> })}
                {version.invalid.then(|| view! { <span class="c-warn" role="img" aria-label="breaks a rule"><Pic icon=Icon::Warn size=14/></span> })}
                <span class="mono time">{age::clock(time)}</span>
            </span>
            <span class="line two"><span class="cut">{words}</span><Counts counts=version.counts/></span>
        </button>
    }
}

#[component]
fn OperationChip(operation: Operation) -> impl IntoView {
    match operation {
        Operation::Update => ().into_any(),
        Operation::Create => view! { <Chip tone=Tone::Add>"+ created"</Chip> }.into_any(),
        Operation::Delete => view! { <Chip tone=Tone::Del>"− deleted"</Chip> }.into_any(),
        Operation::Restore => {
            view! { <Chip tone=Tone::Accent icon=Icon::Restore>"restore"</Chip> }.into_any()
        }
    }
}

#[component]
fn BurstRow(list: Vec<RailVersion>, open: bool) -> impl IntoView {
    let rail: Rail = expect_context();
    let (Some(newest), Some(oldest)) = (list.first().cloned(), list.last().cloned()) else {
        return ().into_any();
    };
    let ends = (oldest.version.saturating_sub(1), newest.version);
    // Only for a row that stays: not for one that scrolls by, nor for a burst that is still growing.
    if let Ok(timer) = set_timeout_with_handle(move || rail.find_net(ends), STAYS) {
        on_cleanup(move || timer.clear());
    }
    let span = oldest.version..=newest.version;
    let within = move |side: &Option<Side>| side.as_ref().is_some_and(|side| span.contains(&side.version.0));
    let has_b = {
        let within = within.clone();
        Memo::new(move |_| rail.view.b.side.with(&within))
    };
    let has_a = Memo::new(move |_| rail.view.a.side.with(&within));
    let invalid = list.iter().any(|version| version.invalid);
    let author = newest.author.as_deref().unwrap_or("no author").to_owned();
    let seconds = (newest.at - oldest.at) / 1_000_000;
    let counts = move || {
        let net = rail.net.with(|net| net.get(&ends).copied().flatten());
        net.map(|counts| view! { <span data-tip="net, from before the first to after the last"><Counts counts/></span> })
    };
    let turn = move |_| {
        rail.open.update(|open| {
            if !open.remove(&oldest.version) {
                open.insert(oldest.version);
            }
        });
    };
    view! {
        <button class="rail-row burst" class:on=move || has_b.get() && !open aria-expanded=open.to_string() on:click=turn>
            <span class="line">
                <Pic icon=if open { Icon::Down } else { Icon::Right } size=14/>
                <b>{number::counted(list.len() as u64, "version", "versions")}</b>
                <span class="mono ink3">{format!("v{}…v{}", oldest.version, newest.version)}</span>
                <Show when=move || has_b.get() && !open><Chip tone=Tone::Ab>"B"</Chip></Show>
                <Show when=move || has_a.get() && !open><Chip tone=Tone::Ab>"A"</Chip></Show>
                {invalid.then(|| view! { <span class="c-warn" role="img" aria-label="some break a rule"><Pic icon=Icon::Warn size=14/></span> })}
                <span class="mono time">{age::clock(Timestamp::from_micros(newest.at))}</span>
            </span>
            <span class="line two"><span class="cut">{theirs(&author)}{format!(" in {seconds} s")}</span>{counts}</span>
        </button>
    }
    .into_any()
}

impl Rail {
    /// Asks the server what a burst changed on the whole, once.
    fn find_net(self, ends: (u64, u64)) {
        let (from, to) = ends;
        if from == 0 || self.net.with_untracked(|net| net.contains_key(&ends)) {
            return;
        }
        let Some(key) = self.view.key.try_get_value() else { return };
        self.net.update_untracked(|net| {
            net.insert(ends, None);
        });
        spawn_local(async move {
            // Without an answer the row shows no counts, rather than wrong ones.
            if let Ok(diff) = api::diff(&key, Some(from), to).await {
                self.net.try_update(|net| {
                    net.insert(ends, Some(diff.diff.counts));
                });
            }
        });
    }
}
