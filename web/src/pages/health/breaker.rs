//! The circuit breaker: how it is, how it was in the last 24 hours, and moving it by hand.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{BreakerState, BreakerStatus, ForceBreaker, ForcedState, StatusSeries};

use super::cards::{Card, Line};
use super::chart::span;
use super::ctx;
use crate::api;
use crate::live::live;
use crate::model::found;
use crate::model::health::{Mood, breaker_word};
use crate::model::incident::{length, openings, stretches};
use crate::model::{age, number};
use crate::parts::{Ask, Writing};
use crate::shell::toasts;

/// What is asked before it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    Open,
    Reset,
}

/// The card.
#[component]
pub(super) fn Breaker() -> impl IntoView {
    let ctx = ctx();
    let breaker = Memo::new(move |_| {
        ctx.status.with(|status| status.as_ref().and_then(|status| status.breaker.clone()))
    });
    let known = Memo::new(move |_| ctx.status.with(Option::is_some));
    let there = Memo::new(move |_| breaker.with(Option::is_some));
    let chip = Signal::derive(move || {
        Some(match breaker.get() {
            None => (Mood::Plain, "off".to_owned()),
            Some(breaker) => {
                let by_hand = if breaker.forced { " by hand" } else { "" };
                let good = breaker.state == BreakerState::Closed && !breaker.forced;
                (if good { Mood::Good } else { Mood::Bad }, format!("{}{by_hand}", breaker_word(&breaker)))
            }
        })
        .filter(|_| known.get())
    });
    let (opening, resetting) = (RwSignal::new(false), RwSignal::new(false));
    let forced = Memo::new(move |_| breaker.with(|b| b.as_ref().is_some_and(|b| b.forced)));
    let settled = Memo::new(move |_| breaker.with(|b| b.as_ref().is_some_and(is_settled)));
    view! {
        <Card name="Circuit breaker" chip>
            {move || breaker.get().map(|breaker| figures(&breaker))}
            {move || ctx.series.value.with(|series| {
                series.as_ref().filter(|series| !series.breaker.is_empty()).map(timeline)
            })}
            <Show
                when=move || there.get()
                fallback=|| view! { <p class="hint">"Every call goes to the store, whatever fails."</p> }
            >
                <div class="hands">
                    <button class="btn small" disabled=move || forced.get() on:click=move |_| opening.set(true)>
                        "Open by hand\u{2026}"
                    </button>
                    <button class="btn small" disabled=move || settled.get() on:click=move |_| resetting.set(true)>
                        "Reset\u{2026}"
                    </button>
                </div>
            </Show>
            <Asking open=opening hand=Hand::Open/>
            <Asking open=resetting hand=Hand::Reset/>
        </Card>
    }
}

fn is_settled(breaker: &BreakerStatus) -> bool {
    breaker.state == BreakerState::Closed && !breaker.forced && breaker.failure_count < 0.05
}

fn figures(breaker: &BreakerStatus) -> impl IntoView + use<> {
    let again = breaker.retry_after_seconds.map(|seconds| format!("{seconds:.0} s"));
    view! {
        <Line
            name="Failures that count" figure=format!("{:.1}", breaker.failure_count)
            about=format!("opens at {}", breaker.failure_threshold)
        />
        <Line name="Calls refused" figure=number::count(breaker.refused) about="since the start"/>
        {again.map(|again| view! { <Line name="Next try in" figure=again/> })}
    }
}

/// The day as a band.
fn timeline(series: &StatusSeries) -> impl IntoView + use<> {
    let (opened, last) = openings(&series.breaker);
    let about = last.map_or(String::new(), |(at, took)| {
        let took = took.map_or("still".to_owned(), |seconds| format!("for {}", length(seconds)));
        format!("{}, {took}", age::clock(at))
    });
    let span = span(series);
    let parts = stretches(&series.breaker, series.since, series.now).into_iter().map(|part| {
        let class = match part.state {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half",
        };
        view! { <span class=class style:width=format!("{:.3}%", part.percent)></span> }
    });
    let label = format!("the breaker opened {}{span}", number::counted(opened, "time", "times"));
    view! {
        <Line name=format!("Opened{span}") figure=number::count(opened) about/>
        <figure class="chart">
            <div class="band" role="img" aria-label=label>{parts.collect_view()}</div>
            <figcaption>
                <span>{age::minute(series.since)}</span>
                <span class="legend">
                    <span class="closed">"closed"</span><span class="open">"open"</span><span class="half">"half open"</span>
                </span>
                <span>{live().until()}</span>
            </figcaption>
        </figure>
    }
}

/// The question before the breaker is moved.
#[component]
fn Asking(open: RwSignal<bool>, hand: Hand) -> impl IntoView {
    let (ctx, toasts) = (ctx(), toasts());
    let writing = Writing::of("done");
    let act = Callback::new(move |()| {
        let moved = move || {
            open.try_set(false);
            ctx.reload();
            ctx.series.reload();
        };
        let send = async move {
            let body = ForceBreaker { state: ForcedState::Open };
            let (head, rest) = match hand {
                Hand::Open => {
                    api::send::<BreakerStatus>(Method::POST, "/breaker/force", Some(&body)).await?;
                    ("The circuit breaker is open.", "No call reaches the store until it is reset.")
                }
                Hand::Reset => {
                    api::send::<BreakerStatus>(Method::POST, "/breaker/reset", None::<&()>).await?;
                    ("The circuit breaker is reset.", "Calls reach the store again.")
                }
            };
            toasts.done(head, rest);
            moved();
            Ok(())
        };
        let look = move |_| {
            Box::pin(async move { Ok(found::breaker(&api::get("/breaker").await?, hand == Hand::Open)) }) as _
        };
        writing.run((None, None), send, look, moved);
    });
    match hand {
        Hand::Open => view! {
            <Ask open title="Open the circuit breaker?" confirm="Open it: refuse every call" danger=true writing act>
                <p>
                    "No read and no save reaches the store until somebody presses Reset. Saves are refused, or kept in the fallback journal where there is one. The server's log says that it was done by hand."
                </p>
            </Ask>
        }
        .into_any(),
        Hand::Reset => view! {
            <Ask open title="Reset the circuit breaker?" confirm="Reset it: let calls through" writing act>
                <p>
                    "Every failure is forgotten and calls reach the store again. If the store is still away, callers wait for it until the breaker opens anew. The server's log says that it was done by hand."
                </p>
            </Ask>
        }
        .into_any(),
    }
}
