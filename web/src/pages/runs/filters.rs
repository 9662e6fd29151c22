//! Which runs are shown, and of which stretch of time. All of it lives in the address.

use std::collections::BTreeSet;

use leptos::prelude::*;
use stateloft_core::model::Timestamp;

use super::Ctx;
use crate::model::hidden::told;
use crate::model::runs::filter::{KINDS, counts};
use crate::model::runs::lanes::Kind;
use crate::model::runs::looked::crashed_since;
use crate::model::runs::window::{Asked, STRETCHES, moment};
use crate::model::{age, number};
use crate::parts::{Icon, Menu, SearchField};
use crate::shell::{clock, narrow, router};

use super::KindMark;

/// The row of filters, and what crashed since somebody looked.
#[component]
pub(super) fn Filters(
    ctx: Ctx,
    /// The end of the look before this one.
    looked: Option<Timestamp>,
) -> impl IntoView {
    let (clock, narrow) = (clock(), narrow());
    let since = move || {
        let looked = looked?;
        let crashed = ctx.runs.value.with(|runs| Some(crashed_since(&runs.as_ref()?.rows, looked).len()))?;
        let today = age::day_number(looked) == age::day_number(clock.now.get());
        let at = if today { age::minute(looked) } else { moment(looked) };
        Some(if narrow.get() {
            format!("{crashed} crashed since you looked")
        } else {
            format!("{crashed} crashed since {at}, your last look")
        })
    };
    view! {
        <div class="filters">
            <SearchField hint="program, run or hash" label="program, run or hash"/>
            <KindChips ctx/>
            <ProgramMenu ctx/>
            <span class="about">{since}</span>
        </div>
    }
}

/// How many there are of each kind, as filters.
#[component]
fn KindChips(ctx: Ctx) -> impl IntoView {
    let router = router();
    let found = Memo::new(move |_| {
        let filter = ctx.filter.get();
        ctx.runs.value.with(|runs| {
            let rows = runs.as_ref().map_or(&[][..], |runs| &runs.rows);
            let rows = rows.iter().filter(|row| filter.names(row));
            (rows.clone().count() as u64, counts(&rows))
        })
    });
    let on = move |kind: Option<&str>| ctx.filter.with(|filter| filter.kind.as_deref() == kind);
    let chip = move |at: usize| {
        let kind = KINDS[at];
        let there = Memo::new(move |_| found.get().1[at] > 0 || on(Some(kind)));
        let mark = move || match kind {
            "live" => Some(view! { <KindMark kind=Kind::Live/> }),
            "crashed" => Some(view! { <KindMark kind=Kind::Crashed/> }),
            _ => None,
        };
        view! {
            <Show when=move || there.get()>
                <button
                    class="filter" class:on=move || on(Some(kind)) aria-pressed=move || on(Some(kind)).to_string()
                    on:click=move |_| router.set(&[("show", (!on(Some(kind))).then_some(kind))])
                >
                    {mark()}{move || format!("{kind} {}", number::count(found.get().1[at]))}
                </button>
            </Show>
        }
    };
    view! {
        <button
            class="filter" class:on=move || on(None) aria-pressed=move || on(None).to_string()
            on:click=move |_| router.set(&[("show", None)])
        >
            {move || format!("all {}", number::count(found.get().0))}
        </button>
        {(0..KINDS.len()).map(chip).collect_view()}
    }
}

#[component]
fn ProgramMenu(ctx: Ctx) -> impl IntoView {
    let router = router();
    let chosen = move || ctx.filter.with(|filter| filter.program.clone());
    let words = Signal::derive(move || match chosen() {
        Some(program) => format!("program: {}", told(&program)),
        None => "program".to_owned(),
    });
    let button = Signal::derive(move || if chosen().is_some() { "filter on" } else { "filter" }.to_owned());
    let programs = move || {
        ctx.runs.value.with(|runs| {
            let rows = runs.iter().flat_map(|runs| &runs.rows);
            rows.map(|row| row.run.program.to_string()).collect::<BTreeSet<_>>()
        })
    };
    view! {
        <Menu words button>
            <button on:click=move |_| router.set(&[("program", None)])>"any program"</button>
            {programs().into_iter().map(|program| {
                let name = program.clone();
                view! { <button on:click=move |_| router.set(&[("program", Some(&name))])>{program}</button> }
            }).collect_view()}
        </Menu>
    }
}

/// Which stretch of time.
#[component]
pub(super) fn StretchMenu(ctx: Ctx) -> impl IntoView {
    let router = router();
    let words = Signal::derive(move || ctx.asked.get().words().to_owned());
    view! {
        <Menu words icon=Icon::Clock button="btn" class="right">
            {STRETCHES.map(|(minutes, words)| view! {
                <button on:click=move |_| {
                    router.set(&[("last", Some(&minutes.to_string())), ("from", None), ("to", None)]);
                }>{words}</button>
            }).collect_view()}
            <Show when=move || !matches!(ctx.asked.get(), Asked::Usual(_))>
                <button on:click=move |_| router.set(&[("last", None), ("from", None), ("to", None)])>"As usual"</button>
            </Show>
        </Menu>
    }
}
