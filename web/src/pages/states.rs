//! States.

use leptos::prelude::*;

/// States.
#[component]
pub(crate) fn States() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"States"</h1></div></div> }
}
