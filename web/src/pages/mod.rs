//! The pages, one module each.

mod activity;
mod alive;
mod by_hand;
mod compare;
mod feed_row;
mod first_run;
mod handshake;
mod health;
mod import;
mod later;
mod lazy;
mod opened;
mod origin;
mod overview;
mod reconcile;
mod restore;
mod run;
mod runs;
mod snapshots;
mod state;
mod states;
mod styles;
mod waiting;

use leptos::prelude::*;

use later::Later;

pub(crate) use lazy::{DrawHelp, DrawMisreadings, DrawOpen, help, misreadings, open_handshakes};

use crate::model::address::Page;
use crate::parts::{Empty, Icon};
use crate::shell::router;

/// The page that the address names.
#[component]
pub(crate) fn PageView() -> impl IntoView {
    let router = router();
    later::fetch_in_advance();
    move || match router.page.get() {
        Page::Overview => view! { <overview::Overview/> }.into_any(),
        Page::Unknown => view! {
            <div class="page">
                <Empty icon=Icon::Search head="No page has this address">
                    <a href="/">"Go to the overview"</a>
                </Empty>
            </div>
        }
        .into_any(),
        page => view! { <Later page/> }.into_any(),
    }
}
