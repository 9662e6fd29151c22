//! Activity.

use leptos::prelude::*;

/// Activity.
#[component]
pub(crate) fn Activity() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Activity"</h1></div></div> }
}
