//! The lease: what is left of it, or how the run ended.

use leptos::prelude::*;
use stateloft_core::api::{RunRow, RunView};

use crate::live::Remote;
use crate::model::age;
use crate::model::runs::lease::Lease as Held;
use crate::pages::runs::lease as lease_of;
use crate::parts::{Chip, theirs};
use crate::shell::clock;

/// The run as a row of a list.
pub(super) fn row(view: &RunView) -> RunRow {
    RunRow {
        run: view.run.clone(),
        live: view.live,
        holder: view.holder.clone(),
        version: view.version.clone(),
    }
}

/// The panel.
#[component]
pub(super) fn Lease(run: Remote<RunView>) -> impl IntoView {
    let clock = clock();
    let shown = move || {
        let asked = run.read_at.get().unwrap_or_else(|| clock.read());
        let failed = run.fault.with(Option::is_some);
        run.value.with(|view| {
            let view = view.as_ref()?;
            Some(match view.live {
                true if failed => {
                    view! { <p class="body-line">{format!("lease unknown since {}", age::clock(asked))}</p> }
                        .into_any()
                }
                true => held(lease_of(&row(view), asked), view.run.lease_seconds, &age::clock(asked)),
                false => over(view),
            })
        })
    };
    let epoch = super::of(run, |view| view.run.epoch);
    view! {
        <section class="panel run-lease" aria-labelledby="lease">
            <div class="head">
                <h2 id="lease">"Lease"</h2>
                {move || epoch.get().map(|epoch| view! { <Chip>{format!("epoch {epoch}")}</Chip> })}
            </div>
            <div class="body">{shown}</div>
        </section>
    }
}

/// What was left of it when it was asked for.
fn held(lease: Held, seconds: u64, asked: &str) -> AnyView {
    let (words, ends) = match lease {
        Held::Held { renewed: Some(renewed), ends } => {
            (format!("renewed {} before", age::short(renewed)), Some(ends))
        }
        Held::Held { renewed: None, ends } => ("last renewal not known".to_owned(), Some(ends)),
        Held::Late { silent, ends } => {
            (format!("late: {} without a renewal", age::short(silent)), Some(ends))
        }
        Held::Unknown => ("lease unknown: the store could not be asked".to_owned(), None),
    };
    let bar = ends.map(|ends| {
        let whole = i64::try_from(seconds).unwrap_or(i64::MAX).max(1);
        let width = format!("{}%", ends.saturating_mul(100) / whole);
        view! {
            <span class="end">"ends in "<b>{age::short(ends)}</b>{format!(" of {}", age::short(whole))}</span>
            <span class="progress"><i style:width=width></i></span>
        }
    });
    view! {
        <div class="lease-line" class:late=lease.is_late()><span>{words}</span>{bar}</div>
        <p class="note">{format!("as of {asked}; a renewal makes no version")}</p>
    }
    .into_any()
}

/// How it ended.
fn over(view: &RunView) -> AnyView {
    let run = &view.run;
    let ended = run.ended_at.map(|at| format!("{} {}", run.status.as_str(), age::to_second(at)));
    let last = run.last_renewal.map(|at| format!("last word {}", age::to_second(at)));
    let away = run.servers_were_away.then_some(
        "For a while after its last word no server was there to hear it; it was given a full term after that, and did not come back.",
    );
    let by = run.replaced_by.clone();
    view! {
        <p class="body-line"><b>{ended.unwrap_or_else(|| "not live: its session was written by hand".to_owned())}</b></p>
        {last.map(|last| view! { <p class="body-line">{last}</p> })}
        {away.map(|words| view! { <p class="note">{words}</p> })}
        {by.map(|by| view! { <p class="body-line">"its place was taken by "<a class="mono" href=crate::model::address::run(&by)>{theirs(&by)}</a></p> })}
        {run.reason.clone().map(|reason| view! { <p class="body-line">{theirs(&reason)}</p> })}
    }
    .into_any()
}
