//! The rail on a narrow screen: one version at a time; a tap opens the list.

use leptos::prelude::*;

use super::View;
use super::rail::HistoryRail;
use crate::model::age;
use crate::model::hidden::told;
use crate::parts::{Icon, Pic, age_of, theirs};

/// `‹ v203 of 203 ›`
#[component]
pub(super) fn Stepper(view: View) -> impl IntoView {
    let open = RwSignal::new(false);
    let number = move || view.b.side.with(|b| b.as_ref().map_or(0, |b| b.version.0));
    let newest = move || view.newest.get().unwrap_or(0);
    // A choice closes the list.
    Effect::new(move |before: Option<u64>| {
        let now = number();
        if before.is_some_and(|before| before != now) {
            open.set(false);
        }
        now
    });
    let about = move || {
        view.b.side.get().map(|side| {
            let author = side.user_id.as_deref().unwrap_or("no author").to_owned();
            view! { {age::clock(side.effective_at())}", "{age_of(&side)}{side.saved_at.map(|_| ", imported")}" · "{theirs(&author)} }
        })
    };
    let why = move || {
        let side = view.b.side.get();
        side.and_then(|side| {
            side.description.as_deref().filter(|d| !d.is_empty()).map(|d| format!("“{}”", told(d)))
        })
    };
    view! {
        <section class="panel stepper" aria-label="History">
            <div class="steps">
                <button class="btn step" aria-label="Older" disabled=move || number() <= 1 on:click=move |_| { view.step(false); }>
                    <Pic icon=Icon::Left/>
                </button>
                <button class="which" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>
                    <b>{move || format!("v{} of {}", number(), newest())}</b>
                    <span class="note">{about}</span>
                </button>
                <button class="btn step" aria-label="Newer" disabled=move || { number() >= newest() } on:click=move |_| { view.step(true); }>
                    <Pic icon=Icon::Right/>
                </button>
            </div>
            <Show when=move || !open.get()><p class="why">{why}</p></Show>
            <Show when=move || open.get()><div class="stepper-list"><HistoryRail view/></div></Show>
        </section>
    }
}
