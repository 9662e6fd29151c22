//! Snapshots.

use leptos::prelude::*;

/// Snapshots.
#[component]
pub(crate) fn Snapshots() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Snapshots"</h1></div></div> }
}
