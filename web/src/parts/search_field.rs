//! The field that a list is searched with. What is typed stands in the address, as `q`.

use std::time::Duration;

use leptos::html;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use super::{Icon, Pic};
use crate::shell::router;

/// Typing rests for so long before the list is read.
const REST: Duration = Duration::from_millis(250);

/// The field.
#[component]
pub(crate) fn SearchField(
    /// Shown while it is empty.
    hint: &'static str,
    /// What it is, for screen readers.
    label: &'static str,
    /// What it understands.
    #[prop(optional)]
    tip: Option<&'static str>,
) -> impl IntoView {
    let router = router();
    let field = NodeRef::<html::Input>::new();
    let timer = StoredValue::new(None::<TimeoutHandle>);
    // Back and forward change the field too.
    Effect::new(move || {
        let asked = router.param("q").unwrap_or_default();
        if let Some(input) = field.get()
            && input.value().trim() != asked
        {
            input.set_value(&asked);
        }
    });
    let stop = move || {
        if let Some(Some(timer)) = timer.try_get_value() {
            timer.clear();
        }
    };
    let typed = move |_| {
        stop();
        let read = move || {
            if let Some(input) = field.try_get_untracked().flatten() {
                router.adjust(&[("q", Some(input.value().trim()))]);
            }
        };
        timer.set_value(set_timeout_with_handle(read, REST).ok());
    };
    on_cleanup(stop);
    view! {
        <div class="search">
            <Pic icon=Icon::Search/>
            <input
                class="field" class:mono=tip.is_some() type="search" node_ref=field autocomplete="off"
                spellcheck="false" placeholder=hint aria-label=label data-tip=tip on:input=typed
            />
        </div>
    }
}
