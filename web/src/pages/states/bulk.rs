//! What can be done with the selected states; each action names their count.

use leptos::prelude::*;

use super::Ctx;
use crate::model::selection::Selection;
use crate::model::{address, number};
use crate::parts::{Icon, Pic};

/// The bar; only there when something is selected.
#[component]
pub(super) fn Bulk(ctx: Ctx) -> impl IntoView {
    let count = Memo::new(move |_| ctx.selected.with(|selected| selected.keys.len() as u64));
    let types = move || {
        ctx.selected.with(|selected| {
            let mut types: Vec<&str> = selected.keys.iter().map(|key| key.state_type.as_str()).collect();
            types.dedup();
            match types.as_slice() {
                [one] if selected.keys.len() > 1 => format!("all {one}"),
                types => types.join(", "),
            }
        })
    };
    let plan = move || ctx.selected.with(|selected| address::restore_of(&selected.keys));
    let compare = move || {
        ctx.selected.with(|selected| match selected.keys.iter().collect::<Vec<_>>().as_slice() {
            [one] => ctx.compare(one),
            _ => None,
        })
    };
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="bulk" role="toolbar" aria-label="Selected states">
                <b class="strong">{move || format!("{} selected", number::counted(count.get(), "state", "states"))}</b>
                <span class="note cut">{types}</span>
                <span class="grow"></span>
                {move || compare().map(|href| view! {
                    <a class="btn small" href=href><Pic icon=Icon::Compare size=14/>"Compare with its last version"</a>
                })}
                <a class="btn small" href=plan>
                    <Pic icon=Icon::Restore size=14/>
                    {move || match count.get() {
                        1 => "Plan a restore of this one".to_owned(),
                        count => format!("Plan a restore of these {}", number::count(count)),
                    }}
                </a>
                <button class="btn icon small" aria-label="Select nothing" on:click=move |_| ctx.selected.update(Selection::clear)>
                    <Pic icon=Icon::Close/>
                </button>
            </div>
        </Show>
    }
}
