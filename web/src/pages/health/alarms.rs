//! What is wrong now, each with what to do about it.

use leptos::prelude::*;
use statehouse_core::api::Alarm;

use super::ctx;
use crate::model::age;
use crate::parts::{Icon, Pic};
use crate::shell::clock;

/// The alarms; nothing where all is well.
#[component]
pub(super) fn Alarms() -> impl IntoView {
    let ctx = ctx();
    let alarms = Memo::new(move |_| {
        ctx.desk.status.value.with(|status| status.as_ref().map(|s| s.alarms.clone()).unwrap_or_default())
    });
    move || alarms.get().into_iter().map(alarm).collect_view()
}

fn alarm(alarm: Alarm) -> impl IntoView {
    let clock = clock();
    let since = move || format!("for {}", age::long(age::seconds_between(alarm.since, clock.now.get())));
    view! {
        <div class="notice warn alarm" role="alert" data-code=alarm.code.as_str()>
            <Pic icon=Icon::Warn/>
            <p><b>{alarm.code.title()}"."</b>" "{alarm.detail}" "<b>"What to do: "</b>{alarm.action}"."</p>
            <span class="see">{since}</span>
        </div>
    }
}
