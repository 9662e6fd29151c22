//! What is asked before a lot is closed, and what may be said of one that is adopted.

use leptos::prelude::*;
use stateloft_core::api::RowChoice;

use super::board::Board;
use super::page::shown;
use crate::model::hidden::told;
use crate::model::reconcile::{Adopting, Closing, REASONS, identity, reason_words};
use crate::parts::Ask;

/// A line of a form.
#[component]
pub(super) fn Field(
    /// What it is.
    words: &'static str,
    /// What is said of it.
    #[prop(optional)]
    note: &'static str,
    #[prop(into)] value: Signal<String>,
    put: Callback<String>,
) -> impl IntoView {
    view! {
        <label class="labelled">
            <span>{words}</span>
            <input class="field mono" autocomplete="off" spellcheck="false" maxlength="512" prop:value=move || value.get()
                on:input=move |event| put.run(event_target_value(&event))/>
            {(!note.is_empty()).then(|| view! { <small class="note">{note}</small> })}
        </label>
    }
}

/// Closes a lot of ours: at which price, when, why. What is left empty is not written.
#[component]
pub(super) fn CloseDialog(board: Board, row: String) -> impl IntoView {
    let shown = shown(board);
    let known = board.row(&row);
    let before = board.chosen.with_untracked(|chosen| chosen.get(&row).cloned());
    let before = before.filter(|chosen| chosen.choice == RowChoice::Close);
    let form = RwSignal::new(before.as_ref().map(Closing::of).unwrap_or_default());
    let title =
        format!("Close {} here?", told(&known.as_ref().map_or_else(String::new, |row| identity(&row.said))));
    let name = StoredValue::new(known.map_or(row, |row| row.row));
    let wrong = Memo::new(move |_| name.with_value(|name| form.with(|form| form.choice(name).err())));
    let act = move |()| {
        let name = name.get_value();
        if let Ok(choice) = form.with_untracked(|form| form.choice(&name)) {
            board.change(|chosen| chosen.set(choice), &name);
            shown.set(false);
        }
    };
    let take_back = move |_| {
        let name = name.get_value();
        board.change(|chosen| chosen.clear(&name), &name);
        shown.set(false);
    };
    let reason = move |reason| {
        let (word, words) = reason_words(reason);
        view! { <option value=word prop:selected=move || form.with(|form| form.reason == word)>{format!("{word}: {words}")}</option> }
    };
    view! {
        <Ask open=shown title confirm="Choose to close it" wrong=Signal::derive(move || wrong.with(Option::is_some)) act=Callback::new(act)>
            <p class="note">"It is closed here, at the commit. No order is sent. What is left empty is not written: nothing is made up."</p>
            <Field words="Price" value=Signal::derive(move || form.with(|form| form.price.clone()))
                put=Callback::new(move |text| form.update(|form| form.price = text))/>
            <Field words="Time, with its zone" value=Signal::derive(move || form.with(|form| form.time.clone()))
                put=Callback::new(move |text| form.update(|form| form.time = text))/>
            <Field words="P&L" note="Not worked out: nobody here knows what a unit is worth."
                value=Signal::derive(move || form.with(|form| form.pnl.clone()))
                put=Callback::new(move |text| form.update(|form| form.pnl = text))/>
            <label class="labelled">
                <span>"Why it was closed"</span>
                <select class="field" name="reason" on:change=move |event| form.update(|form| form.reason = event_target_value(&event))>
                    <option value="" prop:selected=move || form.with(|form| form.reason.is_empty())>"Choose\u{2026}"</option>
                    {REASONS.map(reason).into_iter().collect_view()}
                </select>
            </label>
            <p class="note lacks" aria-live="polite">{move || wrong.get()}</p>
            {before.is_some().then(|| view! { <button type="button" class="link" on:click=take_back>"Take the choice back"</button> })}
        </Ask>
    }
}

/// What more may be said of a lot that is adopted.
#[component]
pub(super) fn AdoptDialog(board: Board, row: String) -> impl IntoView {
    let shown = shown(board);
    let known = board.row(&row);
    let before = board.chosen.with_untracked(|chosen| chosen.get(&row).cloned());
    let form = RwSignal::new(before.as_ref().map(Adopting::of).unwrap_or_default());
    let refused =
        board.refused.with_untracked(|refused| refused.as_ref().map(|refused| refused.words.clone()));
    let title =
        format!("Adopt {}", told(&known.as_ref().map_or_else(String::new, |row| identity(&row.said))));
    let name = StoredValue::new(known.map_or(row, |row| row.row));
    let wrong = Memo::new(move |_| name.with_value(|name| form.with(|form| form.choice(name).err())));
    let act = move |()| {
        let name = name.get_value();
        if let Ok(choice) = form.with_untracked(|form| form.choice(&name)) {
            board.change(|chosen| chosen.set(choice), &name);
            shown.set(false);
        }
    };
    view! {
        <Ask open=shown title confirm="Choose it so" wrong=Signal::derive(move || wrong.with(Option::is_some)) act=Callback::new(act)>
            {refused.map(|words| view! { <p class="c-del">{words}</p> })}
            <Field words="State that gets it" note="One with lots, or one that there is not yet. Empty: the one of its symbol, where the program looks for it."
                value=Signal::derive(move || form.with(|form| form.state_id.clone()))
                put=Callback::new(move |text| form.update(|form| form.state_id = text))/>
            <Field words="What the lot is called here" note="Empty: as the broker calls it."
                value=Signal::derive(move || form.with(|form| form.id.clone()))
                put=Callback::new(move |text| form.update(|form| form.id = text))/>
            <Field words="Held since, with its zone" note="Empty: no time is written."
                value=Signal::derive(move || form.with(|form| form.time.clone()))
                put=Callback::new(move |text| form.update(|form| form.time = text))/>
            <p class="note lacks" aria-live="polite">{move || wrong.get()}</p>
        </Ask>
    }
}
