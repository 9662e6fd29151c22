//! The list of keys.

use leptos::html;
use leptos::prelude::*;

use super::keys;
use crate::parts::{Icon, Kbd, Pic};

const KEYS: &[(&[&str], &str)] = &[
    (&["/"], "search"),
    (&["?"], "this help"),
    (&["j", "k"], "next, previous row"),
    (&["Enter"], "open"),
    (&["x"], "select"),
    (&["c"], "compare"),
    (&["[", "]"], "older, newer version"),
    (&["n", "p"], "next, previous change"),
    (&["v"], "all of a long value"),
    (&["1", "2", "3", "4"], "view of a state"),
    (&["←", "→"], "along a lane of runs"),
    (&["r"], "plan a restore"),
    (&["b"], "from a run: hold it against its broker's list"),
    (&["1", "2", "3"], "choose for a row of it: theirs, ours, close"),
    (&["a"], "have its program ask the broker again"),
    (&["h"], "a position by hand"),
    (&["Space"], "mark a row of a plan as looked at"),
    (&["y", "o"], "accept a fresh plan, leave out what moved"),
    (&["."], "pause, resume"),
    (&["g", "o"], "overview"),
    (&["g", "s"], "states"),
    (&["g", "a"], "activity"),
    (&["g", "r"], "runs"),
    (&["g", "i"], "import"),
    (&["g", "h"], "health"),
    (&["Esc"], "close"),
];

/// The dialog; `open` shows it.
#[component]
pub(crate) fn Help(open: RwSignal<bool>) -> impl IntoView {
    let keys = keys();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog node_ref=dialog class="panel" aria-labelledby="help-title" on:close=move |_| { open.try_set(false); }>
            <div class="head">
                <h2 id="help-title">"Keys"</h2>
                <button class="btn icon small end" aria-label="Close" on:click=move |_| open.set(false)>
                    <Pic icon=Icon::Close/>
                </button>
            </div>
            <div class="body">
                <dl class="keys-table">
                    {KEYS.iter().map(|(names, what)| view! {
                        <dt class="k">{names.iter().map(|name| view! { <Kbd name/> }).collect_view()}</dt>
                        <dd>{*what}</dd>
                    }).collect_view()}
                </dl>
                <label class="row keys-switch">
                    <input
                        class="check" type="checkbox" prop:checked=move || keys.on.get()
                        on:change=move |event| keys.switch(event_target_checked(&event))
                    />
                    "Single keys do something"
                </label>
            </div>
        </dialog>
    }
}
