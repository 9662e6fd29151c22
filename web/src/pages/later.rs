//! A page that is not in the first download, while its code comes.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::lazy::{self, Draw};
use crate::model::address::Page;
use crate::parts::{Notice, NoticeKind};
use crate::shell::router;

/// How long after the first page the code of the others is fetched, so that going there takes no time.
const QUIET_MS: u32 = 1500;

/// One page of each piece of code that is fetched in advance. Few go to the board or say something by hand, and who does waits a moment.
const PAGES: [Page; 7] =
    [Page::State, Page::States, Page::Runs, Page::Snapshots, Page::Activity, Page::Health, Page::Import];

/// A page whose code may still have to come.
#[component]
pub(super) fn Later(
    /// Which.
    page: Page,
) -> impl IntoView {
    let code = RwSignal::new(None::<Option<Draw>>);
    let fetch = {
        let page = page.clone();
        move || {
            code.try_set(None);
            let page = page.clone();
            spawn_local(async move {
                code.try_set(Some(lazy::fetch(&page).await));
            });
        }
    };
    fetch();
    move || match code.get() {
        None => view! { <p class="loading">"Loading the page."</p> }.into_any(),
        Some(Some(draw)) => draw(page.clone()),
        Some(None) => {
            let fetch = fetch.clone();
            view! {
                <div class="page">
                    <Notice kind=NoticeKind::Error head="This page's code could not be loaded.">
                        "The server may be away, or may have been updated since the console was opened. "
                        <button class="link" on:click=move |_| fetch()>"Try again"</button>
                        " or "
                        <button class="link" on:click=move |_| {
                            let _ = window().location().reload();
                        }>"reload the console"</button>
                        "."
                    </Notice>
                </div>
            }
            .into_any()
        }
    }
}

/// Fetches the other pages' code once nothing more urgent is going on.
pub(super) fn fetch_in_advance() {
    let here = router().page.get_untracked();
    spawn_local(async move {
        TimeoutFuture::new(QUIET_MS).await;
        for page in PAGES {
            // Whoever goes there while the server is away is told so then.
            if page != here && lazy::fetch(&page).await.is_none() {
                return;
            }
        }
        let _ = lazy::help().await;
    });
}
