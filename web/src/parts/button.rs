//! Buttons that copy, and keys as they are printed.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::{Icon, Pic};
use crate::shell::{router, toasts};

/// A key of the keyboard.
#[component]
pub(crate) fn Kbd(
    /// As printed on it.
    name: &'static str,
) -> impl IntoView {
    view! { <kbd class="kbd">{name}</kbd> }
}

/// Puts a text on the clipboard and says so.
pub(crate) fn copy(text: String, what: &'static str) {
    let toasts = toasts();
    spawn_local(async move {
        // Absent on pages that are neither https nor local.
        let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
        let done = match clipboard {
            Ok(clipboard) if !clipboard.is_undefined() => {
                JsFuture::from(window().navigator().clipboard().write_text(&text)).await.is_ok()
            }
            _ => false,
        };
        if done {
            toasts.done(format!("Copied {what}."), "");
        } else {
            toasts.failed("Not copied.", "The browser does not give this page the clipboard.");
        }
    });
}

/// Copies a text.
#[component]
pub(crate) fn CopyButton(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// What it is, for the toast: "the command".
    what: &'static str,
    /// Words on the button; only the icon without them.
    #[prop(optional)]
    words: &'static str,
) -> impl IntoView {
    let class = if words.is_empty() { "btn icon small" } else { "btn small" };
    let label = words.is_empty().then(|| format!("Copy {what}"));
    // The toasts are looked up when pressed, so they must be known to the owner of this button.
    let owner = Owner::current();
    let press = move |_| {
        let text = text.get_untracked();
        match &owner {
            Some(owner) => owner.with(|| copy(text, what)),
            None => copy(text, what),
        }
    };
    view! { <button class=class aria-label=label on:click=press><Pic icon=Icon::Copy/>{words}</button> }
}

/// Copies the address of the page with all its filters.
#[component]
pub(crate) fn CopyLink() -> impl IntoView {
    let router = router();
    let owner = Owner::current();
    let press = move |_| {
        let link = router.link();
        if let Some(owner) = &owner {
            owner.with(|| copy(link, "the link"));
        }
    };
    view! { <button class="btn plain" on:click=press><Pic icon=Icon::Link/>"Copy link"</button> }
}
