//! A button that opens a small menu. Esc, a click elsewhere, or the focus leaving it closes it.

use leptos::ev::FocusEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, Pic};

/// A menu. Its children are buttons, links or labels; a click on a button or link closes it.
#[component]
pub(crate) fn Menu(
    /// Words on the button.
    #[prop(into)]
    words: Signal<String>,
    /// Icon on the button.
    #[prop(optional)]
    icon: Option<Icon>,
    /// CSS class of the button: `btn`, `filter`, `filter on`.
    #[prop(optional, into)]
    button: Signal<String>,
    /// More classes for the anchor: `right`, `up`.
    #[prop(default = "")]
    class: &'static str,
    /// Whether the button shows no words, only its icon.
    #[prop(optional)]
    bare: bool,
    /// What is in the menu.
    children: ChildrenFn,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let anchor = NodeRef::<html::Div>::new();
    let left = move |event: FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        // The focus also leaves because the page goes, and the menu's signals with it.
        let anchor = anchor.try_get_untracked().flatten();
        if !anchor.is_some_and(|anchor| anchor.contains(to.as_ref())) {
            open.try_set(false);
        }
    };
    let chosen = move |event: web_sys::MouseEvent| {
        let on_item = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| element.closest("button, a").ok().flatten().is_some());
        if on_item {
            open.try_set(false);
        }
    };
    let label = move || bare.then(|| words.get());
    view! {
        <div
            class=format!("menu-anchor {class}") node_ref=anchor on:focusout=left
            on:keydown=move |event| {
                if event.key() == "Escape" && open.get_untracked() {
                    event.stop_propagation();
                    open.set(false);
                }
            }
        >
            <button
                type="button" class=move || button.get() aria-haspopup="true" aria-label=label
                aria-expanded=move || if open.get() { "true" } else { "false" }
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {icon.map(|icon| view! { <Pic icon/> })}
                {move || (!bare).then(|| words.get())}
                {(!bare && icon.is_none()).then(|| view! { <Pic icon=Icon::Down size=14/> })}
            </button>
            <Show when=move || open.get()>
                // tabindex: a press inside must not look like the focus leaving.
                <div class="menu" tabindex="-1" on:click=chosen>{children()}</div>
            </Show>
        </div>
    }
}
