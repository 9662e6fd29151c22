//! When somebody looked here last, kept in this browser.

use leptos::prelude::*;
use stateloft_core::model::Timestamp;

use crate::model::runs::looked::Looked;
use crate::shell::clock;

const NAME: &str = "stateloft-runs-looked";

/// What is kept.
pub(crate) fn kept() -> Option<Looked> {
    let store = window().local_storage().ok()??;
    Looked::read(&store.get_item(NAME).ok()??)
}

/// Somebody looks now; gives the end of the look before.
pub(super) fn look() -> Option<Timestamp> {
    let looked = Looked::again(kept(), clock().read());
    if let Ok(Some(store)) = window().local_storage() {
        // A browser that keeps nothing knows of no look before.
        let _ = store.set_item(NAME, &looked.text());
    }
    looked.before
}
