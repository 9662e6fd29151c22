//! As of which seq the file is shown: a slider over all it has, and a field.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use stateloft_core::model::Seq;

use super::file::Book;
use crate::model::number;
use crate::parts::{Icon, Menu, Pic, theirs};
use crate::shell::router;

/// The moment that the address names.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// It, where the file can show it; its end where none is named.
    pub(super) at: Memo<Option<Seq>>,
    /// Why it cannot be shown.
    wrong: Memo<Option<String>>,
}

impl Moment {
    /// Reads the address.
    pub(super) fn of(book: &Arc<Book>) -> Self {
        let router = router();
        let book = Arc::clone(book);
        let asked = Memo::new(move |_| router.param("seq").map(|text| book.summary.moment(&text)));
        Self {
            at: Memo::new(move |_| asked.get().and_then(Result::ok)),
            wrong: Memo::new(move |_| asked.get().and_then(Result::err)),
        }
    }
}

/// Chooses the moment.
#[component]
pub(super) fn AsOf(book: Arc<Book>, moment: Moment) -> impl IntoView {
    let router = router();
    let summary = &book.summary;
    let Some((first, last)) = summary.moments.filter(|_| summary.has_moments()) else { return ().into_any() };
    let field = NodeRef::<html::Input>::new();
    let refused = RwSignal::new(None::<String>);
    let shown = move || moment.at.get().unwrap_or(last);
    let go = move |seq: Seq| {
        let text = (seq != last).then(|| seq.to_string());
        router.set(&[("seq", text.as_deref()), ("b", None), ("a", None)]);
    };
    let slid = move |event: web_sys::Event| {
        if let Ok(seq) = event_target_value(&event).parse() {
            refused.set(None);
            go(Seq(seq));
        }
    };
    // While it is dragged the field says where it is.
    let slides = move |event: web_sys::Event| {
        if let Some(field) = field.get_untracked() {
            field.set_value(&event_target_value(&event));
        }
    };
    let entered = {
        let book = Arc::clone(&book);
        move |_| {
            let Some(field) = field.get_untracked() else { return };
            match book.summary.moment(&field.value()) {
                Ok(seq) => {
                    refused.set(None);
                    go(seq);
                }
                Err(words) => refused.set(Some(words)),
            }
        }
    };
    let wrong = move || refused.get().or_else(|| moment.wrong.get());
    let snapshots = summary.last_snapshots.clone();
    view! {
        <div class="as-of" class:past=move || moment.at.get().is_some()>
            <label class="row">
                <Pic icon=Icon::Clock/>
                <b>"As of seq"</b>
                <input
                    class="field mono" type="text" inputmode="numeric" size="9" aria-label="As of seq" node_ref=field
                    prop:value=move || shown().to_string() aria-invalid=move || wrong().is_some().then_some("true")
                    on:change=entered
                />
            </label>
            <input
                class="slide" type="range" aria-label="As of seq, over the whole file" min=first.to_string() max=last.to_string()
                prop:value=move || shown().to_string() on:input=slides on:change=slid
            />
            <span class="note bounds">{format!("{} to {}", number::count(first.0), number::count(last.0))}</span>
            {(!snapshots.is_empty()).then(|| view! {
                <Menu words="Snapshots" button="btn small" class="right">
                    {snapshots.iter().rev().map(|snapshot| {
                        let seq = snapshot.seq;
                        view! {
                            <button disabled={seq < first || seq > last} on:click=move |_| go(seq)>
                                {theirs(&snapshot.id)}<span class="mono ink3">{format!(" seq {}", number::count(seq.0))}</span>
                            </button>
                        }
                    }).collect_view()}
                </Menu>
            })}
            <Show when=move || moment.at.get().is_some()>
                <button class="btn small" on:click=move |_| go(last)>"To the end"</button>
            </Show>
            {move || wrong().map(|words| view! { <span class="c-warn" role="alert">{words}</span> })}
        </div>
    }
    .into_any()
}
