//! The circuit breaker, and moving it by hand.

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use statehouse_core::api::{BreakerState, BreakerStatus, ForceBreaker, ForcedState};

use super::cards::{Card, Line};
use super::mark;
use crate::api::{self, ApiError};
use crate::model::health::{Mood, breaker_word};
use crate::model::number;
use crate::parts::Ask;
use crate::shell::{desk, toasts};

/// The card; it stays on the page while figures are read again, so that a question is not taken away.
#[component]
pub(super) fn Breaker() -> impl IntoView {
    let desk = desk();
    let shown = Memo::new(move |_| {
        desk.status.value.with(|status| status.as_ref().and_then(|status| status.breaker.clone()))
    });
    let there = Memo::new(move |_| shown.with(Option::is_some));
    let asking = RwSignal::new(false);
    view! {
        <Show when=move || there.get()>
            {move || shown.get().map(|breaker| figures(breaker, asking))}
            <OpenByHand asking/>
        </Show>
    }
}

fn figures(breaker: BreakerStatus, asking: RwSignal<bool>) -> impl IntoView {
    let closed = breaker.state == BreakerState::Closed;
    let words = if breaker.forced {
        format!("{} by hand", breaker_word(&breaker))
    } else {
        breaker_word(&breaker).to_owned()
    };
    let chip = mark(if closed && !breaker.forced { Mood::Good } else { Mood::Bad }, words);
    let settled = closed && !breaker.forced && breaker.failure_count < 0.05;
    let again = breaker.retry_after_seconds.map(|seconds| format!("{seconds:.0} s"));
    view! {
        <Card name="Circuit breaker" chip>
            <Line
                name="Failures that count" figure=format!("{:.1}", breaker.failure_count)
                about=format!("opens at {}", breaker.failure_threshold)
            />
            <Line name="Opened since the start" figure=number::count(breaker.opened)/>
            <Line name="Calls refused" figure=number::count(breaker.refused)/>
            {again.map(|again| view! { <Line name="Next try in" figure=again/> })}
            <div class="hands">
                <button class="btn small" disabled=breaker.forced on:click=move |_| asking.set(true)>"Open by hand\u{2026}"</button>
                <ResetButton settled/>
            </div>
        </Card>
    }
}

#[component]
fn ResetButton(settled: bool) -> impl IntoView {
    let (desk, toasts) = (desk(), toasts());
    let press = move |_| {
        spawn_local(async move {
            match api::send::<BreakerStatus>(Method::POST, "/breaker/reset", None::<&()>).await {
                Ok(_) => toasts.done("The circuit breaker is reset.", "Calls reach the store again."),
                Err(error) => toasts.failed(error.sentence(), error.detail()),
            }
            desk.status.reload();
        });
    };
    view! { <button class="btn small" disabled=settled on:click=press>"Reset"</button> }
}

#[component]
fn OpenByHand(asking: RwSignal<bool>) -> impl IntoView {
    let (desk, toasts) = (desk(), toasts());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let act = Callback::new(move |()| {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            let body = ForceBreaker { state: ForcedState::Open };
            let done = api::send::<BreakerStatus>(Method::POST, "/breaker/force", Some(&body)).await;
            busy.try_set(false);
            match done {
                Ok(_) => {
                    asking.try_set(false);
                    toasts
                        .done("The circuit breaker is open.", "No call reaches the store until it is reset.");
                }
                Err(error) => {
                    fault.try_set(Some(error));
                }
            }
            desk.status.reload();
        });
    });
    view! {
        <Ask open=asking title="Open the circuit breaker?" confirm="Open it: refuse every call" danger=true busy fault act>
            <p>
                "No read and no save reaches the store until somebody presses Reset. Saves are refused, or kept in the fallback journal where there is one."
            </p>
        </Ask>
    }
}
