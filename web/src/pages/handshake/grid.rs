//! A column a run, a row a step. On narrow screens, and for many runs, one run stands below the other, with its steps as one list.

use leptos::prelude::*;
use stateloft_core::api::{Handshake, HandshakeRun, HandshakeStatus, HandshakeView};
use stateloft_core::model::Timestamp;

use super::reading::Ctx;
use crate::model::handshake::steps::{Cell, Step, cell, hears};
use crate::model::handshake::{after, clock, holds};
use crate::model::{address, age};
use crate::pages::runs::Torn;
use crate::parts::{Icon, Pic, theirs};

/// More runs than this stand one below the other on every screen.
const COLUMNS: usize = 3;

/// The panel.
#[component]
pub(super) fn Grid(ctx: Ctx) -> impl IntoView {
    let view = ctx.memo(HandshakeView::clone);
    let steps = move || {
        view.get().map(|view| {
            let handshake = view.handshake;
            let many = handshake.runs.len() > COLUMNS;
            let columns = handshake.runs.iter().map(|run| view! { <Column ctx handshake=handshake.clone() run=run.clone()/> }).collect_view();
            view! {
                <div class="shake-grid" class:stacked=many style:grid-template-columns=columns_of(handshake.runs.len())>
                    <ol class="shake-steps" aria-hidden="true">{names(&handshake)}</ol>
                    {columns}
                    {(!handshake.is_only_a_pause()).then(|| view! {
                        <div class=format!("shake-written {}", written_class(&handshake)) aria-hidden="true">{written(&handshake)}</div>
                    })}
                </div>
            }
        })
    };
    view! {
        <section class="panel shake" aria-labelledby="handshake">
            <div class="head">
                <h2 id="handshake">"Handshake"</h2>
                <span class="note">"times are the server's, UTC"</span>
                <span class="end">"as of "<b class="mono ink">{move || age::clock(ctx.now())}</b></span>
            </div>
            <div class="body">{steps}</div>
        </section>
    }
}

/// The steps' names, and a column a run.
fn columns_of(runs: usize) -> String {
    format!("190px repeat({runs}, minmax(0, 1fr))")
}

/// The names of the steps, each with how it stands with all runs.
fn names(handshake: &Handshake) -> impl IntoView + use<> {
    let done = |step: &Step| handshake.runs.iter().all(|run| cell(handshake, run, *step).is_done());
    let first = Step::of(handshake).iter().position(|step| !done(step));
    let name = |(at, step): (usize, &Step)| {
        let class = match first {
            _ if done(step) => "done",
            Some(first) if first == at => "current",
            _ => "",
        };
        let number = at + 1;
        let mark =
            if done(step) { view! { <Pic icon=Icon::Check size=14/> }.into_any() } else { number.into_any() };
        view! { <li class=class><span class="mark">{mark}</span><b>{step.words()}</b></li> }
    };
    Step::of(handshake).iter().enumerate().map(name).collect_view()
}

fn written_class(handshake: &Handshake) -> &'static str {
    match handshake.status {
        HandshakeStatus::Asking => "then",
        HandshakeStatus::Written => "done",
        _ => "never",
    }
}

/// One row for all: nothing is written before every word is in.
fn written(handshake: &Handshake) -> AnyView {
    let run = handshake.runs.first();
    match run.map(|run| cell(handshake, run, Step::Written)) {
        Some(Cell::Done(time, words)) => view! {
            <p><span class="mono">{clock(time)}</span>" "<span class="note mono">{after(handshake.asked_at, time)}</span></p><p class="note">{words}</p>
        }
        .into_any(),
        Some(Cell::Then(words)) => view! {
            <p><b>"Nothing is written before every word is in. "</b>{words}</p>
        }
        .into_any(),
        Some(Cell::Never(words)) => view! { <p>{words}</p> }.into_any(),
        _ => ().into_any(),
    }
}

#[component]
fn Column(ctx: Ctx, handshake: Handshake, run: HandshakeRun) -> impl IntoView {
    let id = run.run_id.clone();
    let about = {
        let host = run.host.as_deref().map(|host| format!("{}, ", crate::model::hidden::told(host)));
        {
            let holds =
                (!handshake.is_only_a_pause()).then(|| format!(" · holds {}", holds(&run, handshake.writes)));
            format!("{}{}{}", host.unwrap_or_default(), hears(&run), holds.unwrap_or_default())
        }
    };
    let renewed = {
        let id = id.clone();
        move || lease(ctx, &id).map(|lease| lease.words())
    };
    let ended = run.ended_at.is_some();
    let each: Vec<_> =
        Step::of(&handshake).iter().map(|step| (*step, cell(&handshake, &run, *step))).collect();
    let end = each.iter().position(|(_, cell)| matches!(cell, Cell::Ended(_)));
    let cells = each.into_iter().enumerate().map(|(at, (step, cell))| {
        let first_end = end == Some(at);
        view! { <StepCell ctx step cell first_end asked=handshake.asked_at run=id.clone()/> }
    });
    let cells = cells.collect_view();
    view! {
        <section class="shake-run" aria-label=id.clone()>
            <header class="shake-cell run-head">
                <span class="row">
                    <i class="dot" class:open=ended></i>
                    <a class="id mono cut" href=address::run(&id)>{theirs(&id)}</a>
                    <span class="end note">{renewed}</span>
                </span>
                <span class="note">{about}</span>
            </header>
            {cells}
        </section>
    }
}

/// What is known of a lease: when it was renewed last, and when it is over.
pub(super) struct Lease {
    renewed: Option<Timestamp>,
    until: Option<Timestamp>,
    asked: Timestamp,
}

impl Lease {
    fn words(&self) -> String {
        match self.renewed {
            Some(at) => format!("renewed {}", age::ago(at, self.asked)),
            None => "renewal not known".to_owned(),
        }
    }

    /// When it is over at the latest, unless it is renewed.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

/// The lease of a run, as it was when that was asked last; nothing for one that was not live then.
pub(super) fn lease(ctx: Ctx, run: &str) -> Option<Lease> {
    let asked = ctx.leases.read_at.get()?;
    ctx.leases.value.with(|read| {
        let row = read.as_ref()?.rows.iter().find(|row| row.run.run_id == run)?;
        let holder = row.holder.as_ref()?;
        Some(Lease { renewed: holder.last_renewal, until: holder.until, asked })
    })
}

#[component]
fn StepCell(
    ctx: Ctx,
    step: Step,
    cell: Cell,
    first_end: bool,
    asked: Timestamp,
    run: String,
) -> impl IntoView {
    let name = step.words();
    let class = match &cell {
        Cell::Done(..) => "done",
        Cell::Waits(Some(_), _) => "waits",
        Cell::Waits(None, _) => "owes",
        Cell::Then(_) => "then",
        Cell::Never(_) => "never",
        Cell::Ended(_) => "ended",
    };
    let shared = if step == Step::Written { " shared" } else { "" };
    let tick = matches!(step, Step::Paused | Step::Reloaded);
    let inner = match cell {
        Cell::Done(time, note) => view! {
            <p><span class="mono">{clock(time)}</span>" "<span class="note mono">{after(asked, time)}</span>
                {tick.then(|| view! { " "<Pic icon=Icon::Check size=14/> })}</p>
            <p class="note">{note}</p>
        }
        .into_any(),
        Cell::Waits(until, words) => view! { <Waiting ctx until words asked run/> }.into_any(),
        Cell::Then(words) => view! { <p class="note">{words}</p> }.into_any(),
        Cell::Never(words) => view! { <p class="note">{words}</p> }.into_any(),
        Cell::Ended(time) if first_end => view! {
            <p class="row"><Torn/><span>"ended, found at "<span class="mono">{clock(time)}</span></span></p>
            <p class="note">"it counts as free"</p>
        }
        .into_any(),
        Cell::Ended(_) => view! { <p class="note">"it had ended"</p> }.into_any(),
    };
    view! {
        <div class=format!("shake-cell {class}{shared}")>
            <b class="step-name">{name}</b>
            {inner}
        </div>
    }
}

/// What is waited for, and until when.
#[component]
fn Waiting(
    ctx: Ctx,
    until: Option<Timestamp>,
    words: String,
    asked: Timestamp,
    run: String,
) -> impl IntoView {
    let bar = until.map(|until| {
        let whole = age::seconds_between(asked, until).max(1);
        let gone = move || age::seconds_between(asked, ctx.now()).min(whole);
        view! {
            <span class="end"><b class="mono">{move || format!("{} s", gone())}</b>{format!(" of {whole} s, until ")}<span class="mono">{age::clock(until)}</span></span>
            <span class="progress"><i style:width=move || format!("{}%", gone() * 100 / whole)></i></span>
        }
    });
    let lives = move || {
        lease(ctx, &run)
            .and_then(|lease| lease.renewed)
            .map(|at| format!("it lives: renewed at {}", clock(at)))
    };
    view! {
        <p class="lease-line"><b>{words}</b>{bar}</p>
        <p class="note">{lives}</p>
    }
}
