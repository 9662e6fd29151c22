//! Restore.

use leptos::prelude::*;

/// Restore.
#[component]
pub(crate) fn Restore() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Restore"</h1></div></div> }
}

/// The result of an applied restore.
#[component]
pub(crate) fn Restored(id: String) -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Restore "{id}</h1></div></div> }
}
