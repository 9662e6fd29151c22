//! Notes, empties, and what is said when the server does not answer.

use leptos::prelude::*;

use super::{Icon, Pic};
use crate::live::{Remote, Signals};
use crate::model::age;
use crate::shell::clock;

/// What a notice is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// Worth knowing.
    #[default]
    Info,
    /// Something failed.
    Error,
    /// Something is broken or old.
    Warn,
}

/// Soft ground, icon, a bold sentence of what happened, then what to do.
#[component]
pub(crate) fn Notice(
    /// What it is about.
    #[prop(optional)]
    kind: NoticeKind,
    /// The bold sentence.
    #[prop(into)]
    head: Signal<String>,
    /// What to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let (class, icon) = match kind {
        NoticeKind::Info => ("notice", Icon::Clock),
        NoticeKind::Error => ("notice error", Icon::Close),
        NoticeKind::Warn => ("notice warn", Icon::Warn),
    };
    let role = if kind == NoticeKind::Error { "alert" } else { "note" };
    view! {
        <div class=class role=role>
            <Pic icon/>
            <p><b>{move || head.get()}</b>" "{children.map(|children| children())}</p>
        </div>
    }
}

/// Why there is nothing, and what to do about it.
#[component]
pub(crate) fn Empty(
    /// Its icon.
    icon: Icon,
    /// The bold line.
    #[prop(into)]
    head: Signal<String>,
    /// What was asked, and a way out.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Pic icon/>
            <b>{move || head.get()}</b>
            {children.map(|children| children())}
        </div>
    }
}

/// Says that a reading failed, how old what is shown is, and when it is tried again.
#[component]
pub(crate) fn FaultNote<T: Send + Sync + 'static>(
    /// What was read.
    remote: Remote<T>,
) -> impl IntoView {
    fault_note(remote.signals())
}

/// The same for all data, so that it is compiled once.
fn fault_note(remote: Signals) -> AnyView {
    let clock = clock();
    let shown = move || remote.fault.get().filter(|fault| !fault.error.needs_key());
    let said = move || shown().map(|fault| fault.error.of_read()).unwrap_or_default();
    let age = move || match remote.seen_at() {
        Some(time) => {
            format!("What you see is of {}, {}. ", age::clock(time), age::ago(time, clock.now.get()))
        }
        None => "No data. ".to_owned(),
    };
    let next = move || match shown().and_then(|fault| fault.next_try) {
        Some(time) => {
            let left = age::seconds_between(clock.now.get(), time);
            if left > 0 { format!("Trying again in {left} s. ") } else { "Trying again. ".to_owned() }
        }
        None => String::new(),
    };
    view! {
        <Show when=move || shown().is_some()>
            <Notice kind=NoticeKind::Error head=Signal::derive(move || said().0)>
                {move || said().1}" "
                {age}{next}
                <button class="link" on:click=move |_| remote.reload()>"Try now"</button>
            </Notice>
        </Show>
    }
    .into_any()
}
