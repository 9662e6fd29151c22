//! A dialog that asks before something is done, and the name that is kept with what is written.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, Pic, WriteNote, Writing};

/// What has the focus when it opens: its first field, else what cancels it.
const FIRST: &str = ".body input, .body textarea, .body select, .ends .plain";

/// Asks before something is done. It closes itself when cancelled; who confirms closes it when it is done.
#[component]
pub(crate) fn Ask(
    /// Whether it is shown.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// Words on the button: what it will do.
    #[prop(into)]
    confirm: Signal<String>,
    /// The button destroys something.
    #[prop(optional)]
    danger: bool,
    /// It cannot be done as it stands.
    #[prop(into, optional)]
    wrong: Signal<bool>,
    /// How it goes, where it is something that is written.
    #[prop(optional)]
    writing: Option<Writing>,
    /// What the button does.
    act: Callback<()>,
    /// What there is to know and to fill in.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            let _ = dialog.show_modal();
            // Else the button that closes it has the focus, and a space in what is typed presses it.
            let first = dialog.query_selector(FIRST).ok().flatten().and_then(|first| first.dyn_into().ok());
            if let Some(first) = first {
                let first: web_sys::HtmlElement = first;
                let _ = first.focus();
            }
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let busy = move || writing.is_some_and(|writing| writing.busy.get()) || wrong.get();
    let button = if danger { "btn danger full" } else { "btn main" };
    view! {
        <dialog class="ask" node_ref=dialog aria-labelledby="ask-title" on:close=move |_| { open.try_set(false); }>
            <form class="panel" on:submit=move |event| {
                event.prevent_default();
                if !untrack(busy) {
                    act.run(());
                }
            }>
                <div class="head">
                    <h2 id="ask-title">{move || title.get()}</h2>
                    <button type="button" class="btn icon small end" aria-label="Close" on:click=move |_| open.set(false)>
                        <Pic icon=Icon::Close/>
                    </button>
                </div>
                <div class="body">
                    {children()}
                    {writing.map(|writing| view! { <WriteNote writing/> })}
                    <div class="ends">
                        <button type="button" class="btn plain" on:click=move |_| open.set(false)>"Cancel"</button>
                        <button type="submit" class=button disabled=busy>{move || confirm.get()}</button>
                    </div>
                </div>
            </form>
        </dialog>
    }
}

const NAME: &str = "stateloft-name";

/// The name that the user gives for what is written from this browser.
#[derive(Clone, Copy)]
pub(crate) struct Author(RwSignal<String>);

impl Author {
    /// The name given last.
    pub(crate) fn remembered() -> Self {
        Self(RwSignal::new(Self::stored().unwrap_or_default()))
    }

    /// The name given last, where there is no field for it.
    pub(crate) fn stored() -> Option<String> {
        let stored = window().local_storage().ok().flatten().and_then(|store| store.get_item(NAME).ok()?);
        given(&stored?)
    }

    /// The name, if one is given.
    pub(crate) fn value(self) -> Option<String> {
        self.0.try_with_untracked(|name| given(name)).flatten()
    }

    /// Whether a name is given.
    pub(crate) fn is_given(self) -> bool {
        self.0.with(|name| given(name).is_some())
    }

    fn set(self, name: String) {
        if let Ok(Some(store)) = window().local_storage() {
            let _ = store.set_item(NAME, &name);
        }
        self.0.set(name);
    }
}

fn given(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The field for the name.
#[component]
pub(crate) fn AuthorField(
    /// Where it is kept.
    author: Author,
) -> impl IntoView {
    view! {
        <label class="labelled">
            <span>"Your name, kept with what you write"</span>
            <input
                class="field" autocomplete="username" maxlength="200" prop:value=move || author.0.get()
                on:input=move |event| author.set(event_target_value(&event))
            />
        </label>
    }
}

/// A field for the reason.
#[component]
pub(crate) fn ReasonField(
    /// Where it is kept.
    reason: RwSignal<String>,
    /// What the reason is kept with.
    words: &'static str,
    /// Lines shown.
    #[prop(default = 2)]
    rows: u32,
    /// It must not be empty.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    view! {
        <label class="labelled">
            <span>{words}</span>
            <textarea
                class="field" rows=rows maxlength="4000" required=required prop:value=move || reason.get()
                on:input=move |event| reason.set(event_target_value(&event))
            ></textarea>
        </label>
    }
}
