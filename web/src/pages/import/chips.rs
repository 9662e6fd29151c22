//! Filters: how many of what there are.

use leptos::prelude::*;

use super::importing::Importing;
use crate::model::import::Only;
use crate::model::number;
use crate::parts::{Icon, Pic};
use crate::shell::router;

/// Sign, colour and whether it is said with a triangle.
const fn looks(only: Option<Only>) -> (&'static str, &'static str) {
    match only {
        Some(Only::New) => ("+", "add"),
        Some(Only::Changed) => ("~", "chg"),
        Some(Only::Unchanged) => ("=", ""),
        Some(Only::Quarantine) => ("", "warn"),
        None | Some(Only::Invalid) => ("", ""),
    }
}

/// The chips.
#[component]
pub(super) fn Chips(importing: Importing) -> impl IntoView {
    let all = std::iter::once(None).chain(Only::ALL.map(Some));
    all.map(|only| view! { <One importing only/> }).collect_view()
}

#[component]
fn One(importing: Importing, only: Option<Only>) -> impl IntoView {
    let router = router();
    let count = move || importing.tally.with(|tally| tally.of(only));
    let on = move || importing.only.get() == only;
    let (sign, tone) = looks(only);
    let class = move || {
        let tone = if count() > 0 { tone } else { "" };
        format!("filter count {tone}{}", if on() { " on" } else { "" })
    };
    let words = move || {
        let count = number::count(count());
        match only {
            None => view! { <span>{format!("all {count}")}</span> }.into_any(),
            Some(Only::Quarantine) => {
                view! { <Pic icon=Icon::Warn size=14/><span>{count}<span class="word">" in quarantine"</span></span> }
                    .into_any()
            }
            Some(Only::Invalid) => view! { <span>{format!("invalid {count}")}</span> }.into_any(),
            Some(only) => {
                view! { <span>{format!("{sign} {count}")}<span class="word">{format!(" {}", only.word())}</span></span> }
                    .into_any()
            }
        }
    };
    let label = only.map_or("all", Only::word);
    let press = move |_| {
        let next = only.filter(|_| !untrack(on)).map(Only::word);
        router.set(&[("show", next)]);
    };
    view! {
        <button class=class aria-pressed=move || on().to_string() aria-label=move || format!("{label} {}", number::count(count())) on:click=press>{words}</button>
    }
}
