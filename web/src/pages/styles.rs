//! The style sheets of pages that are not in the first download. `index.html` names them all, in their order, and the
//! browser fetches none of them while they are `disabled`.

use js_sys::Promise;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlLinkElement;

/// Fetches those that are not here yet, and says whether all are: no page is drawn without its own.
pub(super) async fn arrive() -> Option<()> {
    let links = document().query_selector_all("link[rel=stylesheet]").ok()?;
    let links = (0..links.length()).filter_map(|at| links.get(at)?.dyn_into::<HtmlLinkElement>().ok());
    let coming: Vec<_> =
        links.filter(|link| link.sheet().is_none()).map(|link| (load(&link), link)).collect();
    let mut all = Some(());
    for (loaded, link) in coming {
        if JsFuture::from(loaded).await.is_err() {
            // As it was, so that it can be tried again.
            link.set_disabled(true);
            all = None;
        }
    }
    all
}

/// Lets the browser fetch one; another call may have done so already, and waits for the same.
fn load(link: &HtmlLinkElement) -> Promise {
    Promise::new(&mut |resolve, reject| {
        // Listening cannot fail.
        let _ = link.add_event_listener_with_callback("load", &resolve);
        let _ = link.add_event_listener_with_callback("error", &reject);
        link.set_disabled(false);
    })
}
