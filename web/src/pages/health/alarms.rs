//! What is wrong now, each with what to do about it.

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use statehouse_core::api::{Alarm, AlarmCode, ClockStatus, ConfirmClock};

use super::ctx;
use crate::api::{self, ApiError};
use crate::model::age;
use crate::parts::{Ask, Author, AuthorField, Icon, Pic, ReasonField};
use crate::shell::{clock, toasts};

/// The alarms; nothing where all is well.
#[component]
pub(super) fn Alarms() -> impl IntoView {
    let ctx = ctx();
    let alarms = Memo::new(move |_| {
        ctx.desk.status.value.with(|status| status.as_ref().map(|s| s.alarms.clone()).unwrap_or_default())
    });
    let confirming = RwSignal::new(false);
    view! {
        {move || alarms.get().into_iter().map(|one| alarm(one, confirming)).collect_view()}
        <Confirming open=confirming/>
    }
}

fn alarm(alarm: Alarm, confirming: RwSignal<bool>) -> impl IntoView {
    let clock = clock();
    let since = move || format!("for {}", age::long(age::seconds_between(alarm.since, clock.now.get())));
    let confirm = (alarm.code == AlarmCode::ClockJumped).then(|| {
        view! { <button class="btn small" on:click=move |_| confirming.set(true)>"The clock is right\u{2026}"</button> }
    });
    view! {
        <div class="notice warn alarm" role="alert" data-code=alarm.code.as_str()>
            <Pic icon=Icon::Warn/>
            <p><b>{alarm.code.title()}"."</b>" "{alarm.detail}" "<b>"What to do: "</b>{alarm.action}"."</p>
            {confirm}
            <span class="see">{since}</span>
        </div>
    }
}

/// The question before the machine's clock is believed.
#[component]
fn Confirming(open: RwSignal<bool>) -> impl IntoView {
    let (ctx, toasts) = (ctx(), toasts());
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let (reason, author) = (RwSignal::new(String::new()), Author::remembered());
    let act = Callback::new(move |()| {
        busy.set(true);
        fault.set(None);
        let body = ConfirmClock { reason: reason.get_untracked(), user_id: author.value() };
        spawn_local(async move {
            let done = api::send::<ClockStatus>(Method::POST, "/clock/confirm", Some(&body)).await;
            busy.try_set(false);
            match done {
                Ok(status) => {
                    toasts.done(
                        "The clock is believed.",
                        format!("Times go on from {}.", age::full(status.now)),
                    );
                    open.try_set(false);
                }
                Err(error) => {
                    fault.try_set(Some(error));
                }
            }
            ctx.reload();
        });
    });
    view! {
        <Ask open title="Is the machine's clock right?" confirm="It is right: believe it" danger=true busy fault act>
            <p>
                "What is saved from now on gets the machine's time. A recorded time cannot be taken back, and times never go back: if the clock is wrong, every later version carries a time from there on."
            </p>
            <AuthorField author/>
            <ReasonField reason words="Reason, kept in the server's log" required=true/>
        </Ask>
    }
}
