//! What may be chosen of a row, as buttons side by side, and below what the choice is.

use leptos::prelude::*;
use stateloft_core::api::{Agreement, Because, ChosenRow, PlannedRow, RowChoice};

use super::again::AskAgainHere;
use super::board::{Board, Dialog};
use crate::model::reconcile::{identity, label, note, offered, reason_words, which};
use crate::parts::theirs;

/// The buttons; a row of which nothing may be chosen has none.
#[component]
pub(super) fn Choices(board: Board, row: PlannedRow) -> impl IntoView {
    let offered = offered(&row);
    let name = StoredValue::new(row.row.clone());
    let chosen =
        Memo::new(move |_| board.chosen.with(|chosen| name.with_value(|name| chosen.get(name).cloned())));
    let refused = Memo::new(move |_| {
        board.refused.get().filter(|refused| name.with_value(|name| which(&refused.row) == which(name)))
    });
    if offered.is_empty() {
        let unknown = row.said.verdict == Agreement::Unknown;
        return view! {
            <span class="pick"><span class="note">{note(&row)}</span>{unknown.then(|| view! { <AskAgainHere board/> })}</span>
        }
        .into_any();
    }
    let is_new = row.said.verdict == Agreement::MissingHere && row.said.because != Some(Because::ClosedHere);
    let plain = note(&row);
    let words = move || match chosen.get() {
        None => plain.clone(),
        Some(chosen) => chosen_words(&chosen),
    };
    let more = move || {
        let adopts = chosen
            .with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.choice == RowChoice::AdoptTheirs));
        (adopts && is_new).then(|| view! {
            " "<button class="link" on:click=move |_| board.dialog.set(Some(Dialog::Adopt(name.get_value())))>"say more\u{2026}"</button>
        })
    };
    let group = format!("Choice for {}", identity(&row.said));
    let row = StoredValue::new(row);
    let button = move |choice: RowChoice| {
        let on = move || chosen.with(|chosen| chosen.as_ref().is_some_and(|chosen| chosen.choice == choice));
        view! {
            <button class:on=on aria-pressed=move || on().to_string() on:click=move |_| row.with_value(|row| board.choose(row, choice))>
                {label(choice)}
            </button>
        }
    };
    view! {
        <span class="pick">
            <span class="segments" role="group" aria-label=group>{offered.into_iter().map(button).collect_view()}</span>
            {move || match refused.get() {
                Some(refused) => view! { <span class="note c-del cut" role="alert" data-tip=refused.words.clone()>{theirs(&refused.words)}</span> }.into_any(),
                None => view! { <span class="note cut">{words.clone()}</span> }.into_any(),
            }}
            {more}
        </span>
    }
    .into_any()
}

fn chosen_words(chosen: &ChosenRow) -> String {
    match chosen.choice {
        RowChoice::AdoptTheirs => "theirs is written".to_owned(),
        RowChoice::KeepOurs => "looked at, stays as it is".to_owned(),
        RowChoice::Close => {
            let price =
                chosen.price.as_ref().map_or_else(|| "no price".to_owned(), |price| format!("at {price}"));
            format!("{price}, {}", chosen.reason.map_or("", |reason| reason_words(reason).0))
        }
        RowChoice::Split => format!("{} parts", chosen.shares.len()),
    }
}
