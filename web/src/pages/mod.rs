//! The pages, one module each.

mod activity;
mod compare;
mod feed_row;
mod first_run;
mod overview;
mod restore;
mod snapshots;
mod state;
mod states;

use leptos::prelude::*;

use crate::model::address::Page;
use crate::parts::{Empty, Icon};
use crate::shell::router;

/// The page that the address names.
#[component]
pub(crate) fn PageView() -> impl IntoView {
    let router = router();
    move || match router.page.get() {
        Page::Overview => view! { <overview::Overview/> }.into_any(),
        Page::States => view! { <states::States/> }.into_any(),
        Page::State => view! { <state::State/> }.into_any(),
        Page::Compare => view! { <compare::Compare/> }.into_any(),
        Page::Activity => view! { <activity::Activity/> }.into_any(),
        Page::Snapshots => view! { <snapshots::Snapshots/> }.into_any(),
        Page::Restore => view! { <restore::Restore/> }.into_any(),
        Page::Restored(id) => view! { <restore::Restored id/> }.into_any(),
        Page::Unknown => view! {
            <div class="page">
                <Empty icon=Icon::Search head="No page has this address">
                    <a href="/">"Go to the overview"</a>
                </Empty>
            </div>
        }
        .into_any(),
    }
}
