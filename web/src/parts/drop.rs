//! Files that are dropped anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use web_sys::{DataTransfer, DragEvent};

use super::{Icon, Pic};

/// Listens to files that are dropped anywhere while the present owner lives. `over` says whether some are held over the page.
pub(crate) fn on_drop(over: RwSignal<bool>, take: impl Fn(&DataTransfer) + 'static) {
    let brings = |event: &DragEvent| {
        event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
    };
    let hover = move |event: DragEvent| {
        if brings(&event) {
            event.prevent_default();
            over.try_set(true);
        }
    };
    let leave = move |event: DragEvent| {
        // It leaves the window, and not only one part of it for another.
        if event.related_target().is_none() {
            over.try_set(false);
        }
    };
    let drop = move |event: DragEvent| {
        over.try_set(false);
        if let Some(data) = event.data_transfer().filter(|_| brings(&event)) {
            event.prevent_default();
            take(&data);
        }
    };
    let listening = [
        window_event_listener(ev::dragover, hover),
        window_event_listener(ev::dragleave, leave),
        window_event_listener(ev::drop, drop),
    ];
    on_cleanup(move || listening.into_iter().for_each(WindowListenerHandle::remove));
}

/// What is seen while files are held over the page.
#[component]
pub(crate) fn DropOver(
    /// Whether some are.
    over: RwSignal<bool>,
    /// What dropping them does.
    words: &'static str,
) -> impl IntoView {
    view! {
        <Show when=move || over.get()>
            <div class="drop-over" aria-hidden="true"><Pic icon=Icon::Import size=32/><b>{words}</b></div>
        </Show>
    }
}
