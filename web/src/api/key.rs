//! The API key of this tab: kept until the tab closes, never longer.

use std::cell::RefCell;

const NAME: &str = "stateloft-key";

thread_local! {
    static KEY: RefCell<Option<String>> = RefCell::new(storage().and_then(|store| store.get_item(NAME).ok()?));
}

/// The key, if one was given in this tab.
pub(crate) fn key() -> Option<String> {
    KEY.with_borrow(Clone::clone)
}

/// Keeps a key for this tab, or forgets it.
pub(crate) fn set_key(key: Option<&str>) {
    KEY.set(key.map(str::to_owned));
    let Some(store) = storage() else { return };
    // Where storage is switched off the key lasts until the page is left.
    let _ = match key {
        Some(key) => store.set_item(NAME, key),
        None => store.remove_item(NAME),
    };
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}
