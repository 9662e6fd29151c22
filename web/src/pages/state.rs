//! State.

use leptos::prelude::*;

/// State.
#[component]
pub(crate) fn State() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"State"</h1></div></div> }
}
