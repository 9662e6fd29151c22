//! What is asked before one of theirs is shared over lots of ours.

use leptos::prelude::*;

use super::board::Board;
use super::page::shown;
use crate::model::hidden::told;
use crate::model::reconcile::{Part, Splitting, identity};
use crate::parts::{Ask, Icon, Pic, theirs};

/// The dialog: a quantity a lot, which must add up exactly.
#[component]
pub(super) fn SplitDialog(board: Board, row: String) -> impl IntoView {
    let shown = shown(board);
    let Some(known) = board.row(&row) else {
        shown.set(false);
        return ().into_any();
    };
    let before = board.chosen.with_untracked(|chosen| chosen.get(&row).cloned());
    let form = RwSignal::new(Splitting::of(&known, before.as_ref()));
    let title = format!(
        "Share {} of {} over lots",
        form.with_untracked(|form| form.whole.clone()),
        told(&identity(&known.said))
    );
    let name = StoredValue::new(known.row);
    let wrong = Memo::new(move |_| name.with_value(|name| form.with(|form| form.choice(name).err())));
    let together = move || form.with(Splitting::together).unwrap_or_default();
    let act = move |()| {
        let name = name.get_value();
        if let Ok(choice) = form.with_untracked(|form| form.choice(&name)) {
            board.change(|chosen| chosen.set(choice), &name);
            shown.set(false);
        }
    };
    let count = Memo::new(move |_| form.with(|form| form.parts.len()));
    let is_new = form.with_untracked(|form| form.new);
    let part = move |at: usize| {
        let of = move |what: fn(&Part) -> String| {
            Signal::derive(move || form.with(|form| form.parts.get(at).map(what).unwrap_or_default()))
        };
        let (called, quantity) = (of(|part| part.name.clone()), of(|part| part.quantity.clone()));
        let put = move |edit: &dyn Fn(&mut Part)| {
            form.update(|form| form.parts.get_mut(at).into_iter().for_each(edit));
        };
        view! {
            <div class="split-part">
                {if is_new {
                    view! { <input class="field mono" aria-label=format!("Name of lot {}", at + 1) prop:value=move || called.get()
                        on:input=move |event| put(&|part: &mut Part| part.name = event_target_value(&event))/> }.into_any()
                } else {
                    view! { <span class="mono cut">{move || theirs(&called.get())}</span> }.into_any()
                }}
                <input class="field mono" inputmode="decimal" autocomplete="off" aria-label=format!("Quantity of lot {}", at + 1)
                    prop:value=move || quantity.get() on:input=move |event| put(&|part: &mut Part| part.quantity = event_target_value(&event))/>
            </div>
        }
    };
    view! {
        <Ask open=shown title confirm="Choose it so" wrong=Signal::derive(move || wrong.with(Option::is_some)) act=Callback::new(act)>
            <For each=move || 0..count.get() key=|at| *at children=part/>
            {is_new.then(|| view! {
                <button type="button" class="btn small" on:click=move |_| form.update(Splitting::more)><Pic icon=Icon::Plus size=14/>"One lot more"</button>
            })}
            <p class="mono" aria-live="polite">{together}</p>
            <p class="note lacks">{move || wrong.get()}</p>
        </Ask>
    }
    .into_any()
}
