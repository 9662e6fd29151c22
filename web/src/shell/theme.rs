//! Light or dark, remembered; and how wide the window is.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

const NAME: &str = "stateloft-theme";

/// Whether the window is narrower than 720 px: rows get two lines, panes become pages.
#[derive(Clone, Copy)]
struct Narrow(RwSignal<bool>);

/// Whether the window is narrower than 720 px; follows the window.
pub(crate) fn narrow() -> RwSignal<bool> {
    expect_context::<Narrow>().0
}

/// Light or dark: as chosen here once, otherwise as the system has it.
#[derive(Clone, Copy)]
pub(crate) struct Theme {
    chosen: RwSignal<Option<bool>>,
    /// Whether the dark colours are shown.
    pub(crate) dark: Memo<bool>,
}

impl Theme {
    /// Takes the remembered theme, or follows the system's.
    pub(crate) fn install() -> Self {
        let remembered = storage().and_then(|store| store.get_item(NAME).ok()?);
        let chosen = RwSignal::new(match remembered.as_deref() {
            Some("dark") => Some(true),
            Some("light") => Some(false),
            _ => None,
        });
        let system = watch_media("(prefers-color-scheme: dark)");
        let dark = Memo::new(move |_| chosen.get().unwrap_or_else(|| system.get()));
        Effect::new(move || {
            if let Some(root) = document().document_element() {
                let _ = root.set_attribute("data-theme", name(dark.get()));
            }
        });
        let theme = Self { chosen, dark };
        provide_context(theme);
        provide_context(Narrow(watch_media("(max-width: 719px)")));
        theme
    }

    /// Changes to the other one and remembers it.
    pub(crate) fn toggle(self) {
        let dark = !self.dark.get_untracked();
        self.chosen.set(Some(dark));
        if let Some(store) = storage() {
            let _ = store.set_item(NAME, name(dark));
        }
    }
}

fn name(dark: bool) -> &'static str {
    if dark { "dark" } else { "light" }
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
