//! An item, and why it is not ticked by itself.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::Standing;
use wasm_bindgen::JsCast;

use super::importing::{Importing, Shown};
use super::rows::{TickBox, at_cursor};
use crate::model::hidden::told;
use crate::model::import::{Reason, not_ticked, place, standing_words, what};
use crate::parts::{Chip, Icon, Pic, Tone, Verdict, theirs};
use crate::shell::clock;

/// What becomes of an item that the state does not become.
const HISTORY_ONLY: &str = "In the history only: the state stays as it is.";

/// The row.
#[component]
pub(super) fn ItemRow(importing: Importing, shown: Arc<Shown>, at: usize) -> impl IntoView {
    let item = shown.found.items[at].clone();
    let stood = shown.stood[at].clone();
    let cursor = at_cursor(importing, format!("i{}", item.name));
    let opens = {
        let shown = Arc::clone(&shown);
        move || importing.unfold(&shown, at)
    };
    let pressed = {
        let opens = opens.clone();
        move |event: web_sys::MouseEvent| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            if target.is_none_or(|target| target.closest("input, a, button").ok().flatten().is_none()) {
                opens();
            }
        }
    };
    let name = item.name.clone();
    let open = move || importing.open.with(|open| open.contains(&name)).to_string();
    let told_what = {
        let item = item.clone();
        move || what(&item, importing.details.differing(&item.name))
    };
    let tip =
        item.flags.iter().take(12).map(|flag| format!("{} {}", told(&flag.pointer), told(&flag.message)));
    let tip = tip.collect::<Vec<_>>().join("\n");
    let label = format!("Write {}", told(&item.key().to_string()));
    let see = format!("Difference of {}", told(&item.key().to_string()));
    view! {
        <div class="cells import-row import-item" class:cursor=move || cursor.get() on:click=pressed>
            <TickBox importing shown items=vec![at] label/>
            <span class="mono place" data-tip=told(&item.name)>{theirs(&place(&item.source))}</span>
            <span class="type">{item.state_type.to_string()}</span>
            <button class="state mono" aria-expanded=open aria-label=see on:click=move |_| opens()>{theirs(item.state_id.as_str())}</button>
            <span class="rules"><Verdict verdict=item.verdict/></span>
            <span class="in-store">{standing_chip(stood.standing.status)}</span>
            <span class="what ink2" data-tip=(!tip.is_empty()).then_some(tip)>{told_what}</span>
        </div>
    }
}

fn standing_chip(standing: Standing) -> AnyView {
    let (sign, word, _) = standing_words(standing);
    let words = format!("{sign} {word}");
    match standing {
        Standing::New | Standing::Unordered => view! { <Chip tone=Tone::Add>{words}</Chip> }.into_any(),
        Standing::Different => view! { <Chip tone=Tone::Chg>{words}</Chip> }.into_any(),
        Standing::Unchanged => view! { <Chip>{words}</Chip> }.into_any(),
    }
}

/// Why the item above is not ticked by itself, and what else may become of it.
#[component]
pub(super) fn NoteRow(importing: Importing, shown: Arc<Shown>, at: usize) -> impl IntoView {
    let now = clock().read();
    let item = StoredValue::new(shown.found.items[at].clone());
    let head = shown.look.states.get(&shown.found.items[at].key()).map(|held| &held.head);
    let has_head = head.is_some();
    Reason::of(&shown.stood[at]).map(|reason| {
        let (sentence, rest) = item.with_value(|item| not_ticked(item, reason, head, now));
        let kept =
            Memo::new(move |_| importing.ticks.with(|ticks| item.with_value(|item| ticks.is_history(item))));
        let turn = move |_| item.with_value(|item| importing.put_into_history(item, !kept.get_untracked()));
        let said = move || if kept.get() { HISTORY_ONLY } else { sentence };
        view! {
            <div class="import-note" role="note">
                <Pic icon=Icon::Warn size=14/><span class="cut"><b>{said}</b>" "{rest}</span>
                {has_head.then(|| view! {
                    <button type="button" class="link" on:click=turn>
                        {move || if kept.get() { "Leave it out" } else { "Put it in history only" }}
                    </button>
                })}
            </div>
        }
    })
}
