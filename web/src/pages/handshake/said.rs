//! What was said, newest first.

use leptos::prelude::*;

use super::reading::Ctx;
use crate::model::handshake::{clock, said::said};
use crate::parts::theirs;

/// The panel.
#[component]
pub(super) fn Said(ctx: Ctx) -> impl IntoView {
    let all = ctx.memo(|view| said(&view.handshake));
    let rows = move || {
        all.get()
            .unwrap_or_default()
            .into_iter()
            .map(|said| {
                let arrow = if said.by_run { "←" } else { "→" };
                let who = if said.by_run { "said by" } else { "said to" };
                view! {
                    <li class="said-row">
                        <span class="mono ink2">{clock(said.at)}</span>
                        <span aria-label=who role="img">{arrow}</span>
                        <b class="mono cut">{theirs(&said.run_id)}</b>
                        <span class="words">{said.words}</span>
                        <span class="note">{said.way}</span>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel said" aria-labelledby="said">
            <div class="head"><h2 id="said">"What was said"</h2><span class="note">"newest first, kept with the restore"</span></div>
            <ol class="body" tabindex="0">{rows}</ol>
        </section>
    }
}
