//! The history of a state of the file, newest first.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::VersionView;
use stateloft_core::diff::Counts as Differs;
use stateloft_core::model::Operation;

use super::look::Look;
use crate::model::opened::{HistoryRow, history_rows};
use crate::model::{age, number};
use crate::parts::{Chip, Counts, Icon, Notice, NoticeKind, Pic, Tone, VirtualList, theirs};
use crate::shell::{clock, narrow, router};

/// The rail; on a narrow screen what is shown of it opens and closes.
#[component]
pub(super) fn Rail(look: Look) -> impl IntoView {
    let history = look.history;
    let rows = Memo::new_with_compare(move |_| history.rows.with(|rows| history_rows(rows)), |_, _| true);
    let open = RwSignal::new(false);
    let narrow = narrow();
    let chosen = move || look.b.with(|b| b.as_ref().map(|b| b.version));
    let reveal = Signal::derive(move || {
        let b = chosen()?;
        rows.with(|rows| {
            rows.iter().position(|row| matches!(row, HistoryRow::Version(row) if row.version == b))
        })
    });
    // A choice closes the list.
    Effect::new(move |_| {
        chosen();
        open.set(false);
    });
    let words = move || history.total.get().map(|total| number::counted(total as u64, "version", "versions"));
    view! {
        <section class="panel rail" class:folded=move || narrow.get() && !open.get() aria-label="History">
            <div class="head">
                <h2>"History"</h2>
                <span class="note">{words}</span>
                <Show when=move || narrow.get()>
                    <button class="btn small end" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                        {move || if open.get() { "Hide" } else { "Show" }}
                    </button>
                </Show>
            </div>
            {move || history.fault.get().map(|error| view! {
                <Notice kind=NoticeKind::Error head="The history cannot be read.">{error.words()}</Notice>
            })}
            <VirtualList
                rows key=key height=Callback::new(height) row=history_row reveal
                near_end=Callback::new(move |()| history.more())
            />
        </section>
    }
}

fn key(row: &HistoryRow) -> (bool, u64) {
    match row {
        HistoryRow::Day(version) => (true, version.seq.0),
        HistoryRow::Version(version) => (false, version.seq.0),
    }
}

/// What CSS gives the rows (`state.css`).
#[allow(clippy::needless_pass_by_value, reason = "a callback's argument")]
fn height(row: HistoryRow) -> u32 {
    match row {
        HistoryRow::Day(_) => 22,
        HistoryRow::Version(_) => 55,
    }
}

fn history_row(row: HistoryRow) -> AnyView {
    match row {
        HistoryRow::Day(version) => {
            view! { <div class="day rail-day">{age::day(version.effective_at(), clock().read())}</div> }
                .into_any()
        }
        HistoryRow::Version(version) => view! { <Row version/> }.into_any(),
    }
}

#[component]
fn Row(version: Arc<VersionView>) -> impl IntoView {
    let (look, router): (Look, _) = (expect_context(), router());
    let number = version.version;
    let is_b = Memo::new(move |_| look.b.with(|b| b.as_ref().is_some_and(|b| b.version == number)));
    let is_a = Memo::new(move |_| look.a.with(|a| a.as_ref().is_some_and(|a| a.version == number)));
    let choose = move |event: web_sys::MouseEvent| {
        if event.shift_key() {
            event.prevent_default();
            router.set(&[("a", Some(&number.to_string()))]);
        } else {
            look.show(number.0);
        }
    };
    let author = version.user_id.as_deref().unwrap_or("no author").to_owned();
    let reason = version.description.as_deref().filter(|reason| !reason.is_empty()).map(str::to_owned);
    let tip = format!("{}\nShift click compares with it", age::of_version(&version));
    view! {
        <button
            class="rail-row" class:on=move || is_b.get() aria-current=move || is_b.get().then_some("true")
            on:click=choose data-tip=tip
        >
            <span class="line">
                <b class="mono">{format!("v{number}")}</b>
                <Show when=move || is_b.get()><Chip tone=Tone::Ab>"B"</Chip></Show>
                <Show when=move || is_a.get()><Chip tone=Tone::Ab>"A"</Chip></Show>
                {operation(version.operation)}
                {version.saved_at.map(|_| view! { <Chip>"imported"</Chip> })}
                {version.verdict.is_invalid().then(|| view! {
                    <span class="c-warn" role="img" aria-label="breaks a rule"><Pic icon=Icon::Warn size=14/></span>
                })}
                <span class="mono time">{age::clock(version.effective_at())}</span>
            </span>
            <span class="line two">
                <span class="cut">{theirs(&author)}{reason.map(|reason| view! { " · "{theirs(&reason)} })}</span>
                <Counts counts=Differs::from(&version.change)/>
            </span>
        </button>
    }
}

fn operation(operation: Operation) -> impl IntoView {
    match operation {
        Operation::Update => ().into_any(),
        Operation::Create => view! { <Chip tone=Tone::Add>"+ created"</Chip> }.into_any(),
        Operation::Delete => view! { <Chip tone=Tone::Del>"− deleted"</Chip> }.into_any(),
        Operation::Restore => {
            view! { <Chip tone=Tone::Accent icon=Icon::Restore>"restore"</Chip> }.into_any()
        }
    }
}
