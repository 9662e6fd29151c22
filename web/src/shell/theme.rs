//! Light or dark, remembered; and how wide the window is.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

const NAME: &str = "statehouse-theme";

/// Whether the window is narrower than 720 px: rows get two lines, panes become pages.
#[derive(Clone, Copy)]
struct Narrow(RwSignal<bool>);

/// Whether the window is narrower than 720 px; follows the window.
pub(crate) fn narrow() -> RwSignal<bool> {
    expect_context::<Narrow>().0
}

/// Light or dark.
#[derive(Clone, Copy)]
pub(crate) struct Theme {
    /// Whether the dark colours are shown.
    pub(crate) dark: RwSignal<bool>,
}

impl Theme {
    /// Takes the remembered theme, or the system's.
    pub(crate) fn install() -> Self {
        let remembered = storage().and_then(|store| store.get_item(NAME).ok()?);
        let dark = match remembered.as_deref() {
            Some("dark") => true,
            Some("light") => false,
            _ => matches("(prefers-color-scheme: dark)"),
        };
        let theme = Self { dark: RwSignal::new(dark) };
        Effect::new(move || {
            let name = if theme.dark.get() { "dark" } else { "light" };
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-theme", name);
            }
        });
        provide_context(theme);
        provide_context(Narrow(watch_media("(max-width: 719px)")));
        theme
    }

    /// Changes to the other one and remembers it.
    pub(crate) fn toggle(self) {
        self.dark.update(|dark| *dark = !*dark);
        let name = if self.dark.get_untracked() { "dark" } else { "light" };
        if let Some(store) = storage() {
            let _ = store.set_item(NAME, name);
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}

fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|media| media.matches())
}

fn watch_media(query: &str) -> RwSignal<bool> {
    let signal = RwSignal::new(matches(query));
    if let Ok(Some(media)) = window().match_media(query) {
        let changed = Closure::<dyn Fn(web_sys::MediaQueryListEvent)>::new(
            move |event: web_sys::MediaQueryListEvent| {
                signal.try_set(event.matches());
            },
        );
        let _ = media.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        // Both live as long as the page.
        changed.forget();
        std::mem::forget(media);
    }
    signal
}
