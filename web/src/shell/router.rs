//! Addresses in the browser: reads them, changes them, follows links, back and forward.
//!
//! A router of our own, because ids in queries must survive exactly and because every filter, tab and pair is an
//! entry of the history: the published one (0.8) loses entries after going back and forth.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

use crate::model::address::{Page, Query};

/// Where the console is.
#[derive(Debug, Clone, PartialEq)]
struct Address {
    path: String,
    search: String,
}

impl Address {
    fn current() -> Self {
        let location = window().location();
        Self { path: location.pathname().unwrap_or_default(), search: location.search().unwrap_or_default() }
    }
}

/// The address, as signals, and the ways to change it.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    at: RwSignal<Address>,
    /// The page shown.
    pub(crate) page: Memo<Page>,
    /// The query of the address.
    pub(crate) query: Memo<Query>,
}

/// The router.
pub(crate) fn router() -> Router {
    expect_context()
}

impl Router {
    /// Reads the address and listens to the browser.
    pub(crate) fn install() -> Self {
        let at = RwSignal::new(Address::current());
        let router = Self {
            at,
            page: Memo::new(move |_| at.with(|address| Page::at(&address.path))),
            query: Memo::new(move |_| at.with(|address| Query::parse(&address.search))),
        };
        // Both live as long as the page.
        let _ = window_event_listener(ev::popstate, move |_| {
            at.try_set(Address::current());
        });
        let _ = window_event_listener(ev::click, move |event| router.follow(&event));
        provide_context(router);
        router
    }

    /// One value of the query; follows the address.
    pub(crate) fn param(self, name: &str) -> Option<String> {
        self.query.with(|query| query.get(name).map(str::to_owned))
    }

    /// Goes to an address of the console; a new entry of the history.
    pub(crate) fn go(self, href: &str) {
        self.enter(href, false);
    }

    /// Goes to an address of the console in place of the present one.
    pub(crate) fn replace(self, href: &str) {
        self.enter(href, true);
    }

    /// Changes values of the query; a new entry of the history.
    pub(crate) fn set(self, changes: &[(&str, Option<&str>)]) {
        self.go(&self.href_with(changes));
    }

    /// Changes values of the query without a new entry: for what changes while typing or moving a cursor.
    pub(crate) fn adjust(self, changes: &[(&str, Option<&str>)]) {
        self.replace(&self.href_with(changes));
    }

    /// The present address with other values in its query; does not follow the address.
    pub(crate) fn href_with(self, changes: &[(&str, Option<&str>)]) -> String {
        self.at.with_untracked(|address| {
            let query = changes
                .iter()
                .fold(Query::parse(&address.search), |query, (name, value)| query.with(name, *value));
            format!("{}{query}", address.path)
        })
    }

    /// The whole address, for `Copy link`.
    pub(crate) fn link(self) -> String {
        let origin = window().location().origin().unwrap_or_default();
        self.at.with_untracked(|address| format!("{origin}{}{}", address.path, address.search))
    }

    fn enter(self, href: &str, replace: bool) {
        let (path, search) = match href.find('?') {
            Some(at) => href.split_at(at),
            None => (href, ""),
        };
        let address = Address { path: path.to_owned(), search: search.to_owned() };
        if self.at.with_untracked(|present| *present == address) {
            return;
        }
        let Ok(history) = window().history() else { return };
        let done = if replace {
            history.replace_state_with_url(&JsValue::NULL, "", Some(href))
        } else {
            history.push_state_with_url(&JsValue::NULL, "", Some(href))
        };
        if done.is_ok() {
            self.at.set(address);
        }
    }

    /// Follows a click on a link of the console; leaves every other click to the browser.
    fn follow(self, event: &MouseEvent) {
        let modified = event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || modified {
            return;
        }
        let anchor = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest("a[href]").ok().flatten())
            .and_then(|element| element.dyn_into::<HtmlAnchorElement>().ok());
        let Some(anchor) = anchor else { return };
        if !anchor.target().is_empty() || anchor.has_attribute("download") {
            return;
        }
        let ours = anchor.pathname() == "/" || anchor.pathname().starts_with("/view/");
        let here = window().location().origin().is_ok_and(|origin| origin == anchor.origin());
        if ours && here && anchor.hash().is_empty() {
            event.prevent_default();
            self.go(&format!("{}{}", anchor.pathname(), anchor.search()));
        }
    }
}
