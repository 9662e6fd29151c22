//! Overview.

use leptos::prelude::*;

/// Overview.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Overview"</h1></div></div> }
}
