//! What every card is made of.

use leptos::prelude::*;

use super::{NO_DATA, mark};
use crate::live::live;
use crate::model::age;
use crate::model::health::Mood;

/// A card: its name, what it is like, its figures.
#[component]
pub(super) fn Card(
    /// The name.
    name: &'static str,
    /// What it is like; nothing while that is not known.
    #[prop(into)]
    chip: Signal<Option<(Mood, String)>>,
    /// Its CSS classes.
    #[prop(default = "panel card")]
    class: &'static str,
    /// The figures.
    children: Children,
) -> impl IntoView {
    // So that a chip which stays the same stays where it is.
    let live = live();
    let chip = Memo::new(move |_| {
        let chip = chip.get()?;
        // What was well when it was heard last is not called well now.
        match live.contact.get() {
            contact if contact.is_away() && chip.1 != NO_DATA => {
                let at = contact
                    .as_of()
                    .map_or_else(|| NO_DATA.to_owned(), |at| format!("as of {}", age::clock(at)));
                Some((Mood::Bad, at))
            }
            _ => Some(chip),
        }
    });
    view! {
        <section class=class aria-label=name>
            <div class="head">
                <h2>{name}</h2>
                <span class="end">{move || chip.get().map(|(mood, words)| mark(mood, words))}</span>
            </div>
            <div class="body">{children()}</div>
        </section>
    }
}

/// One figure: what it is, the figure, what it is of.
#[component]
pub(super) fn Line(
    /// What it is.
    #[prop(into)]
    name: String,
    /// The figure.
    #[prop(into)]
    figure: String,
    /// What it is of.
    #[prop(optional, into)]
    about: String,
) -> impl IntoView {
    view! {
        <div class="line">
            <span>{name}</span>
            <span class="figure"><b>{figure}</b>{(!about.is_empty()).then(|| view! { <span>{about}</span> })}</span>
        </div>
    }
}
