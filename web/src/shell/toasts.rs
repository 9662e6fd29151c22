//! Toasts: what has just been done, bottom right, for 8 seconds; failures stay.

use std::time::Duration;

use leptos::prelude::*;

use crate::parts::{Icon, Pic};

const SHOWN: Duration = Duration::from_secs(8);

/// One toast.
#[derive(Clone)]
pub(crate) struct Toast {
    id: u64,
    bad: bool,
    /// What happened, bold.
    head: String,
    /// What else there is to say.
    rest: String,
}

/// The toasts on the screen.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: RwSignal<u64>,
}

/// The toasts.
pub(crate) fn toasts() -> Toasts {
    expect_context()
}

impl Toasts {
    /// Makes the toasts known to all pages.
    pub(crate) fn install() -> Self {
        let toasts = Self { shown: RwSignal::new(Vec::new()), next: RwSignal::new(0) };
        provide_context(toasts);
        toasts
    }

    /// Says that something was done.
    pub(crate) fn done(self, head: impl Into<String>, rest: impl Into<String>) {
        self.show(false, head.into(), rest.into());
    }

    /// Says that something failed; stays until closed.
    pub(crate) fn failed(self, head: impl Into<String>, rest: impl Into<String>) {
        self.show(true, head.into(), rest.into());
    }

    fn show(self, bad: bool, head: String, rest: String) {
        let Some(id) = self.next.try_update(|next| {
            *next += 1;
            *next
        }) else {
            return;
        };
        self.shown.try_update(|shown| shown.push(Toast { id, bad, head, rest }));
        if !bad {
            set_timeout(move || self.close(id), SHOWN);
        }
    }

    fn close(self, id: u64) {
        self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// Where toasts appear.
#[component]
pub(crate) fn ToastStack() -> impl IntoView {
    let toasts = toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                {
                    let Toast { id, bad, head, rest } = toast;
                    view! {
                        <div class="toast" class:bad=bad>
                            <Pic icon=if bad { Icon::Warn } else { Icon::Check }/>
                            <span class="grow"><b>{head}</b>" "{rest}</span>
                            <button class="btn icon small" aria-label="Close" on:click=move |_| toasts.close(id)>
                                <Pic icon=Icon::Close/>
                            </button>
                        </div>
                    }
                }
            </For>
        </div>
    }
}
