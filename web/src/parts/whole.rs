//! Long values, whole: a dialog, and what opens it.

use leptos::html;
use leptos::prelude::*;

use super::{CopyButton, Icon, Pic};
use crate::model::number;
use crate::model::whole::{Whole, drawn};

/// Shows a value whole while there is one.
#[component]
pub(crate) fn WholeDialog(
    /// What is shown.
    open: RwSignal<Option<Whole>>,
) -> impl IntoView {
    move || open.get().map(|whole| view! { <Shown whole open/> })
}

#[component]
fn Shown(whole: Whole, open: RwSignal<Option<Whole>>) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = dialog.get().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    });
    let Whole { title, old, new } = whole;
    let (was, is) = if old.is_some() && new.is_some() { ("Before", "After") } else { ("Value", "Value") };
    view! {
        <dialog class="whole-value" node_ref=dialog aria-labelledby="whole-title" on:close=move |_| { open.try_set(None); }>
            <section class="panel">
                <div class="head">
                    <h2 id="whole-title" class="mono cut">{title}</h2>
                    <button class="btn icon small end" aria-label="Close" on:click=move |_| open.set(None)><Pic icon=Icon::Close/></button>
                </div>
                <div class="body">
                    {old.map(|text| side(was, text))}
                    {new.map(|text| side(is, text))}
                </div>
            </section>
        </dialog>
    }
}

fn side(name: &'static str, text: String) -> AnyView {
    let (shown, all) = drawn(&text);
    let more = (!all).then(|| view! { <p class="note">"This is its beginning. Copy gives all of it."</p> });
    let shown = shown.to_owned();
    let size = number::counted(text.chars().count() as u64, "character", "characters");
    view! {
        <div class="row">
            <b>{name}</b><span class="note grow">{size}</span>
            <CopyButton text=Signal::stored(text) what="the value" words="Copy"/>
        </div>
        <pre class="mono" tabindex="0">{shown}</pre>
        {more}
    }
    .into_any()
}

/// Opens a long value, where the row is not a button itself.
#[component]
pub(crate) fn WholeButton(
    /// The value.
    whole: Whole,
    /// Where the page shows one whole, for rows that may be drawn anew while it is open; without it the button has a
    /// dialog of its own.
    #[prop(optional)]
    shown: Option<RwSignal<Option<Whole>>>,
) -> impl IntoView {
    let open = shown.unwrap_or_else(|| RwSignal::new(None));
    let label = format!("The whole value of {}", whole.title);
    view! {
        <button type="button" class="link whole" aria-label=label on:click=move |event| {
            event.stop_propagation();
            open.set(Some(whole.clone()));
        }>"whole"</button>
        {shown.is_none().then(|| view! { <WholeDialog open/> })}
    }
}

/// Opens a long value for the mouse, in a row that is a button itself and opens it with Enter.
#[component]
pub(crate) fn WholeMark(
    /// Opens it.
    press: Callback<()>,
) -> impl IntoView {
    view! {
        <span class="link whole" aria-hidden="true" data-tip="All of it. Keyboard: Enter, or v" on:click=move |event| {
            event.stop_propagation();
            press.run(());
        }>"whole"</span>
    }
}
