//! On every page: a restore that waits for a run's word. On the overview, too: one that is written and that somebody has still to read.

use leptos::prelude::*;

use super::reading::last;
use crate::live::live;
use crate::model::address::{self, Page};
use crate::model::handshake::open::{Open, open};
use crate::parts::{Icon, Pic};
use crate::shell::router;

/// Handshakes that are looked at: what is open is among the last changed, unless very many were written and not read since.
const LOOKED_AT: &str = "100";
/// Rows shown.
const SHOWN: usize = 3;

/// The bars.
#[component]
pub(crate) fn OpenHandshakes() -> impl IntoView {
    let (router, live) = (router(), live());
    let list = last(LOOKED_AT);
    let all = Memo::new(move |_| {
        let now = live.seen();
        list.value.with(|list| list.as_ref().map(|list| open(&list.handshakes, now)).unwrap_or_default())
    });
    let shown = Memo::new(move |_| {
        let page = router.page.get();
        let here = |open: &Open| matches!(&page, Page::Handshake(id) if *id == open.id);
        let of_page = |open: &&Open| !here(open) && (open.asking || page == Page::Overview);
        all.with(|all| all.iter().filter(of_page).cloned().collect::<Vec<_>>())
    });
    let more = move || shown.with(Vec::len).saturating_sub(SHOWN);
    view! {
        <div class="shake-bars" role="status">
            {move || shown.get().into_iter().take(SHOWN).map(|open| view! {
                <p class="shake-bar">
                    <Pic icon=Icon::Pause/>
                    <span><b>{open.head}</b>" "{open.rest}" "<a href=address::handshake(&open.id)>"Look"</a></span>
                </p>
            }).collect_view()}
            <Show when=move || { more() > 0 }>
                <p class="shake-bar"><a href="/view/handshakes">{move || format!("{} more", more())}</a></p>
            </Show>
        </div>
    }
}
