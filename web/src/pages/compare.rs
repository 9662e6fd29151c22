//! Compare.

use leptos::prelude::*;

/// Compare.
#[component]
pub(crate) fn Compare() -> impl IntoView {
    view! { <div class="page"><div class="page-head"><h1>"Compare"</h1></div></div> }
}
