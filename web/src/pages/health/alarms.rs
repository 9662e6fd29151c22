//! What is wrong now, each with what to do about it.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{Alarm, AlarmCode, ClockStatus, ConfirmClock};

use super::ctx;
use crate::api;
use crate::model::{age, found};
use crate::parts::{Ask, Author, AuthorField, Icon, Pic, ReasonField, Writing};
use crate::shell::{clock, toasts};

/// The alarms; nothing where all is well.
#[component]
pub(super) fn Alarms() -> impl IntoView {
    let ctx = ctx();
    let alarms = Memo::new(move |_| {
        ctx.status.with(|status| status.as_ref().map(|s| s.alarms.clone()).unwrap_or_default())
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
    let writing = Writing::of("done");
    let (reason, author) = (RwSignal::new(String::new()), Author::remembered());
    let act = Callback::new(move |()| {
        let done = move || {
            open.try_set(false);
            ctx.reload();
        };
        let body = ConfirmClock { reason: reason.get_untracked(), user_id: author.value() };
        let send = async move {
            let status = api::send::<ClockStatus>(Method::POST, "/clock/confirm", Some(&body)).await?;
            let words = format!("Times go on from {}.", age::full(status.now));
            toasts.done("The clock is believed.", words);
            done();
            Ok(())
        };
        let look = |_| Box::pin(async { Ok(found::clock(&api::get("/clock").await?)) }) as _;
        writing.run((None, None), send, look, done);
    });
    view! {
        <Ask open title="Is the machine's clock right?" confirm="It is right: believe it" danger=true writing act>
            <p>
                "What is saved from now on gets the machine's time. A recorded time cannot be taken back, and times never go back: if the clock is wrong, every later version carries a time from there on."
            </p>
            <AuthorField author/>
            <ReasonField reason words="Reason, kept in the server's log" required=true/>
        </Ask>
    }
}
